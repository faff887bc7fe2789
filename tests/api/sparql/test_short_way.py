"""The short way to an answer makes the same responses as the long one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_WAY = {"If-None-Match": '"of something else"'}
VARYING = ("date", "x-query-id")


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("ASK { <http://example.org/s1> ?p ?o }", {}),
        ("SELECT * { ?s ?p ?o } LIMIT 3", {"Accept": "text/csv"}),
        ("SELECT * { <http://example.org/s2> ?p ?o }", {"Accept-Encoding": "gzip, zstd"}),
        ("SELECT * { ?s <http://example.org/q> ?o }", {}),
        ("DESCRIBE <http://example.org/s2>", {"Accept": "*/*;q=0.1, application/ld+json"}),
        ("SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER(?o = 'a+b=c%') }", {}),
        ("SELECT * { ?s ?p ?o } LIMIT 90", {"Accept-Encoding": "gzip"}),
        ("CONSTRUCT WHERE { <http://example.org/s1> ?p ?o }", {"Accept": "application/rdf+xml"}),
        ("SELECT (STRLEN(STR(NOW())) > 0 AS ?x) {}", {}),
        ("SELECT", {}),
        ("ASK {}", {"Accept": "image/png"}),
    ],
)
def test_both_ways_answer_alike(endpoint: str, query: str, headers: dict[str, str]) -> None:
    """Status, fields and body; and again, when the answer is kept."""
    with httpx.Client(params={"query": query}) as client:
        short = [client.get(endpoint, headers=headers) for _ in range(2)]
        long = client.get(endpoint, headers=headers | LONG_WAY)

    for response in short:
        assert response.status_code == long.status_code
        assert response.content == long.content
        assert _lasting(response) == _lasting(long)
    ids = {response.headers["x-query-id"] for response in [*short, long]}
    assert len(ids) == 3


def _lasting(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in VARYING}


@pytest.fixture
def connection(endpoint: str) -> Iterator[socket.socket]:
    """A bare connection to the server."""
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname or "", parts.port or 0), 30) as made:
        yield made


def request(query: str, *fields: str) -> bytes:
    lines = [f"GET /sparql?query={quote(query)} HTTP/1.1", "Host: x", *fields, "", ""]
    return "\r\n".join(lines).encode()


def read(connection: socket.socket, responses: int) -> bytes:
    data = b""
    while data.count(b'"boolean":') < responses:
        piece = connection.recv(65536)
        assert piece, data
        data += piece
    return data


def test_requests_in_a_row_are_answered_in_a_row(connection: socket.socket) -> None:
    """Sent at once, in one piece or cut anywhere, on the short way or the long."""
    asked = [request(f"ASK {{ FILTER({n} = {n % 2}) }}") for n in range(3)]
    asked.insert(1, request("ASK {}", "Expect: nothing"))
    data = b"".join(asked)
    for start in range(0, len(data), 50):
        connection.sendall(data[start : start + 50])
    answers = read(connection, 4)
    connection.sendall(data)
    again = read(connection, 4)

    for got in (answers, again):
        parts = got.split(b'"boolean":')[1:]
        assert [part.startswith(b"true") for part in parts] == [True, True, True, False]


@pytest.mark.parametrize("value", ["a+b", "a=b", "100%", "%zz", "=41", "ä €", "a&b;c", "==", "a_b"])
def test_a_value_is_what_the_client_wrote(connection: socket.socket, value: str) -> None:
    """Whatever signs of escape it contains."""
    query = f"SELECT ('{value}' AS ?x) {{}}"
    connection.sendall(request(query, "Accept: text/csv"))
    answer = b""
    while not answer.endswith(b"x\r\n" + value.encode() + b"\r\n"):
        answer += connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "broken",
    [
        b"GET /sparql?query=ASK%20{} HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /sparql?query=ASK%20{} HTTP/1.1\r\nHost: x\r\n obsolete\x01\r\n\r\n",
        b"GET /sparql?query=ASK {} HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(connection: socket.socket, broken: bytes) -> None:
    """The short way leaves it to the parser."""
    connection.sendall(broken)

    assert connection.recv(65536).startswith(b"HTTP/1.1 400")
