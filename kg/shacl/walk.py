"""Property paths as SQL over shacl_triple: from nodes to the nodes that a path leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kg.shacl.paths import (
    Alternative,
    Inverse,
    OneOrMore,
    Path,
    Predicate,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Ids: TypeAlias = Callable[[str], int]


def values_sql(candidates: str, path: Path, iri: Ids) -> str:
    """Return the distinct pairs of candidate f and value node v along `path`.

    Args:
        candidates: a relation with the column f.
        path: one in which only predicates are inverted (`kg.shacl.paths.pushed`).
        iri: gives the id of a predicate.
    """
    start = f"(SELECT f, f AS v FROM {candidates})"
    walked = _walk(path, start, iri)
    # One step along a predicate gives no pair twice: the triples are distinct.
    single = isinstance(path, Predicate) or (
        isinstance(path, Inverse) and isinstance(path.path, Predicate)
    )
    return walked if single else f"SELECT DISTINCT f, v FROM ({walked})"


def _walk(path: Path, start: str, ids: Ids) -> str:  # noqa: PLR0911 - one per form of path
    """Return the pairs that `path` leads to from the pairs of the relation `start`."""
    match path:
        case Predicate(iri):
            return (
                f"SELECT a.f, t.o AS v FROM {start} a JOIN shacl_triple t ON t.s = a.v"
                f" AND t.p = {ids(iri)}"
            )
        case Inverse(Predicate(iri)):
            return (
                f"SELECT a.f, t.s AS v FROM {start} a JOIN shacl_triple t ON t.o = a.v"
                f" AND t.p = {ids(iri)}"
            )
        case Sequence(steps):
            for step in steps:
                start = f"({_walk(step, start, ids)})"
            return f"SELECT DISTINCT f, v FROM {start}"
        case Alternative(paths):
            return " UNION ALL ".join(f"({_walk(each, start, ids)})" for each in paths)
        case ZeroOrOne(inner):
            return f"SELECT f, v FROM {start} UNION ALL ({_walk(inner, start, ids)})"
        case ZeroOrMore(inner):
            return _closure(inner, start, ids)
        case OneOrMore(inner):
            return _closure(inner, f"({_walk(inner, start, ids)})", ids)
    raise TypeError(path)  # plan.pushed leaves no other inverse


def _closure(path: Path, start: str, ids: Ids) -> str:
    return f"""
        WITH RECURSIVE
        edge(s, o) AS ({_edges(path, ids)}),
        reached(f, v) AS (
            SELECT f, v FROM {start}
            UNION SELECT reached.f, edge.o FROM reached JOIN edge ON edge.s = reached.v
        )
        SELECT f, v FROM reached
    """


def _edges(path: Path, ids: Ids) -> str:
    """Return all pairs of nodes that `path` joins."""
    if isinstance(path, Predicate):
        return f"SELECT s, o FROM shacl_triple WHERE p = {ids(path.iri)}"
    nodes = "(SELECT s AS f, s AS v FROM shacl_triple UNION SELECT o, o FROM shacl_triple)"
    return f"SELECT DISTINCT f AS s, v AS o FROM ({_walk(path, nodes, ids)})"
