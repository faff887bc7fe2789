"""DISTINCT is left out where nothing comes twice, and only there."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from kg.sparql.engine import Choice, Engine
from kg.sparql.formats import JSON

DATA = """
@prefix : <http://ex/> .
:a :p :b , :c ; :q :b . :b :p :c ; :q :c . :c :p :a , :b ; :q :b .
:g { :a :p :b . :c :p :d } :h { :a :p :b , :d }
"""
PREFIX = "PREFIX : <http://ex/> "
WITHOUT = (
    "SELECT DISTINCT ?x ?y { ?x :p ?y }",
    "SELECT DISTINCT ?x { ?x :p :c }",
    "SELECT DISTINCT ?y ?z ?x { ?x :p ?y . ?y :q ?z } ORDER BY ?z",
    "SELECT DISTINCT ?x ?y { { ?x :p ?y } { ?y :q :b } FILTER(?x != ?y) }",
    "SELECT DISTINCT ?y { :a :p* ?y }",
    "SELECT ?x (COUNT(DISTINCT ?y) AS ?n) { ?x :p ?y } GROUP BY ?x",
    "SELECT (COUNT(DISTINCT ?y) AS ?n) { :c :p ?y }",
)
WITH = (
    "SELECT DISTINCT ?x { ?x :p ?y }",
    "SELECT DISTINCT ?x { ?x :p [] }",
    "SELECT DISTINCT ?x ?y { { ?x :p ?y } UNION { ?x :q ?y } }",
    "SELECT DISTINCT ?x ?y { ?x :p|:q ?y }",
    "SELECT DISTINCT ?x ?y { ?x :p/:q ?y }",
    "SELECT DISTINCT ?x ?y { ?x :p ?y OPTIONAL { ?y :q ?z } }",
    "SELECT DISTINCT ?x ?y { ?x :p ?y VALUES ?z { 1 2 } }",
    "SELECT DISTINCT (STR(?x) AS ?s) ?y { ?x :p ?y }",
    "SELECT DISTINCT ?y { ?x :p ?y } GROUP BY ?x ?y",
    "SELECT DISTINCT ?x ?y { GRAPH ?g { ?x :p ?y } }",
    "SELECT DISTINCT ?x { GRAPH ?g { { SELECT DISTINCT ?x { ?x :p :b } } } }",
    "SELECT (COUNT(DISTINCT ?y) AS ?n) { ?x :p ?y }",
    "SELECT ?x (COUNT(DISTINCT ?y) AS ?n) { ?x :p ?z . ?z :q ?y } GROUP BY ?x",
    "SELECT ?s (COUNT(DISTINCT ?y) AS ?n) { ?x :p ?y } GROUP BY (STR(?x) AS ?s)",
)


@pytest.mark.parametrize("union", [True, False])
@pytest.mark.parametrize("query", WITHOUT + WITH)
def test_answers_are_those_of_the_store(
    query: str, engine: Engine, store: ox.Store, compare: Any, *, union: bool
) -> None:
    """With and without DISTINCT in the SQL, over one graph and over all."""
    text = PREFIX + query
    results = store.query(text, use_default_graph_as_union=union)
    expected = compare.read_answer(results.serialize(format=ox.QueryResultsFormat.JSON), JSON)

    answer = compare.columns_answer(engine, text, union=union)

    assert compare.fingerprint(answer) == compare.fingerprint(expected)


@pytest.mark.parametrize("query", WITHOUT + WITH)
def test_distinct_stays_where_it_is_needed(query: str, engine: Engine) -> None:
    """What is left out is what the data cannot need."""
    sql = engine.plan(PREFIX + query, Choice()).sql.split("WITH RECURSIVE")[0]

    assert ("DISTINCT" in sql) == (query in WITH)
