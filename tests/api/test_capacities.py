"""`/capacities` over the sample."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def test_totals_and_bottlenecks_of_a_product(ask: Ask) -> None:
    """More ventilators are needed than offered: told in all, by country and with the reason."""
    answer = ask("/capacities", product="ventilators").json()
    (product,) = answer["products"]

    assert product["demand"] > product["supply"]
    assert product["served"] <= product["supply"]
    assert product["unserved"]
    assert product["countries"][0]["bottleneck"]
    missing = sum(each["quantity"] for each in product["unserved"])
    assert product["served"] + missing == product["demand"]


def test_every_assignment_is_explained_by_statements(ask: Ask) -> None:
    """The quantities named are those of the listings, and no offer gives more than it has."""
    given: dict[str, float] = defaultdict(float)
    offered: dict[str, float] = {}
    for item in ask("/capacities", limit=1000).json()["items"]:
        share = next(t for t in item["explanation"] if t["term"] == "share")
        said = {s["subject"]: s["object"] for s in share["statements"]}
        assert item["score"] > 0
        assert abs(item["quantity"] / said[item["id"]] - share["value"]) < 1e-6
        given[item["offer"]] += item["quantity"]
        offered[item["offer"]] = said[item["offer"]]

    assert offered
    assert all(given[iri] <= offered[iri] for iri in offered)


def test_a_technology_includes_narrower_ones(ask: Ask) -> None:
    narrow = ask("/capacities", technology="machining").json()

    assert {item["product"] for item in narrow["items"]} == {"CNC machining"}


def test_a_country_shows_what_comes_or_goes_there(ask: Ask) -> None:
    items = ask("/capacities", country="ES", limit=1000).json()["items"]

    assert items
    assert all("ESP" in {item["country"][-3:], item["offer_country"][-3:]} for item in items)


def test_nothing_is_valid_before_it_was_published(ask: Ask) -> None:
    answer = ask("/capacities", date="2019-01-01").json()

    assert (answer["total"], answer["products"]) == (0, [])


def test_assignments_come_as_a_table(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("/capacities", format="csv").text)))

    assert {"id", "offer", "quantity", "unit", "distance"} <= set(rows[0])


def test_the_equivalent_query_has_the_same_totals(ask: Ask) -> None:
    """Of a product, and of a technology and those narrower than it."""
    for asked in ({"product": "face shields"}, {"technology": "advanced-manufacturing"}):
        answer = ask("/capacities", **asked).json()
        told = ask("/sparql", query=answer["sparql"]["query"], format="csv").text
        rows = list(csv.DictReader(io.StringIO(told)))

        assert answer["products"]
        assert {r["product"] for r in rows} == {p["product"] for p in answer["products"]}
        for product in answer["products"]:
            for kind, name in (("Offer", "supply"), ("Request", "demand")):
                of = (product["product"], f"#{kind}")
                total = sum(
                    float(r["total"])
                    for r in rows
                    if (r["product"], r["kind"][-len(of[1]) :]) == of
                )
                assert total == product[name]


def test_the_equivalent_query_asks_for_the_day(ask: Ask) -> None:
    query = ask("/capacities", date="2019-01-01").json()["sparql"]["query"]

    answer = ask("/sparql", query=query, format="csv")

    assert answer.text.splitlines() == ["product,unit,kind,country,total"]


def test_unknown_technologies_are_refused(ask: Ask) -> None:
    assert ask("/capacities", technology="none such thing").status_code == 400
