"""ORDER BY (SPARQL 1.1, section 15.1): unbound, blank nodes, IRIs, literals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.sparql.aggregates import ordered_by_itself, sort_keys
from kg.sparql.projection import column_of

if TYPE_CHECKING:
    from kg.sparql.algebra import Order
    from kg.sparql.evaluate import Scope


def sort_terms(scope: Scope, order: tuple[Order, ...]) -> list[str]:
    """Return the terms of an SQL ORDER BY."""
    return [term for condition in order for term in _terms(scope, condition)]


def _terms(scope: Scope, condition: Order) -> list[str]:
    value = scope.value(condition.expression)
    if not value.classes:
        return []
    direction = "DESC NULLS LAST" if condition.descending else "ASC NULLS FIRST"
    column = column_of(value)
    keys = [column.sql] if ordered_by_itself(value, column) else sort_keys(value)
    return [f"{key} {direction}" for key in keys]
