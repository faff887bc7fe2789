"""SERVICE asks the endpoints that are allowed, nobody else, and never takes half an answer."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError
from pyoxigraph import QueryResultsFormat, Store

from kg.errors import (
    AtlasError,
    QueryRefusedError,
    QuerySyntaxError,
    QueryTimeoutError,
    ServiceFailedError,
)
from kg.query import federation
from kg.query.federation import Federation
from kg.query.request import QueryRequest
from kg.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from kg.query.pool import QueryPool

    Open = Callable[..., AbstractAsyncContextManager[QueryPool]]

pytestmark = pytest.mark.anyio

JSON = "application/sparql-results+json"
DATA = """
INSERT DATA { <http://example.org/s1> <http://example.org/label> "one"@en, "eins"@de .
              <http://example.org/s2> <http://example.org/label> "two" .
              _:b <http://example.org/label> "none" }
"""


class Endpoint(ThreadingHTTPServer):
    """A SPARQL endpoint; `queries` are those that it was asked, by path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.store = Store()
        self.store.update(DATA)
        self.queries: list[tuple[str, str]] = []
        self.elsewhere = ""
        self.release = threading.Event()

    @property
    def url(self) -> str:
        """The endpoint's address, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    """Answers well at `/sparql`, and badly elsewhere."""

    server: Endpoint
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a query."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["query"][0]
        self.server.queries.append((self.path, query))
        assert "Authorization" not in self.headers
        getattr(self, "_" + self.path.strip("/"))(query)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def answer(self, body: bytes, kind: str = JSON, status: int = 200, **headers: str) -> None:
        """Send a response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _sparql(self, query: str) -> None:
        results = self.server.store.query(query)
        body = results.serialize(format=QueryResultsFormat.JSON)
        assert body is not None
        self.answer(body)

    def _moved(self, _: str) -> None:
        self.answer(b"", status=307, Location=self.server.elsewhere)

    def _broken(self, _: str) -> None:
        self.answer(b'{"head":{"vars":["x"]},"results":{"bind', length="5000")
        self.close_connection = True

    def _endless(self, _: str) -> None:
        self.server.release.wait(30)

    def _large(self, _: str) -> None:
        self.answer(b"{" + b" " * (federation.LARGEST + 1))

    def _html(self, _: str) -> None:
        self.answer(b"<p>", "text/html")

    def _wrong(self, _: str) -> None:
        self.answer(b'{"head":{"vars":["x"]},"results":7}')

    def _boolean(self, _: str) -> None:
        self.answer(b'{"head":{},"boolean":true}')

    def _failing(self, _: str) -> None:
        self.answer(b"{}", status=500)


@contextmanager
def serving() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.01,))
        thread.start()
        yield endpoint
        endpoint.release.set()
        endpoint.shutdown()
        thread.join()


@pytest.fixture
def allowed() -> Iterator[Endpoint]:
    with serving() as endpoint:
        yield endpoint


@pytest.fixture
def forbidden() -> Iterator[Endpoint]:
    with serving() as endpoint:
        yield endpoint
        assert endpoint.queries == []


async def rows(pool: QueryPool, text: str, **options: Any) -> list[dict[str, str]]:
    """Return the solutions of a query, each term by its value."""
    answer = await pool.evaluate(QueryRequest(text, **options))
    assert answer.body is not None
    assert answer.head.lasting is False
    bindings = json.loads(answer.body)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


PREFIX = "PREFIX ex: <http://example.org/>\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT ?o ?l { ?s ex:p ?o SERVICE <URL> { ?s ex:label ?l } }",
            [("value 1", "eins"), ("value 1", "one"), ("value 2", "two")],
        ),
        ("SELECT ?l { SERVICE <URL> { ex:s1 ex:label ?l } FILTER(LANG(?l) = 'de') }", [("eins",)]),
        (
            """SELECT ?o ?l { VALUES ?s { ex:s2 ex:s3 } ?s ex:p ?o
            OPTIONAL { SERVICE SILENT <URL> { ?s ex:label ?l } } }""",
            [("value 2", "two"), ("value 3",)],
        ),
        (
            "SELECT ?o { ?s ex:p ?o FILTER EXISTS { service <URL> { ?s ex:label ?l } } }",
            [("value 1",), ("value 2",)],
        ),
        ("SELECT ?n { SERVICE <URL> { SELECT (COUNT(*) AS ?n) { ?s ex:label ?l } } }", [("4",)]),
        ("SELECT ?l { \\u0053ERVICE e:sparql { ex:s2 ex:label ?l } }", [("two",)]),
        (
            """SELECT ?l ?x { SERVICE <URL> { ex:s2 ex:label ?l OPTIONAL { ex:s2 ex:no ?x } }
            { SERVICE <URL> { ex:s1 ex:label ?m } } }""",
            [("two",), ("two",)],
        ),
        ("SELECT (1 AS ?x) { SERVICE <URL> { ex:s2 ex:label 'two' } }", [("1",)]),
        ("SELECT (1 AS ?x) { SERVICE <URL> { ex:s2 ex:label 'three' } }", []),
    ],
)
async def test_an_allowed_endpoint_is_asked(
    open_pool: Open, allowed: Endpoint, text: str, expected: list[tuple[str, ...]]
) -> None:
    """Its solutions are joined with ours, wherever the pattern stands."""
    url = f"{allowed.url}/sparql"
    prologue = f"PREFIX e: <{allowed.url}/>\n{PREFIX}"
    async with open_pool(services=(url,)) as pool:
        found = await rows(pool, prologue + text.replace("URL", url))

    assert sorted(tuple(row.values()) for row in found) == expected
    assert allowed.queries


async def test_a_blank_node_becomes_an_iri(open_pool: Open, allowed: Endpoint) -> None:
    """It is the same wherever it occurs in the answer."""
    url = f"{allowed.url}/sparql"
    query = f"{PREFIX} SELECT ?s {{ SERVICE <{url}> {{ ?s ex:label 'none' }} }}"
    async with open_pool(services=(url,)) as pool:
        [row] = await rows(pool, query)

    assert row["s"].startswith("urn:cluster-atlas:genid:")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <OTHER> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <OTHER> { ?s ?p ?o } }",
        "SELECT * { SERVICE <URL> { ?s ?p ?o } SERVICE <OTHER> { ?s ?p ?o } }",
        "SELECT * { SERVICE <URL> { SERVICE <OTHER> { ?s ?p ?o } } }",
        "SELECT * { SERVICE <URL> { SERVICE <URL> { ?s ?p ?o } } }",
        "SELECT * { BIND(<OTHER> AS ?e) SERVICE ?e { ?s ?p ?o } }",
        "SELECT * { BIND(<URL> AS ?e) SERVICE SILENT ?e { ?s ?p ?o } }",
        "BASE <OTHER> SELECT * { SERVICE <> { ?s ?p ?o } }",
        "PREFIX e: <OTHER> SELECT * { SERVICE e: { ?s ?p ?o } }",
        "SELECT * { SERVICE <URL/> { ?s ?p ?o } }",
        "SELECT * { SERVICE <URL?x> { ?s ?p ?o } }",
        "SELECT * { SERVICE <URL#x> { ?s ?p ?o } }",
        "SELECT * { SERVICE <URL/../sparql> { ?s ?p ?o } }",
        "SELECT * { SERVICE unknown:x { ?s ?p ?o } }",
        "SELECT * { " + "SERVICE <URL> { ?s ?p ?o } " * 9 + "}",
        "INSERT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
    ],
)
async def test_nobody_else_is_asked(
    open_pool: Open, allowed: Endpoint, forbidden: Endpoint, text: str
) -> None:
    """Not even those that are allowed: the query is refused as a whole, before."""
    url = f"{allowed.url}/sparql"
    query = text.replace("URL", url).replace("OTHER", f"{forbidden.url}/sparql")
    async with open_pool(services=(url,)) as pool:
        with pytest.raises((QueryRefusedError, QuerySyntaxError)):
            await pool.evaluate(QueryRequest(query))

    assert allowed.queries == []


async def test_a_query_that_is_none_asks_nobody(open_pool: Open, allowed: Endpoint) -> None:
    """Its error is told with the place in the text as it was sent."""
    url = f"{allowed.url}/sparql"
    async with open_pool(services=(url,)) as pool:
        with pytest.raises(QuerySyntaxError) as caught:
            await pool.evaluate(QueryRequest(f"SELECT *\n{{ SERVICE <{url}> {{ ?s ?p ?o }} ! }}"))

    assert caught.value.members["line"] == 2
    assert allowed.queries == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("moved", "307; redirects are not followed"),
        ("broken", "before it was complete"),
        ("large", "more than"),
        ("html", "text/html"),
        ("wrong", "cannot be read"),
        ("boolean", "a boolean"),
        ("failing", "answered 500"),
    ],
)
async def test_an_answer_that_is_not_whole_is_none(
    open_pool: Open, allowed: Endpoint, forbidden: Endpoint, path: str, reason: str
) -> None:
    """The query fails with the reason; SILENT makes it one empty solution."""
    allowed.elsewhere = f"{forbidden.url}/sparql"
    url = f"{allowed.url}/{path}"
    query = f"SELECT ?x {{ SERVICE <{url}> {{ ?s ?p ?o }} BIND(1 AS ?x) }}"
    async with open_pool(services=(url,)) as pool:
        with pytest.raises(ServiceFailedError, match=reason):
            await pool.evaluate(QueryRequest(query))
        silent = query.replace("SERVICE", "SERVICE SILENT")

        assert await rows(pool, silent) == [{"x": "1"}]


async def test_nobody_there_is_an_error(open_pool: Open) -> None:
    """The operator may have allowed what is not running."""
    async with open_pool(services=("http://127.0.0.1:1/",)) as pool:
        with pytest.raises(ServiceFailedError, match="failed"):
            await pool.evaluate(
                QueryRequest("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")
            )


async def test_the_time_limit_holds_while_another_is_asked(
    open_pool: Open, allowed: Endpoint
) -> None:
    """And whoever waits for another endpoint keeps no worker from small queries."""
    url = f"{allowed.url}/endless"
    query = f"SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}"
    async with open_pool(services=(url,), lane=2) as pool:
        waiting = [
            asyncio.create_task(pool.evaluate(QueryRequest(f"{query} # {n}", timeout=1.0)))
            for n in range(4)
        ]
        await asyncio.sleep(0)
        for number in range(10):
            answer = await pool.evaluate(QueryRequest(f"ASK {{ FILTER({number} = {number}) }}"))
            assert answer.body is not None
        for error in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(error, QueryTimeoutError)
        assert pool.running() == []


@pytest.mark.parametrize("endpoint", ["http://localhost.localdomain/", "http://ip6-localhost/x"])
async def test_a_name_of_this_machine_is_not_public(endpoint: str) -> None:
    """A name may be allowed, and what it leads to is looked at each time."""
    with pytest.raises(ServiceFailedError):
        await Federation((endpoint,)).ask(endpoint, "SELECT * {}")


async def test_the_serving_process_looks_again() -> None:
    """A worker that asks for what is not allowed gets nothing."""
    with pytest.raises(AtlasError, match="not allowed"):
        await Federation(("http://example.org/",)).ask("http://example.org/x", "SELECT * {}")


@pytest.mark.parametrize(
    ("service", "right"),
    [
        ("", True),
        ("https://data.europa.eu/sparql", True),
        ("https://a.example/x?y=z, http://[::1]:7200/r", True),
        ("file:///etc/passwd", False),
        ("https://user@a.example/", False),
        ("https://a.example/#x", False),
        ("https://ä.example/", False),
        ("a.example", False),
        ("https://a.example/,", False),
    ],
)
def test_the_setting_is_a_list_of_addresses(service: str, *, right: bool) -> None:
    """A slip of the operator is told when the server starts."""
    if right:
        assert Settings(service=service).service == service
    else:
        with pytest.raises(ValidationError):
            Settings(service=service)
