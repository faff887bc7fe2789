"""The dated status of countries, and neighbours."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest

from kg.terms import COUNTRY
from kg.trade import countries


def names(code: str, day: date) -> set[str]:
    return {status.name for status in countries.on(COUNTRY + code, day)}


@pytest.mark.parametrize(
    ("year", "number"), [(1958, 6), (1973, 9), (1995, 15), (2004, 25), (2013, 28), (2021, 27)]
)
def test_the_union_has_as_many_members_as_it_had(year: int, number: int) -> None:
    day = date(year, 12, 31)
    found = {s.country for s in countries.statuses() if s.name == "MemberState" and s.holds(day)}

    assert len(found) == number


def test_the_united_kingdom_left_and_came_back_associated() -> None:
    assert "MemberState" in names("GBR", date(2020, 1, 31))
    assert "MemberState" not in names("GBR", date(2020, 2, 1))
    assert "HorizonAssociated" not in names("GBR", date(2023, 12, 31))
    assert "HorizonAssociated" in names("GBR", date(2024, 1, 1))


def test_no_country_has_a_status_twice_at_once() -> None:
    rows = countries.statuses()
    for one, other in combinations(rows, 2):
        if (one.country, one.name) == (other.country, other.name):
            assert not one.holds(other.begin)
            assert not other.holds(one.begin)


def test_no_country_is_a_member_and_associated() -> None:
    for status in countries.statuses():
        found = names(status.country.rpartition("/")[2], status.begin)
        assert not ("MemberState" in found and any(n.startswith("Horizon") for n in found))


def test_every_row_says_where_it_is_from() -> None:
    for status in countries.statuses():
        assert status.source
        assert status.certain or status.note
        assert status.end is None or status.begin < status.end


def test_neighbours_are_mutual_and_nobody_is_its_own() -> None:
    pairs = countries.neighbours()

    assert all((b, a) in pairs and a != b for a, b in pairs)
    assert (COUNTRY + "DEU", COUNTRY + "NLD") in pairs
    assert (COUNTRY + "ESP", COUNTRY + "POL") not in pairs
