"""Which engine a query is for, judged from its algebra and the catalogue's counts alone.

1. What Oxigraph is known to answer otherwise than the recommendation goes to the columns.
2. Otherwise the rows that a query has to touch decide: look-ups that begin at a constant touch a
   few, and Oxigraph starts on them sooner than SQL is planned; scans, aggregates over much and
   EXISTS go to the columns; products of scans go to Oxigraph, which sends row by row.

The estimate of a basic graph pattern begins at its most selective triple pattern and follows the
others from there, each multiplying by its property's mean number of objects or subjects; for
constants that have very many, in the text or in VALUES, the catalogue knows how many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from kg.columns.canonical import canonical
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
    from collections.abc import Sequence as Sequence_

    from kg.columns.catalogue import Catalogue, Property
    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Path, Pattern, Query, Term, Triple

    Terms = tuple[Term, ...]
    # Variables that few values are known of, and these where the text has them.
    Bound = dict[Var, Terms]

# Rows from which planning SQL costs less than walking an index row by row.
_MANY: Final = 3000
# Rows that no engine gets through: the store at least sends the first of them, in little memory.
_ENDLESS: Final = 10**9
# What a closure is taken to reach from one node.
_REACH: Final = 20


@dataclass(frozen=True)
class Advice:
    """The engine for a query, why, and how many rows it may touch."""

    engine: Literal["columns", "oxigraph"]
    reason: str
    rows: int


@dataclass(frozen=True)
class Statistics:
    """What is known of a release: the catalogue, and the numbers of terms."""

    catalogue: Catalogue
    dictionary: Dictionary

    def crowd(self, known: Property, side: str, terms: Terms) -> int:
        """Return how many rows of a property the most frequent of some terms has, 0 if few."""
        numbers = (
            self.dictionary.number(canonical(term) if isinstance(term, RdfLiteral) else term)
            for term in terms
        )
        counts = (
            self.catalogue.crowds.get((known.number, side, number), 0)
            for number in numbers
            if number is not None
        )
        return max(counts, default=0)


def advise(query: Query, catalogue: Catalogue, dictionary: Dictionary) -> Advice:
    """Return which engine should answer a query."""
    rows = int(_cost(query.select, Statistics(catalogue, dictionary), {}))
    rows = int(min(rows, _first_rows(query.select)))
    fault = next(_faults(query.select), None)
    if fault is not None:
        return Advice("columns", fault, rows)
    if query.form == "DESCRIBE":
        return Advice("oxigraph", "descriptions walk from node to node", rows)
    if rows >= _ENDLESS and query.select.group is None:
        return Advice("oxigraph", f"about {rows:.0e} rows: a product, which can only be sent", rows)
    if rows >= _MANY:
        return Advice("columns", f"about {rows} rows are touched", rows)
    return Advice("oxigraph", f"about {rows} rows are touched, from constants", rows)


def _first_rows(select: Select) -> float:
    """Return how many rows the first solutions touch, if no others are needed."""
    all_needed = select.group is not None or select.order or select.distinct
    if all_needed or select.limit is None or not isinstance(select.pattern, Bgp):
        return math.inf
    return (select.limit + (select.offset or 0)) * (len(select.pattern.triples) + 1)


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
    pattern: Pattern, statistics: Statistics, bound: Bound
) -> float:
    """Return how many rows a pattern touches, given variables that few values are known of."""
    match pattern:
        case Bgp(triples):
            return _basic_cost(triples, statistics, bound)
        case Join(left, right):
            if isinstance(right, Values):
                left, right = right, left
            first = _cost(left, statistics, bound)
            times = first if isinstance(left, Values) else 1
            return first + times * _cost(right, statistics, bound | _variables(left))
        case LeftJoin(left, right, _):
            first = _cost(left, statistics, bound)
            return first + first * _cost(right, statistics, bound | _variables(left))
        case Union(left, right):
            return _cost(left, statistics, bound) + _cost(right, statistics, bound)
        case Minus(left, right):
            return _cost(left, statistics, bound) + _cost(right, statistics, {})
        case Filter(condition, inner):
            first = _cost(inner, statistics, bound)
            within = bound | _variables(inner)
            return first + sum(
                first * _cost(found, statistics, within) for found in existing(condition)
            )
        case Values(_, rows):
            return len(rows)
        case Extend(inner) | Graph(_, inner):
            return _cost(inner, statistics, bound)
        case Select(inner):
            return _cost(inner, statistics, {})


def _variables(pattern: Pattern) -> Bound:
    """Return the variables of a pattern, those of inline data with their values."""
    known: Bound = dict.fromkeys(in_scope(pattern), ())
    match pattern:
        case Values(variables, rows):
            for index, variable in enumerate(variables):
                cells = (row[index] for row in rows)
                known[variable] = tuple(term for term in cells if term is not None)
        case Join(left, right):
            for part in (left, right):
                known |= {name: terms for name, terms in _variables(part).items() if terms}
    return known


def _basic_cost(triples: tuple[Triple, ...], statistics: Statistics, bound: Bound) -> float:
    known, left = dict(bound), list(triples)
    rows = total = 1.0
    while left:
        costs = [_fan_out(triple, statistics, known) for triple in left]
        best = min(range(len(left)), key=costs.__getitem__)
        rows *= costs[best]
        total += rows
        for variable in triple_variables(left.pop(best)):
            known.setdefault(variable, ())
    return total


def _fan_out(triple: Triple, statistics: Statistics, known: Bound) -> float:
    """Return how many rows a triple pattern gives for each set of known values."""
    subject, end = (
        known.get(node) if isinstance(node, Var) else (node,)
        for node in (triple.subject, triple.object)
    )
    count, subjects, objects = _size(triple.predicate, statistics.catalogue)
    if subject is not None and end is not None:
        return min(1.0, count)
    if subject is not None:
        return max(count / max(subjects, 1), _crowd(triple.predicate, "s", subject, statistics))
    if end is not None:
        return max(count / max(objects, 1), _crowd(triple.predicate, "o", end, statistics))
    return count


def _crowd(path: Var | Path, side: str, terms: Terms, statistics: Statistics) -> float:
    """Return how many rows a property has for the most frequent of some constants."""
    match path:
        case NamedNode():
            known = statistics.catalogue.properties.get(path.value)
            return statistics.crowd(known, side, terms) if known and terms else 0
        case Inverse(inner):
            return _crowd(inner, "o" if side == "s" else "s", terms, statistics)
        case Sequence(parts):
            return _sequence_crowd(parts if side == "s" else parts[::-1], side, terms, statistics)
    return 0


def _sequence_crowd(
    parts: Sequence_[Path], side: str, terms: Terms, statistics: Statistics
) -> float:
    rows = _crowd(parts[0], side, terms, statistics)
    for part in parts[1:]:
        count, starts, finishes = _size(part, statistics.catalogue)
        rows *= count / max(starts if side == "s" else finishes, 1)
    return rows


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
