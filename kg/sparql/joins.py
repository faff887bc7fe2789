"""The binary operators on relations: Join, LeftJoin, Union and Minus (section 18.5).

Two solutions are compatible if every variable that both bind is the same term. A variable that is
certainly bound on both sides is an equality for a hash join; one that may be unbound agrees with
anything while it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kg.sparql.graphs import GRAPH
from kg.sparql.projection import keys, merged, unified
from kg.sparql.relation import Relation, moved, projected, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.algebra import Var
    from kg.sparql.relation import Column


def shared(left: Relation, right: Relation) -> list[Var]:
    """Return the variables that both relations may bind."""
    return [variable for variable in left.columns if variable in right.columns]


def agreement(left: Relation, right: Relation, variable: Var) -> str:
    """Return the condition that two solutions agree on a variable."""
    a, b = left.columns[variable], right.columns[variable]
    one, two = keys(left, a, right, b)
    conditions = [f"{one} = {two}"]
    conditions += [f"{column.sql} IS NULL" for column in (a, b) if column.nullable]
    return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"


def join(left: Relation, right: Relation) -> Relation:
    """Return the join; both stay flat."""
    conditions = [agreement(left, right, variable) for variable in shared(left, right)]
    columns = dict(left.columns)
    for variable, column in right.columns.items():
        columns[variable] = merged(columns[variable], column) if variable in columns else column
    left.absorb(right)
    left.conditions.extend(conditions)
    left.columns = columns
    return left


def sub_selected(relation: Relation) -> Relation:
    """Return a relation that reads from one table or sub-select alone."""
    if len(relation.parts) == 1 and not relation.conditions:
        return relation
    variables = list(relation.columns)
    return wrapped(relation, projected(relation, variables), variables)


def left_join(
    left: Relation, right: Relation, condition: Callable[[Relation, Relation], str] | None
) -> Relation:
    """Return OPTIONAL; `condition` is made over the right and the left relation."""
    right = sub_selected(right)
    conditions = [agreement(left, right, variable) for variable in shared(left, right)]
    if condition is not None:
        conditions.append(condition(right, left))
    left.attach_all("LEFT", right, conditions)
    for variable, column in right.columns.items():
        optional = _optional(column)
        if variable in left.columns:
            mine = left.columns[variable]
            left.columns[variable] = merged(mine, optional) if mine.nullable else mine
        else:
            left.columns[variable] = optional
    return left


def _optional(column: Column) -> Column:
    return replace(column, nullable=True, term=None)


def minus(left: Relation, right: Relation) -> Relation:
    """Return the solutions of the left side that agree with none they share a variable with."""
    common = [variable for variable in shared(left, right) if variable != GRAPH]
    if not common:
        return left
    right = sub_selected(right)
    conditions = [agreement(left, right, variable) for variable in shared(left, right)]
    bound = [_both_bound(left.columns[variable], right.columns[variable]) for variable in common]
    if "TRUE" not in bound:
        conditions.append(f"({' OR '.join(bound)})")
    left.attach_all("ANTI", right, conditions)
    return left


def _both_bound(a: Column, b: Column) -> str:
    conditions = [f"{column.sql} IS NOT NULL" for column in (a, b) if column.nullable]
    return f"({' AND '.join(conditions)})" if conditions else "TRUE"


def union(relations: list[Relation]) -> Relation:
    """Return the solutions of all relations together."""
    variables = list(dict.fromkeys(name for each in relations for name in each.columns))
    shapes: dict[Var, Column] = {}
    items: list[list[str]] = [[] for _ in relations]
    for index, variable in enumerate(variables):
        columns = unified(relations, [each.columns.get(variable) for each in relations])
        shapes[variable] = columns[0]
        for item, column in zip(items, columns, strict=True):
            item.append(f"{column.sql} AS c{index}")
    selects = [
        f"SELECT {', '.join(item) or '1 AS c'}{each.body()}"
        for item, each in zip(items, relations, strict=True)
    ]
    outer = Relation(relations[0].context)
    alias = outer.read(f"({' UNION ALL '.join(selects)})")
    for index, variable in enumerate(variables):
        outer.columns[variable] = moved(shapes[variable], f"{alias}.c{index}")
    return outer
