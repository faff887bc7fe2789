"""The lexical spaces of XML Schema and the order of their values, as SQL over literals.

`shacl_value` gets one row per distinct literal of a datatype listed here: whether it is
well-formed (XML Schema 1.1 part 2, section 3), and what comparing needs. SPARQL's `<` compares
(section 17.3 of SPARQL 1.1, with the ordered types of XPath Functions 3.1 that it leaves open):

* Exact numbers get a text key whose alphabetical order is the numeric order, whatever the number
  of digits: `1`, the length of the whole part, its digits, the fraction; for negatives `0` and
  the nines' complement of the same, closed by a character above the digits.
* Instants become exact seconds since the year -400,000,000,000 in UTC and then the same key.
  Without a zone an instant lies within 14 hours of where it is read, so it is compared with a
  zoned one only where every zone gives the same answer (part 2, section D.2.2): `low`, `high`.
* `real` and `single` are the values as xsd:double and xsd:float; NaN is not less than anything.

Nothing goes through DuckDB's own casts to DECIMAL or TIMESTAMP: they round, and drop zones.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kg.shacl.patterns import translate
from kg.terms import XSD

_ZONE: Final = r"(Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_YEAR: Final = r"(-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_MONTH: Final = r"(0[1-9]|1[0-2])"
_DAY: Final = r"(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(\.[0-9]+)?|(24):00:00(?:\.0+)?)"
_DAY_TIME: Final = (
    r"(?:[0-9]+D)?(?:T(?:[0-9]+H(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?"
    r"|[0-9]+M(?:[0-9]+(?:\.[0-9]+)?S)?|[0-9]+(?:\.[0-9]+)?S))?"
)
_YEAR_MONTH: Final = r"(?:[0-9]+Y)?(?:[0-9]+M)?"
_SIX: Final = r"[A-Za-z0-9+/]\x20?"
_DECIMAL: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_DOUBLE: Final = _DECIMAL + r"(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_INTEGER: Final = r"[+-]?[0-9]+"


class Datatype(NamedTuple):
    """How the literals of a datatype look and compare.

    `pattern` is what the whole lexical form matches (RE2), `condition` a further SQL condition on
    `value` and `key`, `family` what it compares with: decimal, single, real, boolean, string, an
    instant or a duration; empty where it has no order.
    """

    pattern: str
    family: str = ""
    condition: str = "true"


def exact_key(number: str) -> str:
    """Return the SQL of the key of a decimal number that is given as SQL text."""
    whole = f"ltrim(split_part(ltrim({number}, '+-'), '.', 1), '0')"
    fraction = f"rtrim(split_part(ltrim({number}, '+-'), '.', 2), '0')"
    size = f"lpad(length({whole})::VARCHAR, 8, '0') || {whole} || {fraction}"
    return (
        f"CASE WHEN {whole} = '' AND {fraction} = '' THEN '100000000' "
        f"WHEN {number}[1] = '-' THEN '0' || translate({size}, '0123456789', '9876543210') || '~' "
        f"ELSE '1' || {size} END"
    )


def key_of(number: str) -> str:
    """Return the key that `exact_key` computes, of a number as Python text."""
    whole, _, fraction = number.lstrip("+-").partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if not whole and not fraction:
        return "100000000"
    size = f"{len(whole):08d}{whole}{fraction}"
    if number.startswith("-"):
        return "0" + size.translate(str.maketrans("0123456789", "9876543210")) + "~"
    return "1" + size


def _between(low: str, high: str) -> Datatype:
    conditions = [f"key >= '{key_of(low)}'"] if low else []
    conditions += [f"key <= '{key_of(high)}'"] if high else []
    return Datatype(_INTEGER, "decimal", " AND ".join(conditions) or "true")


def _name(pattern: str) -> Datatype:
    """Return a string type whose pattern is in the dialect of XML Schema itself."""
    return Datatype(translate(pattern).re2 or "", "string")


_LAST_DAY: Final = (
    "CASE WHEN month = 2 THEN CASE WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0)"
    " THEN 29 ELSE 28 END WHEN month IN (4, 6, 9, 11) THEN 30 ELSE 31 END"
)
_DATED: Final = f"day <= {_LAST_DAY}"

DATATYPES: Final[dict[str, Datatype]] = {
    "integer": _between("", ""),
    "nonPositiveInteger": _between("", "0"),
    "negativeInteger": _between("", "-1"),
    "nonNegativeInteger": _between("0", ""),
    "positiveInteger": _between("1", ""),
    "long": _between("-9223372036854775808", "9223372036854775807"),
    "int": _between("-2147483648", "2147483647"),
    "short": _between("-32768", "32767"),
    "byte": _between("-128", "127"),
    "unsignedLong": _between("0", "18446744073709551615"),
    "unsignedInt": _between("0", "4294967295"),
    "unsignedShort": _between("0", "65535"),
    "unsignedByte": _between("0", "255"),
    "decimal": Datatype(_DECIMAL, "decimal"),
    "float": Datatype(_DOUBLE, "single"),
    "double": Datatype(_DOUBLE, "real"),
    "boolean": Datatype("true|false|1|0", "boolean"),
    "dateTime": Datatype(f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}", "dateTime", _DATED),
    "dateTimeStamp": Datatype(
        f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}", "dateTime", f"{_DATED} AND zone IS NOT NULL"
    ),
    "date": Datatype(f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}", "date", _DATED),
    "time": Datatype(f"{_CLOCK}{_ZONE}", "time"),
    "gYear": Datatype(f"{_YEAR}{_ZONE}", "gYear"),
    "gYearMonth": Datatype(f"{_YEAR}-{_MONTH}{_ZONE}", "gYearMonth"),
    "gMonthDay": Datatype(f"--{_MONTH}-{_DAY}{_ZONE}", "", _DATED),
    "gMonth": Datatype(f"--{_MONTH}{_ZONE}"),
    "gDay": Datatype(f"---{_DAY}{_ZONE}"),
    "duration": Datatype(f"-?P{_YEAR_MONTH}{_DAY_TIME}", "", "regexp_matches(value, '[0-9]')"),
    "yearMonthDuration": Datatype(
        f"-?P{_YEAR_MONTH}", "yearMonthDuration", "regexp_matches(value, '[0-9]')"
    ),
    "dayTimeDuration": Datatype(
        f"-?P{_DAY_TIME}", "dayTimeDuration", "regexp_matches(value, '[0-9]')"
    ),
    "hexBinary": Datatype("(?:[0-9a-fA-F]{2})*"),
    "base64Binary": Datatype(
        rf"(?:(?:{_SIX}){{4}})*(?:(?:{_SIX}){{3}}[A-Za-z0-9+/]"
        rf"|(?:{_SIX}){{2}}[AEIMQUYcgkosw048]\x20?=|{_SIX}[AQgw]\x20?=\x20?=)?"
    ),
    "normalizedString": Datatype(r"[^\t\n\r]*", "string"),
    "token": Datatype(r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?", "string"),
    "language": Datatype("[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*", "string"),
    "Name": _name(r"\i\c*"),
    "NCName": _name(r"[\i-[:]][\c-[:]]*"),
    "ID": _name(r"[\i-[:]][\c-[:]]*"),
    "IDREF": _name(r"[\i-[:]][\c-[:]]*"),
    "ENTITY": _name(r"[\i-[:]][\c-[:]]*"),
    "NMTOKEN": _name(r"\c+"),
    "NMTOKENS": Datatype(translate(r"\c+( \c+)*").re2 or ""),
    "QName": Datatype(translate(r"[\i-[:]][\c-[:]]*(:[\i-[:]][\c-[:]]*)?").re2 or ""),
}
"""The datatypes whose lexical space is smaller than all strings."""

STRINGS: Final = frozenset(
    {XSD + "string", *(XSD + name for name, each in DATATYPES.items() if each.family == "string")}
)
_INSTANTS: Final = ("dateTime", "date", "time", "gYear", "gYearMonth")
_SHIFT: Final = 400_000_000_000  # years added, so that every division is of positive numbers
_ZONE_SPAN: Final = 14 * 3600


def value_sql(literals: str) -> str:
    """Return the SELECT that gives the rows of shacl_value for a relation of literals.

    Args:
        literals: a relation with the columns id, value and datatype.
    """
    names = ", ".join(f"'{XSD}{name}'" for name in DATATYPES)
    return f"""
        WITH literal AS (
            SELECT id, value, datatype[{len(XSD) + 1}:] AS type FROM {literals}
            WHERE datatype IN ({names})
        ), matched AS (
            SELECT id, value, type, CASE type {_cases("pattern")} END AS shaped,
                CASE type {_cases("family")} ELSE '' END AS family
            FROM literal
        ), parts AS (
            SELECT *, {_parts()} FROM matched WHERE shaped
        ), measured AS (
            SELECT *, {_number_text()} AS number FROM parts
        ), keyed AS (
            SELECT *, CASE WHEN number IS NOT NULL THEN {exact_key("number")} END AS key
            FROM measured
        ), checked AS (
            SELECT *, coalesce(CASE type {_cases("condition")} END, false) AS valid FROM keyed
        )
        SELECT id, valid, family, key, zone IS NOT NULL AS zoned,
            {_spread("-")} AS low, {_spread("+")} AS high, {_real()} AS real, {_single()} AS single
        FROM checked
        UNION ALL
        SELECT id, false, '', NULL, false, NULL, NULL, NULL, NULL FROM matched WHERE NOT shaped
    """


def _cases(column: str) -> str:
    """Return the WHEN branches over the types for one column of the table above."""
    branches = []
    for name, each in DATATYPES.items():
        match column:
            case "pattern":
                pattern = each.pattern.replace("'", "''")
                branches.append(f"WHEN '{name}' THEN regexp_full_match(value, '{pattern}')")
            case "family":
                branches.append(f"WHEN '{name}' THEN '{each.family}'")
            case _:
                branches.append(f"WHEN '{name}' THEN ({each.condition})")
    return " ".join(branches)


def _parts() -> str:
    """Return the columns year, month, day, zone (in minutes), clock (in seconds) and fraction."""
    dated = "type IN ('dateTime', 'dateTimeStamp', 'date', 'gYear', 'gYearMonth')"
    zone = rf"nullif(regexp_extract(value, '{_ZONE}$', 1), '')"
    clock = "regexp_extract(value, '([0-9]{2}):([0-9]{2}):([0-9]{2})', "
    return rf"""
        CASE WHEN {dated} THEN try_cast(regexp_extract(value, '^{_YEAR}', 1) AS BIGINT)::HUGEINT
            WHEN type = 'time' THEN 1972 WHEN type = 'gMonthDay' THEN 4 END AS year,
        CASE WHEN type = 'gMonthDay' THEN value[3:4]::INTEGER
            WHEN {dated} AND type <> 'gYear'
            THEN regexp_extract(value, '^-?[0-9]+-([0-9]{{2}})', 1)::INTEGER
            WHEN type = 'time' THEN 12 ELSE 1 END AS month,
        CASE WHEN type = 'gMonthDay' THEN value[6:7]::INTEGER
            WHEN type IN ('dateTime', 'dateTimeStamp', 'date')
            THEN regexp_extract(value, '^-?[0-9]+-[0-9]{{2}}-([0-9]{{2}})', 1)::INTEGER
            WHEN type = 'time' THEN 31 ELSE 1 END AS day,
        CASE WHEN NOT ({dated} OR type = 'time') OR {zone} IS NULL THEN NULL
            WHEN {zone} = 'Z' THEN 0
            ELSE (CASE {zone}[1] WHEN '-' THEN -1 ELSE 1 END)
                * ({zone}[2:3]::INTEGER * 60 + {zone}[5:6]::INTEGER) END AS zone,
        CASE WHEN type IN ('dateTime', 'dateTimeStamp', 'time')
            THEN {clock}1)::INTEGER * 3600 + {clock}2)::INTEGER * 60 + {clock}3)::INTEGER
            ELSE 0 END AS clock,
        CASE WHEN type IN ('dateTime', 'dateTimeStamp', 'time')
            THEN regexp_extract(value, '\.([0-9]+)', 1) ELSE '' END AS fraction
    """


def _seconds(offset: str = "0") -> str:
    """Return the SQL of whole seconds in UTC; days by the rule of section E.3.4 of part 2."""
    year = f"(year + {_SHIFT} - (month <= 2)::INTEGER)"
    days = (
        f"365 * {year} + {year} // 4 - {year} // 100 + {year} // 400"
        " + (153 * (month + CASE WHEN month > 2 THEN -3 ELSE 9 END) + 2) // 5 + day"
    )
    return f"(({days}) * 86400 + clock - coalesce(zone, 0) * 60 + {offset})"


def _number_text() -> str:
    """Return the SQL of the exact number that a value is compared by, as text."""
    instants = ", ".join(f"'{name}'" for name in _INSTANTS)
    return f"""
        CASE WHEN family = 'decimal' THEN value
            WHEN family = 'boolean' THEN CASE WHEN value IN ('true', '1') THEN '1' ELSE '0' END
            WHEN family IN ({instants}) THEN {_seconds()}::VARCHAR || '.' || fraction
            WHEN family = 'yearMonthDuration' THEN {_duration_months()}
            WHEN family = 'dayTimeDuration' THEN {_duration_seconds()} END
    """


def _duration_part(letter: str) -> str:
    return f"coalesce(try_cast(regexp_extract(value, '([0-9]+){letter}', 1) AS BIGINT)::HUGEINT, 0)"


def _duration_months() -> str:
    months = f"({_duration_part('Y')} * 12 + {_duration_part('M')})::VARCHAR"
    return f"CASE WHEN value[1] = '-' THEN '-' ELSE '' END || {months}"


def _duration_seconds() -> str:
    seconds = r"regexp_extract(value, '([0-9]+)(?:\.[0-9]+)?S', 1)"
    fraction = r"regexp_extract(value, '\.([0-9]+)S', 1)"
    whole = (
        f"{_duration_part('D')} * 86400 + {_duration_part('H')} * 3600"
        f" + {_duration_part('M')} * 60 + coalesce(try_cast({seconds} AS BIGINT)::HUGEINT, 0)"
    )
    sign = "CASE WHEN value[1] = '-' THEN '-' ELSE '' END"
    return f"{sign} || ({whole})::VARCHAR || '.' || {fraction}"


def _spread(sign: str) -> str:
    """Return the earliest or latest instant that a value without a zone can be."""
    instants = ", ".join(f"'{name}'" for name in _INSTANTS)
    moved = f"{_seconds(f'({sign}{_ZONE_SPAN})')}::VARCHAR || '.' || fraction"
    return f"CASE WHEN family IN ({instants}) AND zone IS NULL THEN {exact_key(f'({moved})')} END"


def _real() -> str:
    # A float keeps the value it has as a float when it is widened (XPath, section 4.2).
    return (
        "CASE WHEN family IN ('decimal', 'real') THEN try_cast(value AS DOUBLE)"
        " WHEN family = 'single' THEN try_cast(value AS FLOAT)::DOUBLE END"
    )


def _single() -> str:
    return "CASE WHEN family IN ('decimal', 'single') THEN try_cast(value AS FLOAT)::DOUBLE END"


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
