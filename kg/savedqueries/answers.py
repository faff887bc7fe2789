"""The answer to a bound query, in three forms.

1. The query was run with one row more than the limit; that there is such a row says the answer is
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

from kg.cells import guarded
from kg.terms import XSD, XSD_BOOLEAN, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from kg.savedqueries.binding import Bound

Binding = dict[str, dict[str, str]]

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

    @classmethod
    def read(cls, bound: Bound, release: int, written: bytes) -> Answer:
        """Return the answer in SPARQL results as JSON with at most one row over the limit."""
        results = json.loads(written or b"{}")
        columns, bindings = results["head"]["vars"], results["results"]["bindings"]
        complete = len(bindings) <= bound.limit
        return cls(bound, release, columns, bindings[: bound.limit], complete)

    def document(self) -> dict[str, Any]:
        """Return the answer as JSON; what is unbound in a row is null."""
        return {
            "release": self.release,
            "query": self.bound.query.name,
            "parameters": self.bound.parameters,
            "columns": self.columns,
            "items": [{c: plain(b.get(c)) for c in self.columns} for b in self.bindings],
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


def plain(term: dict[str, str] | None) -> str | int | float | bool | None:
    """Return a term as JSON: numbers and booleans as such, everything else as text."""
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
    return guarded(term["value"]) if text else term["value"]
