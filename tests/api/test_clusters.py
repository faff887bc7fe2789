"""`/clusters` and `/clusters/{key}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def test_clusters_are_found_by_what_they_do(ask: Ask) -> None:
    """A text in German finds the cluster by its technology or its words."""
    ids = [
        item["id"] for item in ask("/clusters", q="intelligente technische Systeme").json()["items"]
    ]

    assert any(i.endswith("/its-owl") for i in ids)


def test_a_cluster_has_its_members(ask: Ask) -> None:
    """The members are the items; clusters among them are in `about`."""
    answer = ask("/clusters/ket4cleanproduction", limit=1000).json()

    assert answer["about"]["label"]
    assert answer["total"] == len(answer["items"]) > 0


def test_a_condition_keeps_what_meets_it(ask: Ask) -> None:
    """All clusters have their seat in the country."""
    items = ask("/clusters", country="FI").json()["items"]

    assert items
    assert {item["country"][-3:] for item in items} == {"FIN"}


def test_an_unknown_cluster_is_not_found(ask: Ask) -> None:
    """The problem says so."""
    assert ask("/clusters/none-such").status_code == 404
