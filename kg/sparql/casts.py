"""The constructor functions of XPath (SPARQL 1.1, section 17.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.columns.ids import DATATYPES, Class
from kg.sparql.errors import NotCompilable
from kg.sparql.facets import (
    ALL,
    EXACT,
    NUMERIC,
    Value,
    boolean,
    completed,
    double,
    exact,
    string,
)
from kg.sparql.relation import Number
from kg.terms import XSD, XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Callable

_STRING: Final = frozenset({Class.STRING})
_INEXACT: Final = NUMERIC - EXACT
_BEYOND: Final = frozenset({Class.BEYOND})


def _cases(value: Value, branches: dict[frozenset[Class], Callable[[], str]]) -> str:
    """Return SQL by class of the argument; classes without a branch cannot be cast."""
    found = [
        f"WHEN {value.is_in(classes)} THEN {make()}"
        for classes, make in branches.items()
        if value.classes & classes
    ]
    return f"CASE {' '.join(found)} END" if found else "NULL"


def _to_string(value: Value) -> Value:
    return string(value.only("lex", ALL - {Class.BLANK}))


def _to_integer(value: Value) -> Value:
    value.refuse(_BEYOND, "A cast")
    sql = _cases(
        value,
        {
            EXACT: lambda: f"CAST({value.number.sql} // {10**value.number.scale} AS HUGEINT)",
            _INEXACT: lambda: _truncated(value.get("double")),
            frozenset({Class.BOOLEAN}): lambda: f"CAST({value.get('boolean')} AS HUGEINT)",
            _STRING: lambda: _parsed_integer(value.get("lex")),
        },
    )
    return exact(Number(f"CAST({sql} AS HUGEINT)", 0), Class.INTEGER)


def _truncated(sql: str) -> str:
    finite = f"NOT isnan({sql}) AND NOT isinf({sql})"
    return f"CASE WHEN {finite} THEN TRY_CAST(trunc({sql}) AS HUGEINT) END"


def _parsed_integer(text: str) -> str:
    whole = f"regexp_full_match({text}, '[+-]?[0-9]{{1,19}}')"
    return f"CASE WHEN {whole} THEN CAST({text} AS HUGEINT) END"


def _to_decimal(value: Value) -> Value:
    value.refuse(_BEYOND, "A cast")
    value.refuse(_INEXACT, "A cast to decimal")
    shift = 10 ** (18 - value.number.scale) if value.classes & EXACT else 1
    sql = _cases(
        value,
        {
            EXACT: lambda: f"CAST({value.number.sql} AS HUGEINT) * {shift}",
            frozenset({Class.BOOLEAN}): lambda: (
                f"CAST({value.get('boolean')} AS HUGEINT) * {10**18}"
            ),
            _STRING: lambda: _parsed_decimal(value.get("lex")),
        },
    )
    return exact(Number(f"CAST({sql} AS HUGEINT)", 18), Class.DECIMAL)


def _parsed_decimal(text: str) -> str:
    pattern = r"[+-]?([0-9]{1,19}(\.[0-9]{0,18})?|\.[0-9]{1,18})"
    fraction = f"split_part({text}, '.', 2)"
    zeros = f"repeat('0', 18 - length({fraction}))"
    return (
        f"CASE WHEN regexp_full_match({text}, '{pattern}')"
        f" THEN TRY_CAST(replace({text}, '.', '') || {zeros} AS HUGEINT) END"
    )


def _to_inexact(kind: Class) -> Callable[[Value], Value]:
    target = "FLOAT" if kind is Class.FLOAT else "DOUBLE"

    def apply(value: Value) -> Value:
        value.refuse(_BEYOND, "A cast")
        sql = _cases(
            value,
            {
                NUMERIC: lambda: value.get("double"),
                frozenset({Class.BOOLEAN}): lambda: f"CAST({value.get('boolean')} AS DOUBLE)",
                _STRING: lambda: _parsed_double(value.get("lex"), target),
            },
        )
        single = f"CAST(CAST({sql} AS FLOAT) AS DOUBLE)" if kind is Class.FLOAT else sql
        return double(f"CAST({single} AS DOUBLE)", kind=kind)

    return apply


def _parsed_double(text: str, target: str) -> str:
    pattern = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN"
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN TRY_CAST({text} AS {target}) END"


def _to_boolean(value: Value) -> Value:
    value.refuse(_BEYOND, "A cast")
    sql = _cases(
        value,
        {
            frozenset({Class.BOOLEAN}): lambda: value.get("boolean"),
            EXACT: lambda: f"({value.number.sql} <> 0)",
            _INEXACT: lambda: f"({value.get('double')} <> 0 AND NOT isnan({value.get('double')}))",
            _STRING: lambda: _parsed_boolean(value.get("lex")),
        },
    )
    return boolean(f"CAST({sql} AS BOOLEAN)")


def _parsed_boolean(text: str) -> str:
    return (
        f"CASE WHEN {text} IN ('true', '1') THEN TRUE WHEN {text} IN ('false', '0') THEN FALSE END"
    )


_ZONE = r"(Z|[+-](0[1-9]|1[0-3]):[0-5][0-9])?"
_DATE_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _to_date_time(value: Value) -> Value:
    """Cast texts that are in the store's form already; a date becomes its first moment."""
    value.refuse(_BEYOND, "A cast")
    pattern = rf"{_DATE_PATTERN}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]{_ZONE}"
    sql = _cases(
        value,
        {
            frozenset({Class.DATE_TIME}): lambda: value.get("lex"),
            frozenset({Class.DATE}): lambda: (
                f"(({value.get('lex')})[1:10] || 'T00:00:00' || ({value.get('lex')})[11:])"
            ),
            _STRING: lambda: _dated(value.get("lex"), pattern),
        },
    )
    return _temporal(sql, Class.DATE_TIME)


def _to_date(value: Value) -> Value:
    value.refuse(_BEYOND, "A cast")
    zone = f"regexp_extract({value.get('lex')}, '(Z|[+-][0-9]{{2}}:[0-9]{{2}})$')"
    sql = _cases(
        value,
        {
            frozenset({Class.DATE}): lambda: value.get("lex"),
            frozenset({Class.DATE_TIME}): lambda: f"(({value.get('lex')})[1:10] || {zone})",
            _STRING: lambda: _dated(value.get("lex"), _DATE_PATTERN + _ZONE),
        },
    )
    return _temporal(sql, Class.DATE)


def _dated(text: str, pattern: str) -> str:
    day = f"TRY_CAST(({text})[1:10] AS DATE) IS NOT NULL"
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') AND {day} THEN {text} END"


def _temporal(sql: str, kind: Class) -> Value:
    """Return a computed date or dateTime: its text, and its instant read from that."""
    text = f"CAST({sql} AS VARCHAR)"
    zone = f"regexp_extract(({text})[11:], '(Z|[+-][0-9]{{2}}:[0-9]{{2}})$')"
    minutes = f"(CAST({zone}[2:3] AS BIGINT) * 60 + CAST({zone}[5:6] AS BIGINT))"
    shift = (
        f"CASE WHEN length({zone}) < 6 THEN 0 WHEN {zone}[1] = '-' THEN -{minutes}"
        f" ELSE {minutes} END"
    )
    local = rf"TRY_CAST(regexp_replace({text}, '(Z|[+-][0-9]{{2}}:[0-9]{{2}})$', '') AS TIMESTAMP)"
    makers = {
        "lex": lambda: text,
        "moment": lambda: f"(epoch_us({local}) - 60000000 * ({shift}))",
        "zoned": lambda: f"({zone} <> '')",
    }
    return completed(Value(frozenset({kind}), nullable=True, makers=makers))


CASTS: Final[dict[str, Callable[[Value], Value]]] = {
    XSD_STRING: _to_string,
    XSD_INTEGER: _to_integer,
    XSD_DECIMAL: _to_decimal,
    DATATYPES[Class.DOUBLE]: _to_inexact(Class.DOUBLE),
    DATATYPES[Class.FLOAT]: _to_inexact(Class.FLOAT),
    XSD_BOOLEAN: _to_boolean,
    DATATYPES[Class.DATE_TIME]: _to_date_time,
    DATATYPES[Class.DATE]: _to_date,
}


def cast(name: str, value: Value) -> Value:
    """Return a value cast to the datatype of this name.

    Raises:
        NotCompilable: there is no such function here.
    """
    if name not in CASTS:
        shown = name.removeprefix(XSD)
        raise NotCompilable(f"The function <{shown}> is not compiled")
    return CASTS[name](value)
