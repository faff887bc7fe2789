"""The lexical spaces of XML Schema datatypes (XML Schema 1.1 part 2, section 3), as one table.

A literal is ill-typed if its datatype is in the table and its lexical form does not match, as a
whole and without any white space being trimmed (RDF 1.1 Concepts, section 5).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kg.shacl.patterns import translate
from kg.terms import XSD

ZONE: Final = r"(Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
YEAR: Final = r"(-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_MONTH: Final = r"(0[1-9]|1[0-2])"
_DAY: Final = r"(0[1-9]|[12][0-9]|3[01])"
_MONTH_DAY: Final = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))"
)
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

    `pattern` is what the whole lexical form matches (RE2). `family` is what it compares with:
    decimal, single, real, boolean, string, one of INSTANTS or a duration; empty without an order.
    `condition` is a further SQL condition, on the columns that `kg.shacl.values` makes for the
    family.
    """

    pattern: str
    family: str = ""
    condition: str = "true"


def key_of(number: str) -> str:
    """Return the key of a decimal number, which `kg.shacl.values` describes."""
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
    "dateTime": Datatype(f"{YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{ZONE}", "dateTime", _DATED),
    "dateTimeStamp": Datatype(
        f"{YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{ZONE}", "dateTime", f"{_DATED} AND zone IS NOT NULL"
    ),
    "date": Datatype(f"{YEAR}-{_MONTH}-{_DAY}{ZONE}", "date", _DATED),
    "time": Datatype(f"{_CLOCK}{ZONE}", "time"),
    "gYear": Datatype(f"{YEAR}{ZONE}", "gYear"),
    "gYearMonth": Datatype(f"{YEAR}-{_MONTH}{ZONE}", "gYearMonth"),
    "gMonthDay": Datatype(f"--{_MONTH_DAY}{ZONE}"),
    "gMonth": Datatype(f"--{_MONTH}{ZONE}"),
    "gDay": Datatype(f"---{_DAY}{ZONE}"),
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

INSTANTS: Final = ("dateTime", "date", "time", "gYear", "gYearMonth")
STRINGS: Final = frozenset(
    {XSD + "string", *(XSD + name for name, each in DATATYPES.items() if each.family == "string")}
)
