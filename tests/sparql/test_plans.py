"""Plans serve other constants than those they were made for, and answer as fresh ones do."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from kg.columns import build_from_quads
from kg.sparql.engine import Choice, Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = """
@prefix : <http://ex/> .
:a :knows :b , :c ; a :Person ; :name "a" . :b :knows :c ; a :Person . :c :knows :a ; a :Robot .
:knows :name "knows" . :g { :a :knows :g } :h { :b :knows :h }
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


def test_the_same_text_has_the_same_plan(engine: Engine) -> None:
    """A query that comes again is not planned again, another dataset is."""
    text = QUERIES[0].format(IRIS[0])

    assert engine.plan(text, Choice()) is engine.plan(text, Choice())
    assert engine.plan(text, Choice()) is not engine.plan(text, Choice(union=False))
