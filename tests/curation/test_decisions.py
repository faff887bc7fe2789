"""What each kind of decision does to an import, and that taking it back leads to where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.errors import ParameterError, WorkspaceError

if TYPE_CHECKING:
    from conftest import Desk

SHAPES = "https://w3id.org/cluster-atlas/shapes#"
ID = "https://w3id.org/cluster-atlas/id/"
ATLAS = "https://w3id.org/cluster-atlas/ontology#"
FILE = "organisations.csv"
SME = SHAPES + "OrganisationSme"
PLACE = {"rule": SME, "file": FILE, "field": "sme", "value": "yes"}


def test_without_decisions_broken_records_are_set_aside(desk: Desk) -> None:
    """The example itself: b and d say `yes` where true or false is expected."""
    one = desk.load()

    assert desk.rows(one, "quarantine", "record") == [f"{FILE}/b", f"{FILE}/d"]
    assert "decisions" not in one.manifest


def test_a_repair_lets_a_record_in(desk: Desk) -> None:
    desk.load()
    made = desk.decide("repair", record=f"{FILE}/b", new="true", **PLACE)
    one = desk.restage()

    assert desk.values(one, "b", "isSme") == ["true"]
    assert desk.rows(one, "quarantine", "record") == [f"{FILE}/d"]
    assert desk.rows(one, "repairs", "decision, value, new, field") == [
        (made.id, "yes", "true", "sme")
    ]
    assert one.manifest["decisions_used"] == {"repair": 1}


def test_a_repair_of_all_records_is_a_recipe(desk: Desk) -> None:
    """Other values of the column, and the value in other columns, stay as they are."""
    desk.load()
    made = desk.decide("repair", new="true", **PLACE)
    one = desk.restage()

    assert [desk.values(one, name, "isSme") for name in "abc"] == [["true"], ["true"], ["false"]]
    assert desk.rows(one, "decisions", "id, times") == [(made.id, 2)]


def test_a_decision_for_the_record_goes_before_one_for_all(desk: Desk) -> None:
    desk.load()
    desk.decide("repair", record=f"{FILE}/b", new="false", **PLACE)
    desk.decide("repair", new="true", **PLACE)

    assert desk.values(desk.restage(), "b", "isSme") == ["false"]


def test_the_later_of_two_decisions_goes_before(desk: Desk) -> None:
    desk.load()
    desk.decide("repair", new="true", **PLACE)
    desk.decide("repair", new="false", **PLACE)

    assert desk.values(desk.restage(), "b", "isSme") == ["false"]


def test_an_empty_value_leaves_the_cell_out(desk: Desk) -> None:
    desk.load()
    desk.decide("repair", record=f"{FILE}/b", new="", **PLACE)
    one = desk.restage()

    assert desk.values(one, "b", "isSme") == []
    assert desk.values(one, "b", "city") == ["Ulm"]
    assert desk.rows(one, "repairs", "value, new") == [("yes", None)]


def test_part_of_an_iri_is_enough(desk: Desk) -> None:
    """A code takes the place of what follows the last slash."""
    desk.load()
    region = "http://data.europa.eu/nuts/code/DE144"
    desk.decide("repair", record=f"{FILE}/a", field="region", value=region, new="DE145")

    assert desk.values(desk.restage(), "a", "region") == [region[:-1] + "5"]


def test_a_missing_value_is_added_and_not_twice(desk: Desk) -> None:
    """It is of the kind that others have; once the source says something, that is taken."""
    desk.load()
    desk.decide("repair", new="true", **PLACE)
    desk.decide("repair", record=f"{FILE}/d", field="legal_name", new="Delta GmbH",
                subject=f"{ID}organisation/d", path=ATLAS + "legalName")  # fmt: skip
    desk.decide("repair", record=f"{FILE}/d", field="latitude", value="148.4", new="48.4")
    one = desk.restage()

    assert desk.values(one, "d", "legalName") == ["Delta GmbH"]
    table = (desk.home.parent / "download" / FILE).read_text().replace("Delta GmbH,,", "D,D AG,")
    assert desk.values(desk.load(table), "d", "legalName") == ["D AG"]


def test_a_waiver_lets_a_record_in_until_it_expires(desk: Desk) -> None:
    """The finding is told all the same."""
    before = desk.load()
    desk.decide("waive", record=f"{FILE}/b", until="2999-01-01", **PLACE)
    one = desk.restage()

    assert desk.values(one, "b", "isSme") == ["yes"]
    assert desk.rows(one, "quarantine", "record") == [f"{FILE}/d"]
    assert desk.rows(one, "waived", "rule, record, stated") == [(SME, f"{FILE}/b", "yes")]
    assert one.manifest["findings"] == before.manifest["findings"]


def test_an_expired_waiver_is_as_if_it_had_never_been(desk: Desk) -> None:
    before = desk.load()
    desk.decide("waive", record=f"{FILE}/b", until="2000-01-01", **PLACE)

    assert desk.restage() == before


def test_a_waiver_is_for_the_value_that_was_found(desk: Desk) -> None:
    desk.load()
    desk.decide("waive", record=f"{FILE}/b", until="2999-01-01", **PLACE)
    table = (desk.home.parent / "download" / FILE).read_text().replace("yes", "no")

    one = desk.load(table)

    assert desk.rows(one, "quarantine", "record") == [f"{FILE}/b", f"{FILE}/d"]
    assert one.manifest["decisions_used"] == {"unused": 1}


def test_a_rejected_record_stays_out(desk: Desk) -> None:
    """It counts as rejected, at the next download too, whatever it says there."""
    desk.load()
    desk.decide("reject", record=f"{FILE}/a")
    table = (desk.home.parent / "download" / FILE).read_text().replace("Alpha", "Omega")
    for one in (desk.restage(), desk.load(table)):
        assert desk.values(one, "a", "city") == []
        assert one.manifest["records"][FILE] == {
            "records": 4, "published": 1, "quarantined": 2, "rejected": 1
        }  # fmt: skip


def test_a_choice_holds_against_the_rule(desk: Desk) -> None:
    """Without it the first in order is taken; with it there is nothing left to tell."""
    name, rule = ATLAS + "legalName", SHAPES + "OneValueStated"
    before = desk.load_names("A AG", "B AG")
    assert desk.values(before, "a", "legalName") == ["A AG"]
    assert rule in desk.rows(before, "findings", "rule")
    made = desk.decide("choose", subject=f"{ID}organisation/a", path=name, value="B AG")
    one = desk.restage()

    assert desk.values(one, "a", "legalName") == ["B AG"]
    assert desk.rows(one, "decisions", "id, times") == [(made.id, 1)]
    assert rule not in desk.rows(one, "findings", "rule")
    assert desk.values(desk.load_names("A AG", "C AG"), "a", "legalName") == ["A AG"]


def test_what_was_undone_is_as_if_it_had_never_been(desk: Desk) -> None:
    """Undoing in any order leads back to the very same imports."""
    before = desk.load()
    first = desk.decide("repair", new="true", **PLACE)
    with_first = desk.restage()
    second = desk.decide("reject", record=f"{FILE}/a")
    both = desk.restage()
    desk.decide("undo", undoes=second.id)
    assert desk.restage() == with_first
    desk.decide("undo", undoes=first.id)

    assert desk.restage() == before
    assert len({before.id, with_first.id, both.id}) == 3


def test_the_next_download_has_the_same_faults_repaired(desk: Desk) -> None:
    """A decision that finds nothing any more is told as unused."""
    desk.load()
    desk.decide("repair", new="true", **PLACE)
    gone = desk.decide("repair", record=f"{FILE}/x", new="", **PLACE)
    table = (desk.home.parent / "download" / FILE).read_text()
    one = desk.load(
        table + table.splitlines()[2].replace("b,", "e,").replace("2222", "5555") + "\n"
    )

    assert desk.values(one, "e", "isSme") == ["true"]
    assert desk.rows(one, "decisions", "times") == [0, 3]
    assert one.manifest["decisions_used"] == {"repair": 1, "unused": 1}
    assert (gone.id, 0) in desk.rows(one, "decisions", "id, times")


def test_repairing_a_value_that_cannot_be_rdf(desk: Desk) -> None:
    """What was rejected is judged again when the import is made again."""
    homepage = "https://example.org/"
    table = "key,kind,name,legal_name,homepage,source\na,Company,A,A,https://example.org/,s\n"
    desk.load(table)
    made = desk.decide("repair", field="homepage", value=homepage, new="https://a b/", file=FILE)
    assert desk.restage().manifest["records"][FILE]["rejected"] == 1
    again = desk.decide("undo", undoes=made.id)

    assert again.undoes == made.id
    assert desk.restage().manifest["records"][FILE]["rejected"] == 0


@pytest.mark.parametrize(
    ("kind", "parts", "named"),
    [
        ("repair", {"value": "x"}, "new"),
        ("repair", {"new": ""}, "new"),
        ("waive", {"rule": SME}, "until"),
        ("waive", {"rule": SME, "until": "soon"}, "until"),
        ("reject", {}, "record"),
        ("choose", {"subject": ID, "path": ID}, "value"),
        ("undo", {}, "undoes"),
        ("reject", {"record": "x", "why": " "}, "why"),
    ],
)
def test_half_a_decision_is_refused(
    desk: Desk, kind: str, parts: dict[str, str], named: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        desk.decide(kind, **parts)

    assert caught.value.members["parameter"] == named
    assert desk.journal.every() == []


def test_a_damaged_file_is_told(desk: Desk) -> None:
    """A decision that cannot be read is not passed over in silence."""
    desk.decide("reject", record="x")
    [file] = desk.home.rglob("*.ttl")
    file.write_text("nonsense")
    with pytest.raises(WorkspaceError, match="damaged"):
        desk.journal.every()
