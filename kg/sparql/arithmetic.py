"""Arithmetic and the functions on numbers (SPARQL 1.1, sections 17.3 and 17.4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.columns.ids import Class
from kg.sparql.facets import (
    EXACT,
    NUMERIC,
    SCALE,
    Value,
    completed,
    double,
    either_exact,
    error,
    exact,
    rescaled,
)
from kg.sparql.relation import Number

if TYPE_CHECKING:
    from collections.abc import Callable

# The store calculates with durations, which section 17.3 leaves open, and beyond our range.
_EXTENDED: Final = frozenset({Class.COMPARABLE, Class.BEYOND})
_POINTS: Final = frozenset({Class.DATE, Class.DATE_TIME})
_INEXACT: Final = NUMERIC - EXACT


def arithmetic(name: str, left: Value, right: Value) -> Value:
    """Return `+`, `-`, `*` or `/`."""
    for value in (left, right):
        value.refuse(_EXTENDED, "Arithmetic")
    if name == "-" and right.classes & _POINTS:
        left.refuse(_POINTS, "Subtraction")
    one, two = left.classes & NUMERIC, right.classes & NUMERIC
    if not one or not two:
        return error()
    if one <= EXACT and two <= EXACT:
        return _exact_result(name, left, right)
    if not (one & EXACT and two & EXACT) and Class.FLOAT not in one | two:
        return double(_inexact(name, left, right))
    return _promoted(name, left, right)


def _exact_result(name: str, left: Value, right: Value) -> Value:
    number = _exact(name, left.number, right.number)
    if name == "/" or not (Class.INTEGER in left.classes and Class.INTEGER in right.classes):
        return exact(number, Class.DECIMAL)
    integers = frozenset({Class.INTEGER})
    if left.classes & NUMERIC == integers == right.classes & NUMERIC:
        return exact(number, Class.INTEGER)
    both = f"{left.is_in(integers)} AND {right.is_in(integers)}"
    return one_of_exact(number, both)


def one_of_exact(number: Number, is_integer: str) -> Value:
    """Return a number that is an integer under a condition, else a decimal."""
    kind = (
        f"CASE WHEN {number.sql} IS NULL THEN NULL WHEN {is_integer}"
        f" THEN {int(Class.INTEGER)} ELSE {int(Class.DECIMAL)} END"
    )
    return either_exact(number, kind)


def _exact(name: str, left: Number, right: Number) -> Number:
    scale = max(left.scale, right.scale)
    one, two = _big(rescaled(left, scale)), _big(rescaled(right, scale))
    if name in ("+", "-"):
        return Number(f"TRY({one} {name} {two})", scale)
    if name == "/":
        return Number(f"atlas_quotient({one}, {two})", SCALE)
    if left.scale + right.scale <= SCALE:
        return Number(f"TRY({_big(left.sql)} * {_big(right.sql)})", left.scale + right.scale)
    units = [_big(rescaled(number, SCALE)) for number in (left, right)]
    return Number(f"atlas_product({units[0]}, {units[1]})", SCALE)


def _big(sql: str) -> str:
    return f"CAST({sql} AS HUGEINT)"


def _inexact(name: str, left: Value, right: Value) -> str:
    return f"({left.get('double')} {name} {right.get('double')})"


def _promoted(name: str, left: Value, right: Value) -> Value:
    """Return a result whose class depends on the row's: double over float over decimal."""
    exact_value = _exact_result(name, left, right)
    inexact = _inexact(name, left, right)
    is_double, is_float = (
        f"({left.is_in(frozenset({kind}))} OR {right.is_in(frozenset({kind}))})"
        for kind in (Class.DOUBLE, Class.FLOAT)
    )
    single = f"CAST(CAST({inexact} AS FLOAT) AS DOUBLE)"
    number = (
        f"CASE WHEN {is_double} THEN {inexact} WHEN {is_float} THEN {single}"
        f" ELSE {exact_value.get('double')} END"
    )
    kind = (
        f"CASE WHEN {inexact} IS NULL THEN NULL WHEN {is_double} THEN {int(Class.DOUBLE)}"
        f" WHEN {is_float} THEN {int(Class.FLOAT)} ELSE {exact_value.get('kind')} END"
    )
    return mixed(NUMERIC, kind, number, exact_value)


def mixed(classes: frozenset[Class], kind: str, number: str, exact_value: Value) -> Value:
    """Return a number whose kind is known row by row, exact where it is."""

    def text() -> str:
        return (
            f"CASE {kind} WHEN {int(Class.DOUBLE)} THEN atlas_double_text({number})"
            f" WHEN {int(Class.FLOAT)} THEN atlas_double_text(CAST({number} AS FLOAT))"
            f" ELSE {exact_value.get('lex')} END"
        )

    def exact_number() -> Number:
        sql, scale = exact_value.number
        inexact = f"{int(Class.DOUBLE)}, {int(Class.FLOAT)}"
        return Number(f"CASE WHEN {kind} NOT IN ({inexact}) THEN {sql} END", scale)

    makers = {"kind": lambda: kind, "double": lambda: number, "lex": text}
    return completed(Value(classes, nullable=True, makers=makers, exact=exact_number))


def signed(name: str, value: Value) -> Value:
    """Return unary `+` or `-`."""
    sign = "-" if name == "unary-" else ""
    return mapped(
        value, lambda sql, _power: f"({sign}{sql})", lambda sql: f"({sign}{sql})", "Arithmetic"
    )


def rounding(name: str) -> Callable[[Value], Value]:
    """Return ABS, CEIL, FLOOR or ROUND; each keeps the class of its argument."""
    exact_sql, inexact_sql = _ROUNDINGS[name]

    def apply(value: Value) -> Value:
        return mapped(value, exact_sql, inexact_sql, name, whole=name != "ABS")

    return apply


def _floor(sql: str, power: str) -> str:
    """Return the whole number below one of so many units."""
    return f"({sql} // {power} - CASE WHEN {sql} % {power} < 0 THEN 1 ELSE 0 END)"


def _exact_round(sql: str, power: str) -> str:
    """Round a half towards positive infinity, as fn:round does."""
    return _floor(f"({sql} + {power} // 2)", power)


def _floor_division(sql: str, power: str) -> str:
    return sql if power == "1" else _floor(sql, power)


_ROUNDINGS: Final[dict[str, tuple[Callable[[str, str], str], Callable[[str], str]]]] = {
    "ABS": (lambda sql, _power: f"abs({sql})", lambda sql: f"abs({sql})"),
    "FLOOR": (_floor_division, lambda sql: f"floor({sql})"),
    "CEIL": (
        lambda sql, power: sql if power == "1" else f"(-{_floor(f'(-{sql})', power)})",
        lambda sql: f"ceil({sql})",
    ),
    "ROUND": (
        lambda sql, power: sql if power == "1" else _exact_round(sql, power),
        lambda sql: f"floor({sql} + 0.5::DOUBLE)",
    ),
}


def mapped(
    value: Value,
    exact_sql: Callable[[str, str], str],
    inexact_sql: Callable[[str], str],
    what: str,
    *,
    whole: bool = False,
) -> Value:
    """Return a number changed by SQL on exact and on inexact numbers; its class stays.

    `whole` says that what the SQL makes of units is a whole number.
    """
    value.refuse(frozenset({Class.BEYOND}), what)
    classes = value.classes & NUMERIC
    if what == "Arithmetic":
        value.refuse(frozenset({Class.COMPARABLE}), what)
    if not classes:
        return error()
    if classes <= EXACT:
        return _mapped_exact(value, exact_sql, whole=whole)
    if classes == {Class.DOUBLE}:
        return double(inexact_sql(value.get("double")))
    return _mapped_mixed(value, exact_sql, inexact_sql, whole=whole)


def _mapped_exact(value: Value, exact_sql: Callable[[str, str], str], *, whole: bool) -> Value:
    number = value.number
    sql = exact_sql(_big(number.sql), str(10**number.scale))
    result = Number(sql, 0 if whole else number.scale)
    if value.classes & EXACT == {Class.INTEGER}:
        return exact(result, Class.INTEGER)
    if value.classes & EXACT == {Class.DECIMAL}:
        return exact(result, Class.DECIMAL)
    return one_of_exact(result, value.is_in(frozenset({Class.INTEGER})))


def _mapped_mixed(
    value: Value,
    exact_sql: Callable[[str, str], str],
    inexact_sql: Callable[[str], str],
    *,
    whole: bool,
) -> Value:
    exact_value = _mapped_exact(value, exact_sql, whole=whole)
    inexact = inexact_sql(value.get("double"))
    number = (
        f"CASE WHEN {value.is_in(_INEXACT)} THEN {inexact} ELSE {exact_value.get('double')} END"
    )
    kind = f"CASE WHEN {value.is_in(NUMERIC)} THEN {value.get('kind')} END"
    return mixed(value.classes & NUMERIC, kind, number, exact_value)
