"""The graph store over the workspace: everybody reads, a curator writes the graph of updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from pyoxigraph import RdfFormat, parse

if TYPE_CHECKING:
    from conftest import Server

BASE = "https://w3id.org/cluster-atlas/"
UPDATES = BASE + "graph/updates"
TURTLE = {"Content-Type": "text/turtle"}
THREE = (
    f"@prefix atlas: <{BASE}ontology#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    f" <{BASE}id/organisation/g-1> a atlas:Organisation ;"
    " rdfs:label 'G One' ; atlas:legalName 'G One' ."
)
LINE = f'<{BASE}id/organisation/g-1> <{BASE}ontology#city> "Ulm" .\n'


def read(server: Server, **parameters: str) -> httpx.Response:
    headers = {"Accept": "application/n-triples"}
    return httpx.get(f"{server.url}/graph-store", params=parameters, headers=headers, timeout=60)


@pytest.fixture
def empty(server: Server) -> Server:
    """The server without additions."""
    answer = server.write("DELETE", "/graph-store", params={"graph": UPDATES})
    assert answer.status_code in {200, 404}, answer.text
    return server


def test_a_graph_is_read_by_parameter_and_by_path(server: Server) -> None:
    indirect = read(server, graph=BASE + "graph/nuts")
    direct = httpx.get(f"{server.url}/graph-store/nuts", headers={"Accept": "text/turtle"})

    assert indirect.status_code == direct.status_code == 200
    assert set(parse(indirect.content, RdfFormat.N_TRIPLES)) == set(
        parse(direct.content, RdfFormat.TURTLE)
    )
    again = httpx.get(
        f"{server.url}/graph-store/nuts",
        headers={"Accept": "text/turtle", "If-None-Match": direct.headers["etag"]},
    )
    assert again.status_code == 304


def test_head_and_absent_graphs(server: Server) -> None:
    assert httpx.head(f"{server.url}/graph-store/nuts").status_code == 200
    answer = httpx.get(f"{server.url}/graph-store/absent")
    assert answer.status_code == 404
    assert BASE + "graph/nuts" in answer.json()["known"]


def test_put_replaces_and_post_adds(empty: Server) -> None:
    server = empty
    put = {"params": {"graph": UPDATES}, "headers": TURTLE}

    first = server.write("PUT", "/graph-store", content=THREE, **put)
    added = server.write("POST", "/graph-store/updates", content=LINE, headers=TURTLE)
    same = server.write("POST", "/graph-store/updates", content=LINE, headers=TURTLE)

    assert first.status_code == 201, first.text
    assert added.json()["added"] == 1, added.text
    assert same.json() == {"release": added.json()["release"], "added": 0, "removed": 0}
    assert len(list(parse(read(server, graph=UPDATES).content, RdfFormat.N_TRIPLES))) == 4
    replaced = server.write("PUT", "/graph-store", content=THREE, **put)
    assert (replaced.status_code, replaced.json()["removed"]) == (200, 1)
    gone = server.write("DELETE", "/graph-store/updates")
    assert gone.json()["removed"] == 3
    assert read(server, graph=UPDATES).status_code == 404


def test_other_graphs_belong_to_their_sources(server: Server) -> None:
    for method in ("PUT", "POST", "DELETE"):
        answer = server.write(method, "/graph-store/cordis", content=THREE, headers=TURTLE)
        assert answer.status_code == 400
        assert answer.json()["writable"] == UPDATES


def test_writing_needs_a_token(server: Server) -> None:
    for method in ("PUT", "POST", "DELETE"):
        answer = httpx.request(
            method, f"{server.url}/graph-store/updates", content=THREE, headers=TURTLE
        )
        assert answer.status_code == 401


def test_a_graph_is_named_once(server: Server) -> None:
    url = f"{server.url}/graph-store"

    assert httpx.get(url).status_code == 400
    assert httpx.get(url + "?default&graph=a:b").status_code == 400
    assert httpx.get(url + "/nuts?default").status_code == 400
    assert httpx.get(url + "?graph=a:b&graph=a:c").status_code == 400
    assert httpx.get(url + "?graph=a%20b").status_code in {400, 404}


def test_methods_are_named(server: Server) -> None:
    answer = httpx.options(f"{server.url}/graph-store")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, PUT, POST, DELETE, OPTIONS"
    assert httpx.patch(f"{server.url}/graph-store/nuts").status_code == 405
