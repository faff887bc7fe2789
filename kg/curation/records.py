"""Records of an import by their state: set aside, rejected by a curator, repaired, waived.

A record may be there more than once: with each cell that was repaired, each finding waived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from kg import database
from kg.curation.requests import rule_iri

if TYPE_CHECKING:
    from kg.imports import Import

State = Literal["quarantined", "rejected", "repaired", "waived"]
STATES: Final[tuple[State, ...]] = get_args(State)

_NULL: Final = "NULL::VARCHAR"
_ASIDE: Final = f"""
SELECT record, file, line, CASE WHEN round < 0 THEN 'rejected' ELSE 'quarantined' END AS state,
  rule, {_NULL} AS decision, {_NULL} AS field, {_NULL} AS value, {_NULL} AS new
FROM {{quarantine}}
"""
_REPAIRED: Final = """
SELECT r.record, r.file, r.line, 'repaired', d.rule, r.decision, r.field, r.value, r.new
FROM {repairs} r JOIN {decisions} d ON d.id = r.decision
"""
_WAIVED: Final = f"""
SELECT record, file, line, 'waived', rule, decision, field, stated, {_NULL} FROM {{waived}}
"""
_COLUMNS: Final = (
    *("record", "file", "line", "state", "rule"),
    *("decision", "field", "value", "new"),
)


def records(
    one: Import, *, state: State | None = None, limit: int = 100, offset: int = 0
) -> dict[str, Any]:
    """Return the records of an import that were not simply taken, in the order of their places.

    `total` counts all of them in that state.
    """
    parts = [_ASIDE.format(quarantine=one.table("quarantine"))]
    if one.file("repairs").exists():
        tables = {"repairs": one.table("repairs"), "decisions": one.table("decisions")}
        parts.append(_REPAIRED.format(**tables))
    if one.file("waived").exists():
        parts.append(_WAIVED.format(waived=one.table("waived")))
    rows = f"(SELECT DISTINCT * FROM ({' UNION ALL '.join(parts)}))"
    where, values = ("WHERE state = $state", {"state": state}) if state else ("", {})
    with database.small() as connection:
        [(total,)] = connection.execute(f"SELECT count(*) FROM {rows} {where}", values).fetchall()
        found = connection.execute(
            f"SELECT * FROM {rows} {where} ORDER BY file, line, state, field, rule, value"
            f" LIMIT {int(limit)} OFFSET {int(offset)}",
            values,
        ).fetchall()
    return {"total": total, "records": [dict(zip(_COLUMNS, row, strict=True)) for row in found]}


_FINDING: Final = (
    *("rule", "severity", "subject", "path", "value", "file", "line", "field", "record", "stated"),
    *("message_en", "message_de", "hint_en", "hint_de"),
)


def findings(
    one: Import,
    *,
    rule: str | None = None,
    severity: str | None = None,
    record: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> dict[str, Any]:
    """Return findings of an import at their places, the most severe first; `total` counts all."""
    given = {"rule": rule_iri(one, rule), "severity": severity, "record": record}
    values = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(f"{name} = ${name}" for name in values) or "true"
    table = one.table("findings")
    with database.small() as connection:
        [(total,)] = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {where}", values
        ).fetchall()
        found = connection.execute(
            f"SELECT {', '.join(_FINDING)} FROM {table} WHERE {where}"
            " ORDER BY array_position(['Violation', 'Warning', 'Info'], severity), rule, file,"
            f" line, field, subject, value LIMIT {int(limit)} OFFSET {int(offset)}",
            values,
        ).fetchall()
    return {"total": total, "findings": [dict(zip(_FINDING, row, strict=True)) for row in found]}
