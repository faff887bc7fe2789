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
from kg.sparql.results import JSON, N_TRIPLES
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
