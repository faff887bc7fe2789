"""Constants of the query that are dates, times and numbers: their class and instant.

The columns' own `other` table is made by the same rules in SQL.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from kg.columns.ids import COMPARABLE, DATATYPES, Class
from kg.sparql.errors import NotCompilable

if TYPE_CHECKING:
    from pyoxigraph import Literal

_ZONE: Final = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_NUMBER_LIKE: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LARGEST: Final = (1 << 127) - 1
_BY_IRI: Final = {iri: kind for kind, iri in DATATYPES.items()}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def literal_class(term: Literal) -> Class:
    """Return the class of a literal that is in the store's form."""
    datatype, lex = term.datatype.value, term.value
    kind = _BY_IRI.get(datatype)
    if kind is None:
        return Class.COMPARABLE if datatype in COMPARABLE else Class.UNKNOWN
    if kind in (Class.STRING, Class.LANG):
        return kind
    if kind is Class.BOOLEAN:
        return kind if lex in ("true", "false") else Class.ILL_TYPED
    if kind in (Class.DATE, Class.DATE_TIME, Class.YEAR):
        return _temporal_class(lex, kind)
    return _number_class(lex, kind)


def _number_class(lex: str, kind: Class) -> Class:
    if kind in (Class.DOUBLE, Class.FLOAT):
        known = re.fullmatch(r"NaN|-?INF|-?[0-9.]+", lex) is not None
    elif kind is Class.INTEGER:
        known = re.fullmatch(r"-?[0-9]{1,19}", lex) is not None
    else:
        match = re.fullmatch(r"-?([0-9]{1,20})(?:\.([0-9]{1,18}))?", lex)
        known = match is not None and int(match[1]) * 10**18 <= _LARGEST
    if known:
        return kind
    return Class.BEYOND if _NUMBER_LIKE.fullmatch(lex) else Class.ILL_TYPED


def _temporal_class(lex: str, kind: Class) -> Class:
    try:
        moment(lex, kind)
    except NotCompilable:
        return Class.BEYOND if re.match(r"-?[0-9]{4,}", lex) else Class.UNKNOWN
    return kind


def moment(lex: str, kind: Class) -> int:
    """Return the instant of a date or dateTime in microseconds since 1970, or a gYear's year.

    Raises:
        NotCompilable: the columns do not calculate with it.
    """
    if kind is Class.YEAR:
        if re.fullmatch("[0-9]{4}", lex):
            return int(lex)
        raise NotCompilable(f"The year {lex} is not compiled")
    if not _MOMENT.fullmatch(lex):
        raise NotCompilable(f"The moment {lex} is not compiled")
    zone = _ZONE.search(lex[10:])
    local = lex[: len(lex) - len(zone[0])] if zone else lex
    try:
        value = datetime.fromisoformat(local).replace(tzinfo=UTC)
    except ValueError as problem:
        raise NotCompilable(f"The moment {lex} is not compiled") from problem
    return (value - _EPOCH) // timedelta(microseconds=1) - _offset(zone[0] if zone else "Z")


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-minutes if zone[0] == "-" else minutes) * 60_000_000


def zoned(lex: str) -> bool:
    """Whether a date or dateTime has a time zone."""
    return _ZONE.search(lex[10:]) is not None
