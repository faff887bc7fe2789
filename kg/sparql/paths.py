"""Property paths as SQL (SPARQL 1.1, sections 9 and 18.4).

1. A path is a SELECT of its pairs: s, o and, under GRAPH ?g, the graph g, in which all steps stay.
2. Sequence joins, `|` is UNION ALL, `^` swaps, `!` excludes predicates.
3. `?`, `*` and `+` give each pair once: UNION in SQL, which also ends a recursion on cycles.
4. A recursion starts from what is known of its start or end; if nothing is, from all nodes.
5. No step at all leads from each node of the graph to itself, and from a constant even if the graph
   does not have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kg.columns.ids import Class
from kg.sparql.algebra import Alternative, Inverse, Negated, Repeat, Sequence
from kg.sparql.graphs import Active, Source, graph_list, nodes, source

if TYPE_CHECKING:
    from kg.sparql.algebra import Path
    from kg.sparql.context import Context

_IRI = frozenset({Class.IRI})


@dataclass(frozen=True)
class Ends:
    """The classes at the two ends of a path, and whether numbers with tag 9 occur there."""

    start: frozenset[Class]
    end: frozenset[Class]
    start_ranked: bool = False
    end_ranked: bool = False

    def swapped(self) -> Ends:
        """Return the ends of the inverse path."""
        return Ends(self.end, self.start, self.end_ranked, self.start_ranked)

    def __or__(self, other: Ends) -> Ends:
        """Return the ends of either path."""
        return Ends(
            self.start | other.start,
            self.end | other.end,
            self.start_ranked or other.start_ranked,
            self.end_ranked or other.end_ranked,
        )


def ends(context: Context, path: Path) -> Ends:  # noqa: PLR0911 - one for each kind
    """Return what stands at the ends of a path's pairs of one step at least."""
    match path:
        case NamedNode():
            known = context.catalogue.properties.get(path.value)
            if known is None:
                return Ends(frozenset(), frozenset())
            return Ends(context.catalogue.subject_classes, known.classes, end_ranked=known.ranked)
        case Inverse(inner):
            return ends(context, inner).swapped()
        case Sequence(parts):
            first, last = ends(context, parts[0]), ends(context, parts[-1])
            return Ends(first.start, last.end, first.start_ranked, last.end_ranked)
        case Alternative(parts):
            result = ends(context, parts[0])
            for part in parts[1:]:
                result |= ends(context, part)
            return result
        case Repeat(inner, minimum):
            found = ends(context, inner)
            return found | found.swapped() | anything(context) if minimum == 0 else found
        case Negated():
            return anything(context)


def anything(context: Context) -> Ends:
    """Return the ends that any node of the release may be."""
    classes = context.catalogue.node_classes
    ranked = any(each.ranked for each in context.catalogue.properties.values())
    return Ends(classes, classes, ranked, ranked)


def pairs(context: Context, active: Active, path: Path) -> str:
    """Return the SELECT of a path's pairs: s, o (and g)."""
    match path:
        case NamedNode():
            return _link(context, active, path)
        case Inverse(inner):
            graph = ", g" if active.each else ""
            return f"SELECT o AS s, s AS o{graph} FROM ({pairs(context, active, inner)})"
        case Sequence(parts):
            return _sequence(context, active, parts)
        case Alternative(parts):
            columns = f"SELECT s, o{', g' if active.each else ''}"
            selects = (pairs(context, active, part) for part in parts)
            # WITH at the beginning of one would be that of all.
            return " UNION ALL ".join(f"{columns} FROM ({select})" for select in selects)
        case Repeat():
            return closure(context, active, path, None, backward=False)
        case Negated(forward, backward):
            return _negated(context, active, forward, backward)


def _columns(active: Active, alias: str = "x") -> str:
    return f"{alias}.s, {alias}.o" + (f", {alias}.g" if active.each else "")


def _read(active: Active, read: Source, extra: tuple[str, ...] = ()) -> str:
    conditions = [condition.format(alias="x") for condition in read.conditions] + list(extra)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_columns(active)} FROM {read.sql} x{where}"


def _link(context: Context, active: Active, iri: NamedNode) -> str:
    known = context.catalogue.properties.get(iri.value)
    if known is None:
        graph = ", NULL::BIGINT AS g" if active.each else ""
        return f"SELECT NULL::BIGINT AS s, NULL::BIGINT AS o{graph} WHERE FALSE"
    return _read(active, source(context, active, known))


def _sequence(context: Context, active: Active, parts: tuple[Path, ...]) -> str:
    sql = pairs(context, active, parts[0])
    same = " AND a.g = b.g" if active.each else ""
    graph = ", a.g" if active.each else ""
    for part in parts[1:]:
        following = pairs(context, active, part)
        sql = f"SELECT a.s, b.o{graph} FROM ({sql}) a JOIN ({following}) b ON a.o = b.s{same}"
    return sql


def _negated(
    context: Context,
    active: Active,
    forward: tuple[NamedNode, ...],
    backward: tuple[NamedNode, ...],
) -> str:
    selects = []
    if forward or not backward:
        selects.append(_excluding(context, active, forward))
    if backward:
        graph = ", g" if active.each else ""
        inner = _excluding(context, active, backward)
        selects.append(f"SELECT o AS s, s AS o{graph} FROM ({inner})")
    return " UNION ALL ".join(selects)


def _excluding(context: Context, active: Active, iris: tuple[NamedNode, ...]) -> str:
    known = [context.catalogue.properties.get(iri.value) for iri in iris]
    numbers = ", ".join(str(each.id) for each in known if each is not None)
    extra = (f"x.p NOT IN ({numbers})",) if numbers else ()
    return _read(active, source(context, active, None), extra)


@dataclass(frozen=True)
class Seeds:
    """What a variable may be, where a closure may begin: a sub-select of numbers n (and g).

    `numbers` are the same one by one, where they are written in the query.
    """

    sql: str
    numbers: tuple[int, ...] | None = None


def constant_seeds(active: Active, number: int) -> Seeds:
    """Return a constant as the beginning, in each active graph."""
    if active.each:
        return Seeds(f"(SELECT CAST({number} AS BIGINT) AS n, g FROM {graph_list(active)})")
    return Seeds(f"(SELECT CAST({number} AS BIGINT) AS n)")


def closure(
    context: Context, active: Active, path: Repeat, seeds: Seeds | None, *, backward: bool
) -> str:
    """Return the SELECT of the distinct pairs of `?`, `*` or `+`.

    `seeds` bound the starts of the pairs, with `backward` their ends.
    """
    edges = pairs(context, active, path.path)
    graph = ", g" if active.each else ""
    same = " AND e.g = c.g" if active.each else ""
    side = "o" if backward else "s"
    first = [f"SELECT s, o{graph} FROM e"]
    if seeds is not None:
        within = f"n.n = e.{side}" + (" AND n.g = e.g" if active.each else "")
        first = [
            f"SELECT e.s, e.o{', e.g' if graph else ''} FROM e SEMI JOIN {seeds.sql} n ON {within}"
        ]
    if path.minimum == 0:
        start = seeds.sql if seeds is not None else nodes(context, active)
        first.insert(0, f"SELECT n AS s, n AS o{graph} FROM {start}")
    if not path.unbounded:
        return f"WITH e AS ({edges}) {' UNION '.join(first)}"
    carried = ", c.g" if active.each else ""
    step = (
        f"SELECT e.s, c.o{carried} FROM c JOIN e ON e.o = c.s{same}"
        if backward
        else f"SELECT c.s, e.o{carried} FROM c JOIN e ON e.s = c.o{same}"
    )
    base = first[0] if path.minimum == 0 else " UNION ".join(first)
    return f"WITH RECURSIVE e AS ({edges}), c AS ({base} UNION {step}) SELECT s, o{graph} FROM c"
