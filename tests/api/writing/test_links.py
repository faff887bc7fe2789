"""Candidates for links are asked of curators; what they decide is published and can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from conftest import Server

SAME = "<http://www.w3.org/2002/07/owl#sameAs>"
MANAGED = "atlas:managedBy"


def listed(server: Server, **parameters: str) -> list[dict[str, Any]]:
    answer = server.write("GET", "/links", params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["links"])


def decide(server: Server, one: str, other: str, state: str) -> httpx.Response:
    content = {"one": one, "other": other, "state": state, "why": "checked by telephone"}
    return server.write("POST", "/links/decisions", json=content)


@pytest.fixture(scope="module")
def twins(server: Server) -> tuple[str, str]:
    """Add the same organisation twice, as two sources might state it."""
    base = "https://w3id.org/cluster-atlas/id/organisation/"
    text = " ".join(
        f'organisation:{key} a atlas:Organisation ; rdfs:label "{name}" ; '
        f'atlas:legalName "{name}" ; atlas:pic "{key}" ; '
        "atlas:country <http://publications.europa.eu/resource/authority/country/SVN> ."
        for key, name in (("900000001", "Zavod Primer Ljubljana"),
                          ("900000002", "ZAVOD PRIMER LJUBLJANA"))
    )  # fmt: skip
    added = server.update(
        f"INSERT DATA {{ GRAPH <https://w3id.org/cluster-atlas/graph/updates> {{ {text} }} }}"
    )
    assert added.is_success, added.text
    return base + "900000001", base + "900000002"


def test_a_candidate_is_asked_decided_and_undone(server: Server, twins: tuple[str, str]) -> None:
    """Nothing is linked before a curator says so; afterwards it is, until that is taken back."""
    one, other = twins
    (asked,) = [x for x in listed(server, kind="duplicate") if x["one"] == one]
    assert (asked["other"], asked["state"]) == (other, "open")
    assert asked["evidence"]
    assert not server.ask(f"<{one}> {SAME} <{other}>")

    done = decide(server, one, other, "linked")
    assert done.status_code == 201, done.text
    assert server.ask(f"<{one}> {SAME} <{other}>")
    (held,) = [x for x in listed(server, state="linked") if x["one"] == one]
    assert held["decision"] == done.json()["decision"]["id"]
    assert not [x for x in listed(server) if x["one"] == one]

    undone = server.write("DELETE", f"/links/decisions/{held['decision']}")
    assert undone.status_code == 200, undone.text
    assert not server.ask(f"<{one}> {SAME} <{other}>")
    assert [x for x in listed(server) if x["one"] == one]


def test_what_is_distinct_is_not_asked_again(server: Server, twins: tuple[str, str]) -> None:
    """A distinction states nothing and ends the question."""
    one, other = twins
    done = decide(server, one, other, "distinct")
    assert done.status_code == 201, done.text

    assert not [x for x in listed(server) if x["one"] == one]
    assert [x for x in listed(server, state="distinct") if x["one"] == one]
    assert not server.ask(f"<{one}> {SAME} <{other}>")


def test_only_candidates_are_decided_and_only_by_curators(server: Server) -> None:
    """Two things for which nothing speaks are no question; and who is nobody is told so."""
    nonsense = decide(server, "urn:example:a", "urn:example:b", "linked")
    assert nonsense.status_code == 400
    assert nonsense.json()["parameter"] == "other"
    assert httpx.get(server.url + "/links", timeout=60).status_code == 401
    assert server.write("DELETE", "/links/decisions/nothing").status_code == 404
