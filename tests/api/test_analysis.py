"""Help for who writes queries, over HTTP: asked as the query operation is, and in no way of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.app import create_app
from api.scratch import create_scratch_app
from kg.settings import Settings
from kg.terms import DEFAULT_BASE
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

PATHS = ["/sparql/lint", "/sparql/why-empty", "/sparql/explain"]
SME = f"<{DEFAULT_BASE}ontology#SME>"
QUERY = f"SELECT * {{ ?o a {SME} ; <{DEFAULT_BASE}ontology#pic> 1 }} LIMIT 5"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(CONCAT(?c, ?f, ?i)) < 0) }"
DIRECT = {"Content-Type": "application/sparql-query"}


class Client:
    """Asks an application in this process, which is started and stopped as a server would."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        transport = httpx.ASGITransport(app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://atlas")
        self._runner = runner

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Return the answer to a GET request."""
        return self._runner.run(self._client.get(path, timeout=60, **options))

    def ask(self, path: str, query: str, **more: str) -> httpx.Response:
        """Return the answer to a GET request with a query."""
        return self.get(path, params={"query": query, **more})

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Return the answer to a POST request."""
        return self._runner.run(self._client.post(path, timeout=60, **options))

    def at_once(self, path: str, query: str, times: int) -> list[httpx.Response]:
        """Return the answers to a request that is made several times at once."""

        async def ask() -> list[httpx.Response]:
            params = {"query": query, "timeout": "0.5"}
            requests = [self._client.get(path, params=params) for _ in range(times)]
            return await asyncio.gather(*requests)

        return self._runner.run(ask())


@pytest.fixture(scope="module")
def client(sample_home: Path, sample_settings: Settings) -> Iterator[Client]:
    """Return a client of the application over the sample."""
    app = create_app(sample_settings, Workspace(sample_home))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(app.router.lifespan_context(app)))
        yield Client(app, runner)
        runner.run(stack.aclose())


def assert_problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """Check the shape of an error (RFC 9457) and return it."""
    problem: dict[str, Any] = response.json()

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:cluster-atlas:problem:{kind}"
    return problem


@pytest.mark.parametrize("path", PATHS)
def test_three_ways_to_ask(path: str, client: Client) -> None:
    """GET, a form, and the query as the body (SPARQL 1.1 Protocol, 2.1.1 to 2.1.3)."""
    answers = [
        client.ask(path, QUERY),
        client.post(path, data={"query": QUERY}),
        client.post(path, content=QUERY, headers=DIRECT),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-release"] == str(answer.json()["release"])
        assert set(answer.json()) == set(answers[0].json())


@pytest.mark.parametrize("path", PATHS)
def test_errors_are_those_of_the_query_operation(path: str, client: Client) -> None:
    broken = assert_problem(client.ask(path, "SELECT * {\n ?s ?p }"), 400, "QuerySyntax")
    assert (broken["line"], broken["column"], broken["token"]) == (2, 8, "}")

    federated = "SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }"
    assert_problem(client.ask(path, federated), 400, "QueryRefused")
    assert_problem(client.ask(path, "LOAD <http://localhost/>"), 400, "QueryRefused")
    assert_problem(client.get(path), 400, "Parameter")
    assert_problem(client.post(path, content="x"), 415, "UnsupportedMedia")
    assert_problem(client.post(path, data={"query": "#" * 2**20}), 413, "TooLarge")
    assert client.post(path + "/nothing").status_code == 404


def test_lint(client: Client) -> None:
    """A remark has a code, messages, a place, and what to write instead."""
    answer = client.ask("/sparql/lint", "SELECT * { ?s foa:name ?n }").json()

    assert answer["remarks"][0] == {
        "code": "undeclared-prefix",
        "message": {
            "en": "The prefix foa: is not declared.",
            "de": "Das Präfix foa: ist nicht deklariert.",
        },
        "line": 1,
        "column": 15,
        "token": "foa:name",
        "suggestion": "PREFIX foa: <http://xmlns.com/foaf/0.1/>",
    }


def test_why_empty(client: Client) -> None:
    answer = client.ask("/sparql/why-empty", QUERY).json()
    [culprit] = answer["culprits"]

    assert answer["empty"] is True
    assert culprit["part"] == f"?o <{DEFAULT_BASE}ontology#pic> 1"
    assert (culprit["line"], culprit["column"]) == (1, QUERY.index("ontology#pic") - 31)
    assert culprit["message"]["de"]


def test_why_empty_of_an_endless_query(client: Client) -> None:
    """It ends, and says that it knows nothing."""
    answer = client.ask("/sparql/why-empty", ENDLESS, timeout="0.2").json()

    assert answer["empty"] is None
    assert answer["unfinished"]


def test_why_empty_keeps_to_the_dataset(client: Client) -> None:
    """In a graph that holds nothing of the kind, a part empties the answer that else would not."""
    query = f"SELECT * {{ ?o a {SME} }}"
    more = {"default-graph-uri": f"{DEFAULT_BASE}graph/nuts"}

    assert client.ask("/sparql/why-empty", query).json()["empty"] is False
    assert client.ask("/sparql/why-empty", query, **more).json()["culprits"]


def test_why_empty_needs_its_prefixes(client: Client) -> None:
    problem = assert_problem(
        client.ask("/sparql/why-empty", "SELECT * { ?s foaf:name ?n }"), 400, "Parameter"
    )

    assert problem["prefix"] == "foaf"


def test_explain_as_json(client: Client) -> None:
    answer = client.ask("/sparql/explain", f"ASK {{ ?o a {SME} }}").json()

    assert answer["complete"] is True
    assert answer["engine"] == "oxigraph"
    assert answer["step"]["rows"] == 1
    assert answer["step"]["inputs"][0]["operation"].startswith("QuadPattern(")


@pytest.mark.parametrize(
    "options",
    [{"params": {"format": "text"}}, {"headers": {"Accept": "text/plain"}}],
)
def test_explain_as_text(options: dict[str, Any], client: Client) -> None:
    params = {"query": "ASK {}", **options.pop("params", {})}
    answer = client.get("/sparql/explain", params=params, **options)

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    engine, head = answer.text.splitlines()[:2]
    assert engine.startswith("answered by: oxigraph (")
    assert head.split() == ["rows", "seconds", "operation"]


def test_forms_that_there_are_not(client: Client) -> None:
    named = client.ask("/sparql/explain", "ASK {}", format="xml")
    accepted = client.get(
        "/sparql/explain", params={"query": "ASK {}"}, headers={"Accept": "image/png"}
    )

    for answer in (named, accepted):
        problem = assert_problem(answer, 406, "NotAcceptable")
        assert problem["available"] == ["application/json", "text/plain"]


def test_few_are_explained_at_once(client: Client) -> None:
    """Who comes too many is told when to come back."""
    answers = client.at_once("/sparql/explain", ENDLESS, 4)
    refused = [answer for answer in answers if answer.status_code == 503]

    assert refused
    assert all(answer.headers["retry-after"] for answer in refused)
    assert [a.json()["complete"] for a in answers if a.status_code == 200] == [False, False]


def test_lint_with_an_answer(client: Client) -> None:
    """`lint=1` changes the header of an answer, and never the answer."""
    plain = client.ask("/sparql", QUERY)
    answer = client.ask("/sparql", QUERY, lint="1")

    assert answer.content == plain.content
    assert answer.headers["x-lint"] == "1"
    assert 'rel="describedby"' in answer.headers["link"]
    assert "x-lint" not in plain.headers
    target = answer.headers["link"].partition(">")[0].removeprefix("<")
    assert len(client.get(f"/{target}").json()["remarks"]) == 1


def test_nothing_odd_about_an_answer(client: Client) -> None:
    answer = client.ask("/sparql", f"ASK {{ ?o a {SME} }}", lint="1")

    assert answer.headers["x-lint"] == "0"
    assert "link" not in answer.headers


def test_long_queries_have_no_link(client: Client) -> None:
    """A header field has its limits; the number is there all the same."""
    answer = client.post("/sparql", data={"query": f"{QUERY} #{'x' * 3000}", "lint": "1"})

    assert answer.headers["x-lint"] == "1"
    assert "link" not in answer.headers


def test_syntax_of_sparql_1_2(client: Client) -> None:
    """It is read, answered, and gives no reason for remarks."""
    answer = client.ask("/sparql", "SELECT * { << ?s ?p ?o >> ?q ?r }", lint="1")

    assert answer.status_code == 200
    assert answer.headers["x-lint"] == "0"


@pytest.mark.parametrize("path", PATHS)
def test_nothing_published_yet(path: str, tmp_path: Path) -> None:
    """There is nothing to compare a query with, and that is said."""
    with asyncio.Runner() as runner:
        app = create_app(Settings(home=tmp_path), Workspace(tmp_path))
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(app.router.lifespan_context(app)))
        answer = Client(app, runner).ask(path, "ASK {}")
        runner.run(stack.aclose())

    assert_problem(answer, 503, "Workspace")


def test_scratch_mode_has_no_remarks(tmp_path: Path) -> None:
    """There `lint=1` is passed over."""
    app = create_scratch_app(Settings(home=tmp_path))
    with asyncio.Runner() as runner:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        answer = runner.run(client.get("/sparql", params={"query": "ASK {}", "lint": "1"}))

    assert answer.status_code == 200
    assert "x-lint" not in answer.headers


def test_preflight(client: Client) -> None:
    """Scripts of other sites may ask."""
    answer = client._runner.run(client._client.options("/sparql/lint"))

    assert answer.status_code == 204
    assert client._runner.run(client._client.head("/sparql/lint?query=ASK{}")).status_code == 200
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, OPTIONS"


def test_the_interface_describes_them(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    for path in PATHS:
        assert set(paths[path]) == {"get", "post"}
