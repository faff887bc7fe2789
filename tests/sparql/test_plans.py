"""Plans serve other constants than those they were made for, and answer as fresh ones do."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from kg.columns import build_from_quads
from kg.sparql.engine import Choice, Engine
from kg.sparql.errors import NotCompilable
from kg.sparql.formats import CSV, JSON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = """
@prefix : <http://ex/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:a :knows :b , :c ; a :Person ; :name "a" . :b :knows :c ; a :Person . :c :knows :a ; a :Robot .
:knows :name "knows" .
:a :since "2024-01-01"^^xsd:date .
:b :since "2023-05-05"^^xsd:date ; :name 3 . :g { :a :knows :g } :h { :b :knows :h }
"""
IRIS = tuple(f"<http://ex/{name}>" for name in ("a", "b", "c", "knows", "g", "h", "absent"))
QUERIES = (
    "SELECT * {{ VALUES ?x {{ {0} }} ?x <http://ex/knows> ?y }}",
    "SELECT * {{ VALUES ?x {{ {0} {1} }} ?x <http://ex/knows>* ?y }}",
    "SELECT * {{ {0} <http://ex/knows>* {1} }}",
    "SELECT * {{ {0} <http://ex/knows>? ?y FILTER(?y != {1}) }}",
    "SELECT * {{ ?x a {0} FILTER NOT EXISTS {{ ?x <http://ex/knows> {1} }} }}",
    "SELECT * {{ GRAPH {0} {{ ?x ?p ?y }} }}",
    "SELECT * {{ ?x {0} ?y }}",
    "SELECT (STR({0}) AS ?s) {{ {0} ?p {1} }}",
    "SELECT * {{ ?x ?p ?y FILTER(?y = {0} || ?y IN ({1})) }}",
    "SELECT * FROM {0} {{ ?x ?p ?y }}",
    "PREFIX : {0} BASE {1} SELECT * {{ ?x <knows> ?y }}",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The columns of the data."""
    folder = tmp_path_factory.mktemp("plans")
    build_from_quads(ox.parse(DATA.encode(), format=ox.RdfFormat.TRIG), folder)
    return folder


@pytest.fixture
def engine(folder: Path) -> Iterator[Engine]:
    """An engine that has planned nothing yet."""
    with Engine.open(folder) as made:
        yield made


XSD = "http://www.w3.org/2001/XMLSchema#"
LITERALS = (
    '"a"',
    '"knows"',
    '"absent"',
    '"o\'clock"',
    '""',
    '"3"^^<' + XSD + "integer>",
    '"2024-01-01"^^<' + XSD + "date>",
    '"2024-07-01"^^<' + XSD + "date>",
    '"x"@en',
)
OVER_LITERALS = (
    "SELECT * {{ ?x <http://ex/name> {0} }}",
    "SELECT * {{ VALUES ?n {{ {0} {1} }} OPTIONAL {{ ?x <http://ex/name> ?n }} }}",
    "SELECT * {{ VALUES ?n {{ {0} }} ?x <http://ex/name> ?y FILTER(CONTAINS(?y, LCASE(?n))) }}",
    "SELECT * {{ ?x <http://ex/name> ?y FILTER(?y < {0} || ?y = {1}) }}",
    "SELECT * {{ ?x <http://ex/since> ?y FILTER(?y <= {0} && ?y != {1}) }}",
    'SELECT (CONCAT("a", {0}) AS ?c) ({1} AS ?d) (STRLEN({0}) AS ?l) {{}}',
    "SELECT ({0} = {1} AS ?c) (SAMETERM({0}, {1}) AS ?d) {{ ?x <http://ex/name> ?n }}",
    "SELECT ?n (COUNT(*) AS ?c) {{ ?x <http://ex/name> ?m BIND({0} AS ?n) }} GROUP BY ?n",
    'SELECT * {{ ?x <http://ex/name> ?y FILTER(REGEX(?y, {0}, "i")) }}',
    "SELECT * {{ ?x <http://ex/name> ?y FILTER(IF({0}, ?y, {1}) = ?y) }}",
)


@pytest.mark.parametrize("query", OVER_LITERALS)
def test_other_literals_are_answered_as_by_a_fresh_plan(
    query: str, engine: Engine, folder: Path, compare: Any
) -> None:
    """Whatever literal is put into a query, planned before or not, its answer is its own."""
    with Engine.open(folder) as fresh:
        for pair in product(LITERALS, LITERALS):
            text = query.format(*pair)
            fresh._plans.kept.clear()
            fresh._plans.alike.clear()

            assert answered(engine, text, compare) == answered(fresh, text, compare)


def answered(engine: Engine, text: str, compare: Any) -> object:
    """Return the answer as something to compare, or why there is none."""
    try:
        return compare.fingerprint(compare.columns_answer(engine, text))
    except NotCompilable as refused:
        return refused.detail


def test_one_statement_serves_many_texts(engine: Engine) -> None:
    """After two plans have shown that only the text differs, there is one for all."""
    plans = [
        engine.plan(OVER_LITERALS[2].format(f'"{text}"'), Choice())
        for text in ("kno", "nothing", "ows", "what's this")
    ]

    assert len({plan.sql for plan in plans[1:]}) == 1
    assert [plan.values for plan in plans[1:]] == [("'nothing'",), ("'ows'",), ("'what''s this'",)]


def test_the_final_sigma_has_plans_of_its_own(engine: Engine) -> None:
    """A text is compared in a simpler form only with constants that this does not change."""
    words = "\u03a3\u039f\u03a6\u039f\u03a3 ABC"

    def found(part: str) -> bool:
        text = f"ASK {{ VALUES ?n {{ '{words}' }} FILTER(CONTAINS(LCASE(?n), '{part}')) }}"
        return b"true" in b"".join(engine.evaluate(text, JSON))

    assert [found(part) for part in ("abc", "xyz", "b")] == [True, False, True]
    assert [found(part) for part in ("\u03bf\u03c3", "\u03c2\u03bf")] == [False, False]
    assert [found(part) for part in ("\u03bf\u03c2", "\u03c3\u03bf", "c")] == [True, True, True]


def test_small_letters_of_constants(engine: Engine) -> None:
    """A constant in small letters is what it would be by itself, planned before or not."""

    def small(text: str) -> str:
        query = f"SELECT (LCASE(?n) AS ?m) {{ VALUES ?n {{ '{text}' }} FILTER(LCASE(?n) != 'x') }}"
        return b"".join(engine.evaluate(query, CSV)).decode().split()[1]

    texts = ("ABC", "Ab", "\u03a3\u03a3", "b", "a\u03a3", "\u00c4")
    assert [small(text) for text in texts] == [text.lower() for text in texts]


@pytest.mark.parametrize("query", QUERIES)
def test_other_constants_are_answered_as_by_a_fresh_plan(
    query: str, engine: Engine, folder: Path, compare: Any
) -> None:
    """Whatever is put into a query, planned before or not, its answer is its own."""
    with Engine.open(folder) as fresh:
        for pair in product(IRIS, IRIS):
            text = query.format(*pair)
            fresh._plans.kept.clear()
            fresh._plans.alike.clear()
            mine = compare.columns_answer(engine, text, union=False)
            expected = compare.columns_answer(fresh, text, union=False)

            assert compare.fingerprint(expected) == compare.fingerprint(mine)


def test_one_statement_serves_many_constants(engine: Engine) -> None:
    """A look-up with another IRI has the same SQL and another value."""
    plans = [engine.plan(QUERIES[0].format(iri), Choice()) for iri in IRIS[:3]]

    assert len({plan.sql for plan in plans}) == 1
    assert len({plan.values for plan in plans}) == 3


def test_one_statement_serves_many_constants_beside_a_literal(engine: Engine) -> None:
    """A literal that stays the same does not keep the plan from serving for other IRIs."""
    query = "SELECT * {{ VALUES ?n {{ 'a' }} VALUES ?x {{ {0} }} ?x <http://ex/name> ?n }}"
    plans = [engine.plan(query.format(iri), Choice()) for iri in IRIS[:3]]

    assert len({plan.sql for plan in plans}) == 1
    assert len({plan.values for plan in plans}) == 3


def test_the_same_text_has_the_same_plan(engine: Engine) -> None:
    """A query that comes again is not planned again, another dataset is."""
    text = QUERIES[0].format(IRIS[0])

    assert engine.plan(text, Choice()) is engine.plan(text, Choice())
    assert engine.plan(text, Choice()) is not engine.plan(text, Choice(union=False))
