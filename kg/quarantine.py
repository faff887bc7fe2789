"""Quarantine: judging the statements of an import until what is left breaks no rule.

1. The shapes are checked; each finding gets its cells (kg.findings).
2. The records in which violations lie are set aside whole.
3. What referred to them now breaks rules itself, so both steps repeat until no violation is left.

The first rounds set aside just the records that state the offending value, or, when something is
missing, the record where the thing was first described. Where that names no record, and in later
rounds, every record that mentions the thing is set aside, so that the rounds come to an end.
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
SELECT record, min(file), min(line), min(rule), $round FROM found
WHERE severity = 'Violation' AND record IS NOT NULL GROUP BY record
"""
_WIDE: Final = """
INSERT INTO quarantine
SELECT record, min(file), min(line), min(rule), $round FROM (
  SELECT s.record, s.file, s.line, f.rule FROM judged s JOIN found f ON f.subject = s.subject
  WHERE f.severity = 'Violation'
  UNION ALL
  SELECT s.record, s.file, s.line, f.rule FROM judged s JOIN found f ON f.subject = s.object
  WHERE f.severity = 'Violation')
GROUP BY record
"""
_SCHEMA: Final = """
CREATE TABLE quarantine(record VARCHAR, file VARCHAR, line INTEGER, rule VARCHAR, round INTEGER)
"""


def judge(
    connection: duckdb.DuckDBPyConnection, shapes: Shapes, statements: str, context: str
) -> None:
    """Leave the tables `finding` and `quarantine` for the statements of an SQL relation.

    `context` is the SQL of what classes and paths may see beside the statements. A finding of a
    later round is kept when it is a violation: it says why another record was set aside.
    """
    connection.execute(_SCHEMA)
    connection.execute(f"CREATE TEMP VIEW context AS {context}")
    connection.execute(f"CREATE TEMP VIEW judged AS {statements}")
    rounds = 0
    while _round(connection, shapes, rounds):
        left = published(statements, "quarantine")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW judged AS {left}")
        rounds += 1
    connection.execute("DROP VIEW judged; DROP VIEW context")


def _round(connection: duckdb.DuckDBPyConnection, shapes: Shapes, number: int) -> bool:
    """Check the shapes once; return whether records were set aside."""
    validation = validate(connection, shapes, data="judged", context="context")
    findings.place(connection, validation, statements="judged", into="found")
    keep = "" if number == 0 else "WHERE severity = 'Violation'"
    verb = "CREATE TABLE finding AS" if number == 0 else "INSERT INTO finding"
    connection.execute(f"{verb} SELECT * FROM found {keep}")
    return any(
        _set_aside(connection, records, number)
        for records in ((_NARROW, _WIDE) if number < NARROW_ROUNDS else (_WIDE,))
    )


def _set_aside(connection: duckdb.DuckDBPyConnection, records: str, number: int) -> bool:
    connection.execute(records, {"round": number})
    added = "SELECT count(*) FROM quarantine WHERE round = $round"
    [(count,)] = connection.execute(added, {"round": number}).fetchall()
    return bool(count)
