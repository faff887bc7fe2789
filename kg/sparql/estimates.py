"""How many rows a query touches and how many solutions it has, from the catalogue's counts alone.

1. A basic graph pattern begins at its most selective triple pattern and follows the others from
   there, each multiplying by its property's mean number of objects or subjects; for constants that
   have very many, in the text or in VALUES, the catalogue knows how many.
2. What is joined to a pattern begins at the variables that this binds, once for each solution; a
   sub-SELECT is evaluated once, and then there are about as many solutions as on its larger side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

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
    Repeat,
    Select,
    Sequence,
    Union,
    Values,
    Var,
)
from kg.sparql.scope import existing, in_scope, triple_variables

if TYPE_CHECKING:
    from collections.abc import Sequence as Sequence_

    from kg.columns.catalogue import Catalogue, Property
    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Path, Pattern, Term, Triple

    Terms = tuple[Term, ...]
    # Variables that few values are known of, and these where the text has them.
    Bound = dict[Var, Terms]

# What a closure is taken to reach from one node.
_REACH: Final = 20


class Estimate(NamedTuple):
    """How many rows are touched, and how many solutions come of them."""

    touched: float
    solutions: float


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


def estimate(  # noqa: PLR0911 - one for each kind
    pattern: Pattern, statistics: Statistics, bound: Bound
) -> Estimate:
    """Return the estimate of a pattern, given variables that few values are known of."""
    match pattern:
        case Bgp(triples):
            return _basic(triples, statistics, bound)
        case Join(left, right):
            if isinstance(right, Values):
                left, right = right, left
            return _joined(left, right, statistics, bound, optional=False)
        case LeftJoin(left, right, _):
            return _joined(left, right, statistics, bound, optional=True)
        case Union(left, right):
            one, two = (estimate(part, statistics, bound) for part in (left, right))
            return Estimate(one.touched + two.touched, one.solutions + two.solutions)
        case Minus(left, right):
            first = estimate(left, statistics, bound)
            return first._replace(touched=first.touched + estimate(right, statistics, {}).touched)
        case Filter(condition, inner):
            return _filtered(inner, list(existing(condition)), statistics, bound)
        case Values(_, rows):
            return Estimate(len(rows), len(rows))
        case Extend(inner) | Graph(_, inner):
            return estimate(inner, statistics, bound)
        case Select():
            return _selected(pattern, statistics)


def _joined(
    left: Pattern, right: Pattern, statistics: Statistics, bound: Bound, *, optional: bool
) -> Estimate:
    """Return the estimate of a join whose left side is evaluated first."""
    first = estimate(left, statistics, bound)
    if _by_itself(right):
        second = estimate(right, statistics, {})
        touched = first.touched + second.touched
        solutions = first.solutions * second.solutions
        if (in_scope(left).keys() | bound.keys()) & in_scope(right).keys():
            solutions = min(solutions, max(first.solutions, second.solutions))
    else:
        each = estimate(right, statistics, bound | _variables(left))
        touched = first.touched + max(first.solutions, 1.0) * each.touched
        solutions = first.solutions * each.solutions
    return Estimate(touched, max(solutions, first.solutions) if optional else solutions)


def _by_itself(pattern: Pattern) -> bool:
    """Whether a pattern is evaluated once, whatever it is joined with."""
    match pattern:
        case Extend(inner) | Filter(_, inner):
            return _by_itself(inner)
    return isinstance(pattern, Select)


def _filtered(
    inner: Pattern, found: list[Pattern], statistics: Statistics, bound: Bound
) -> Estimate:
    first = estimate(inner, statistics, bound)
    within = bound | _variables(inner)
    touched = first.touched
    for pattern in found:
        touched += max(first.solutions, 1.0) * estimate(pattern, statistics, within).touched
    return first._replace(touched=touched)


def _selected(select: Select, statistics: Statistics) -> Estimate:
    found = estimate(select.pattern, statistics, {})
    solutions = found.solutions
    if select.group == ():
        solutions = 1.0
    if select.limit is not None:
        solutions = min(solutions, select.limit)
    return found._replace(solutions=solutions)


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


def _basic(triples: tuple[Triple, ...], statistics: Statistics, bound: Bound) -> Estimate:
    known, left = dict(bound), list(triples)
    rows = total = 1.0
    while left:
        costs = [_fan_out(triple, statistics, known) for triple in left]
        best = min(range(len(left)), key=costs.__getitem__)
        rows *= costs[best]
        total += rows
        for variable in triple_variables(left.pop(best)):
            known.setdefault(variable, ())
    return Estimate(total, rows)


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
    if may_be_empty(triple.predicate):
        return count + statistics.catalogue.triples
    return count


def may_be_empty(path: Var | Path) -> bool:
    """Whether a path may have no steps: between two variables it then begins at every term."""
    match path:
        case Repeat(inner, minimum):
            return minimum == 0 or may_be_empty(inner)
        case Inverse(inner):
            return may_be_empty(inner)
        case Sequence(parts):
            return all(map(may_be_empty, parts))
        case Alternative(parts):
            return any(map(may_be_empty, parts))
    return False


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
