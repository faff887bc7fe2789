"""Which engine a query is for, judged from its algebra and the catalogue's counts alone.

1. What Oxigraph is known to answer otherwise than the recommendation goes to the columns.
2. Otherwise the rows that a query has to touch decide: look-ups that begin at a constant touch a
   few, and Oxigraph starts on them sooner than SQL is planned; scans, aggregates over much and
   EXISTS go to the columns.

The estimate of a basic graph pattern begins at its most selective triple pattern and follows the
others from there, each multiplying by its property's mean number of objects or subjects.
"""

from __future__ import annotations

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
from kg.sparql.scope import existing, in_scope, triple_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.columns.catalogue import Catalogue
    from kg.sparql.algebra import Path, Pattern, Query, Triple

# Rows from which planning SQL costs less than walking an index row by row.
_MANY: Final = 3000
# What a closure is taken to reach from one node.
_REACH: Final = 20


@dataclass(frozen=True)
class Advice:
    """The engine for a query, why, and how many rows it may touch."""

    engine: Literal["columns", "oxigraph"]
    reason: str
    rows: int


def advise(query: Query, catalogue: Catalogue) -> Advice:
    """Return which engine should answer a query."""
    rows = int(_cost(query.select, catalogue, set()))
    fault = next(_faults(query.select), None)
    if fault is not None:
        return Advice("columns", fault, rows)
    if query.form == "DESCRIBE":
        return Advice("oxigraph", "descriptions walk from node to node", rows)
    if rows >= _MANY:
        return Advice("columns", f"about {rows} rows are touched", rows)
    return Advice("oxigraph", f"about {rows} rows are touched, from constants", rows)


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


def _cost(  # noqa: PLR0911 - one for each kind
    pattern: Pattern, catalogue: Catalogue, bound: set[Var]
) -> float:
    """Return how many rows a pattern touches, given variables that few values are known of."""
    match pattern:
        case Bgp(triples):
            return _basic_cost(triples, catalogue, bound)
        case Join(left, right):
            if isinstance(right, Values):
                left, right = right, left
            first = _cost(left, catalogue, bound)
            times = first if isinstance(left, Values) else 1
            return first + times * _cost(right, catalogue, bound | _variables(left))
        case LeftJoin(left, right, _):
            first = _cost(left, catalogue, bound)
            return first + first * _cost(right, catalogue, bound | _variables(left))
        case Union(left, right):
            return _cost(left, catalogue, bound) + _cost(right, catalogue, bound)
        case Minus(left, right):
            return _cost(left, catalogue, bound) + _cost(right, catalogue, set())
        case Filter(condition, inner):
            first = _cost(inner, catalogue, bound)
            within = bound | _variables(inner)
            return first + sum(
                first * _cost(found, catalogue, within) for found in existing(condition)
            )
        case Values(_, rows):
            return len(rows)
        case Extend(inner) | Graph(_, inner):
            return _cost(inner, catalogue, bound)
        case Select(inner):
            return _cost(inner, catalogue, set())


def _variables(pattern: Pattern) -> set[Var]:
    return set(in_scope(pattern))


def _basic_cost(triples: tuple[Triple, ...], catalogue: Catalogue, bound: set[Var]) -> float:
    known, left = set(bound), list(triples)
    rows = total = 1.0
    while left:
        costs = [_fan_out(triple, catalogue, known) for triple in left]
        best = min(range(len(left)), key=costs.__getitem__)
        rows *= costs[best]
        total += rows
        known.update(triple_variables(left.pop(best)))
    return total


def _fan_out(triple: Triple, catalogue: Catalogue, known: set[Var]) -> float:
    """Return how many rows a triple pattern gives for each set of known values."""
    subject, end = (
        not isinstance(node, Var) or node in known for node in (triple.subject, triple.object)
    )
    count, subjects, objects = _size(triple.predicate, catalogue)
    if subject and end:
        return min(1.0, count)
    if subject:
        return count / max(subjects, 1)
    return count / max(objects, 1) if end else count


def _size(path: Var | Path, catalogue: Catalogue) -> tuple[float, float, float]:
    """Return how many pairs a path has, and how many distinct starts and ends."""
    match path:
        case NamedNode():
            known = catalogue.properties.get(path.value)
            return (known.count, known.subjects, known.objects) if known else (0, 1, 1)
        case Inverse(inner):
            count, starts, finishes = _size(inner, catalogue)
            return count, finishes, starts
        case Sequence(parts):
            sizes = [_size(part, catalogue) for part in parts]
            steps = 1.0
            for count, starts, _ in sizes[1:]:
                steps *= count / max(starts, 1)
            return sizes[0][0] * steps, sizes[0][1], sizes[-1][2]
        case Alternative(parts):
            sizes = [_size(part, catalogue) for part in parts]
            return sum(size[0] for size in sizes), sizes[0][1], sizes[0][2]
        case Repeat(inner):
            count, starts, finishes = _size(inner, catalogue)
            return count * _REACH, starts, finishes
    nodes = max(catalogue.triples // 10, 1)
    return catalogue.triples, nodes, nodes
