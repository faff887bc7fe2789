"""`/sparql` keeps the SPARQL 1.1 Protocol and the HTTP semantics around it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
import zstandard
from pyoxigraph import RdfFormat, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SELECT = "SELECT ?s { ?s ?p ?o } ORDER BY ?s LIMIT 1"
CONSTRUCT = "CONSTRUCT WHERE { <http://example.org/s1> ?p ?o }"
JSON = "application/sparql-results+json"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
FIRST = "http://example.org/first"
SECOND = "http://example.org/second"


@pytest.fixture(scope="module")
def client(endpoint: str) -> Iterator[httpx.Client]:
    """A client of the server."""
    with httpx.Client(base_url=endpoint.removesuffix("/sparql"), timeout=30) as client:
        yield client


def get(client: httpx.Client, query: str, *, accept: str = "*/*", **more: Any) -> httpx.Response:
    return client.get("/sparql", params={"query": query, **more}, headers={"Accept": accept})


def problem(response: httpx.Response) -> dict[str, Any]:
    """Return the problem, after checking that it is one."""
    body: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert body["status"] == response.status_code
    assert body["detail"]
    assert response.headers["x-query-id"]
    assert response.headers["access-control-allow-origin"] == "*"
    return body


def test_three_ways_to_ask(client: httpx.Client) -> None:
    """GET, a form, and the query as the body (Protocol, 2.1.1 to 2.1.3) have the same answer."""
    ask = "ASK { <http://example.org/s1> ?p ?o }"
    typed = {"Content-Type": DIRECT}
    loud = {"Content-Type": "Application/SPARQL-Query;charset=UTF-8"}
    answers = [
        get(client, ask),
        client.post("/sparql", data={"query": ask}),
        client.post("/sparql", content=ask, headers=typed),
        client.post("/sparql", content=ask, headers=loud),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answer.json() for answer in answers] == [{"head": {}, "boolean": True}] * 4
    assert len({answer.headers["x-query-id"] for answer in answers}) == 4


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", "application/json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
        ("application/sparql-results+json;q=0.1, text/csv", "text/csv"),
        ("application/sparql-results+json;q=0, */*", "application/sparql-results+xml"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/xml"),
        ("text/turtle, text/csv;q=0.1", "text/csv"),
    ],
)
def test_solutions_come_as_accepted(client: httpx.Client, accept: str, media_type: str) -> None:
    """The most specific range counts, then its quality, then our own order."""
    response = get(client, SELECT, accept=accept)

    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert "accept" in response.headers["vary"]


@pytest.mark.parametrize(
    "accept",
    [
        "text/turtle",
        "application/n-triples",
        "application/ld+json",
        "application/rdf+xml",
        "application/n-quads",
        "application/trig",
    ],
)
def test_graphs_come_as_accepted(client: httpx.Client, accept: str) -> None:
    """Every RDF format is what it says it is."""
    response = get(client, CONSTRUCT, accept=accept)
    form = RdfFormat.from_media_type(accept)
    assert form is not None

    assert response.headers["content-type"].partition(";")[0] == accept
    assert len(list(parse(response.content, form))) == 2


@pytest.mark.parametrize(
    ("query", "name", "media_type"),
    [
        (SELECT, "json", JSON),
        (SELECT, "csv", "text/csv"),
        (SELECT, "text/csv", "text/csv"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (CONSTRUCT, "json", "application/ld+json"),
        (CONSTRUCT, "ttl", "text/turtle"),
        (CONSTRUCT, "rdf", "application/rdf+xml"),
    ],
)
def test_people_name_a_format(client: httpx.Client, query: str, name: str, media_type: str) -> None:
    """`format=` beats what the browser says it accepts."""
    response = get(client, query, accept="text/html", format=name)

    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    ("query", "accept", "more"),
    [
        (SELECT, "application/x-nonsense", {}),
        (SELECT, "text/turtle", {}),
        (CONSTRUCT, "text/csv", {}),
        (CONSTRUCT, "*/*", {"format": "csv"}),
        (SELECT, "*/*", {"format": "nonsense"}),
    ],
)
def test_what_is_not_available_is_406(
    client: httpx.Client, query: str, accept: str, more: dict[str, str]
) -> None:
    """The problem names what is available."""
    response = get(client, query, accept=accept, **more)

    assert response.status_code == 406
    assert problem(response)["available"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/sparql", params={"query": ["ASK {}", "ASK {}"]}),
        lambda client: client.get("/sparql", params={"query": "ASK {}", "timeout": "soon"}),
        lambda client: client.get("/sparql", params={"query": "ASK {}", "timeout": "-1"}),
        lambda client: client.get(
            "/sparql", params={"query": "ASK {}", "default-graph-uri": "no iri"}
        ),
        lambda client: client.get("/sparql?query=ASK%20%7B%7D%FF"),
        lambda client: client.post("/sparql", data={"update": "DROP ALL"}),
        lambda client: client.post("/sparql", data={"query": "ASK {}", "using-graph-uri": FIRST}),
        lambda client: client.post("/sparql", data={"query": "DROP ALL"}),
        lambda client: client.post("/sparql", data={"query": "LOAD <http://127.0.0.1/>"}),
        lambda client: client.post(
            "/sparql", data={"query": "ASK { SERVICE <http://127.0.0.1/> {} }"}
        ),
        lambda client: client.post(
            "/sparql", content=b"ASK { \xff }", headers={"Content-Type": DIRECT}
        ),
        lambda client: client.post(
            "/sparql",
            params={"query": "ASK {}"},
            content="ASK {}",
            headers={"Content-Type": DIRECT},
        ),
    ],
)
def test_bad_requests_are_400(
    client: httpx.Client, ask: Callable[[httpx.Client], httpx.Response]
) -> None:
    """Each with the reason."""
    response = ask(client)

    assert response.status_code == 400
    problem(response)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/sparql-update", f"{DIRECT};charset=latin-1"]
)
def test_unknown_bodies_are_415(client: httpx.Client, content_type: str) -> None:
    """The problem names what is read."""
    response = client.post("/sparql", content="ASK {}", headers={"Content-Type": content_type})

    assert response.status_code == 415
    assert problem(response)["accepted"] == [FORM, DIRECT]


def test_other_methods_are_405(client: httpx.Client) -> None:
    """The methods that there are stand in Allow."""
    response = client.put("/sparql", content="ASK {}")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    problem(response)


def test_a_body_too_large_is_413(client: httpx.Client) -> None:
    """The limit is a setting."""
    response = client.post("/sparql", content="#" * 2_000_000, headers={"Content-Type": DIRECT})

    assert response.status_code == 413
    assert problem(response)["limit"] == 1024 * 1024


def test_a_syntax_error_says_where(client: httpx.Client) -> None:
    """Line, column and token, so that an editor can mark it."""
    response = get(client, "SELECT *\nWHERE { ?s ?p }")

    assert response.status_code == 400
    members = problem(response)
    assert (members["line"], members["column"], members["token"]) == (2, 15, "}")


def test_a_time_limit_is_504(client: httpx.Client) -> None:
    """`timeout=` asks for less than the default."""
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    response = get(client, endless, timeout="0.3")

    assert response.status_code == 504
    assert problem(response)["limit"] == 0.3


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    """The length and the tag are those of the answer."""
    answer = get(client, SELECT)
    head = client.head("/sparql", params={"query": SELECT}, headers={"Accept": "*/*"})

    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "vary"):
        assert head.headers[name] == answer.headers[name]


def test_options_answers_a_preflight(client: httpx.Client) -> None:
    """Any web page may ask."""
    response = client.options("/sparql", headers={"Access-Control-Request-Method": "POST"})

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]


def test_an_unchanged_answer_is_304(client: httpx.Client) -> None:
    """Its tag depends on release, query, dataset and format."""
    answer = get(client, SELECT)
    tag = answer.headers["etag"]
    headers = {"If-None-Match": f'"other", {tag}', "Accept": "*/*"}
    again = client.get("/sparql", params={"query": SELECT}, headers=headers)

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    assert get(client, SELECT, accept="text/csv").headers["etag"] != tag
    other = {"default-graph-uri": FIRST}
    assert get(client, SELECT, **other).headers["etag"] != tag


def test_an_answer_that_does_not_last_has_no_tag(client: httpx.Client) -> None:
    """Nobody may keep it."""
    response = get(client, "SELECT (NOW() AS ?now) {}")

    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("query", ["SELECT * { ?s ?p ?o } LIMIT 50", "SELECT * { ?s ?p ?o }"])
def test_answers_are_compressed_on_request(client: httpx.Client, coding: str, query: str) -> None:
    """Short ones and streamed ones."""
    plain = client.get("/sparql", params={"query": query}, headers={"Accept-Encoding": "identity"})
    headers = {"Accept-Encoding": f"{coding}, identity;q=0.5"}
    with client.stream("GET", "/sparql", params={"query": query}, headers=headers) as response:
        packed = b"".join(response.iter_raw())
    unpack = {"gzip": gzip.decompress, "zstd": _unzstd}

    assert response.headers["content-encoding"] == coding
    assert "accept-encoding" in response.headers["vary"]
    assert len(packed) < len(plain.content) / 2
    assert unpack[coding](packed) == plain.content


def _unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def _graphs_of(response: httpx.Response) -> set[str]:
    bindings = json.loads(response.content)["results"]["bindings"]
    return {binding["o"]["value"] for binding in bindings}


@pytest.mark.parametrize(
    ("query", "more", "expected"),
    [
        ("SELECT ?o { ?s <http://example.org/in> ?o }", {}, {"1", "2"}),
        ("SELECT ?o { ?s <http://example.org/in> ?o }", {"default-graph-uri": FIRST}, {"1"}),
        (
            "SELECT ?o { ?s <http://example.org/in> ?o }",
            {"default-graph-uri": [FIRST, SECOND]},
            {"1", "2"},
        ),
        (
            f"SELECT ?o FROM <{SECOND}> {{ ?s <http://example.org/in> ?o }}",
            {"default-graph-uri": FIRST},
            {"1"},
        ),
        (f"SELECT ?o FROM <{SECOND}> {{ ?s <http://example.org/in> ?o }}", {}, {"2"}),
        (
            "SELECT ?o { GRAPH ?g { ?s <http://example.org/in> ?o } }",
            {"named-graph-uri": SECOND},
            {"2"},
        ),
        ("SELECT ?o { ?s <http://example.org/in> ?o }", {"named-graph-uri": SECOND}, set()),
        (
            "SELECT ?o { GRAPH ?g { ?s <http://example.org/in> ?o } }",
            {"default-graph-uri": FIRST},
            set(),
        ),
        (f"SELECT ?o FROM NAMED <{FIRST}> {{ ?s <http://example.org/in> ?o }}", {}, set()),
    ],
)
def test_datasets(
    client: httpx.Client, query: str, more: dict[str, Any], expected: set[str]
) -> None:
    """What the request names replaces what the query names (Protocol, 2.1.4)."""
    by_get = client.get("/sparql", params={"query": query, **more})
    by_form = client.post("/sparql", data={"query": query, **more})
    by_body = client.post("/sparql", params=more, content=query, headers={"Content-Type": DIRECT})

    assert _graphs_of(by_get) == expected
    assert _graphs_of(by_form) == expected
    assert _graphs_of(by_body) == expected


def test_a_plus_sign_is_a_space(client: httpx.Client) -> None:
    """As forms encode it."""
    assert client.get("/sparql?query=ASK+%7B%7D").json()["boolean"] is True


def test_any_character_may_be_asked_for(client: httpx.Client) -> None:
    """In UTF-8, or as an escape."""
    query = 'ASK { FILTER("ä€😀" = "\\u00e4\\u20ac\\U0001F600") }'

    assert client.get(f"/sparql?query={quote(query)}").json()["boolean"] is True
    assert client.post("/sparql", data={"query": query}).json()["boolean"] is True


def test_the_endpoint_is_documented(client: httpx.Client) -> None:
    """OpenAPI tells of it, though FastAPI does not serve it."""
    paths = client.get("/openapi.json").json()["paths"]

    assert set(paths["/sparql"]) == {"get", "post"}
