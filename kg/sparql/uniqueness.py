"""Variables whose values tell all solutions of a pattern apart, so that DISTINCT has nothing to do.

A basic graph pattern matched in a set of triples has each solution once (SPARQL 1.1, section
18.3.1), and joining such patterns pairs each solution with each other but once. Paths with a
repetition are sets too (section 18.4); alternatives and sequences are not, but the variables that
their translation makes are part of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kg.sparql.algebra import Bgp, Filter, Inverse, Join, Repeat, Var
from kg.sparql.scope import in_scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.sparql.algebra import Aggregate, Path, Pattern, Select


def key(pattern: Pattern) -> frozenset[Var] | None:
    """Return variables, bound in every solution, that tell any two apart, or None if none do."""
    match pattern:
        case Bgp(triples) if all(_is_set(triple.predicate) for triple in triples):
            return frozenset(in_scope(pattern))
        case Filter(_, inner):
            return key(inner)
        case Join(left, right):
            keys = key(left), key(right)
            return keys[0] | keys[1] if keys[0] is not None and keys[1] is not None else None
    return None


def _is_set(path: Var | Path) -> bool:
    """Whether a path finds each pair of ends once."""
    match path:
        case Inverse(inner):
            return _is_set(inner)
        case Var() | NamedNode() | Repeat():
            return True
    return False


def unique(select: Select) -> bool:
    """Whether what a SELECT shows is distinct anyway."""
    if select.group is not None or select.values is not None:
        return False
    return _told_apart(select.pattern, (var for var, value in select.projection if value is None))


def unique_in_groups(select: Select, call: Aggregate) -> bool:
    """Whether an aggregate's argument has each value once in each group anyway."""
    if not isinstance(call.argument, Var):
        return False
    keys = [value for _, value in select.group or () if isinstance(value, Var)]
    return _told_apart(select.pattern, [*keys, call.argument])


def _told_apart(pattern: Pattern, variables: Iterable[Var]) -> bool:
    found = key(pattern)
    return found is not None and found <= set(variables)
