"""Sixty phrases in four languages, written before the search was tuned, find what they mean.

`phrases.csv` names for each phrase the concepts (by English label) or the organisation (by PIC) of
which one must be among the first five. On the sample only those are asked that it has.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import loaders
from kg import publishing, staging
from kg.matching import concepts, open_matching
from kg.settings import Settings
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from kg.matching import Matching

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data" / "vocabularies" / "EuroSciVoc.ttl"


def phrases() -> list[dict[str, str]]:
    """Return the rows of the test set."""
    with (HERE / "phrases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def found(matching: Matching, row: dict[str, str]) -> set[Any]:
    """Return the labels or PICs of the first five that a phrase finds."""
    landscape = matching.landscape
    if row["kind"] == "technology":
        labels = landscape.column("concept", "label")
        return {labels[m.concept] for m in concepts.find(matching, row["phrase"], 5)}
    pics = landscape.column("organisation", "pic")
    return {pics[n.row] for n in concepts.organisations(matching, row["phrase"], 5)}


def known(matching: Matching, row: dict[str, str]) -> bool:
    """Tell whether the release has one of the things that are expected."""
    table, name = ("concept", "label")
    if row["kind"] == "organisation":
        table, name = ("organisation", "pic")
    return not set(row["expected"].split("|")).isdisjoint(matching.landscape.column(table, name))


def missed(matching: Matching, rows: list[dict[str, str]]) -> list[str]:
    """Return the phrases whose first five have nothing of what is expected."""
    return [r["phrase"] for r in rows if found(matching, r).isdisjoint(r["expected"].split("|"))]


def test_there_are_sixty_phrases_in_four_languages() -> None:
    """The set is as large and as mixed as it is said to be."""
    rows = phrases()

    assert len(rows) == 60
    assert {"en", "de", "fr", "it"} == {row["language"] for row in rows}


def test_phrases_find_what_the_sample_has(sample_matching: Matching) -> None:
    """At least nine of ten phrases about what the sample has find it among the first five."""
    rows = [row for row in phrases() if known(sample_matching, row)]

    assert len(rows) >= 25
    assert len(missed(sample_matching, rows)) <= 0.1 * len(rows)


@pytest.mark.skipif(not SHARED.exists(), reason="the whole EuroSciVoc is not beside the project")
def test_phrases_find_their_concepts_in_the_whole_vocabulary(tmp_path: Path) -> None:
    """At least nine of ten phrases find their concept among all of EuroSciVoc and our scheme."""
    settings, workspace = Settings(home=tmp_path), Workspace(tmp_path)
    rules = staging.read_rules(settings.base)
    with workspace.writing():
        staging.load(workspace, loaders.find("euroscivoc"), [SHARED], settings, rules)
        publishing.build(workspace, settings, rules, {})
    matching = open_matching(Serving(workspace).current().release, settings.base)
    rows = [row for row in phrases() if row["kind"] == "technology"]

    assert len(missed(matching, rows)) <= 0.1 * len(rows)
