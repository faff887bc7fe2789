"""Engines to compare, and the comparison of their answers."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox
import pytest

from kg.columns import build_from_quads
from kg.columns.canonical import canonical
from kg.sparql.engine import Choice, Engine
from kg.sparql.formats import JSON, N_TRIPLES
from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

_NUMERIC = {XSD + name for name in ("integer", "decimal", "double", "float")}
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

Row = dict[str, "ox.NamedNode | ox.BlankNode | ox.Literal"]


class Solutions(NamedTuple):
    """The solutions of a SELECT, in their order."""

    variables: list[str]
    rows: list[Row]


Answer = Solutions | bool | set[ox.Triple]


def by_value(term: ox.NamedNode | ox.BlankNode | ox.Literal, digits: int = 12) -> object:
    """Return a literal as a store has it, a number in one form; other terms as they are."""
    if not isinstance(term, ox.Literal):
        return term
    term = canonical(term)
    if term.datatype.value not in _NUMERIC or not _NUMBER.fullmatch(term.value):
        return term
    value = +Decimal(f"{Decimal(term.value):.{digits}g}")
    return ox.Literal(f"{value.normalize():f}" if value else "0", datatype=term.datatype)


def fingerprint(answer: Answer) -> object:
    """Return what two answers share exactly when they are the same up to blank nodes' names."""
    if isinstance(answer, bool):
        return answer
    dataset = ox.Dataset()
    triples = answer if isinstance(answer, set) else _reified(answer)
    for triple in triples:
        dataset.add(ox.Quad(triple.subject, triple.predicate, by_value(triple.object)))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(dataset)


def _reified(solutions: Solutions) -> Iterator[ox.Triple]:
    for number, row in enumerate(solutions.rows):
        node = ox.BlankNode(f"row{number}")
        yield ox.Triple(node, ox.NamedNode("x:is"), ox.Literal("row"))
        for name, term in row.items():
            yield ox.Triple(node, ox.NamedNode(f"x:{name}"), term)


def read_answer(data: bytes, media_type: str) -> Answer:
    """Read a result that an engine or a test case has written."""
    if media_type == N_TRIPLES:
        quads = ox.parse(data, format=ox.RdfFormat.N_TRIPLES)
        return {quad.triple for quad in quads}
    form = ox.QueryResultsFormat.from_media_type(media_type)
    assert form is not None
    return plain(ox.parse_query_results(data, format=form))


def plain(results: object) -> Answer:
    """Return results of pyoxigraph as values."""
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    if isinstance(results, ox.QueryTriples):
        return set(results)
    assert isinstance(results, ox.QuerySolutions)
    names = [variable.value for variable in results.variables]
    rows = [{name: row[name] for name in names if row[name] is not None} for row in results]
    return Solutions(names, rows)


RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"


def result_set(triples: set[ox.Triple]) -> Answer:
    """Read a result that is written as RDF, in the vocabulary of the test suite."""
    values: dict[tuple[object, str], list[ox.NamedNode | ox.BlankNode | ox.Literal]] = {}
    for triple in triples:
        key = (triple.subject, triple.predicate.value.removeprefix(RS))
        values.setdefault(key, []).append(triple.object)
    (root,) = {
        triple.subject for triple in triples if triple.object == ox.NamedNode(RS + "ResultSet")
    }
    if (root, "boolean") in values:
        return values[root, "boolean"][0].value == "true"
    rows = []
    for solution in values.get((root, "solution"), []):
        row = {
            values[binding, "variable"][0].value: values[binding, "value"][0]
            for binding in values.get((solution, "binding"), [])
        }
        index = values.get((solution, "index"), [ox.Literal("0")])[0].value
        rows.append((int(index), row))
    rows.sort(key=lambda pair: pair[0])
    names = [term.value for term in values.get((root, "resultVariable"), [])]
    return Solutions(names, [row for _, row in rows])


@pytest.fixture(scope="module")
def store(request: pytest.FixtureRequest) -> ox.Store:
    """The data of the test's module in a store."""
    made = ox.Store()
    made.load(request.module.DATA.encode(), format=ox.RdfFormat.TRIG)
    return made


@pytest.fixture(scope="module")
def engine(store: ox.Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine over the data of the test's module."""
    folder = tmp_path_factory.mktemp("engine")
    build_from_quads(store, folder)
    with Engine.open(folder) as made:
        yield made


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[Iterable[ox.Quad]], Engine]:
    """Return a function that opens an engine over the columns of some quads."""
    count = 0

    def make(quads: Iterable[ox.Quad]) -> Engine:
        nonlocal count
        count += 1
        folder = tmp_path / f"columns{count}"
        build_from_quads(quads, folder)
        return Engine.open(folder)

    return make


def columns_answer(engine: Engine, query: str, base: str = "", *, union: bool = True) -> Answer:
    """Return an engine's answer as values."""
    form = engine.plan(query, Choice(union=union), base).query.form
    media_type = N_TRIPLES if form == "CONSTRUCT" else JSON
    chunks = engine.evaluate(query, media_type, Choice(union=union), base=base)
    return read_answer(b"".join(chunks), media_type)


@pytest.fixture(scope="session")
def compare() -> ModuleType:
    """The functions of this module that make answers comparable."""
    return sys.modules[__name__]
