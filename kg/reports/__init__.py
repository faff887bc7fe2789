"""Reports: what was found in imports, by rule, by source or finding by finding.

| form | holds |
|---|---|
| table | the rules that were broken with their counts; with a rule, its findings with their cells |
| csv | a row per finding and cell (RFC 4180) |
| xlsx | a sheet of rules and a sheet of findings (ISO/IEC 29500) |
| json | the findings and the rules, and whether they are all |
| ttl | a validation report (SHACL, section 3.6) |
| sarif | a log of results (SARIF 2.1.0, OASIS Standard) |

A report that was cut says so. Every row has the fix that is proposed for it (kg.fixes), if any, and
what a loader rejected stands among the findings (kg.rejections). The first findings are given
before the last are looked for, in the order of severity, rule and place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.fixes.lists import Lists
from kg.imports import Import
from kg.reports import rows, sarif, table, tellings
from kg.reports.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def _workbook(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    from kg.reports import sheets  # noqa: PLC0415 - brings openpyxl, which no other form needs

    return sheets.write(found, rule, limit)


FORMS: Final = {
    "table": table.write,
    "csv": rows.csv_rows,
    "xlsx": _workbook,
    "json": rows.json_object,
    "ttl": tellings.turtle,
    "sarif": sarif.write,
}
"""What writes each form: pieces of bytes, out of findings, a language, a rule and a limit."""

MEDIA_TYPES: Final = {
    "table": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "ttl": "text/turtle; charset=utf-8",
    "sarif": "application/sarif+json",
}


def render(
    what: Import | Sequence[Import],
    form: str,
    language: str,
    *,
    rule: str | None = None,
    limit: int = 100,
    lists: Lists | None = None,
) -> Iterator[bytes]:
    """Yield the pieces of a report on one import, or on several together.

    Args:
        what: the import or imports.
        form: one of `FORMS`.
        language: en or de.
        rule: only the findings of this rule: its IRI, or the name after its #.
        limit: the most findings, 0 for all.
        lists: the code lists that fixes are looked up in; without them no code is proposed.

    Raises:
        NotFoundError: there is no import, or no finding of that rule; it names those that are.
    """
    imports = [what] if isinstance(what, Import) else list(what)
    with Found(imports, language, lists or Lists()) as found:
        wanted = found.rule_iri(rule) if rule else None
        yield from FORMS[form](found, wanted, limit)
