"""Requests that would have the server fetch, expand or read too much: refused, and nobody is asked.

A socket listens on this machine; whatever reached it would have left the server.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Server

SERVICES = [
    "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ sErViCe <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\u0053ERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\U00000053\\u0045RVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE#x\n<{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE<{url}>{{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND(<{url}> AS ?e) SERVICE ?e {{ ?s ?p ?o }} }}",
    "PREFIX e: <{url}> SELECT * {{ SERVICE e: {{ ?s ?p ?o }} }}",
    "BASE <{url}> SELECT * {{ SERVICE <> {{ ?s ?p ?o }} }}",
    "SELECT * {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "SELECT * {{ {{ SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
    "ASK {{ OPTIONAL {{ MINUS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
    "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
]
UPDATES = [
    "LOAD <{url}>",
    "LOAD SILENT <{url}>",
    "lOaD <{url}> INTO GRAPH <a:g>",
    "\\u004cOAD <{url}>",
    "INSERT DATA {{}} ; LOAD <{url}>",
    "LOAD <file:///etc/passwd>",
    "INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "INSERT {{ ?s ?p ?o }} WHERE {{ \\u0053ERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "DELETE {{ ?s ?p ?o }} WHERE {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
]
BOMB = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="a:a"><x xmlns="a:">&c;</x></rdf:Description></rdf:RDF>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "{url}">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="a:a"><x xmlns="a:">&a;</x></rdf:Description></rdf:RDF>"""
DOCTYPE = """<?xml version="1.0"?><!DOCTYPE r SYSTEM "{url}">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>"""


class Listener:
    """Counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.heard = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                other, _ = self.socket.accept()
            except OSError:
                return
            self.heard += 1
            other.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A socket that must stay unheard."""
    made = Listener()
    yield made
    made.socket.close()
    assert made.heard == 0


def problem(answer: httpx.Response) -> str:
    """Return the detail of a refusal."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


@pytest.mark.parametrize("text", SERVICES)
def test_no_other_endpoint_is_asked(server: Server, listener: Listener, text: str) -> None:
    query = {"query": text.format(url=listener.url)}

    assert "SERVICE" in problem(httpx.get(f"{server.url}/sparql", params=query)).upper()
    assert "SERVICE" in problem(httpx.post(f"{server.url}/sparql", data=query)).upper()


@pytest.mark.parametrize("text", UPDATES)
def test_nothing_is_loaded(server: Server, listener: Listener, text: str) -> None:
    answer = server.update(text.format(url=listener.url))

    assert problem(answer)
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["{url}", "file:///etc/passwd"])
def test_graphs_are_looked_up_and_not_fetched(
    server: Server, listener: Listener, name: str
) -> None:
    """FROM an address is the graph of that name, which is not there."""
    graph = name.format(url=listener.url)
    own = {"query": f"ASK FROM <{graph}> FROM NAMED <{graph}> {{ ?s ?p ?o }}", "format": "json"}
    protocol = {
        "query": "ASK { ?s ?p ?o }",
        "default-graph-uri": graph,
        "named-graph-uri": graph,
        "format": "json",
    }

    assert httpx.get(f"{server.url}/sparql", params=own).json()["boolean"] is False
    assert httpx.get(f"{server.url}/sparql", params=protocol).json()["boolean"] is False
    assert httpx.get(f"{server.url}/graph-store", params={"graph": graph}).status_code == 404


@pytest.mark.parametrize("document", [BOMB, OUTSIDE, DOCTYPE, BOMB.encode("utf-16")])
def test_entities_are_neither_expanded_nor_fetched(
    server: Server, listener: Listener, document: str | bytes
) -> None:
    content = document.replace("{url}", listener.url) if isinstance(document, str) else document
    headers = {"Content-Type": "application/rdf+xml"}
    answer = server.write("POST", "/graph-store/updates", content=content, headers=headers)

    if document == DOCTYPE:  # which names a file, but asks for nothing of it
        assert answer.status_code == 200
        assert answer.json()["added"] == 0
    else:
        assert problem(answer)
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "document",
    [
        '{{"@context": "{url}", "@id": "a:a", "b": 1}}',
        '{{"@context": ["{url}"], "@id": "a:a"}}',
        '{{"@context": {{"@import": "{url}"}}, "@id": "a:a"}}',
        '{{"@id": "a:a", "a:p": {{"@context": "{url}", "@id": "a:b"}}}}',
    ],
)
def test_contexts_are_not_fetched(server: Server, listener: Listener, document: str) -> None:
    content = document.format(url=listener.url)
    headers = {"Content-Type": "application/ld+json"}
    answer = server.write("POST", "/graph-store/updates", content=content, headers=headers)

    assert problem(answer)
    assert answer.status_code == 400


def test_large_bodies_are_cut_off(server: Server) -> None:
    """What is larger than is read is refused, whatever its length is said to be."""
    headers = {"Content-Type": "application/sparql-query"}
    chunks = (b"# padding\n" * 10_000 for _ in range(30))

    assert httpx.post(f"{server.url}/sparql", content=chunks, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        "query=ASK{}&query=ASK{}",
        "query=ASK{}&update=DROP+ALL",
        "query=ASK{}&using-graph-uri=a:b",
        "query=ASK{}&timeout=1&timeout=2",
        "query=ASK{}&timeout=nan",
        "query=%FF",
        "query=ASK{}&" + "x=1&" * 2000,
        "query=ASK{}&default-graph-uri=not%20an%20iri",
    ],
)
def test_parameters_are_not_guessed(server: Server, query: str) -> None:
    assert problem(httpx.get(f"{server.url}/sparql?{query}"))


def test_a_document_with_several_graphs_is_refused(server: Server) -> None:
    headers = {"Content-Type": "application/ld+json"}
    content = '{"@id": "a:g", "@graph": [{"@id": "a:a", "a:p": 1}]}'
    answer = server.write("POST", "/graph-store/updates", content=content, headers=headers)

    assert "named graphs" in problem(answer)


def test_the_path_of_a_graph_leads_nowhere_else(server: Server) -> None:
    for path in ("../../etc/passwd", "%2e%2e%2ftokens.json", "..%5c..%5c", "%00"):
        answer = httpx.get(f"{server.url}/graph-store/{path}")
        assert answer.status_code in {400, 404}


def test_a_token_is_in_no_answer(server: Server) -> None:
    answer = server.update("DROP ALL")

    assert server.curator not in answer.text + str(answer.headers)
