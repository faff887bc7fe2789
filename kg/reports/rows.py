"""Reports for programs: a row or an object for each finding and cell."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from kg.cells import cell
from kg.reports.found import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.reports.found import Found, Row

_AT_ONCE: Final = 500
_NUMBER: Final = re.compile(r"[+-][\d.,]+")
"""Begins like a formula and is none."""


def csv_rows(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    """Yield CSV (RFC 4180); a value that begins like a formula gets an apostrophe in front."""
    yield (",".join(COLUMNS) + "\r\n").encode()
    rows = found.rows(rule, limit)
    while chunk := list(islice(rows, _AT_ONCE)):
        written = io.StringIO()
        csv.writer(written).writerows([_cell(row[name]) for name in COLUMNS] for row in chunk)
        yield written.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(f"{predicate}={other}" for predicate, other in value)
    return value if isinstance(value, str) and _NUMBER.fullmatch(value) else cell(value)


def json_object(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    """Yield one object: findings first, so that nobody waits for the counts after them."""
    total = found.total(rule)
    head = {"language": found.language, "total": total, "complete": not limit or total <= limit}
    yield (json.dumps(head)[:-1] + ', "findings": [').encode()
    rows = found.rows(rule, limit)
    separator = "\n"
    while chunk := list(islice(rows, _AT_ONCE)):
        yield (separator + ",\n".join(map(_object, chunk))).encode()
        separator = ",\n"
    rules = [count._asdict() for count in found.rules()]
    sources = [count._asdict() for count in found.sources()]
    last = {"rules": rules, "sources": sources}
    yield ("\n], " + json.dumps(last, ensure_ascii=False)[1:] + "\n").encode()


def _object(row: Row) -> str:
    return json.dumps({name: row[name] for name in COLUMNS}, ensure_ascii=False)
