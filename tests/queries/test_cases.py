"""Each case folder is a question with its answer.

`cases/<query>/<case>/` holds `parameters.json` (as a user writes them), `expected.csv` and, where
the sample shows too little, the data as `data.trig`.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph
import pytest

from kg import savedqueries
from kg.columns import build_from_quads
from kg.identifiers import Identifiers
from kg.savedqueries import Answer, Vocabulary, evaluation
from kg.sparql.engine import Engine
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.savedqueries import SavedQuery
    from kg.store import OpenRelease

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(path.parent for path in FOLDER.glob("*/*/expected.csv"))


@pytest.fixture(scope="module")
def sample_columns(sample_release: OpenRelease) -> Iterator[Engine]:
    """Return the columns of the sample."""
    with Engine.open(sample_release.release.folder / "columns") as engine:
        yield engine


class Asked(NamedTuple):
    """What a case is asked of."""

    vocabulary: Vocabulary
    columns: Engine


@pytest.fixture
def asked(case: Path, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    """Return what the case is asked of: its own data, or else the sample."""
    data = case / "data.trig"
    if not data.exists():
        yield Asked(*map(request.getfixturevalue, ("vocabulary", "sample_columns")))
        return
    store = pyoxigraph.Store()
    store.load(path=data, format=pyoxigraph.RdfFormat.TRIG)
    build_from_quads(store, tmp_path / "columns")
    with Engine.open(tmp_path / "columns") as engine:
        yield Asked(Vocabulary(store, Identifiers(DEFAULT_BASE), date(2024, 7, 1)), engine)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
def test_answer_is_as_expected(case: Path, queries: dict[str, SavedQuery], asked: Asked) -> None:
    """A query gives the rows of its case, in their order, from the store and the columns alike."""
    written = json.loads((case / "parameters.json").read_text(encoding="utf-8"))
    given = {name: v if isinstance(v, list) else [v] for name, v in written.items()}
    expected = (case / "expected.csv").read_text(encoding="utf-8")

    bound = savedqueries.bind(queries[case.parent.name], given, asked.vocabulary)
    from_columns = evaluation.from_columns(bound, asked.columns)
    from_store = evaluation.from_store(bound, asked.vocabulary.store)

    for written in (from_store, from_columns):
        assert written is not None
        answer = Answer.read(bound, 1, written)
        assert answer.csv().splitlines() == expected.splitlines()


def test_every_query_has_a_case(queries: dict[str, SavedQuery]) -> None:
    """A query without a case folder is not finished; nor is a case without its query."""
    assert {case.parent.name for case in CASES} == set(queries)
