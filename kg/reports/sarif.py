"""Reports as SARIF 2.1.0 (OASIS Standard, 27 March 2020), which editors and forges show.

A rule is a reportingDescriptor (section 3.49), a result (3.27) lies at the cells that it rests on;
the column of a cell is a logical location (3.33), since a line of a table has no fixed columns. The
fix of a result stands in its property bag (3.8): SARIF's own can only replace text by its place.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import kg
from kg import rulebook
from kg.reports.found import BY_RESULT, identity, name_of
from kg.reports.words import HEADINGS
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.reports.found import Found, Row
    from kg.shapes import Rule

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {"Violation": "error", "Warning": "warning", "Info": "note"}
_LANGUAGES: Final = {"en": "en-US", "de": "de-DE"}


def write(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    """Yield a log with one run; results come as they are found."""
    head = {"$schema": SCHEMA, "version": "2.1.0"}
    total = found.total(rule)
    run = {
        "tool": {"driver": _driver(found)},
        "language": _LANGUAGES[found.language],
        "columnKind": "unicodeCodePoints",
        "properties": {"total": total, "complete": not limit or total <= limit},
    }
    yield (_open(head) + ', "runs": [' + _open(run) + ', "results": [').encode()
    separator = "\n"
    for _, cells in groupby(found.rows(rule, limit, BY_RESULT), key=identity):
        text = json.dumps(_result(list(cells), found.language), ensure_ascii=False)
        yield (separator + text).encode()
        separator = ",\n"
    yield b"\n]}]}\n"


def _open(value: dict[str, Any]) -> str:
    """Return an object without its last brace, so that a member can follow."""
    return json.dumps(value, ensure_ascii=False)[:-1]


def _driver(found: Found) -> dict[str, Any]:
    base = found.base
    return {
        "name": "Cluster Atlas",
        "version": kg.__version__,
        "informationUri": base,
        "rules": [_rule(rule, found.language) for rule in rulebook.every(base)],
    }


def _rule(rule: Rule, language: str) -> dict[str, Any]:
    told = {
        "id": name_of(rule.iri),
        "name": name_of(rule.iri),
        "shortDescription": {"text": rule.names[language]},
        "help": {"text": rule.hints[language]},
        "helpUri": rule.iri,
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity.removeprefix(SH), "none")},
    }
    if text := rule.descriptions.get(language):
        told["fullDescription"] = {"text": text}
    return told


def _result(cells: list[Row], language: str) -> dict[str, Any]:
    row = cells[0]
    properties = {name: row[name] for name in ("subject", "path", "value", "source", "hint")}
    properties |= {name: value for name, value in row.items() if name.startswith("fix") and value}
    message = row["message"]
    if row["fix"]:
        told = str(HEADINGS[language]["proposed"])
        fix = {"fix": row["fix"], "confidence": row["fix_confidence"], "reason": row["fix_reason"]}
        message = f"{message} {told.format(**fix)}"
    return {
        "ruleId": name_of(row["rule"]),
        "level": _LEVELS.get(row["severity"], "none"),
        "message": {"text": message},
        "locations": [_location(cell) for cell in cells if cell["file"] is not None],
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


def _location(cell: Row) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": max(1, cell["line"] or 1)}
    if cell["stated"] is not None:
        region["snippet"] = {"text": cell["stated"]}
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(cell["file"])},
            "region": region,
        }
    }
    if cell["field"] is not None:
        place["logicalLocations"] = [{"name": cell["field"], "kind": "member"}]
    return place
