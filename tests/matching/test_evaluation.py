"""The evaluation over time: nothing later is known, metrics are right, all rankings are there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.matching import cases, evaluation
from kg.matching.landscape import Landscape, day_number
from kg.matching.metrics import gini, interval, measured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kg.matching import Matching

DAY = date(2023, 6, 1)


def test_nothing_signed_later_is_known(sample_matching: Matching, tmp_path: Path) -> None:
    """Neither texts nor participants of later projects are left."""
    known = evaluation.past(sample_matching.landscape.tables, DAY, tmp_path)
    landscape = known.landscape
    columns = (landscape.column("project", name) for name in ("signed", "start_date"))
    begun = [signed or start for signed, start in zip(*columns, strict=True)]
    later = [n for n, day in enumerate(begun) if not day or day >= DAY.isoformat()]

    assert later
    assert not any(landscape.column("project", "objective")[n] for n in later)
    assert landscape.members.sizes()[later].sum() == 0
    found = known.matching.projects.text("research", 500).rows
    assert set(found.tolist()).isdisjoint(later)


def test_every_ranking_is_measured_on_every_slice(sample_matching: Matching) -> None:
    """The table has the product and five baselines for both tasks and three slices."""
    lines = evaluation.run(sample_matching.landscape.tables, DAY, most=8).lines
    names = {"atlas", "popularity", "BM25", "Adamic-Adar", "shared technology", "random"}

    assert {line.ranking for line in lines} == names
    assert len(lines) == 2 * 3 * len(names)
    assert evaluation.table(lines).count("\n") == len(lines) + 1


def test_projects_of_the_download_itself_are_not_asked(sample_matching: Matching) -> None:
    """Tested with its own projects there is nothing later."""
    landscape = sample_matching.landscape

    asked = cases.later_of(landscape, landscape.tables)

    assert asked.later == []
    assert asked.left_out == {"in the graph already": landscape.size("project")}


def test_what_is_left_out_is_told(sample_matching: Matching) -> None:
    """Every later project is a case of the first task, or left out for a reason that is told."""
    outcome = evaluation.run(sample_matching.landscape.tables, DAY, most=0)
    later = cases.later_in(sample_matching.landscape.tables, DAY, None).later
    asked = sum(1 for _ in cases.described(sample_matching.landscape, later))
    few = sum(len(p.seen) < 2 and p.participants >= 3 for p in later)
    small = sum(p.participants < 3 for p in later)

    assert asked + few + small == len(later)
    assert f"{len(later)} projects" in outcome.notes[1]
    assert f"Task a: 0 of {asked} cases" in outcome.notes[2]
    assert f"{few} of fewer than two known ones" in outcome.notes[2]


def test_by_default_the_newest_seventh_is_asked(sample_matching: Matching) -> None:
    """The first of a month, after which at least a seventh was signed, and no later one."""
    landscape = sample_matching.landscape
    day = cases.usual_day(landscape)
    assert day is not None
    numbers = [day_number(day), day_number((day + timedelta(days=32)).replace(day=1))]
    after, a_month_later = ((landscape.begun >= n).sum() for n in numbers)

    assert day.day == 1
    assert after * 7 >= (landscape.begun >= 0).sum() > a_month_later * 7


def only(
    tables: Mapping[str, pa.Table], kept: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> dict[str, pa.Table]:
    """Return the tables of a release that has some of the projects alone."""
    numbers = np.cumsum(kept) - 1
    found = {**tables, "project": tables["project"].filter(pa.array(kept))}
    relations = {"participation": "project", "posting": "project"}
    relations |= {"field": "subject", "project_programme": "subject"}
    for name, column in relations.items():
        rows = tables[name][column].to_numpy()
        table = tables[name].filter(pa.array(kept[rows]))
        renumbered = pa.array(numbers[rows[kept[rows]]], pa.int32())
        place = table.column_names.index(column)
        found[name] = table.set_column(place, column, renumbered)
    return found


def test_another_download_asks_for_its_later_projects(sample_matching: Matching) -> None:
    """With the earlier projects published, the whole download asks what its later ones would."""
    tables = sample_matching.landscape.tables
    early = Landscape(tables, before=DAY).known
    known = only(tables, early)
    expected = cases.later_in(tables, DAY, None).later
    found = cases.later_of(Landscape(known), tables).later
    lines = evaluation.run(known, None, most=6, test=tables).lines

    assert 0 < len(found) <= len(expected)
    by_text = {later.text: set(later.seen.tolist()) for later in expected}
    assert all(by_text[later.text] == set(later.seen.tolist()) for later in found)
    assert {(line.task, line.slice) for line in lines} == {
        (task, part) for task in "ab" for part in evaluation.SLICES
    }


def test_metrics_by_hand() -> None:
    """Two of three answers, at places two and four."""
    values = measured(np.array([9, 1, 8, 2], np.int32), frozenset({1, 2, 3}))
    gain = 1 / np.log2(3) + 1 / np.log2(5)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)

    assert values["hit@10"] == 1
    assert values["MRR"] == 0.5
    assert values["recall@50"] == pytest.approx(2 / 3)
    assert values["nDCG@10"] == pytest.approx(gain / ideal)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_its_mean(values: list[float]) -> None:
    """The mean is between the bounds, and both are between the extremes."""
    found = interval(np.array(values))

    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9
    assert min(values) - 1e-9 <= found.low
    assert found.high <= max(values) + 1e-9


def test_exposure_is_zero_when_all_are_shown_alike() -> None:
    """And near one when one gets all."""
    assert gini(np.array([3, 3, 3])) == pytest.approx(0)
    assert gini(np.array([0] * 99 + [7])) == pytest.approx(0.99)
