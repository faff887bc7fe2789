"""Where triple patterns are read from, by the active graph (SPARQL 1.1, section 13).

The default graph may be all graphs together, one, or several merged; a named graph is one; under
`GRAPH ?g` every pattern also has the graph as a hidden variable that joins like any other, so that
whatever stands inside is evaluated for each graph by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.sparql.algebra import Var

if TYPE_CHECKING:
    from kg.columns.catalogue import Property
    from kg.sparql.context import Context

# The hidden variable of GRAPH ?g; no query can name it.
GRAPH: Final = Var("_:graph")


@dataclass(frozen=True)
class Active:
    """The active graph: `graphs` is None for all; `each` asks for each of them by itself."""

    graphs: frozenset[int] | None
    each: bool = False


@dataclass(frozen=True)
class Source:
    """A table or sub-select with s, o (p) and g; `beside` says that v and lex are there too."""

    sql: str
    conditions: tuple[str, ...] = ()
    beside: bool = False


def default(context: Context) -> Active:
    """Return the active graph outside GRAPH."""
    return Active(_reduced(context, context.dataset.default))


def named(context: Context, number: int) -> Active:
    """Return the active graph of GRAPH <iri>."""
    return Active(frozenset({number}) & all_named(context))


def every(context: Context) -> Active:
    """Return the active graph of GRAPH ?g."""
    return Active(all_named(context), each=True)


def all_named(context: Context) -> frozenset[int]:
    """Return the named graphs of the dataset that the release has."""
    known = context.catalogue.graphs - {0}
    chosen = context.dataset.named
    return known if chosen is None else known & chosen


def _reduced(context: Context, graphs: frozenset[int] | None) -> frozenset[int] | None:
    if graphs is None or context.catalogue.graphs <= graphs:
        return None
    return graphs & context.catalogue.graphs


def graph_list(active: Active) -> str:
    """Return a sub-select of the active graphs as g."""
    numbers = ", ".join(str(number) for number in sorted(active.graphs or ()))
    return f"(SELECT unnest(CAST([{numbers}] AS BIGINT[])) AS g)"


def source(
    context: Context, active: Active, known: Property | None, *, reverse: bool = False
) -> Source:
    """Return where the triples of a property (None: of all) in the active graph are."""
    repeats = context.catalogue.repeats if known is None else known.repeats > 0
    if known is None:
        table, columns, of_property = "triples", "p, s, o", ""
    else:
        table = f"r{known.number}" if reverse and known.reverse else f"p{known.number}"
        columns, of_property = "s, o", f" WHERE p = {known.id}"
    if active.graphs is None:
        return Source(table, beside=True)
    condition = _within(active.graphs)
    if not repeats:
        return Source(table, (f"{{alias}}.{condition}",), beside=True)
    both = (
        f"SELECT {columns}, g FROM {table} UNION ALL SELECT {columns}, g FROM repeats{of_property}"
    )
    if active.each or len(active.graphs) == 1:
        return Source(f"({both})", (f"{{alias}}.{condition}",))
    return Source(f"(SELECT DISTINCT {columns} FROM ({both}) WHERE {condition})")


def _within(graphs: frozenset[int]) -> str:
    numbers = ", ".join(str(number) for number in sorted(graphs)) or "NULL"
    return f"g = {numbers}" if len(graphs) == 1 else f"g IN ({numbers})"


def nodes(context: Context, active: Active) -> str:
    """Return a sub-select of the subjects and objects of the active graph as n (and g)."""
    read = source(context, active, None)
    graph = ", g" if active.each else ""
    where = " AND ".join(condition.format(alias="x") for condition in read.conditions)
    body = f"FROM {read.sql} x" + (f" WHERE {where}" if where else "")
    return f"(SELECT s AS n{graph} {body} UNION SELECT o AS n{graph} {body})"
