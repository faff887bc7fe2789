"""Every check on a query before it is run. None of them runs the query or needs long to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.analysis import absence, joins, literals, naming, order, variables
from kg.analysis.reading import Reading

if TYPE_CHECKING:
    from kg.analysis.remarks import Remark
    from kg.analysis.vocabulary import Vocabulary


def lint(text: str, vocabulary: Vocabulary, base: str) -> list[Remark]:
    """Return what is odd about a query, in the order of its text.

    Raises:
        QuerySyntaxError: it is no SPARQL query.
        QueryRefusedError: it is an update, asks another endpoint or is nested too deeply.
    """
    reading = Reading.of(text, base)
    found = [
        *naming.undeclared(reading, vocabulary, base),
        *naming.remarks(reading, vocabulary),
        *variables.remarks(reading),
        *joins.remarks(reading, vocabulary),
        *literals.remarks(reading, vocabulary),
        *absence.remarks(reading),
        *order.remarks(reading),
    ]
    return sorted(found, key=lambda remark: (remark.line, remark.column, remark.code))
