"""Cells that a loader rejects are read as what a curator has decided, at the next download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.curation import accepting
from kg.curation.requests import Request, decide
from kg.errors import ParameterError
from kg.fixes import Lists

if TYPE_CHECKING:
    from conftest import Desk

COUNTRY = "http://publications.europa.eu/resource/authority/country/"
FILE = "organisations.csv"
TABLE = """key,kind,name,legal_name,country,homepage,source
a,Company,A,A,Deutschland,https://a.example/,s
b,Company,B,B,Deutschland|FR,https://b.example/,s
c,Company,C,C,DE,nonsense at all,s
d,Company,D,D,Österreich,https://d.example/,s
"""


def correct(desk: Desk, cell: str, new: str) -> str:
    """Decide what a country that could not be read is; return the decision's id."""
    asked = Request("repair", "a name", rule="ReadingCountry", value=cell, new=new)
    return desk.journal.append(decide(desk.current(), asked), "anna")[0].id


def rejected(desk: Desk) -> list[str]:
    return [text for _, text in desk.rows(desk.current(), "rejects", "line, text")]


def test_a_rejected_cell_is_read_as_another_at_the_next_load(desk: Desk) -> None:
    """Whole or part of a list; other cells stay rejected; what was read first is kept."""
    before = desk.load(TABLE)
    assert rejected(desk) == ["Deutschland", "Deutschland", "nonsense at all", "Österreich"]
    made = correct(desk, "Deutschland", "DE")
    one = desk.load(TABLE)

    assert [desk.values(one, name, "country") for name in "ab"] == [
        [COUNTRY + "DEU"],
        [COUNTRY + "DEU"],
    ]
    assert rejected(desk) == ["nonsense at all", "Österreich"]
    assert desk.rows(one, "decisions", "id, times") == [(made, 2)]
    assert desk.rows(one, "unread", "line, text") == desk.rows(before, "rejects", "line, text")
    assert one.manifest["records"][FILE] == before.manifest["records"][FILE]


def test_a_correction_is_undone_without_the_file(desk: Desk) -> None:
    """Of two, one is taken back and then the other: each time as if it had never been."""
    before = desk.load(TABLE)
    first = correct(desk, "Deutschland", "DE")
    with_first = desk.load(TABLE)
    second = correct(desk, "Österreich", "AT")
    both = desk.load(TABLE)
    assert desk.values(both, "d", "country") == [COUNTRY + "AUT"]
    desk.decide("undo", undoes=second)
    assert desk.restage() == with_first
    desk.decide("undo", undoes=first)
    again = desk.restage()

    assert again == before
    assert len({before.id, with_first.id, both.id}) == 3


def test_lines_that_are_not_touched_stay_corrected(desk: Desk) -> None:
    """Made again under another decision, without the file, an import has what it had."""
    desk.load(TABLE)
    correct(desk, "Deutschland", "DE")
    one = desk.load(TABLE)
    desk.decide("reject", record=f"{FILE}/d")
    again = desk.restage()

    assert desk.values(again, "a", "country") == desk.values(one, "a", "country")
    assert desk.values(again, "d", "legalName") == []
    assert desk.rows(again, "decisions", "times") == [1, 2]


def test_a_corrected_cell_can_be_repaired_further(desk: Desk) -> None:
    desk.load(TABLE)
    correct(desk, "Deutschland", "DE")
    desk.decide("repair", record=f"{FILE}/a", field="country", value=COUNTRY + "DEU", new="FRA")

    assert desk.values(desk.load(TABLE), "a", "country") == [COUNTRY + "FRA"]


def test_what_could_not_be_read_is_not_waived(desk: Desk) -> None:
    desk.load(TABLE)
    asked = Request("waive", "x", rule="ReadingCountry", value="Österreich", until="2999-01-01")
    with pytest.raises(ParameterError, match="repair it"):
        decide(desk.current(), asked)


def test_proposals_for_rejected_cells_are_recipes(desk: Desk) -> None:
    lists = Lists(countries={"DE": COUNTRY + "DEU"}, country_names={"deutschland": "DE"})
    made = accepting.accept(desk.load(TABLE), "ReadingCountry", lists, floor=0.5)

    assert {(d.record, d.field, d.value, d.new) for d in made.decisions} == {
        (None, "country", "Deutschland", "DE")
    }
