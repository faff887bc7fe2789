"""Quarantine: judging the statements of an import until what is left breaks no rule.

1. The shapes are checked; each finding gets its cells (kg.findings).
2. The records in which violations lie are set aside whole.
3. What referred to them now breaks rules itself, so both steps repeat until no violation is left.

The first rounds set aside just the records that state the offending value, or, when something is
missing, the record where the thing was first described. Where that names no record, and in later
rounds, every record that mentions the thing is set aside, so that the rounds come to an end.

What a curator has waived sets nothing aside; a record that a curator has rejected is set aside
before the first round, as that of round -1 (kg.curation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg import findings
from kg.imports import published
from kg.shacl import validate

if TYPE_CHECKING:
    import duckdb

    from kg.shacl import Shapes

NARROW_ROUNDS: Final = 3

_NARROW: Final = """
INSERT INTO quarantine
SELECT record, min(file), min(line), min(rule), $round FROM pressing
WHERE record IS NOT NULL GROUP BY record
"""
_WIDE: Final = """
INSERT INTO quarantine
SELECT record, min(file), min(line), min(rule), $round FROM (
  SELECT s.record, s.file, s.line, f.rule FROM judged s JOIN pressing f ON f.subject = s.subject
  UNION ALL
  SELECT s.record, s.file, s.line, f.rule FROM judged s JOIN pressing f ON f.subject = s.object)
GROUP BY record
"""
_REJECTED: Final = """
INSERT INTO quarantine
SELECT s.record, min(s.file), min(s.line), coalesce(min(d.rule), ''), -1
FROM {statements} s JOIN {rejected} d ON d.record = s.record GROUP BY s.record
"""
_SCHEMA: Final = """
CREATE TABLE quarantine(record VARCHAR, file VARCHAR, line INTEGER, rule VARCHAR, round INTEGER);
CREATE TABLE waived(decision VARCHAR, rule VARCHAR, subject VARCHAR, path VARCHAR, stated VARCHAR,
  file VARCHAR, line INTEGER, field VARCHAR, record VARCHAR, place BIGINT);
"""
# A finding is told by rule, place and the value as it is stated there, which may be none.
_WAIVED: Final = """
INSERT INTO waived
SELECT min(d.id), f.rule, f.subject, f.path, coalesce(f.stated, f.value), f.file, f.line, f.field,
  f.record, f.rowid
FROM found f JOIN {waived} d ON d.rule = f.rule
  AND (d.record IS NULL OR d.record = f.record) AND (d.file IS NULL OR d.file = f.file)
  AND (d.field IS NULL OR d.field = f.field)
  AND d.value IS NOT DISTINCT FROM coalesce(f.stated, f.value)
GROUP BY ALL
"""
_PRESSING: Final = """
CREATE OR REPLACE TEMP TABLE pressing AS
SELECT * FROM found WHERE severity = 'Violation'
  AND rowid NOT IN (SELECT place FROM waived WHERE place IS NOT NULL);
UPDATE waived SET place = NULL;
"""


def judge(
    connection: duckdb.DuckDBPyConnection,
    shapes: Shapes,
    statements: str,
    context: str,
    waived: str | None = None,
    rejected: str | None = None,
) -> None:
    """Leave the tables `finding`, `quarantine` and `waived` for the statements of an SQL relation.

    `context` is the SQL of what classes and paths may see beside the statements. A finding of a
    later round is kept when it is a violation: it says why another record was set aside. `waived`
    and `rejected` are the SQL of decisions of these kinds (kg.curation.repairs has the columns).
    """
    connection.execute(_SCHEMA)
    connection.execute(f"CREATE TEMP VIEW context AS {context}")
    if rejected:
        connection.execute(_REJECTED.format(statements=statements, rejected=rejected))
    _leave(connection, statements)
    rounds = 0
    while _round(connection, shapes, rounds, waived):
        _leave(connection, statements)
        rounds += 1
    connection.execute("DROP VIEW judged; DROP VIEW context; DROP TABLE pressing")
    connection.execute("ALTER TABLE waived DROP COLUMN place")


def _leave(connection: duckdb.DuckDBPyConnection, statements: str) -> None:
    """Leave for the next round what is not set aside."""
    left = statements
    if connection.execute("SELECT count(*) FROM quarantine").fetchall() != [(0,)]:
        left = published(statements, "quarantine")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW judged AS FROM {left}")


def _round(
    connection: duckdb.DuckDBPyConnection, shapes: Shapes, number: int, waived: str | None
) -> bool:
    """Check the shapes once; return whether records were set aside."""
    validation = validate(connection, shapes, data="judged", context="context")
    findings.place(connection, validation, statements="judged", into="found")
    keep = "" if number == 0 else "WHERE severity = 'Violation'"
    verb = "CREATE TABLE finding AS" if number == 0 else "INSERT INTO finding"
    if waived:
        connection.execute(_WAIVED.format(waived=waived))
    if number:
        # What is waived is found in every round: it was told in the first.
        keep += " AND rowid NOT IN (SELECT place FROM waived WHERE place IS NOT NULL)"
    connection.execute(f"{verb} SELECT * FROM found {keep}")
    connection.execute(_PRESSING)
    return any(
        _set_aside(connection, records, number)
        for records in ((_NARROW, _WIDE) if number < NARROW_ROUNDS else (_WIDE,))
    )


def _set_aside(connection: duckdb.DuckDBPyConnection, records: str, number: int) -> bool:
    connection.execute(records, {"round": number})
    added = "SELECT count(*) FROM quarantine WHERE round = $round"
    [(count,)] = connection.execute(added, {"round": number}).fetchall()
    return bool(count)
