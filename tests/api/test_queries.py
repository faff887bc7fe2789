"""The saved queries over HTTP: every file is an operation, and every form of answer is one ask."""

from __future__ import annotations

import asyncio
import csv
import io
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.app import create_app
from kg import savedqueries
from kg.terms import DEFAULT_BASE
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from kg.settings import Settings

QUERIES = savedqueries.discover(DEFAULT_BASE)
PARTNERS = "/queries/partners-of"
HAHN_SCHICKARD = DEFAULT_BASE + "id/organisation/998872439"


class Client:
    """Asks an application in this process, which is started and stopped as a server would."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        transport = httpx.ASGITransport(app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://atlas")
        self._runner = runner

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Return the answer to a GET request."""
        return self._runner.run(self._client.get(path, **options))


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
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def test_lists_every_query(client: Client) -> None:
    """The list has what a form needs: summaries, parameters, types, defaults, examples."""
    shown = {q["name"]: q for q in client.get("/queries").json()["queries"]}

    assert set(shown) == set(QUERIES)
    assert shown["running-sme-projects"]["summary"]["de"].startswith("Laufende Projekte")
    assert shown["running-sme-projects"]["parameters"][1] == {
        "name": "day",
        "type": "date",
        "expected": "a date such as 2026-01-31, or today",
        "description": {
            "en": "The day on which the projects run",
            "de": "Der Tag, an dem die Projekte laufen",
        },
        "required": False,
        "many": False,
        "default": "today",
        "example": ["2024-07-01"],
    }


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_is_an_operation(client: Client, name: str) -> None:
    """Each file is a path in the OpenAPI document, with its parameters and no others."""
    operation = client.get("/openapi.json").json()["paths"][f"/queries/{name}"]["get"]
    expected = [p.name for p in QUERIES[name].parameters]

    assert [p["name"] for p in operation["parameters"]] == [*expected, "limit", "format"]
    assert operation["summary"] == QUERIES[name].summary["en"]
    assert {"200", "400", "406", "503"} <= set(operation["responses"])


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_runs_with_its_examples(client: Client, name: str) -> None:
    """The examples in the documentation are requests that work."""
    query = QUERIES[name]
    given = {p.name: [t.value for t in query.examples[p.name]] for p in query.parameters}
    response = client.get(f"/queries/{name}", params=given)

    assert response.status_code == 200, response.text
    assert response.json()["query"] == name


def test_answers_as_json(client: Client) -> None:
    """Without a wish the answer is JSON that names release, query, values and columns."""
    response = client.get(PARTNERS, params={"organisation": "998872439", "limit": 3})
    document = response.json()

    assert response.headers["content-type"] == "application/json"
    assert document["release"] == int(response.headers["x-release"])
    assert document["parameters"] == {"organisation": HAHN_SCHICKARD, "limit": 3}
    assert list(document["items"][0]) == document["columns"]
    assert len(document["items"]) == 3
    assert document["complete"] is False
    assert response.headers["x-complete"] == "false"


@pytest.mark.parametrize(
    ("wish", "accept", "media_type"),
    [
        ("", "application/json", "application/json"),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("", "text/csv", "text/csv; charset=utf-8"),
        ("", "application/sparql-results+json", "application/sparql-results+json"),
        ("", "application/sparql-query", "application/sparql-query"),
        ("", "text/plain", "text/plain; charset=utf-8"),
        ("csv", "application/json", "text/csv; charset=utf-8"),
        ("results", "*/*", "application/sparql-results+json"),
        ("query", "*/*", "application/sparql-query"),
    ],
)
def test_form_is_chosen(client: Client, wish: str, accept: str, media_type: str) -> None:
    """`format=` decides, or else the Accept header."""
    params = {"organisation": "998872439", "format": wish}
    response = client.get(PARTNERS, params=params, headers={"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert "Accept" in response.headers["vary"].split(", ")


def test_an_answer_links_its_query(client: Client) -> None:
    """The text of the query with the values in it; it runs as it is."""
    params = {"organisation": "998872439", "limit": "3", "format": "csv"}
    answer = client.get(PARTNERS, params=params)
    link = answer.links["related"]
    query = client.get(link["url"])
    rows = client.get("/sparql", params={"query": query.text, "format": "csv"})

    assert link["type"] == query.headers["content-type"] == "application/sparql-query"
    assert HAHN_SCHICKARD in query.text
    first = [row.split(",")[0] for row in answer.text.splitlines()[1:]]
    assert [row.split(",")[0] for row in rows.text.splitlines()[1:]] == first


def test_csv_has_the_rows_of_json(client: Client) -> None:
    """Both forms tell the same, in the same order."""
    params = {"country": ["DE", "FR", "IT"]}
    rows = client.get("/queries/cooperation-matrix", params=params).json()["items"]
    text = client.get("/queries/cooperation-matrix", params={**params, "format": "csv"}).text

    assert [{k: str(v) for k, v in row.items()} for row in rows] == list(
        csv.DictReader(io.StringIO(text, newline=""))
    )


def test_text_of_the_query_gives_the_same_answer(client: Client) -> None:
    """The text with its values bound can be asked at /sparql, with the same rows."""
    params = {"technology": "Photonik", "region": "DE1", "limit": "5"}
    path = "/queries/organisations-by-technology"
    text = client.get(path, params={**params, "format": "query"}).text
    rows = client.get(path, params={**params, "format": "results"}).json()
    asked = client.get(
        "/sparql", params={"query": text}, headers={"accept": "application/sparql-results+json"}
    )

    assert "technology/photonics>" in text
    assert asked.json() == rows


def test_known_answer_is_not_sent_again(client: Client) -> None:
    """A client that has the answer is told so; another question has another tag."""
    first = client.get(PARTNERS, params={"organisation": "998872439"})
    tag = {"if-none-match": first.headers["etag"]}

    again = client.get(PARTNERS, params={"organisation": HAHN_SCHICKARD}, headers=tag)
    other = client.get(PARTNERS, params={"organisation": "998872439", "limit": 2}, headers=tag)

    assert again.status_code == 304
    assert again.content == b""
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("path", "params", "members"),
    [
        (PARTNERS, {}, {"parameter": "organisation", "required": ["organisation"]}),
        (PARTNERS, {"organisation": ""}, {"parameter": "organisation"}),
        (
            PARTNERS,
            {"organization": "1"},
            {"parameter": "organization", "allowed": ["organisation", "country", "limit"]},
        ),
        (PARTNERS, {"organisation": "998872439", "limit": "0"}, {"parameter": "limit"}),
        (PARTNERS, {"organisation": "998872439", "limit": "many"}, {"parameter": "limit"}),
        (PARTNERS, {"organisation": ["998872439", "935332783"]}, {"parameter": "organisation"}),
        ("/queries/running-sme-projects", {"keyword": "x", "day": "July"}, {"parameter": "day"}),
        ("/queries/bottleneck-technologies", {"fewest": "0"}, {"parameter": "fewest"}),
        (
            "/queries/bottleneck-technologies",
            {"language": "tlh"},
            {"parameter": "language", "allowed": ["en", "de", "fr", "it", "es", "pl"]},
        ),
        ("/queries/cluster-organisations", {"format": "pdf"}, {"parameter": "format"}),
        ("/queries/cluster-organisations", {"format": ["csv", "json"]}, {"parameter": "format"}),
    ],
)
def test_refused_with_what_is_accepted(
    client: Client, path: str, params: dict[str, Any], members: dict[str, Any]
) -> None:
    """Missing, unknown, repeated and ill-typed parameters are refused, and the answer helps."""
    problem = assert_problem(client.get(path, params=params), 400, "Parameter")

    assert members.items() <= problem.items()


def test_ambiguous_name_lists_candidates(client: Client) -> None:
    """A part of a name is answered with the organisations that it may mean."""
    problem = assert_problem(
        client.get(PARTNERS, params={"organisation": "steinbeis"}), 400, "Parameter"
    )

    assert {"id", "label"} == set(problem["candidates"][0])


def test_unknown_query_is_not_found(client: Client) -> None:
    """A wrong name is answered with the right ones."""
    problem = assert_problem(client.get("/queries/partners"), 404, "NotFound")

    assert problem["available"] == sorted(QUERIES)


def test_unacceptable_form_is_refused(client: Client) -> None:
    """What cannot be written as the client wants is not written at all."""
    response = client.get("/queries/cluster-organisations", headers={"accept": "image/png"})

    assert "text/csv" in assert_problem(response, 406, "NotAcceptable")["available"]


def test_without_a_release_it_is_unavailable(tmp_path: Path, sample_settings: Settings) -> None:
    """Before anything is published every query says so."""
    app = create_app(sample_settings, Workspace(tmp_path))
    with asyncio.Runner() as runner:
        response = Client(app, runner).get("/queries/cluster-organisations")

    assert_problem(response, 503, "Workspace")
