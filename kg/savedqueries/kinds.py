"""The kinds of parameter: what is written for one, and how it becomes an RDF term.

| kind | written as | becomes |
|---|---|---|
| text | any text | a plain literal |
| choice | one of the words that the parameter lists | a plain literal |
| integer | digits, within the parameter's bounds | an xsd:integer |
| date | `2026-01-31`, or `today` | an xsd:date |
| iri | an absolute IRI | that IRI |
| country | `DE`, `DEU`, its name, or its IRI | the country's IRI |
| region | the beginning of a NUTS code (`DE1`), a name, or an IRI | the region's or country's IRI |
| technology | IRI, slug, EuroSciVoc notation, or a label in any language | the concept's IRI |
| organisation | IRI, PIC, or a name | the organisation's IRI |
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

from kg.errors import ParameterError
from kg.terms import XSD_DATE, XSD_INTEGER, is_iri

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.savedqueries.definition import Parameter
    from kg.savedqueries.vocabulary import Vocabulary

Term: TypeAlias = NamedNode | Literal

# 18 digits fit into the 64 bits that the engine computes with.
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TODAY: Final = "today"
LONGEST: Final = 1000


class Kind(NamedTuple):
    """A kind: `expected` says what to write, `schema` says it as JSON Schema.

    With `separated`, several values may be written with commas between them.
    """

    name: str
    expected: str
    schema: dict[str, Any]
    read: Callable[[Parameter, str, Vocabulary], Term]
    separated: bool = False


def refuse(parameter: Parameter, text: str, expected: str, **members: Any) -> ParameterError:
    """Return the error for a value that is not as expected."""
    detail = f"{parameter.name}={text!r} is not accepted: expected {expected}"
    return ParameterError(detail, parameter=parameter.name, expected=expected, **members)


def read_text(parameter: Parameter, text: str) -> Literal:
    """Return the plain literal of a text.

    Raises:
        ParameterError: it is no Unicode text (a lone surrogate).
    """
    try:
        return Literal(text)
    except ValueError:
        raise refuse(parameter, text, "Unicode text") from None


def _text(parameter: Parameter, text: str, _vocabulary: Vocabulary) -> Term:
    return read_text(parameter, text)


def _choice(parameter: Parameter, text: str, _vocabulary: Vocabulary) -> Term:
    if text not in parameter.values:
        allowed = list(parameter.values)
        raise refuse(parameter, text, f"one of {', '.join(allowed)}", allowed=allowed)
    return Literal(text)


def _integer(parameter: Parameter, text: str, _vocabulary: Vocabulary) -> Term:
    value = int(text) if _INTEGER.fullmatch(text) else None
    low, high = parameter.minimum, parameter.maximum
    if value is None or (low is not None and value < low) or (high is not None and value > high):
        raise refuse(parameter, text, f"a whole number{_bounds(low, high)}")
    return Literal(str(value), datatype=NamedNode(XSD_INTEGER))


def _bounds(low: int | None, high: int | None) -> str:
    words = [f"from {low}" if low is not None else "", f"up to {high}" if high is not None else ""]
    return "".join(f" {word}" for word in words if word)


def _date(parameter: Parameter, text: str, vocabulary: Vocabulary) -> Term:
    if text == TODAY:
        text = vocabulary.today.isoformat()
    try:
        value = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        value = None
    if value is None:
        raise refuse(parameter, text, "a date such as 2026-01-31, or today")
    return Literal(value.isoformat(), datatype=NamedNode(XSD_DATE))


def read_iri(parameter: Parameter, text: str) -> NamedNode:
    """Return the node of an absolute IRI.

    Raises:
        ParameterError: it is none (RFC 3987).
    """
    try:
        if is_iri(text):
            return NamedNode(text)
    except ValueError:
        pass
    raise refuse(parameter, text, "an absolute IRI")


def _iri(parameter: Parameter, text: str, _vocabulary: Vocabulary) -> Term:
    return read_iri(parameter, text)


def _country(parameter: Parameter, text: str, vocabulary: Vocabulary) -> Term:
    return vocabulary.country(parameter, text)


def _region(parameter: Parameter, text: str, vocabulary: Vocabulary) -> Term:
    return vocabulary.region(parameter, text)


def _technology(parameter: Parameter, text: str, vocabulary: Vocabulary) -> Term:
    return vocabulary.technology(parameter, text)


def _organisation(parameter: Parameter, text: str, vocabulary: Vocabulary) -> Term:
    return vocabulary.organisation(parameter, text)


_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST}

KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("text", "a text", _TEXT, _text),
        Kind("choice", "one of the values listed", _TEXT, _choice),
        Kind("integer", "a whole number", {"type": "integer"}, _integer, separated=True),
        Kind("date", "a date such as 2026-01-31, or today", _TEXT, _date, separated=True),
        Kind("iri", "an absolute IRI", {**_TEXT, "format": "iri"}, _iri),
        Kind(
            "country",
            "a country: two or three letters (DE, DEU), a name, or an IRI",
            _TEXT,
            _country,
            separated=True,
        ),
        Kind(
            "region",
            "a region: a NUTS code or the beginning of one (DE1), a name, or an IRI",
            _TEXT,
            _region,
            separated=True,
        ),
        Kind(
            "technology",
            "a technology: a label in any language, a EuroSciVoc notation, a slug or an IRI",
            _TEXT,
            _technology,
        ),
        Kind("organisation", "an organisation: a PIC, a name, or an IRI", _TEXT, _organisation),
    )
}
