"""`/offers`, `/requests`, `/services`, `/events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize("path", ["/offers", "/requests", "/services", "/events"])
def test_everything_is_listed_once_with_facets(ask: Ask, path: str) -> None:
    """Without conditions all are listed, each of the kind of the list."""
    answer = ask(path, limit=1000).json()
    kind = path[1:-1].capitalize()

    assert answer["total"] == len({item["id"] for item in answer["items"]}) > 0
    assert all(kind in item["types"] for item in answer["items"])
    assert {"value": kind, "count": answer["total"]} in answer["facets"]["type"]


@pytest.mark.parametrize("path", ["/offers", "/clusters", "/services"])
def test_a_facet_counts_what_its_condition_leaves(ask: Ask, path: str) -> None:
    """Narrower technologies and further seats included, as in the conditions."""
    facets = ask(path).json()["facets"]

    for name in ("country", "technology", "type"):
        assert facets[name]
        for facet in facets[name][:12]:
            found = ask(path, **{name: facet["value"], "limit": 1}).json()
            assert found["total"] == facet["count"], facet


def test_a_type_that_no_entry_of_the_list_has_is_refused(ask: Ask) -> None:
    """With those that there are; another list's is none."""
    refused = ask("/offers", type="CapacityRequest")

    assert refused.status_code == 400
    assert "CapacityOffer" in refused.json()["allowed"]


def test_an_offer_is_found_in_german_by_its_product(ask: Ask) -> None:
    """The German title answers."""
    items = ask("/offers", q="Schutzmasken").json()["items"]

    assert {item.get("product") for item in items[:5]} == {"protective masks"}
    assert any(item["id"].endswith("/example-masks") for item in items)


def test_a_list_is_asked_in_words_that_only_its_technologies_have_in_english(ask: Ask) -> None:
    """What the words of the list and its technologies' names do not hold is translated."""
    found = ask("/clusters", q="Wasserstoff").json()

    assert found["items"]
    assert found["total"] == ask("/clusters", q="hydrogen").json()["total"]


def test_requests_are_found_by_technology_and_what_is_narrower(ask: Ask) -> None:
    """Every request of coatings is one of the broader technology too."""
    narrow = {i["id"] for i in ask("/requests", technology="coatings").json()["items"]}
    broad = {i["id"] for i in ask("/requests", technology="advanced-materials").json()["items"]}

    assert narrow
    assert narrow <= broad


def test_services_cover_the_level_asked_for(ask: Ask) -> None:
    """The range of readiness levels holds the level."""
    items = ask("/services", trl=6).json()["items"]

    assert items
    assert all(item["trl_from"] <= 6 <= item["trl_to"] for item in items)


def test_offers_that_are_over_are_not_valid(ask: Ask) -> None:
    """The day decides."""
    assert ask("/offers", on="1999-01-01").json()["total"] == 0
    assert ask("/offers", on="2026-01-01").json()["total"] > 0


def test_an_event_is_found_by_its_country(ask: Ask) -> None:
    """All events of Germany, and only those."""
    items = ask("/events", country="Germany").json()["items"]

    assert items
    assert {item["country"][-3:] for item in items} == {"DEU"}
