"""What publishing an import would change, told before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg import imports, savedqueries
from kg.curation import answers
from kg.curation.differences import before, differences, published

if TYPE_CHECKING:
    from conftest import Desk

SHAPES = "https://w3id.org/cluster-atlas/shapes#"
ID = "https://w3id.org/cluster-atlas/id/organisation/"
ATLAS = "https://w3id.org/cluster-atlas/ontology#"
QUERY = "organisations-without-place"


def test_entities_and_findings_that_differ(desk: Desk) -> None:
    """Counted by kind and class; the first with what comes and goes."""
    old = desk.load()
    table = desk.table.replace("Alpha GmbH,111", "Alpha AG,111").replace("c,Company", "e,Company")
    new = desk.load(table.replace("b,Company,Beta GmbH,Beta GmbH,222222222,PRC,yes",
                                  "b,Company,Beta GmbH,Beta GmbH,222222222,PRC,true"))  # fmt: skip
    told = differences(old, new, desk.home / "spill", 256)
    entities, findings = told["entities"], told["findings"]

    assert (told["before"], told["after"]) == (old.id, new.id)
    assert {k: entities[k] for k in ("added", "changed", "removed")} == {
        "added": 2, "changed": 1, "removed": 1
    }  # fmt: skip
    assert entities["classes"] == {ATLAS + "Company": {"added": 2, "changed": 1, "removed": 1}}
    [changed] = [e for e in entities["examples"] if e["change"] == "changed"]
    assert changed["entity"] == ID + "a"
    assert changed["come"] == [{"property": ATLAS + "legalName", "value": "Alpha AG"}]
    assert changed["gone"] == [{"property": ATLAS + "legalName", "value": "Alpha GmbH"}]
    rules = {r["rule"]: (r["new"], r["gone"]) for r in findings["rules"]}
    assert rules[SHAPES + "OrganisationSme"] == (0, 1)
    assert rules[SHAPES + "OrganisationActivityType"] == (1, 1)
    assert told["quarantine"] == {"set_aside": 0, "let_in": 1}


def test_nothing_differs_from_itself(desk: Desk) -> None:
    one = desk.load()
    told = differences(one, one, desk.home / "spill", 256)

    assert told["entities"]["examples"] == told["findings"]["examples"] == []
    assert told["findings"]["rules"] == []


def test_the_first_import_adds_everything(desk: Desk) -> None:
    one = desk.load()
    told = differences(None, one, desk.home / "spill", 256)

    assert told["before"] is None
    assert told["entities"]["added"] == 3
    assert told["findings"]["new"] == sum(one.manifest["findings"].values())


def test_what_an_import_is_compared_with(desk: Desk) -> None:
    """The published one; for the published one itself, the one before."""
    first = desk.load()
    assert before(desk.workspace, first) is None
    desk.build()
    second = desk.load(desk.table.replace("Alpha", "Omega"))
    assert published(desk.workspace, "landscape") == before(desk.workspace, second) == first
    desk.build()

    assert before(desk.workspace, second) == first


def test_answers_that_change_are_told(desk: Desk) -> None:
    """A new organisation without a place is a new row; everything else answers as before.

    Nothing of the comparison is left behind.
    """
    desk.load()
    desk.build()
    new = desk.load(desk.table + "z,Company,Zeta,Zeta AG,999999999,PRC,true,,DE,,,,s\n")
    known = sorted(desk.home.rglob("*"))
    told = answers.changed(desk.workspace, new, desk.settings, desk.sources, 100)
    changed = {one["query"]: one for one in told["queries"]}

    assert told["complete"]
    assert told["release"] == 1
    assert QUERY in changed
    assert changed[QUERY]["new"] == 1
    assert changed[QUERY]["examples"][0]["change"] == "new"
    assert {*changed, *told["same"]} == set(savedqueries.discover(desk.settings.base))
    assert sorted(desk.home.rglob("*")) == known
    assert imports.current(desk.workspace)["landscape"] == new


def test_a_comparison_that_takes_too_long_says_so(desk: Desk) -> None:
    desk.load()
    desk.build()
    new = desk.load(desk.table.replace("Alpha", "Omega"))
    told = answers.changed(desk.workspace, new, desk.settings, desk.sources, 0.01)

    assert not told["complete"]
    assert told["not_compared"] == sorted(savedqueries.discover(desk.settings.base))
    assert told["queries"] == told["same"] == []
    assert not list(desk.home.glob("candidate-*"))


def test_before_the_first_release_there_are_no_answers(desk: Desk) -> None:
    told = answers.changed(desk.workspace, desk.load(), desk.settings, desk.sources, 10)

    assert told["release"] is None
