"""Evaluating a bound query, and its answer in three forms.

1. The query runs with one row more than the limit; that there is such a row says the answer is
   not complete, and it is taken off.
2. The engine itself writes the rows as SPARQL 1.1 Query Results JSON, so that no datatype or
   language is lost; the other forms are made from that.
3. JSON rows have numbers and booleans as such and everything else as text.
4. CSV is RFC 4180, in UTF-8 with a header line. A cell of text that a spreadsheet would take for a
   formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) gets an apostrophe in
   front; numbers, dates and IRIs are left alone. JSON has every text as it is.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import QueryResultsFormat

from kg.query import local
from kg.savedqueries.binding import bind
from kg.terms import XSD, XSD_BOOLEAN, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Store

    from kg.savedqueries.binding import Bound
    from kg.savedqueries.definition import SavedQuery
    from kg.savedqueries.vocabulary import Vocabulary

Binding = dict[str, dict[str, str]]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_REAL: Final = (XSD + "decimal", XSD + "double", XSD + "float")
_TEXT: Final = (None, XSD_STRING)


@dataclass(frozen=True)
class Answer:
    """The rows of a query on a release, at most as many as its limit."""

    bound: Bound
    release: int
    columns: list[str]
    bindings: list[Binding]
    complete: bool

    def document(self) -> dict[str, Any]:
        """Return the answer as JSON; what is unbound in a row is null."""
        return {
            "release": self.release,
            "query": self.bound.query.name,
            "parameters": self.bound.parameters,
            "columns": self.columns,
            "items": [{c: _value(b.get(c)) for c in self.columns} for b in self.bindings],
            "complete": self.complete,
        }

    def results(self) -> dict[str, Any]:
        """Return the answer as SPARQL 1.1 Query Results JSON."""
        return {"head": {"vars": self.columns}, "results": {"bindings": self.bindings}}

    def csv(self) -> str:
        """Return the answer as CSV."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows([_cell(b.get(c)) for c in self.columns] for b in self.bindings)
        return text.getvalue()


def ask(
    query: SavedQuery, given: Mapping[str, Sequence[str]], vocabulary: Vocabulary, release: int
) -> Answer:
    """Return the answer to a query with values as a user wrote them.

    The store is that of `vocabulary`, `release` is its number.

    Raises:
        ParameterError: a value is missing, unknown or not what its kind expects.
        QueryFailedError: the store cannot be read.
    """
    return evaluate(bind(query, given, vocabulary), vocabulary.store, release)


def evaluate(bound: Bound, store: Store, release: int) -> Answer:
    """Return the answer to a bound query on the store of the release with that number.

    Raises:
        QueryFailedError: the store cannot be read.
    """
    text = bound.limited(bound.limit + 1)
    written = local.select(store, text).serialize(format=QueryResultsFormat.JSON)
    results = json.loads(written or b"{}")
    columns, bindings = results["head"]["vars"], results["results"]["bindings"]
    return Answer(
        bound, release, columns, bindings[: bound.limit], complete=len(bindings) <= bound.limit
    )


def _value(term: dict[str, str] | None) -> str | int | float | bool | None:
    if term is None:
        return None
    value, datatype = term["value"], term.get("datatype")
    if datatype == XSD_INTEGER:
        return int(value)
    if datatype == XSD_BOOLEAN:
        return value == "true"
    return float(value) if datatype in _REAL else value


def _cell(term: dict[str, str] | None) -> str:
    if term is None:
        return ""
    text = term["type"] == "literal" and term.get("datatype") in _TEXT
    return "'" + term["value"] if text and term["value"].startswith(_FORMULA) else term["value"]
