"""`/complementarity` and `/networks/{key}` over the sample."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph

from kg.matching import open_matching
from kg.trade import complementarity
from kg.trade.clusters import Clusters

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from kg.store import OpenRelease

    Ask = Callable[..., httpx.Response]

BASE = "https://w3id.org/cluster-atlas/"


def known(release: OpenRelease, statement: dict[str, str]) -> bool:
    """Tell whether a release has a statement, its property named in short."""
    store, term = release.store, pyoxigraph.NamedNode
    found = store.quads_for_pattern(
        term(statement["subject"]),
        term(f"{BASE}ontology#{statement['predicate']}"),
        term(statement["object"]),
    )
    return next(iter(found), None) is not None


def test_allied_clusters_give_what_the_other_seeks(ask: Ask, sample_release: OpenRelease) -> None:
    """Both directions are there, and all that is named as a reason is in the release."""
    answer = ask("/complementarity", a="its-owl", b="DIMECC", limit=1000).json()
    clusters = {cluster["id"] for cluster in answer["clusters"]}

    assert {(item["from"], item["to"]) for item in answer["items"]} == {
        (a, b) for a in clusters for b in clusters if a != b
    }
    for item in answer["items"]:
        assert item["seekers"]
        for term in item["explanation"]:
            assert all(known(sample_release, statement) for statement in term["statements"])


def test_a_score_follows_from_its_statements(ask: Ask) -> None:
    for item in ask("/complementarity", a="its-owl", b="dimecc").json()["items"]:
        terms = {term["term"]: term for term in item["explanation"]}
        holders = {
            s["object"] if s["predicate"] in {"party", "offeredBy"} else s["subject"]
            for s in terms["mastery"]["statements"]
            if s["predicate"] != "technology"
        }

        assert holders == set(item["holders"])
        assert abs(terms["mastery"]["value"] - math.log1p(len(holders))) < 1e-6
        total = sum(term["contribution"] for term in item["explanation"])
        assert abs(item["score"] - total) < 1e-4


def test_a_cluster_and_itself_complement_nothing_they_lack(sample_release: OpenRelease) -> None:
    """A gap is what nobody in the cluster masters, so that it cannot fill it itself."""
    landscape = open_matching(sample_release.release, BASE).landscape
    clusters = Clusters(landscape, sample_release.store, BASE, date(2026, 11, 30))
    iri = f"{BASE}id/cluster/cleantech"

    gifts = complementarity.compare(clusters, iri, iri).gifts
    assert gifts
    for gift in gifts:
        need = next(t for t in gift.explanation() if t["term"] == "need")
        assert {s["predicate"] for s in need["statements"]} <= {"party", "technology"}


def test_a_cluster_that_is_not_there_is_told(ask: Ask) -> None:
    answer = ask("/complementarity", a="its-owl", b="nothing of the kind")

    assert answer.status_code == 400
    assert answer.json()["parameter"] == "b"


def test_a_network_is_the_sum_of_its_clusters(ask: Ask) -> None:
    answer = ask("/networks/example-alpine-network", limit=1000).json()

    assert answer["total"] == len(answer["items"]) == len(answer["about"]["clusters"])
    for item in answer["items"]:
        assert item["members"] >= sum(place["count"] for place in item["countries"])
        unique = {t["id"] for t in item["unique"]}
        others = [o for o in answer["items"] if o["id"] != item["id"]]
        assert not unique & {t["id"] for o in others for t in o["technologies"]}
    for technology in answer["technologies"]:
        having = {
            i["id"]
            for i in answer["items"]
            if technology["id"] in {t["id"] for t in i["technologies"]}
        }
        assert having == set(technology["clusters"])


def test_who_serves_a_sector_does_not_master_it(ask: Ask, sample_release: OpenRelease) -> None:
    """What only one cluster brings is said by mastery, offers or services, each in the release."""
    for item in ask("/networks/example-alpine-network", limit=1000).json()["items"]:
        (term,) = item["explanation"]
        assert all(known(sample_release, statement) for statement in term["statements"])


def test_gaps_of_a_network_are_nobodys(ask: Ask, sample_release: OpenRelease) -> None:
    answer = ask("/networks/example-alpine-network").json()
    held = {technology["id"] for technology in answer["technologies"]}

    assert not held & {gap["id"] for gap in answer["gaps"]}
    for gap in answer["gaps"]:
        assert all(known(sample_release, statement) for statement in gap["statements"])


def test_joint_projects_have_two_clusters(ask: Ask, sample_release: OpenRelease) -> None:
    for project in ask("/networks/example-alpine-network").json()["projects"]:
        assert len(project["clusters"]) > 1
        assert len({statement["subject"] for statement in project["statements"]}) > 1
        assert all(known(sample_release, statement) for statement in project["statements"])


def test_members_of_member_clusters_are_members(ask: Ask) -> None:
    """The network of the sample has one cluster, whose members are counted for it too."""
    answer = ask("/networks/example-cluster-network").json()
    (part,) = answer["items"]

    assert part["label"] == "Example Medical Textiles Cluster"
    assert answer["about"]["members"] == part["members"] > 0


def test_a_cluster_without_clusters_is_a_network_of_itself(ask: Ask) -> None:
    """So that the view of it is there, with its alliances."""
    answer = ask("/networks/its-owl").json()

    assert [item["id"] for item in answer["items"]] == [answer["about"]["id"]]
    assert answer["alliances"]["outside"][0][1].endswith("/dimecc")


def test_a_network_comes_as_a_table(ask: Ask) -> None:
    """Places and technologies by their names."""
    text = ask("/networks/example-alpine-network", format="csv").text

    assert "Italy" in text
    assert "{" not in text


def test_an_unknown_network_is_not_found(ask: Ask) -> None:
    assert ask("/networks/none-such").status_code == 404


def test_the_equivalent_queries_name_the_same(ask: Ask) -> None:
    """What members master is in both; the look-up knows services, projects and gaps besides."""
    gifts = ask("/complementarity", a="its-owl", b="dimecc", limit=1000).json()
    told = ask("/sparql", query=gifts["sparql"]["query"], format="csv").text
    network = ask("/networks/example-alpine-network", limit=1000).json()
    counted = ask("/sparql", query=network["sparql"]["query"], format="csv").text

    for item in gifts["items"]:
        if any(s["predicate"] == "masters" for t in item["explanation"] for s in t["statements"]):
            assert item["id"] in told
    assert all(item["id"] in counted for item in network["items"])


def test_a_cluster_has_nothing_to_give_to_itself(ask: Ask) -> None:
    """Also not when it is named in two ways."""
    refused = ask("/complementarity", a="its-owl", b=f"{BASE}id/cluster/its-owl")

    assert refused.status_code == 400
    assert refused.json()["parameter"] == "b"
    assert "same cluster" in refused.json()["detail"]
