"""Accepting: proposed fixes (kg.fixes) of a rule's findings made into repairs.

What breaks a rule by itself (a list of codes, a pattern, a datatype) is wrong in every record of
the source: with `everywhere`, accepting it makes a recipe for the value. What is wrong beside other
values is decided record by record. What a loader rejected is of no record yet: it makes a recipe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kg import database
from kg.curation.corrections import is_reading
from kg.curation.decisions import Decision
from kg.curation.requests import found_in, rule_iri
from kg.fixes import proposals
from kg.rejections import COMPONENT
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.fixes import Fix, Lists
    from kg.imports import Import

FLOOR: Final = 0.9
"""What is less sure is not accepted unless asked for."""

_ALONE: Final = frozenset(
    f"{SH}{name}ConstraintComponent" for name in ("In", "Pattern", "Datatype", "MinLength")
)
_COLUMNS: Final = (
    *("rule", "component", "subject", "path", "value", "kind", "datatype"),
    *("file", "line", "field", "record", "stated"),
)
_ROWS: Final = """
SELECT rule, component, subject, path, value, value_kind, datatype, file, line, field, record,
  stated
FROM {findings}
WHERE rule = $rule AND ($record IS NULL OR record = $record)
  AND (record IS NOT NULL OR component = $reading AND field IS NOT NULL)
ORDER BY file, line, field, value
"""
_CELLS: Final = """
SELECT DISTINCT subject, predicate, file, record, field, object FROM {statements}
WHERE subject IN (SELECT unnest($subjects)) AND predicate IN (SELECT unnest($paths))
  AND field IS NOT NULL
"""


class Accepted(NamedTuple):
    """The repairs that proposals make, and how many findings have none that is sure enough."""

    decisions: list[Decision]
    findings: int
    left: int


class _Change(NamedTuple):
    """One cell to be changed."""

    row: dict[str, Any]
    file: str
    record: str | None
    field: str | None
    value: str
    new: str
    fix: Fix


def accept(
    one: Import,
    rule: str,
    lists: Lists,
    *,
    floor: float = FLOOR,
    record: str | None = None,
    everywhere: bool = False,
) -> Accepted:
    """Return the repairs that the proposals for findings of a rule make; they are not kept yet.

    Args:
        one: the import.
        rule: the IRI of the rule, or the name after its #.
        lists: the code lists (kg.fixes.read_lists).
        floor: the least confidence.
        record: only findings in this record.
        everywhere: make recipes where the value is wrong by itself.
    """
    with database.small() as connection:
        found = connection.execute(
            _ROWS.format(findings=found_in(one, rule)),
            {
                "rule": rule_iri(one, rule),
                "record": record,
                "reading": str(one.manifest["base"]) + COMPONENT,
            },
        ).fetchall()
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in found]
    fixes = proposals(one, rows, lists)
    sure = [(r, f) for r, f in zip(rows, fixes, strict=True) if f and f.confidence >= floor]
    made = dict.fromkeys(
        _decision(one, change, everywhere=everywhere) for change in _changes(one, sure)
    )
    return Accepted(list(made), len(rows), len(rows) - len(sure))


def _changes(one: Import, sure: Sequence[tuple[dict[str, Any], Fix]]) -> list[_Change]:
    """Return the cells that fixes change: the finding's own, or those of named properties."""
    named = {(row["subject"], p) for row, fix in sure for p, _ in _properties(fix)}
    cells = _cells(one, named)
    changes = []
    for row, fix in sure:
        stated = row["value"] if row["stated"] is None else row["stated"]
        if stated is not None and not fix.predicate:
            place = (row["file"], row["record"], row["field"], stated)
            changes.append(_Change(row, *place, fix.value, fix))
        changes += [
            _Change(row, *cell, new, fix)
            for path, new in _properties(fix)
            for cell in cells.get((row["subject"], path), ())
            if cell[1] == row["record"] and cell[3] != new
        ]
    return changes


def _properties(fix: Fix) -> list[tuple[str, str]]:
    """Return the properties that a fix changes beside the finding's own cell."""
    return [*([(fix.predicate, fix.value)] if fix.predicate else []), *fix.also]


def _cells(
    one: Import, named: set[tuple[str, str]]
) -> dict[tuple[str, str], list[tuple[str, str, str | None, str]]]:
    """Return file, record, column and value of each statement of named properties."""
    if not named:
        return {}
    wanted = {"subjects": sorted({s for s, _ in named}), "paths": sorted({p for _, p in named})}
    with database.small() as connection:
        rows = connection.execute(
            _CELLS.format(statements=one.table("statements")), wanted
        ).fetchall()
    found: dict[tuple[str, str], list[tuple[str, str, str | None, str]]] = {}
    for subject, path, *cell in rows:
        file, record, field, value = cell
        found.setdefault((subject, path), []).append((file, record, field, value))
    return found


def _decision(one: Import, change: _Change, *, everywhere: bool) -> Decision:
    alone = is_reading(change.row["rule"]) or (
        everywhere and change.row["component"] in _ALONE and not change.fix.predicate
    )
    return Decision(
        id="",
        kind="repair",
        source=one.source,
        who="",
        when="",
        why=change.fix.reason_en,
        rule=change.row["rule"],
        file=change.file,
        record=None if alone else change.record,
        field=change.field,
        value=change.value,
        new=change.new,
        confidence=change.fix.confidence,
    )
