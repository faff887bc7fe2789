"""Offers against requests: what is assigned, what is missing, and why."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.terms import COUNTRY, NUTS
from kg.trade import capacities
from kg.trade.flow import transport
from kg.trade.listed import Listing, unit_key

FOLDER = Path(__file__).parent / "capacities"
CASES = sorted(path.parent for path in FOLDER.glob("*/listings.json"))
CODES = ("DEU", "FRA", "ITA", "PRT")


def listing(described: dict[str, Any]) -> Listing:
    """Return the listing that a case describes."""
    return Listing(
        f"https://example.org/{described['name']}",
        described["name"],
        described["kind"],
        described["product"],
        described["unit"],
        Fraction(described["quantity"]),
        COUNTRY + described["country"],
        NUTS + described["region"] if described["region"] else None,
        frozenset(COUNTRY + code for code in described["targets"]),
        frozenset(),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_assignment_is_what_is_expected(case: Path) -> None:
    """Totals, who serves whom over which distance, what stays unserved and why."""
    described = json.loads((case / "listings.json").read_text(encoding="utf-8"))
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))

    found, units = capacities.markets([listing(each) for each in described])

    assert expected["units"] == units
    assert expected["markets"] == [
        {
            "supply": capacities.number(market.supply),
            "demand": capacities.number(market.demand),
            "assignments": [
                [a.offer.label, a.request.label, capacities.number(a.quantity), a.distance]
                for a in market.assignments
            ],
            "unserved": [
                [request.label, capacities.number(missing), reason]
                for request, missing, reason in market.unserved()
            ],
        }
        for market in found
    ]


@st.composite
def listings(draw: st.DrawFn) -> list[Listing]:
    """Return some offers and requests of one product."""
    described = [
        {
            "name": str(n),
            "kind": draw(st.sampled_from(["Offer", "Request"])),
            "product": "masks",
            "unit": "pieces",
            "quantity": draw(st.sampled_from(["1", "2.5", "0.1", "7"])),
            "country": draw(st.sampled_from(CODES)),
            "region": None,
            "targets": draw(st.lists(st.sampled_from(CODES), max_size=2)),
        }
        for n in range(draw(st.integers(1, 8)))
    ]
    return [listing(each) for each in described]


@given(listings())
def test_the_books_balance(given_ones: list[Listing]) -> None:
    """Nobody gives more than they have or gets more than they want, and the rest is unserved."""
    found, _ = capacities.markets(given_ones)

    for market in found:
        for each in (*market.offers, *market.requests):
            own = [a.quantity for a in market.assignments if each in {a.offer, a.request}]
            assert sum(own) <= each.quantity
        assert all(capacities.allowed(a.offer, a.request) for a in market.assignments)
        missing = sum(missing for _, missing, _ in market.unserved())
        assert market.served + missing == market.demand
        for name in ("country", "region"):
            places = market.places(name)
            assert float(market.demand) == pytest.approx(sum(p["demand"] for p in places))
            assert float(missing) == pytest.approx(sum(p["unserved"] for p in places))


@given(listings())
def test_an_assignment_explains_its_score(given_ones: list[Listing]) -> None:
    found, _ = capacities.markets(given_ones)
    for market in found:
        for assignment in market.assignments:
            shown = capacities.shown(assignment)
            terms = shown["explanation"]

            assert shown["score"] == pytest.approx(sum(t["contribution"] for t in terms), abs=1e-6)
            for term in terms:
                value = pytest.approx(term["value"] * term["weight"], abs=1e-6)
                assert term["contribution"] == value


def test_units_are_compared_as_people_write_them() -> None:
    assert unit_key("Pieces/week") == unit_key("pieces  per week")
    assert unit_key("boxes per week") != unit_key("pieces per week")


@given(listings())
def test_groups_serve_as_much_and_as_near_as_single_listings(given_ones: list[Listing]) -> None:
    """The flow between groups of like listings is as good as the one between the listings."""
    for market in capacities.markets(given_ones)[0]:
        costs = {
            (i, j): capacities.distance(offer, request)
            for i, offer in enumerate(market.offers)
            for j, request in enumerate(market.requests)
            if capacities.allowed(offer, request)
        }
        tenths = [[int(10 * e.quantity) for e in own] for own in (market.offers, market.requests)]
        flow = transport(tenths[0], tenths[1], costs)

        assert 10 * market.served == sum(flow.values())
        cost = sum(10 * a.quantity * a.distance for a in market.assignments)
        assert cost == sum(costs[pair] * amount for pair, amount in flow.items())


def test_a_crisis_with_thousands_of_offers_is_reckoned_with() -> None:
    """Thousands of listings in some regions make a small problem of groups."""
    many = [
        listing(
            {
                "name": f"{n:04}",
                "kind": "Offer" if n % 2 else "Request",
                "product": "masks",
                "unit": "pieces",
                "quantity": str(1 + n % 97),
                "country": CODES[n % 7 % 4],
                "region": f"XX{n % 30}",
                "targets": [],
            }
        )
        for n in range(3000)
    ]

    (market,), _ = capacities.markets(many)

    assert market.served == min(market.supply, market.demand)
