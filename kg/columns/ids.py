"""The number of a term: four bits of tag, 59 bits of payload, negative for a query's own constants.

1. A blank node, IRI, string, language-tagged string or any other literal that the release has is
   the rank of its text in code point order among those with its tag.
2. An integer, a decimal of at most six fraction digits, a boolean and a date without time zone is
   its value: its canonical text is restored from the number.
3. So numbers with the same tag order as `<` and ORDER BY do (SPARQL 1.1, sections 15.1 and 17.3),
   and the tags order as section 15.1 wants: blank nodes, IRIs, literals.
4. A constant of a query that the release does not have is a number below zero.

The class of a literal says which operators of section 17.3 apply to it. Tags 1 to 8 have one class
each; the classes of tag 9 are in the table `other`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg.terms import RDF_LANG_STRING, XSD, XSD_BOOLEAN, XSD_DATE, XSD_DECIMAL, XSD_INTEGER

TAG_BITS: Final = 59
OFFSET: Final = 1 << 58
DECIMAL_DIGITS: Final = 6
_MICRO: Final = 10**DECIMAL_DIGITS
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Class(IntEnum):
    """What a term is to the operators; up to DATE also the tag of its number."""

    BLANK = 1
    IRI = 2
    STRING = 3
    LANG = 4
    INTEGER = 5
    DECIMAL = 6
    BOOLEAN = 7
    DATE = 8
    DATE_TIME = 9
    DOUBLE = 10
    FLOAT = 11
    YEAR = 12
    COMPARABLE = 13  # times, parts of dates, durations: the store orders them, the columns do not
    UNKNOWN = 14  # a datatype that no operator knows, or a temporal one with an impossible value
    ILL_TYPED = 15  # a number or boolean with an impossible text: its boolean value is false
    BEYOND = 16  # a number or moment outside what the columns calculate with


OTHER_TAG: Final = 9

DATATYPES: Final = {
    Class.STRING: XSD + "string",
    Class.LANG: RDF_LANG_STRING,
    Class.INTEGER: XSD_INTEGER,
    Class.DECIMAL: XSD_DECIMAL,
    Class.BOOLEAN: XSD_BOOLEAN,
    Class.DATE: XSD_DATE,
    Class.DATE_TIME: XSD + "dateTime",
    Class.DOUBLE: XSD + "double",
    Class.FLOAT: XSD + "float",
    Class.YEAR: XSD + "gYear",
}
COMPARABLE: Final = tuple(
    XSD + name
    for name in (
        "time",
        "gYearMonth",
        "gMonthDay",
        "gDay",
        "gMonth",
        "duration",
        "yearMonthDuration",
        "dayTimeDuration",
    )
)


def first(tag: int) -> int:
    """Return the number of the first term of a tag."""
    return tag << TAG_BITS


def inline(literal: Literal) -> int | None:
    """Return the number of a literal in canonical form that is its own value, or None."""
    lexical, datatype = literal.value, literal.datatype.value
    if datatype == XSD_INTEGER:
        return _inline_integer(lexical)
    if datatype == XSD_DECIMAL:
        return _inline_decimal(lexical)
    if datatype == XSD_BOOLEAN and lexical in ("true", "false"):
        return first(Class.BOOLEAN) + (lexical == "true")
    return _inline_date(lexical) if datatype == XSD_DATE else None


def _inline_integer(lexical: str) -> int | None:
    try:
        value = int(lexical)
    except ValueError:
        return None
    fits = abs(value) < OFFSET and str(value) == lexical
    return first(Class.INTEGER) + OFFSET + value if fits else None


def _inline_decimal(lexical: str) -> int | None:
    whole, _, fraction = lexical.partition(".")
    if len(fraction) > DECIMAL_DIGITS or not whole.lstrip("-").isdecimal():
        return None
    value = int(Decimal(lexical) * _MICRO)
    fits = abs(value) < OFFSET and decimal_text(value) == lexical
    return first(Class.DECIMAL) + OFFSET + value if fits else None


def _inline_date(lexical: str) -> int | None:
    try:
        value = date.fromisoformat(lexical)
    except ValueError:
        return None
    if value.isoformat() != lexical:
        return None
    return first(Class.DATE) + OFFSET + value.toordinal() - _EPOCH


def decimal_text(micros: int) -> str:
    """Return the canonical text of a decimal given in millionths, as the store writes it."""
    whole, fraction = divmod(abs(micros), _MICRO)
    digits = f"{fraction:0{DECIMAL_DIGITS}}".rstrip("0")
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def restore(number: int) -> Literal:
    """Return the literal of a number that is its own value."""
    tag, payload = number >> TAG_BITS, number & ((1 << TAG_BITS) - 1)
    match tag:
        case Class.INTEGER:
            text = str(payload - OFFSET)
        case Class.DECIMAL:
            text = decimal_text(payload - OFFSET)
        case Class.BOOLEAN:
            text = "true" if payload else "false"
        case _:
            text = date.fromordinal(payload - OFFSET + _EPOCH).isoformat()
    return Literal(text, datatype=NamedNode(DATATYPES[Class(tag)]))
