"""Reports as RDF: a W3C validation report (kg.validationreport)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg import validationreport
from kg.reports.found import BY_RESULT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.reports.found import Found


def turtle(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    """Yield a validation report in Turtle (SHACL, section 3.6)."""
    rows = found.rows(rule, limit, BY_RESULT)
    yield from (
        piece.encode() for piece in validationreport.turtle(rows, found.base, found.language)
    )
