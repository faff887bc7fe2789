"""What a curator asks for becomes decisions by what the import says, or is refused with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.curation import accepting
from kg.curation.conflicts import conflicts
from kg.curation.decisions import Decision
from kg.curation.recipes import recipes
from kg.curation.records import findings, records
from kg.curation.requests import Request, decide, withdrawals
from kg.errors import NotFoundError, ParameterError
from kg.fixes import Lists

if TYPE_CHECKING:
    from conftest import Desk

SHAPES = "https://w3id.org/cluster-atlas/shapes#"
ID = "https://w3id.org/cluster-atlas/id/"
ATLAS = "https://w3id.org/cluster-atlas/ontology#"
FILE = "organisations.csv"
B, D = f"{FILE}/b", f"{FILE}/d"


def test_rule_and_record_are_enough_where_they_name_one_cell(desk: Desk) -> None:
    """File, column, value and, for want of a reason, the finding's message are looked up."""
    [made] = decide(desk.load(), Request("repair", rule="OrganisationSme", record=B, new="true"))

    assert (made.rule, made.file, made.record) == (SHAPES + "OrganisationSme", FILE, B)
    assert (made.field, made.value, made.new) == ("sme", "yes", "true")
    assert made.why.startswith("Whether it is an SME")


def test_everywhere_leaves_the_record_out(desk: Desk) -> None:
    asked = Request("repair", rule="OrganisationSme", value="yes", new="true", everywhere=True)
    [made] = decide(desk.load(), asked)

    assert (made.file, made.record, made.subject) == (FILE, None, None)


def test_without_a_rule_the_cell_is_named(desk: Desk) -> None:
    asked = Request("repair", "moved", record=B, field="city", value="Ulm", new="Bonn")
    [made] = decide(desk.load(), asked)

    assert (made.field, made.value, made.new, made.rule) == ("city", "Ulm", "Bonn", None)


def test_a_missing_value_has_its_entity_and_property(desk: Desk) -> None:
    """They are the finding's; a later repair of the same value is traced back to the source."""
    asked = Request("repair", rule="OrganisationLegalName", record=D, new="Delta GmbH")
    [made] = decide(desk.load(), asked)

    assert (made.subject, made.path) == (f"{ID}organisation/d", ATLAS + "legalName")
    assert made.value is None


@pytest.mark.parametrize("name", ["legalName", ATLAS + "legalName"])
def test_a_property_is_named_by_iri_or_local_name(desk: Desk, name: str) -> None:
    asked = Request("repair", rule="OrganisationLegalName", record=D, new="Delta", path=name)

    assert decide(desk.load(), asked)[0].path == ATLAS + "legalName"


@pytest.mark.parametrize("name", ["legalname", ATLAS + "legalNam", "name"])
def test_a_property_that_there_is_not_is_refused(desk: Desk, name: str) -> None:
    """Its value would be stated where nobody looks; the nearest ones are named."""
    asked = Request("repair", rule="OrganisationLegalName", record=D, new="Delta", path=name)

    with pytest.raises(ParameterError, match="no property") as caught:
        decide(desk.load(), asked)
    assert ATLAS + "legalName" in caught.value.members["candidates"] or name == "name"


def test_a_repair_of_a_repaired_value_is_one_of_the_source(desk: Desk) -> None:
    desk.load()
    desk.decide("repair", record=B, field="sme", value="yes", new="no", file=FILE)
    asked = Request("repair", rule="OrganisationSme", record=B, value="no", new="true")
    [made] = decide(desk.restage(), asked)

    assert made.value == "yes"


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (Request("repair", new="x"), ParameterError, "Which finding"),
        (Request("repair", rule="OrganisationSme", new="x"), ParameterError, "Which record"),
        (Request("repair", rule="OrganisationPic", record=B, new="x"), NotFoundError, "no such"),
        (Request("repair", record=B, field="latitude", value="0", new="x"), NotFoundError, "no"),
        (Request("repair", record=B, field="name", new=""), None, ""),
        (Request("repair", rule="OrganisationLegalName", new="x", everywhere=True),
         ParameterError, "record by record"),
        (Request("reject", record="none"), NotFoundError, "no record"),
        (Request("choose", subject=f"{ID}organisation/b", path="city", value="Bonn"),
         NotFoundError, "No record states"),
    ],
)  # fmt: skip
def test_what_an_import_does_not_say(
    desk: Desk, asked: Request, error: type[Exception] | None, says: str
) -> None:
    one = desk.load()
    if error is None:
        assert decide(one, asked)
        return
    with pytest.raises(error, match=says):
        decide(one, asked)


def test_several_cells_are_told(desk: Desk) -> None:
    """Of all records the column says several things."""
    asked = Request("repair", field="name", new="x", everywhere=True)
    with pytest.raises(ParameterError, match="Several cells") as caught:
        decide(desk.load(), asked)

    assert len(caught.value.members["cells"]) == 4


def test_proposals_are_accepted_record_by_record(desk: Desk) -> None:
    """With the confidence and the reason of the proposal."""
    one = desk.load()
    made = accepting.accept(one, "OrganisationSme", Lists())

    assert [(d.record, d.value, d.new) for d in made.decisions] == [
        (B, "yes", "true"),
        (D, "yes", "true"),
    ]
    assert all(d.confidence and d.confidence >= accepting.FLOOR and d.why for d in made.decisions)
    assert (made.findings, made.left) == (2, 0)
    none = accepting.accept(one, "OrganisationSme", Lists(), floor=1.0)
    assert (none.decisions, none.left) == ([], 2)


def test_proposals_become_recipes_where_the_value_is_wrong_by_itself(desk: Desk) -> None:
    one = desk.load()
    made = accepting.accept(one, "OrganisationActivityType", Lists(), everywhere=True)

    assert [(d.record, d.value, d.new) for d in made.decisions] == [(None, "prc", "PRC")]
    assert made.findings == 2


def test_exchanged_values_change_both_cells(desk: Desk) -> None:
    """A fix of a node as a whole names the properties; their cells are looked up."""
    head = "key,title_en,start_date,end_date,source\n"
    desk.load(desk.table)
    folder = desk.home.parent / "download"
    (folder / "events.csv").write_text(f"{head}e,Fair,2024-12-31,2024-01-01,s\n")
    one = desk.load_folder(folder)
    rule = next(f["rule"] for f in findings(one, record="events.csv/e")["findings"])
    made = accepting.accept(one, rule, Lists(), floor=0.6)

    assert {(d.field, d.value, d.new) for d in made.decisions} == {
        ("start_date", "2024-12-31", "2024-01-01"),
        ("end_date", "2024-01-01", "2024-12-31"),
    }
    desk.journal.append(made.decisions, "anna")
    assert rule not in desk.rows(desk.restage(), "findings", "rule")


def test_contradictions_stand_side_by_side(desk: Desk) -> None:
    """Each value with its records, the one that holds first, and the decision if there is one."""
    one = desk.load_names("B AG", "A AG", "B AG")
    told = conflicts(one, [], path=ATLAS + "legalName")
    [item] = told["conflicts"]

    assert told["total"] == 1
    assert [(v["value"], v["holds"], v["records"]) for v in item["values"]] == [
        ("B AG", True, 2),
        ("A AG", False, 1),
    ]
    assert item["values"][1]["places"] == [{"file": "rows.csv", "line": 3, "record": "rows.csv/3"}]
    made = desk.decide("choose", subject=item["entity"], path=item["property"], value="A AG")
    [now] = conflicts(desk.restage(), [made], path=ATLAS + "legalName")["conflicts"]
    assert (now["decision"], now["values"][0]["value"]) == (made.id, "A AG")


def test_records_by_state(desk: Desk) -> None:
    desk.load()
    desk.decide("repair", record=B, field="sme", value="yes", new="true")
    desk.decide("reject", record=f"{FILE}/a")
    one = desk.restage()
    found = {(r["record"], r["state"]) for r in records(one)["records"]}

    assert found == {(B, "repaired"), (f"{FILE}/a", "rejected"), (D, "quarantined")}
    assert records(one, state="repaired")["total"] == 1


def test_recipes_tell_how_often_they_were_used(desk: Desk) -> None:
    desk.load()
    used = desk.decide("repair", field="sme", value="yes", new="true")
    unused = desk.decide("repair", field="sme", value="oui", new="true")
    desk.build()
    later = desk.decide("reject", record=B)
    found = recipes(desk.workspace, desk.settings.base)

    assert [(d.id, n) for d, n in found] == [(used.id, 2), (unused.id, 0), (later.id, None)]


def test_an_act_is_taken_back_at_once(desk: Desk) -> None:
    made = Decision("", "reject", "landscape", "", "", "x", record="1")
    kept = desk.journal.append([made, made], "anna")
    act = kept[0].id.partition("-")[0]
    back = withdrawals(desk.journal.every(), act, "no")
    assert [d.undoes for d in back] == [d.id for d in kept]
    assert withdrawals(desk.journal.every(), "none", "no") == []
    desk.journal.append(back, "anna")
    with pytest.raises(ParameterError, match="already"):
        withdrawals(desk.journal.every(), act, "no")
