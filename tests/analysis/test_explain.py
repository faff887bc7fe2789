"""The plan comes from the engine's program, which is held to limits and cannot be misled."""

from __future__ import annotations

import asyncio
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from kg.analysis.explain import Explainer, Plan, ProgramMissingError
from kg.errors import (
    ParameterError,
    QueryCancelledError,
    QueryMemoryError,
    QueryRefusedError,
    QuerySyntaxError,
)
from kg.query.request import WHOLE, Dataset, QueryRequest
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from kg.analysis.explain import Gone
    from kg.store import OpenRelease

MEMORY = 512 * 1024 * 1024
SME = f"<{DEFAULT_BASE}ontology#SME>"
NUTS = f"{DEFAULT_BASE}graph/nuts"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def explain(
    release: OpenRelease,
    query: str,
    dataset: Dataset = WHOLE,
    seconds: float = 60,
    memory: int = MEMORY,
    gone: Gone | None = None,
) -> Plan:
    explainer = Explainer(release, seconds, memory)
    return asyncio.run(explainer.explain(QueryRequest(query, dataset), gone))


def operations(plan: Plan) -> list[str]:
    """Return the operations, each without its arguments."""
    return [line.split()[2].partition("(")[0] for line in plan.text().splitlines()[2:]]


def test_steps_with_their_rows(sample_release: OpenRelease) -> None:
    plan = explain(sample_release, f"SELECT ?o {{ ?o a {SME} }} LIMIT 3")

    assert operations(plan) == ["Slice", "Project", "QuadPattern"]
    assert plan.complete
    assert not plan.rewritten
    assert plan.step.rows == 3
    assert plan.document()["step"]["inputs"][0]["inputs"][0]["rows"] == 3


@pytest.mark.parametrize(
    ("query", "engine"),
    [
        (f"SELECT ?o {{ ?o a {SME} }} LIMIT 3", "oxigraph"),
        ("SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p", "columns"),
        ("SELECT DISTINCT ?s { ?s a ?o FILTER(RAND() < 2) }", "oxigraph"),
    ],
)
def test_says_who_answers(query: str, engine: str, sample_release: OpenRelease) -> None:
    plan = explain(sample_release, query)

    assert plan.engine == engine
    assert plan.document()["reason"] in plan.text()


@pytest.mark.parametrize(
    "query", ["ASK { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p 1 }", f"DESCRIBE {SME}"]
)
def test_every_form(query: str, sample_release: OpenRelease) -> None:
    assert explain(sample_release, query).complete


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * {{ ?s ?p ?o }}",
        "SELECT * WHERE {{ ?s ?p ?o }}",
        "SELECT * FROM <urn:x> FROM NAMED <urn:y> WHERE {{ ?s ?p ?o }}",
        "CONSTRUCT WHERE {{ ?s ?p ?o }}",
        "CONSTRUCT {{ ?s ?p 1 }} {{ ?s ?p ?o }}",
        "SELECT * {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    ],
)
def test_datasets(query: str, sample_release: OpenRelease) -> None:
    """What the request names takes the place of what the query names."""
    plan = explain(sample_release, query.format(), Dataset((NUTS,), (NUTS,)))

    assert plan.step.rows
    assert "urn:" not in plan.query


def test_what_the_query_operation_rewrites(sample_release: OpenRelease) -> None:
    """The plan is that of the query that the engine gets there."""
    plan = explain(sample_release, "SELECT * { GRAPH ?g { VALUES ?x { 1 } } }")

    assert plan.rewritten
    assert "Union" in operations(plan)


def test_a_query_that_does_not_end(sample_release: OpenRelease) -> None:
    """Its plan comes without counts."""
    plan = explain(sample_release, ENDLESS, seconds=0.5)

    assert not plan.complete
    assert operations(plan).count("QuadPattern") == 3
    steps = [line.split()[0] for line in plan.text().splitlines()]
    assert set(steps[steps.index("rows") + 1 :]) == {"-"}


def test_memory_is_bounded(sample_release: OpenRelease) -> None:
    with pytest.raises(QueryMemoryError):
        explain(sample_release, ENDLESS.replace("COUNT(*)", "SAMPLE(?i)"), memory=24 * 1024 * 1024)


def test_a_client_that_goes_away(sample_release: OpenRelease) -> None:
    async def gone() -> None:
        await asyncio.sleep(0.2)

    with pytest.raises(QueryCancelledError):
        explain(sample_release, ENDLESS, gone=gone)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }",
        "SELECT * { S\\u0045RVICE <http://localhost/> { ?s ?p ?o } }",
        "LOAD <http://localhost/>",
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
    ],
)
def test_refusals(query: str, sample_release: OpenRelease) -> None:
    """The guards of the query operation come first."""
    with pytest.raises(QueryRefusedError):
        explain(sample_release, query)


def test_graphs_cannot_hold_syntax(sample_release: OpenRelease) -> None:
    bad = Dataset(("urn:x> { SERVICE <http://localhost/> { ?s ?p ?o } } #",))
    with pytest.raises(ParameterError, match="names no graph"):
        explain(sample_release, "SELECT * { ?s ?p ?o }", bad)


@pytest.mark.parametrize("query", ["SELECT * { ?s ?p", "SELECT ?x (1 AS ?x) { ?x ?y ?z }"])
def test_what_is_no_query(query: str, sample_release: OpenRelease) -> None:
    with pytest.raises(QuerySyntaxError, match="Line 1, column"):
        explain(sample_release, query)


def test_what_the_program_refuses(sample_release: OpenRelease) -> None:
    """Relative IRIs have no base here."""
    with pytest.raises(QuerySyntaxError):
        explain(sample_release, "SELECT * { ?s ?p <x> }")


def test_a_missing_program(sample_release: OpenRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what is missing."""
    monkeypatch.setattr(sys, "prefix", "/nowhere")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ProgramMissingError, match="'oxigraph' is not installed"):
        explain(sample_release, "ASK {}")
