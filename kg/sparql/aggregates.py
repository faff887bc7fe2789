"""Aggregates as SQL aggregates over native values (SPARQL 1.1, sections 11 and 18.5.1).

COUNT and SAMPLE pass over errors; every other aggregate of a group with an error is one.
Numbers are summed as integers, so nothing is made into a term before it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kg.columns.ids import Class
from kg.sparql.arithmetic import mixed, one_of_exact
from kg.sparql.context import quoted
from kg.sparql.errors import NotCompilable
from kg.sparql.facets import (
    ALL,
    EXACT,
    INLINE,
    NO_LITERAL,
    NUMERIC,
    RANKED_TEXT,
    TEXT,
    Value,
    exact,
    string,
)
from kg.sparql.projection import column_of
from kg.sparql.relation import Column, Number, Relation, moved
from kg.sparql.stored import of_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.algebra import Aggregate

_UNSUMMED: Final = frozenset(
    {Class.BEYOND, Class.COMPARABLE, Class.DATE, Class.DATE_TIME, Class.YEAR}
)


@dataclass(frozen=True)
class Aggregated:
    """An aggregate: what SQL aggregates, and the value that is made of it outside the grouping."""

    parts: tuple[str, ...]
    value: Callable[[Relation, tuple[str, ...]], Value]


def aggregate(call: Aggregate, value: Value, *, filled: bool, position: str | None) -> Aggregated:
    """Return an aggregate of a value; `filled` says that no group is empty.

    `position` numbers sorted solutions: GROUP_CONCAT keeps their order, though section 18.5.1.7
    leaves it open.

    Raises:
        NotCompilable: it depends on more than SQL's aggregates see.
    """
    if call.name in ("SUM", "AVG"):
        return _sum(call, value, filled=filled)
    if call.name == "GROUP_CONCAT":
        return _group_concat(call, value, position)
    return _AGGREGATES[call.name](call, value)


def counted(sql: str) -> Aggregated:
    """Return a count."""
    return Aggregated(
        (sql,), lambda _relation, parts: exact(Number(parts[0], 0), Class.INTEGER, nullable=False)
    )


def _count(call: Aggregate, value: Value) -> Aggregated:
    return counted(f"count({'DISTINCT ' if call.distinct else ''}{_identity(value)})")


def _identity(value: Value) -> str:
    """Return SQL that is the same exactly for the same term, NULL in error."""
    return value.get("id") if value.has("id") else column_of(value).sql


def _sample(_call: Aggregate, value: Value) -> Aggregated:
    column = column_of(value)
    return _one_of((f"any_value({column.sql})", "0"), column)


def _one_of(parts: tuple[str, str], column: Column) -> Aggregated:
    """Return an aggregate that gives one of the group's own terms; failures leave it unbound."""
    result = replace(moved(column, ""), nullable=True, term=None)

    def value(relation: Relation, found: tuple[str, ...]) -> Value:
        sql = found[0] if parts[1] == "0" else f"CASE WHEN {found[1]} = 0 THEN {found[0]} END"
        return of_column(relation, replace(result, sql=sql))

    return Aggregated(parts, value)


def _extreme(call: Aggregate, value: Value) -> Aggregated:
    """Return MIN or MAX by the order of ORDER BY (section 18.5.1.5)."""
    column = column_of(value)
    failures = f"(count(*) - count({column.sql}))" if value.nullable else "0"
    if ordered_by_itself(value, column):
        return _one_of((f"{call.name.lower()}({column.sql})", failures), column)
    name = "arg_min" if call.name == "MIN" else "arg_max"
    order = ", ".join(sort_keys(value))
    sql = f"{name}({column.sql}, row({order})) FILTER ({value.bound})"
    return _one_of((sql, failures), column)


def ordered_by_itself(value: Value, column: Column) -> bool:
    """Whether the column's own order is that of ORDER BY."""
    if column.form == "native":
        return not column.classes & {Class.DOUBLE, Class.FLOAT}
    if column.form != "id" or column.local or column.ranked:
        return False
    return value.classes <= RANKED_TEXT or (len(value.classes) == 1 and value.classes <= INLINE)


def sort_keys(value: Value) -> list[str]:
    """Return what to sort by where numbers do not order as section 15.1 wants.

    First blank nodes, IRIs and literals; among the literals each family of comparable classes;
    inside a family what its `<` compares; then the text, so that the order is total.
    """
    value.refuse(frozenset({Class.BEYOND, Class.COMPARABLE}), "Order")
    families = f"CASE WHEN {value.is_in(NUMERIC)} THEN 5 ELSE {value.get('kind')} END"
    keys = [value.get("kind") if not value.classes & NUMERIC else families]
    if value.classes & (NUMERIC - EXACT):
        keys.append(f"coalesce({value.get('double')}, 0)")
    if value.classes & EXACT:
        keys.append(f"coalesce({value.number.sql}, 0)")
    if value.classes & {Class.DATE, Class.DATE_TIME, Class.YEAR}:
        keys.append(f"coalesce({value.get('moment')}, 0)")
    if not value.within(EXACT):  # else the number has but one text
        keys.append(value.get("lex"))
    if value.classes & (ALL - NO_LITERAL - NUMERIC - {Class.STRING, Class.BOOLEAN}):
        keys.append(f"coalesce({value.get('language')}, '')")
    return keys


def _sum(call: Aggregate, value: Value, *, filled: bool) -> Aggregated:
    value.refuse(_UNSUMMED, call.name)
    if value.classes & NUMERIC <= EXACT:
        return _exact_sum(call, value, filled=filled)
    return _mixed_sum(call, value)


def _summed(call: Aggregate, value: Value, number: str) -> str:
    """Return the sum of a facet; DISTINCT goes by term, not by value."""
    if not call.distinct:
        return f"sum({number})"
    if len(value.classes & NUMERIC) == 1:
        return f"sum(DISTINCT {number})"
    pair = f"{{'i': {_identity(value)}, 'n': {number}}}"
    return f"list_sum(list_transform(list(DISTINCT {pair}), lambda x: x.n))"


def _size(call: Aggregate, value: Value, number: str) -> str:
    if not call.distinct:
        return f"count({number})"
    return f"count(DISTINCT {_identity(value)}) FILTER ({number} IS NOT NULL)"


def _counted_kind(value: Value, kind: Class) -> str:
    if kind not in value.classes:
        return "0"
    return f"count(*) FILTER ({value.is_in(frozenset({kind}))})"


def _exact_sum(call: Aggregate, value: Value, *, filled: bool) -> Aggregated:
    """Sum integers of 10^-scale; a group with one decimal has a decimal sum.

    Where the group is not empty and has one class, so has the result.
    """
    number, scale = value.number
    parts = (
        f"CAST(coalesce({_summed(call, value, number)}, 0) AS HUGEINT)",
        _size(call, value, number),
        _failures(value, number),
        _counted_kind(value, Class.DECIMAL),
    )
    classes = value.classes & EXACT
    if call.name == "AVG":
        kind = Class.DECIMAL if filled else None
        return Aggregated(parts, lambda _relation, found: _average(found, scale, kind))
    kind = next(iter(classes)) if filled and len(classes) == 1 else None
    kind = Class.INTEGER if classes == {Class.INTEGER} else kind
    return Aggregated(parts, lambda _relation, found: _total(found, scale, kind))


def _mixed_sum(call: Aggregate, value: Value) -> Aggregated:
    """Sum numbers of which some may be doubles or floats: one makes the whole sum one."""
    number, scale = value.number
    inexact = value.get("double")
    parts = (
        f"CAST(coalesce({_summed(call, value, number)}, 0) AS HUGEINT)",
        _size(call, value, inexact),
        _failures(value, inexact),
        _counted_kind(value, Class.DECIMAL),
        f"coalesce({_summed(call, value, inexact)}, 0)",
        _counted_kind(value, Class.DOUBLE),
        _counted_kind(value, Class.FLOAT),
    )
    average = call.name == "AVG"
    return Aggregated(parts, lambda _relation, found: _mixed_result(found, scale, average=average))


def _mixed_result(found: tuple[str, ...], scale: int, *, average: bool) -> Value:
    size, failures, total, doubles, floats = found[1], found[2], *found[4:]
    exact_value = (_average if average else _total)(found[:4], scale)
    inexact = f"({total} / {size})" if average else total
    kind = (
        f"CASE WHEN {failures} <> 0 THEN NULL WHEN {doubles} > 0 THEN {int(Class.DOUBLE)}"
        f" WHEN {floats} > 0 THEN {int(Class.FLOAT)} ELSE {exact_value.get('kind')} END"
    )
    number = (
        f"CASE WHEN {failures} <> 0 THEN NULL WHEN {doubles} > 0 THEN {inexact}"
        f" WHEN {floats} > 0 THEN CAST(CAST({inexact} AS FLOAT) AS DOUBLE)"
        f" ELSE {exact_value.get('double')} END"
    )
    return mixed(NUMERIC, kind, number, exact_value)


def _failures(value: Value, witness: str) -> str:
    """Return SQL that counts the solutions of a group that have no number."""
    if not value.nullable and value.within(NUMERIC):
        return "0"
    return f"(count(*) - count({witness}))"


def _total(found: tuple[str, ...], scale: int, kind: Class | None = None) -> Value:
    total, _, failures, decimals = found
    sql = total if failures == "0" else f"CASE WHEN {failures} = 0 THEN {total} END"
    if kind is not None:
        return exact(Number(sql, scale), kind, nullable=failures != "0")
    return one_of_exact(Number(sql, scale), f"{decimals} = 0")


def _average(found: tuple[str, ...], scale: int, kind: Class | None = None) -> Value:
    """Return the quotient in 10^-18; the average of nothing is the integer 0."""
    total, size, failures, _ = found
    quotient = _quotient(total, size, scale)
    if kind is not None:
        sql = quotient if failures == "0" else f"CASE WHEN {failures} = 0 THEN {quotient} END"
        return exact(Number(sql, 18), kind)
    sql = f"CASE WHEN {failures} <> 0 THEN NULL WHEN {size} = 0 THEN 0 ELSE {quotient} END"
    return one_of_exact(Number(sql, 18), f"{size} = 0")


def _quotient(total: str, size: str, scale: int) -> str:
    """Return a total in 10^-scale divided by a count, in 10^-18 and truncated as the store does.

    The remainder is smaller than the divisor, so that with fewer than 10^12 solutions as many
    digits at once stay inside 128 bits.
    """
    digits = next(n for n in (18, 9, 6) if 12 + scale + n <= _DIGITS)
    divisor = f"(CAST({size} AS HUGEINT) * {10**scale})"
    quotient, remainder = f"({total} // {divisor})", f"({total} % {divisor})"
    for _ in range(18 // digits):
        shifted = f"({remainder} * {10**digits})"
        quotient = f"({quotient} * {10**digits} + {shifted} // {divisor})"
        remainder = f"({shifted} % {divisor})"
    return f"TRY({quotient})"


# Decimal digits that every integer of 128 bits can have.
_DIGITS: Final = 38


def _group_concat(call: Aggregate, value: Value, position: str | None) -> Aggregated:
    value.refuse(frozenset({Class.BLANK}), call.name)
    if call.distinct and len(value.classes) > 1:
        raise NotCompilable("GROUP_CONCAT(DISTINCT …) of several classes is not compiled")
    text = value.only("lex", TEXT)
    distinct = "DISTINCT " if call.distinct else ""
    order = f" ORDER BY {position}" if position and not distinct else ""
    joined = f"coalesce(string_agg({distinct}{text}, {quoted(call.separator)}{order}), '')"
    failures = f"(count(*) - count({text}))"
    if value.within(TEXT) and not value.nullable:
        failures = "0"
    return Aggregated(
        (joined, failures),
        lambda _relation, parts: string(f"CASE WHEN {parts[1]} = 0 THEN {parts[0]} END"),
    )


_AGGREGATES: Final[dict[str, Callable[[Aggregate, Value], Aggregated]]] = {
    "COUNT": _count,
    "SAMPLE": _sample,
    "MIN": _extreme,
    "MAX": _extreme,
}
