"""Clusters, profiles and services as the platforms publish them, looked up over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def first(ask: Ask, path: str, **parameters: Any) -> dict[str, Any]:
    """Return the first item of an answer."""
    item: dict[str, Any] = ask(path, **parameters).json()["items"][0]
    return item


def test_services_are_found_by_the_country_of_their_centre(ask: Ask) -> None:
    """A service is done where its centre is, and names the centre."""
    items = ask("/services", country="AT", technology="clean-production").json()["items"]

    assert items
    assert {item["country"][-3:] for item in items} == {"AUT"}
    assert all(item["names"] for item in items)
    assert {item["contact"] for item in items} == {"Technology transfer office"}


def test_services_are_found_in_a_region(ask: Ask) -> None:
    """Only centres with their seat there, at every level of regions."""
    items = ask("/services", region="AT2").json()["items"]

    assert {item["region"].rpartition("/")[2] for item in items} == {"AT221"}


def test_words_and_concept_together_come_first(ask: Ask) -> None:
    """A service that says it and has the concept goes before one with only the concept."""
    item = first(ask, "/services", q="degreasing")

    assert item["label"] == "Clean machining and degreasing"


def test_a_request_says_which_partner_is_sought(ask: Ask) -> None:
    """A profile shows its reference, its type and whom it seeks."""
    item = first(ask, "/requests", q="degreasing of metal parts without solvents")

    assert item["reference"] == "TRCZ20260115001"
    assert item["profile_type"] == "TR"
    assert "Two technology centres" in item["partner_sought"]
    assert item["names"] == ["Example Metal Finishing s.r.o."]


def test_a_cluster_shows_its_label_and_until_when_it_holds(ask: Ask) -> None:
    """Found by its name, first of all that share a word with it."""
    item = first(ask, "/clusters", q="Example Photonics Cluster")

    assert item["label"] == "Example Photonics Cluster"
    assert (item["quality_label"], item["quality_label_until"]) == ("Gold", "2027-06-30")


def test_clusters_of_the_alps_are_found_by_country_and_sector(ask: Ask) -> None:
    """A cluster is found by what its members master, too."""
    for country, expected in (("SI", "srip-factories-of-the-future"), ("FR", "mont-blanc")):
        items = ask("/clusters", country=country, technology="machining").json()["items"]
        items += ask("/clusters", country=country, technology="robotics").json()["items"]

        assert any(expected in item["id"] for item in items), country


def test_capacities_of_a_product_are_listed_with_quantities(ask: Ask) -> None:
    """In German, with quantity and unit."""
    items = ask("/offers", q="Beatmungsgeräte").json()["items"]
    stated = {(i["product"], i["unit"]) for i in items if i.get("product") == "ventilators"}

    assert stated == {("ventilators", "pieces per week")}
