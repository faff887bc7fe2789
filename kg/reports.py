"""Reports: what was found in an import, by rule or finding by finding, in a language and a form.

| form | holds |
|---|---|
| table | the rules that were broken with their counts; with a rule, its findings with their cells |
| csv | a row per finding and cell (RFC 4180) |
| json | the rules and the findings, and whether they are all |
| ttl | a validation report (SHACL, section 3.6) |

A report that was cut says so.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from kg import database, validationreport
from kg.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.imports import Import

_SEVERITY: Final = "array_position(['Violation', 'Warning', 'Info'], severity)"
_COLUMNS: Final = [
    "rule",
    "severity",
    "component",
    "subject",
    "path",
    "value",
    "file",
    "line",
    "field",
    "record",
    "message",
    "hint",
]

_BY_PLACE: Final = "file, line, field, subject, value"
# One result after the other, each with all of its cells.
_BY_RESULT: Final = "component, subject, path, value, datatype, language, file, line, field"

_HEADINGS: Final = {
    "en": {
        "rules": ["severity", "rule", "findings", "records", "for example"],
        "cells": ["file", "line", "column", "value", "message", "hint"],
        "none": "Nothing was found.",
        "cut": "Only the first {limit} are shown; --limit 0 shows all {total}.",
    },
    "de": {
        "rules": ["Schwere", "Regel", "Befunde", "Datensätze", "zum Beispiel"],
        "cells": ["Datei", "Zeile", "Spalte", "Wert", "Meldung", "Hinweis"],
        "none": "Es wurde nichts gefunden.",
        "cut": "Nur die ersten {limit} sind gezeigt; --limit 0 zeigt alle {total}.",
    },
}
_SEVERITIES: Final = {
    "en": {},
    "de": {"Violation": "Verletzung", "Warning": "Warnung", "Info": "Hinweis"},
}


def render(
    one: Import, form: str, language: str, *, rule: str | None = None, limit: int = 100
) -> Iterator[str]:
    """Yield the pieces of a report on an import.

    `form` is table, csv, json or ttl; `language` en or de; `rule` an IRI or the name after its #;
    `limit` the most findings, 0 for all.

    Raises:
        NotFoundError: the import has no finding of that rule; it names those that it has.
    """
    findings = _Findings(one, language)
    wanted = findings.rule_iri(rule) if rule else None
    forms = {"table": _table, "csv": _csv, "json": _json, "ttl": _turtle}
    yield from forms[form](findings, language, wanted, limit)


class _Findings:
    """The findings of one import, read where they are with a statement of SQL each."""

    def __init__(self, one: Import, language: str) -> None:
        self._connection = database.small()
        self.base = str(one.manifest["base"])
        self._table = one.table("findings")
        self._messages = f"message_{language} AS message, hint_{language} AS hint"

    def rules(self) -> list[tuple[str, str, int, int, str]]:
        """Return severity, rule, findings, records and one message of each rule broken."""
        told = f"(SELECT *, {self._messages} FROM {self._table})"
        return self._connection.execute(
            "SELECT severity, rule, count(DISTINCT (component, subject, path, value)),"
            f" count(DISTINCT record), min(message) FROM {told}"
            f" GROUP BY severity, rule ORDER BY {_SEVERITY}, 3 DESC, rule"
        ).fetchall()

    def rule_iri(self, rule: str) -> str:
        """Return the IRI of a rule that was broken, given by IRI or local name."""
        known = [iri for _, iri, *_ in self.rules()]
        hits = [iri for iri in known if rule in (iri, _local(iri))]
        if not hits:
            names = [_local(iri) for iri in known]
            raise NotFoundError(f"This import has no finding of the rule {rule!r}", rules=names)
        return hits[0]

    def total(self, rule: str | None) -> int:
        """Return how many findings there are, each cell of one counted."""
        where, values = _where(rule)
        rows = self._connection.execute(f"SELECT count(*) FROM {self._table} {where}", values)
        return int(rows.fetchall()[0][0])

    def rows(
        self, rule: str | None, limit: int, order: str = _BY_PLACE
    ) -> Iterator[dict[str, Any]]:
        """Yield findings in the order of severity, rule and place, or by result."""
        where, values = _where(rule)
        most = f"LIMIT {limit}" if limit else ""
        cursor = self._connection.execute(
            f"SELECT {', '.join(_COLUMNS)}, kind, datatype, language FROM"
            f" (SELECT *, value_kind AS kind, {self._messages} FROM {self._table}) {where}"
            f" ORDER BY {_SEVERITY}, rule, {order} {most}",
            values,
        )
        names = [*_COLUMNS, "kind", "datatype", "language"]
        while chunk := cursor.fetchmany(10_000):
            yield from (dict(zip(names, row, strict=True)) for row in chunk)


def _where(rule: str | None) -> tuple[str, list[str]]:
    return ("WHERE rule = ?", [rule]) if rule else ("", [])


def _local(iri: str) -> str:
    return iri.rpartition("#")[2]


def _table(findings: _Findings, language: str, rule: str | None, limit: int) -> Iterator[str]:
    words, severities = _HEADINGS[language], _SEVERITIES[language]
    if rule is None:
        rows: list[list[Any]] = [
            [severities.get(severity, severity), _local(iri), found, records, _short(message)]
            for severity, iri, found, records, message in findings.rules()
        ]
        yield _aligned(words["rules"], rows) if rows else f"{words['none']}\n"
        return
    names = ("file", "line", "field", "value", "message", "hint")
    cells = [[_short(row[name]) for name in names] for row in findings.rows(rule, limit)]
    yield _aligned(words["cells"], cells)
    total = findings.total(rule)
    if limit and total > limit:
        yield str(words["cut"]).format(limit=limit, total=total) + "\n"


def _short(value: object, width: int = 90) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _aligned(header: Any, rows: list[list[Any]]) -> str:
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = [header, ["-" * width for width in widths], *cells]
    padded = ("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)


def _csv(findings: _Findings, _language: str, rule: str | None, limit: int) -> Iterator[str]:
    yield ",".join(_COLUMNS) + "\r\n"
    for row in findings.rows(rule, limit):
        line = io.StringIO()
        csv.writer(line).writerow([row[name] for name in _COLUMNS])
        yield line.getvalue()


def _turtle(findings: _Findings, language: str, rule: str | None, limit: int) -> Iterator[str]:
    yield from validationreport.turtle(
        findings.rows(rule, limit, _BY_RESULT), findings.base, language
    )


def _json(findings: _Findings, language: str, rule: str | None, limit: int) -> Iterator[str]:
    names = ["severity", "rule", "findings", "records", "example"]
    rules = [dict(zip(names, row, strict=True)) for row in findings.rules()]
    total = findings.total(rule)
    head = {
        "language": language,
        "rules": rules,
        "total": total,
        "complete": not limit or total <= limit,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "findings": ['
    for number, row in enumerate(findings.rows(rule, limit)):
        kept = {name: row[name] for name in _COLUMNS}
        yield (",\n" if number else "\n") + json.dumps(kept, ensure_ascii=False)
    yield "\n]}\n"
