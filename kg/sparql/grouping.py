"""GROUP BY (SPARQL 1.1, sections 11.2 and 18.2.4.1): one SELECT with keys and aggregates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kg.sparql.aggregates import Aggregated, aggregate, counted
from kg.sparql.errors import NotCompilable
from kg.sparql.graphs import GRAPH, graph_list
from kg.sparql.projection import column_of
from kg.sparql.relation import Column, Relation, moved
from kg.sparql.scope import aggregates
from kg.sparql.uniqueness import unique_in_groups

if TYPE_CHECKING:
    from kg.sparql.algebra import Aggregate, Select, Var
    from kg.sparql.compiler import Compiler
    from kg.sparql.evaluate import Scope


def grouped(compiler: Compiler, select: Select, relation: Relation) -> Scope:
    """Return what the projection, HAVING and ORDER BY of a grouped SELECT see."""
    scope = compiler.scope(relation)
    keys = _keys(select, scope)
    calls = list(dict.fromkeys(_calls(select)))
    found = [
        _aggregated(scope, relation, _plain(compiler, select, call), filled=bool(select.group))
        for call in calls
    ]
    if compiler.active.each:
        keys.append((GRAPH, relation.columns[GRAPH]))
    sql = _sql(relation, keys, found)
    if compiler.active.each and not select.group:
        sql = _with_empty_groups(compiler, relation, sql, found)
    outer = Relation(relation.context)
    alias = outer.read(f"({sql})")
    for index, (variable, column) in enumerate(keys):
        if variable is not None:
            outer.columns[variable] = moved(column, f"{alias}.k{index}")
    outside = compiler.scope(outer)
    for index, (call, result) in enumerate(zip(calls, found, strict=True)):
        parts = tuple(
            sql if sql == "0" else f"{alias}.a{index}_{part}"
            for part, sql in enumerate(result.parts)
        )
        outside.aggregates[call] = result.value(outer, parts)
    return outside


def _keys(select: Select, scope: Scope) -> list[tuple[Var | None, Column]]:
    return [
        (variable, column_of(scope.value(expression)))
        for variable, expression in select.group or ()
    ]


def _calls(select: Select) -> list[Aggregate]:
    expressions = [value for _, value in select.projection if value is not None]
    expressions += select.having
    expressions += [condition.expression for condition in select.order]
    return [call for expression in expressions for call in aggregates(expression)]


def _plain(compiler: Compiler, select: Select, call: Aggregate) -> Aggregate:
    """Return an aggregate without DISTINCT where no group has a value twice."""
    if call.distinct and not compiler.active.each and unique_in_groups(select, call):
        return replace(call, distinct=False)
    return call


def _aggregated(scope: Scope, relation: Relation, call: Aggregate, *, filled: bool) -> Aggregated:
    if call.argument is not None:
        value = scope.value(call.argument)
        return aggregate(call, value, filled=filled, position=relation.position)
    if not call.distinct:
        return counted("count(*)")
    shown = [column.sql for name, column in relation.columns.items() if not name.anonymous]
    if not shown:
        raise NotCompilable("COUNT(DISTINCT *) of solutions without variables is not compiled")
    return counted(f"count(DISTINCT row({', '.join(shown)}))")


def _items(found: list[Aggregated]) -> list[str]:
    return [
        f"{sql} AS a{index}_{part}"
        for index, result in enumerate(found)
        for part, sql in enumerate(result.parts)
        if sql != "0"
    ]


def _sql(relation: Relation, keys: list[tuple[Var | None, Column]], found: list[Aggregated]) -> str:
    items = [f"{column.sql} AS k{index}" for index, (_, column) in enumerate(keys)]
    items += _items(found)
    group = f" GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
    return f"SELECT {', '.join(items) or '1 AS c'}{relation.body()}{group}"


def _with_empty_groups(
    compiler: Compiler, relation: Relation, sql: str, found: list[Aggregated]
) -> str:
    """Add the one group, which is there even if empty, of graphs without a solution."""
    items = _items(found)
    where = " AND ".join([*relation.conditions, "FALSE"])
    nothing = f"SELECT {', '.join(items) or '1 AS c'} FROM {' '.join(relation.parts)} WHERE {where}"
    graphs = graph_list(compiler.active)
    return (
        f"WITH filled AS ({sql}) SELECT * FROM filled UNION ALL SELECT l.g AS k0, n.* FROM"
        f" (SELECT g FROM {graphs} WHERE g NOT IN (SELECT k0 FROM filled)) l CROSS JOIN"
        f" ({nothing}) n"
    )
