"""Binding: what the user gave becomes terms, and the terms take the place of the examples.

Why no value can break out of its place:

1. A value is made an IRI or a literal by pyoxigraph, which refuses what RDF does not allow.
2. pyoxigraph writes the term (N-Triples, section 2: the same escapes as SPARQL's).
3. The text was cut at its slots when the file was read; the written terms are put between the
   pieces, and nothing is searched or replaced in text that holds a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyoxigraph import Literal

from kg.errors import ParameterError
from kg.savedqueries.definition import LIMIT, MOST_ROWS
from kg.savedqueries.kinds import LONGEST, refuse
from kg.terms import XSD_INTEGER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.savedqueries.definition import Parameter, Piece, SavedQuery
    from kg.savedqueries.kinds import Term
    from kg.savedqueries.vocabulary import Vocabulary

MOST_VALUES = 100


@dataclass(frozen=True)
class Bound:
    """A query with the terms of its parameters; optional ones that were not given are absent."""

    query: SavedQuery
    terms: Mapping[str, tuple[Term, ...]]
    limit: int

    @property
    def text(self) -> str:
        """The SPARQL query that is this one with its values."""
        return self.limited(self.limit)

    def limited(self, limit: int) -> str:
        """Return the SPARQL query with another limit."""
        return "".join(self._written(piece, limit) for piece in self.query.pieces)

    def _written(self, piece: Piece, limit: int) -> str:
        if piece.guard and piece.guard not in self.terms:
            return ""
        if piece.slot is None:
            return piece.text
        if piece.slot == LIMIT:
            return f"LIMIT {limit}"
        terms = self.terms.get(piece.slot)
        return f"VALUES ?{piece.slot} {{ {' '.join(map(str, terms))} }}" if terms else ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that the query runs with, as JSON: lists where several are allowed."""
        shown: dict[str, Any] = {}
        for parameter in self.query.parameters:
            if terms := self.terms.get(parameter.name):
                values = [_plain(term) for term in terms]
                shown[parameter.name] = values if parameter.many else values[0]
        return {**shown, LIMIT: self.limit}


def _plain(term: Term) -> str | int:
    numeric = isinstance(term, Literal) and term.datatype.value == XSD_INTEGER
    return int(term.value) if numeric else term.value


def bind(query: SavedQuery, given: Mapping[str, Sequence[str]], vocabulary: Vocabulary) -> Bound:
    """Return the query with the values given, each as the user wrote it, by parameter name.

    Raises:
        ParameterError: one is unknown, missing, given too often or not what its kind expects; the
            members name the parameters that there are, what was expected, or the candidates.
    """
    _known(query, given)
    terms: dict[str, tuple[Term, ...]] = {}
    for parameter in query.parameters:
        values = _values(query, parameter, given.get(parameter.name, ()))
        read = [parameter.kind.read(parameter, value, vocabulary) for value in values]
        if read:
            terms[parameter.name] = tuple(dict.fromkeys(read))
    return Bound(query, terms, _limit(query, given.get(LIMIT, ())))


def _known(query: SavedQuery, given: Mapping[str, Sequence[str]]) -> None:
    allowed = [*(p.name for p in query.parameters), LIMIT]
    for name in given:
        if name not in allowed:
            detail = f"{query.name} has no parameter {name!r}; it takes {', '.join(allowed)}"
            raise ParameterError(detail, parameter=name, allowed=allowed)


def _values(query: SavedQuery, parameter: Parameter, given: Sequence[str]) -> list[str]:
    """Return the values to read: those given, cut at commas where the kind allows, or the default.

    An empty value is as none, as a web form sends it.
    """
    parts = [p for v in given for p in (v.split(",") if _separated(parameter) else [v])]
    values = [value for part in parts if (value := part.strip())]
    if not values and parameter.required:
        detail = f"{query.name} needs {parameter.name}: {parameter.kind.expected}"
        required = [p.name for p in query.parameters if p.required]
        raise ParameterError(
            detail, parameter=parameter.name, expected=parameter.kind.expected, required=required
        )
    most = MOST_VALUES if parameter.many else 1
    if len(values) > most:
        raise refuse(parameter, ", ".join(values)[:LONGEST], f"at most {most} value(s)")
    for value in values:
        if len(value) > LONGEST:
            raise refuse(parameter, value[:50] + "…", f"at most {LONGEST} characters")
    return values or ([parameter.default] if parameter.default is not None else [])


def _separated(parameter: Parameter) -> bool:
    return parameter.many and parameter.kind.separated


def _limit(query: SavedQuery, given: Sequence[str]) -> int:
    values = [v for v in given if v.strip()]
    if not values:
        return query.limit
    text = values[0].strip()
    if len(values) == 1 and text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ROWS)):
        value = int(text)
        if 1 <= value <= MOST_ROWS:
            return value
    expected = f"one whole number from 1 to {MOST_ROWS}"
    detail = f"{LIMIT}={', '.join(values)!r} is not accepted: expected {expected}"
    raise ParameterError(detail, parameter=LIMIT, expected=expected)
