"""Which engine a query is for, judged from its algebra and the catalogue's counts alone.

1. What Oxigraph is known to answer otherwise than the recommendation goes to the columns.
2. Otherwise the rows that a query has to touch decide: look-ups that begin at a constant touch a
   few, and Oxigraph starts on them sooner than SQL is planned; scans, aggregates over much and
   EXISTS go to the columns; products of scans go to Oxigraph, which sends row by row.

The estimates are those of `kg.sparql.estimates`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pyoxigraph import NamedNode

from kg.sparql.algebra import (
    Alternative,
    Bgp,
    Extend,
    Filter,
    Graph,
    Inverse,
    Join,
    LeftJoin,
    Minus,
    Negated,
    Repeat,
    Select,
    Sequence,
    Union,
    Values,
    Var,
)
from kg.sparql.estimates import Statistics, estimate, may_be_empty
from kg.sparql.scope import existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.columns.catalogue import Catalogue
    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Path, Pattern, Query, Triple

# Rows from which planning SQL (some 3 ms) costs less than walking an index row by row (20 µs each).
_MANY: Final = 200
# Rows that no engine gets through: the store at least sends the first of them, in little memory.
_ENDLESS: Final = 10**9


@dataclass(frozen=True)
class Advice:
    """The engine for a query, why, and how many rows it may touch."""

    engine: Literal["columns", "oxigraph"]
    reason: str
    rows: int


def advise(query: Query, catalogue: Catalogue, dictionary: Dictionary) -> Advice:
    """Return which engine should answer a query."""
    found = estimate(query.select.pattern, Statistics(catalogue, dictionary), {})
    rows = int(min(found.touched, _first_rows(query)))
    fault = next(_faults(query.select), None)
    if fault is not None:
        return Advice("columns", fault, rows)
    if query.form == "DESCRIBE":
        return Advice("oxigraph", "descriptions walk from node to node", rows)
    if min(found.solutions, rows) >= _ENDLESS and _sent(query.select):
        reason = f"about {found.solutions:.0e} solutions: a product, which can only be sent"
        return Advice("oxigraph", reason, rows)
    if rows >= _MANY:
        return Advice("columns", f"about {rows} rows are touched", rows)
    return Advice("oxigraph", f"about {rows} rows are touched, from constants", rows)


def _sent(select: Select) -> bool:
    """Whether solutions can be sent as they are found."""
    return select.group is None and not select.order and not select.distinct


def _first_rows(query: Query) -> float:
    """Return how many rows the first solutions touch, if no others are needed."""
    select = query.select
    limit = 1 if query.form == "ASK" else select.limit
    all_needed = select.group is not None or select.order or select.distinct
    if all_needed or limit is None or not isinstance(select.pattern, Bgp):
        return math.inf
    if any(map(_from_everywhere, select.pattern.triples)):
        return math.inf
    return (limit + (select.offset or 0)) * (len(select.pattern.triples) + 1)


def _from_everywhere(triple: Triple) -> bool:
    """Whether a path begins at every term: Oxigraph collects all of them before the first row."""
    ends = triple.subject, triple.object
    return all(isinstance(node, Var) for node in ends) and may_be_empty(triple.predicate)


def _parts(pattern: Pattern) -> Iterator[Pattern]:
    """Yield a pattern and every pattern in it, those of EXISTS included."""
    yield pattern
    match pattern:
        case Join(left, right) | Union(left, right) | Minus(left, right):
            yield from _parts(left)
            yield from _parts(right)
        case LeftJoin(left, right, condition):
            yield from _parts(left)
            yield from _parts(right)
            for inner in existing(condition):
                yield from _parts(inner)
        case Filter(condition, inner):
            yield from _parts(inner)
            for found in existing(condition):
                yield from _parts(found)
        case Extend(inner) | Graph(_, inner) | Select(inner):
            yield from _parts(inner)


def _faults(pattern: Pattern) -> Iterator[str]:
    """Yield what Oxigraph is known to answer otherwise."""
    for part in _parts(pattern):
        if isinstance(part, Graph) and isinstance(part.name, Var):
            if any(isinstance(inner, Select | Values | Minus) for inner in _parts(part.pattern)):
                yield "GRAPH with a variable around a sub-SELECT, VALUES or MINUS"
            if any(isinstance(inner, Graph) for inner in _parts(part.pattern)):
                yield "GRAPH within GRAPH"
        if isinstance(part, Bgp):
            for triple in part.triples:
                yield from _path_faults(triple, triple.predicate)


def _path_faults(triple: Triple, path: Var | Path) -> Iterator[str]:
    match path:
        case Alternative():
            yield "an alternative path keeps duplicates"
        case Negated():
            yield "a negated property set gives a solution for each triple"
        case Repeat(minimum=0) if not all(
            isinstance(node, Var | NamedNode) for node in (triple.subject, triple.object)
        ):
            yield "a path of no steps from a literal"
        case Sequence(parts):
            for part in parts:
                yield from _path_faults(triple, part)
        case Inverse(inner):
            yield from _path_faults(triple, inner)
