"""What comparing and checking literals needs, computed once per distinct literal: `shacl_value`.

SPARQL's `<` compares (section 17.3 of SPARQL 1.1, with the ordered types of XPath Functions 3.1
that it leaves open):

* Exact numbers get a text key whose alphabetical order is the numeric order, whatever the number
  of digits: `1`, the length of the whole part, its digits, the fraction; for negatives `0` and
  the nines' complement of the same, closed by a character above the digits.
* Instants become exact seconds since the year -400,000,000,000 in UTC and then the same key.
  Without a zone an instant lies within 14 hours of where it is read, so it is compared with a
  zoned one only where every zone gives the same answer (XML Schema 1.1 part 2, section D.2.2):
  between `low` and `high` nothing is said.
* `real` and `single` are the values as xsd:double and xsd:float; NaN is not less than anything.

Nothing goes through DuckDB's own casts to DECIMAL or TIMESTAMP: they round, and drop zones. Years
and parts of durations of more than 18 digits are beyond what is computed; they do not compare.

| column | holds |
|---|---|
| id | the literal |
| valid | whether it is well-formed; ill-formed literals may have no row at all |
| family, key, zoned, low, high, real, single | see above |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.shacl.lexical import DATATYPES, INSTANTS, YEAR, ZONE
from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHIFT: Final = 400_000_000_000  # years added, so that every division is of positive numbers
_ZONE_SPAN: Final = 14 * 3600
_NONE: Final = "NULL::VARCHAR AS key, false AS zoned, NULL::VARCHAR AS low, NULL::VARCHAR AS high"
_UNMEASURED: Final = "NULL::DOUBLE AS real, NULL::DOUBLE AS single"


def value_sql(literals: str, present: Iterable[str] = DATATYPES) -> str:
    """Return the SELECT that gives the rows of shacl_value for a relation of literals.

    Args:
        literals: a relation with the columns id, value and datatype.
        present: the local names of the datatypes that occur; the SQL is only about these.
    """
    by_family: dict[str, list[str]] = {}
    for name in present:
        if name in DATATYPES:
            by_family.setdefault(_group(DATATYPES[name].family), []).append(name)
    parts = [_GROUPS[group](_shaped(literals, names)) for group, names in by_family.items()]
    return " UNION ALL ".join(f"({part})" for part in parts) or _plain(_shaped(literals, ["ID"]))


def _group(family: str) -> str:
    if family in INSTANTS:
        return "instant"
    return "duration" if family.endswith("Duration") else family


def _shaped(literals: str, names: list[str]) -> str:
    """Return the literals of some datatypes with the datatype's local name and family."""
    listed = ", ".join(f"'{XSD}{name}'" for name in names)
    local = f"datatype[{len(XSD) + 1}:]"
    return f"""(
        SELECT id, value, type, {_case(names, "family")} AS family,
            {_case(names, "pattern")} AS shaped
        FROM (SELECT id, value, {local} AS type FROM {literals} WHERE datatype IN ({listed}))
    )"""


def _case(names: Iterable[str], column: str) -> str:
    branches = [f"WHEN '{name}' THEN {_branch(name, column)}" for name in names]
    return f"CASE type {' '.join(branches)} END"


def _branch(name: str, column: str) -> str:
    datatype = DATATYPES[name]
    if column == "pattern":
        quoted = datatype.pattern.replace("'", "''")
        return f"regexp_full_match(value, '{quoted}')"
    return f"'{datatype.family}'" if column == "family" else f"({datatype.condition})"


def _conditions(family: str | None = None) -> str:
    """Return the SQL of the further conditions of the datatypes of a family."""
    names = [n for n, each in DATATYPES.items() if family is None or _group(each.family) == family]
    return f"coalesce({_case(names, 'condition')}, false)"


def _plain(shaped: str) -> str:
    """Datatypes without an order, and strings, which compare by themselves."""
    conditions = _case(("duration",), "condition")
    return (
        f"SELECT id, shaped AND coalesce({conditions}, true) AS valid, family,"
        f" {_NONE}, {_UNMEASURED} FROM {shaped}"
    )


def _decimal(shaped: str) -> str:
    return f"""
        SELECT id, {_conditions("decimal")} AS valid, family, key, false AS zoned,
            NULL::VARCHAR AS low, NULL::VARCHAR AS high,
            try_cast(value AS DOUBLE) AS real, try_cast(value AS FLOAT)::DOUBLE AS single
        FROM ({_keyed(f"SELECT *, value AS number FROM {shaped} WHERE shaped")})
    """


def _real(shaped: str) -> str:
    return f"""
        SELECT id, true AS valid, family, {_NONE},
            try_cast(value AS DOUBLE) AS real, NULL::DOUBLE AS single
        FROM {shaped} WHERE shaped
    """


def _single(shaped: str) -> str:
    # A float keeps the value it has as a float when it is widened (XPath Functions, section 4.2).
    return f"""
        SELECT id, true AS valid, family, {_NONE},
            try_cast(value AS FLOAT)::DOUBLE AS real, try_cast(value AS FLOAT)::DOUBLE AS single
        FROM {shaped} WHERE shaped
    """


def _boolean(shaped: str) -> str:
    return f"""
        SELECT id, true AS valid, family, (value IN ('true', '1'))::INTEGER::VARCHAR AS key,
            false AS zoned, NULL::VARCHAR AS low, NULL::VARCHAR AS high, {_UNMEASURED}
        FROM {shaped} WHERE shaped
    """


def _keyed(numbers: str) -> str:
    """Return the rows of `numbers` with the key of their column number, a decimal as text."""
    complement = "translate(size, '0123456789', '9876543210')"
    return f"""
        SELECT *, CASE WHEN whole = '' AND fraction = '' THEN '100000000'
            WHEN number[1] = '-' THEN '0' || {complement} || '~' ELSE '1' || size END AS key
        FROM (
            SELECT *, lpad(length(whole)::VARCHAR, 8, '0') || whole || fraction AS size FROM (
                SELECT *, ltrim(split_part(ltrim(number, '+-'), '.', 1), '0') AS whole,
                    rtrim(split_part(number, '.', 2), '0') AS fraction FROM ({numbers})
            )
        )
    """


def _duration(shaped: str) -> str:
    seconds = r"try_cast(regexp_extract(value, '([0-9]+)(?:\.[0-9]+)?S', 1) AS BIGINT)::HUGEINT"
    whole = f"""
        CASE family WHEN 'yearMonthDuration' THEN {_amount("Y")} * 12 + {_amount("M")}
        ELSE {_amount("D")} * 86400 + {_amount("H")} * 3600 + {_amount("M")} * 60
            + coalesce({seconds}, 0) END
    """
    numbers = rf"""
        SELECT *, CASE WHEN value[1] = '-' THEN '-' ELSE '' END || ({whole})::VARCHAR
            || '.' || regexp_extract(value, '\.([0-9]+)S', 1) AS number FROM {shaped} WHERE shaped
    """
    return f"""
        SELECT id, {_conditions("duration")} AS valid, family, key, false AS zoned,
            NULL::VARCHAR AS low, NULL::VARCHAR AS high, {_UNMEASURED}
        FROM ({_keyed(numbers)})
    """


def _amount(letter: str) -> str:
    digits = f"regexp_extract(value, '([0-9]+){letter}', 1)"
    return f"coalesce(try_cast({digits} AS BIGINT)::HUGEINT, 0)"


def _instant(shaped: str) -> str:
    """Instants: split, add up to seconds, and make the keys of the moment and of its limits."""
    days = """365 * y + y // 4 - y // 100 + y // 400
        + (153 * (month + CASE WHEN month > 2 THEN -3 ELSE 9 END) + 2) // 5 + day"""
    return f"""
        SELECT id, {_conditions("instant")} AS valid, family, {_seconds_key("0")} AS key,
            zone IS NOT NULL AS zoned,
            CASE WHEN zone IS NULL THEN {_seconds_key(f"-{_ZONE_SPAN}")} END AS low,
            CASE WHEN zone IS NULL THEN {_seconds_key(str(_ZONE_SPAN))} END AS high, {_UNMEASURED}
        FROM (
            SELECT *, ({days}) * 86400 + clock - coalesce(zone, 0) * 60 AS seconds FROM (
                SELECT *, year + {_SHIFT} - (month <= 2)::INTEGER AS y FROM ({_parts(shaped)})
            )
        )
    """


def _seconds_key(offset: str) -> str:
    """Return the key of positive whole seconds and a fraction."""
    moved = f"(seconds + {offset})::VARCHAR"
    return f"'1' || lpad(length({moved})::VARCHAR, 8, '0') || {moved} || fraction"


def _parts(shaped: str) -> str:
    """Return instants with year, month, day, zone (minutes), clock (seconds) and fraction.

    A time is one of the last day of 1972, as in XPath Functions 3.1, section 9.4.
    """
    zone = f"nullif(regexp_extract(value, '{ZONE}$', 1), '')"
    clock = "try_cast(regexp_extract(value, '([0-9]{2}):([0-9]{2}):([0-9]{2})', %d) AS INTEGER)"
    hours, minutes, seconds = (clock % group for group in (1, 2, 3))
    return rf"""
        SELECT *, CASE WHEN zone_text = 'Z' THEN 0 WHEN zone_text IS NOT NULL THEN
                (CASE zone_text[1] WHEN '-' THEN -1 ELSE 1 END)
                * (zone_text[2:3]::INTEGER * 60 + zone_text[5:6]::INTEGER) END AS zone
        FROM (
            SELECT *, CASE family WHEN 'time' THEN 1972 ELSE
                    try_cast(regexp_extract(value, '^{YEAR}', 1) AS BIGINT)::HUGEINT END AS year,
                CASE WHEN family = 'time' THEN 12 WHEN family = 'gYear' THEN 1
                    ELSE regexp_extract(value, '^-?[0-9]+-([0-9]{{2}})', 1)::INTEGER END AS month,
                CASE WHEN family = 'time' THEN 31 WHEN family IN ('dateTime', 'date')
                    THEN regexp_extract(value, '^-?[0-9]+-[0-9]{{2}}-([0-9]{{2}})', 1)::INTEGER
                    ELSE 1 END AS day,
                {zone} AS zone_text,
                coalesce({hours} * 3600 + {minutes} * 60 + {seconds}, 0) AS clock,
                rtrim(regexp_extract(value, '\.([0-9]+)', 1), '0') AS fraction
            FROM {shaped} WHERE shaped
        )
    """


_GROUPS: Final = {
    "": _plain,
    "string": _plain,
    "decimal": _decimal,
    "real": _real,
    "single": _single,
    "boolean": _boolean,
    "instant": _instant,
    "duration": _duration,
}


def less(left: str, right: str, operator: str) -> str:
    """Return the SQL of `left < right` or `left <= right`, null or false where SPARQL errs.

    Args:
        left: the alias of a row of shacl_value, with `text` where strings are to be compared.
        right: the other.
        operator: `<` or `<=`.
    """
    a, b = left, right
    numeric = "('decimal', 'single', 'real')"
    return f"""CASE
        WHEN NOT {a}.valid OR NOT {b}.valid THEN false
        WHEN {a}.family = 'decimal' AND {b}.family = 'decimal' THEN {a}.key {operator} {b}.key
        WHEN {a}.family IN {numeric} AND {b}.family IN {numeric} THEN
            CASE WHEN isnan({a}.real) OR isnan({b}.real) THEN false
            WHEN {a}.family = 'real' OR {b}.family = 'real' THEN {a}.real {operator} {b}.real
            ELSE {a}.single {operator} {b}.single END
        WHEN {a}.family <> {b}.family OR {a}.family = '' THEN false
        WHEN {a}.zoned = {b}.zoned OR {a}.low IS NULL AND {b}.low IS NULL
            THEN {a}.key {operator} {b}.key
        WHEN {a}.zoned THEN {a}.key < {b}.low
        ELSE {a}.high < {b}.key END"""
