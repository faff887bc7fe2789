"""Whether a release may have what an update changes: the shapes, on everything touched.

1. Touched is every subject of which a statement comes or goes. The shapes are checked on all that
   the release would state of these subjects and of those that refer to them; classes and paths see
   the whole release, what is inferred and the provenance apart.
2. A violation that was there before the update, by the same check, does not count against it.
3. Of a functional property a subject must not get a second value.
4. What was removed must be gone: a statement that still follows from others is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from kg import findings
from kg.errors import AtlasError
from kg.identifiers import Identifiers
from kg.shacl import validate
from kg.statements import SCHEMA
from kg.terms import OWL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from kg.amendments import Row
    from kg.staging import Rules

_MOST: Final = 100
"""Findings that are told; all are counted."""

_ROW: Final = ("subject", "predicate", "object", "kind", "datatype", "language")
_COLUMNS: Final = ", ".join(_ROW)
_SCHEMA: Final = pa.schema([SCHEMA.field(name) for name in _ROW])
_SAME: Final = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in _ROW)
_PLACE: Final = (
    "'update' AS file, 1 AS line, NULL::VARCHAR AS field, subject AS record, "
    "NULL::VARCHAR AS modified"
)
_STATED: Final = """
CREATE TEMP TABLE stated AS
SELECT * FROM quad WHERE graph NOT IN ($inferred, $provenance)
"""
_CONCERNED: Final = """
CREATE TEMP TABLE concerned AS
WITH touched AS (SELECT subject FROM coming UNION SELECT subject FROM going)
SELECT subject FROM touched
UNION SELECT s.subject FROM stated s JOIN touched t ON s.object = t.subject AND s.kind = 1
"""
_AFTER: Final = f"""
CREATE TEMP TABLE after_update AS
SELECT {_COLUMNS}, graph, {_PLACE} FROM stated
WHERE subject IN (SELECT subject FROM concerned) AND graph <> $ontology
"""
_BEFORE: Final = f"""
CREATE TEMP TABLE before_update AS
SELECT a.* FROM after_update a ANTI JOIN coming b ON {_SAME}
UNION ALL SELECT {_COLUMNS}, '' AS graph, {_PLACE} FROM going
"""
_STATED_BEFORE: Final = f"""
CREATE TEMP TABLE stated_before AS
SELECT {_COLUMNS} FROM stated a ANTI JOIN coming b ON {_SAME}
UNION ALL SELECT {_COLUMNS} FROM going
"""
_NEW: Final = """
SELECT DISTINCT rule, severity, subject, path, value, message_en, message_de, hint_en, hint_de
FROM found_after a WHERE severity = 'Violation' AND NOT EXISTS (
  SELECT 1 FROM found_before b
  WHERE b.rule = a.rule AND b.subject = a.subject AND b.component = a.component
    AND b.path IS NOT DISTINCT FROM a.path AND b.value IS NOT DISTINCT FROM a.value)
ORDER BY rule, subject, path, value
"""
_SECOND: Final = """
SELECT DISTINCT s.subject, s.predicate, s.object FROM stated s
JOIN coming c ON s.subject = c.subject AND s.predicate = c.predicate AND s.object <> c.object
WHERE s.predicate IN (SELECT unnest($functional)) ORDER BY ALL
"""
_LEFT: Final = f"""
SELECT DISTINCT b.subject, b.predicate, b.object
FROM (FROM going UNION FROM implied) a JOIN quad b ON {_SAME}
ORDER BY ALL LIMIT {_MOST}
"""


class RulesBrokenError(AtlasError):
    """A change after which rules would be broken; `findings` lists them, `count` counts all."""

    status = 422
    title = "Rules would be broken"


class StillImpliedError(AtlasError):
    """A removed statement that others imply; `statements` names it and what holds it."""

    status = 409
    title = "Still implied"


def judge(
    connection: duckdb.DuckDBPyConnection,
    rules: Rules,
    base: str,
    coming: Sequence[Row],
    going: Sequence[Row],
    implied: Sequence[Row] = (),
) -> None:
    """Check the table `quad` of a release that is about to be made.

    `coming` and `going` are the statements that it has and lacks because of the update, `implied`
    those that were to go with what they follow from.

    Raises:
        RulesBrokenError: a shape is violated that was not before, or a functional property.
        StillImpliedError: a removed statement is still there.
    """
    identifiers = Identifiers(base)
    _fill(connection, "coming", coming)
    _fill(connection, "going", going)
    _fill(connection, "implied", implied)
    _check_gone(connection)
    graphs = {name: identifiers.graph(name) for name in ("inferred", "provenance")}
    connection.execute(_STATED, graphs)
    connection.execute(_CONCERNED)
    connection.execute(_AFTER, {"ontology": identifiers.graph("ontology")})
    broken = _functional(connection, rules) + _violations(connection, rules)
    for table in ("coming", "going", "implied", "stated", "concerned", "after_update"):
        connection.execute(f"DROP TABLE {table}")
    if broken:
        places = "one place" if len(broken) == 1 else f"{len(broken)} places"
        detail = f"The change would break rules in {places}; nothing was changed"
        raise RulesBrokenError(detail, count=len(broken), findings=broken[:_MOST])


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _ROW]
    arrays = [pa.array(c, type=f.type) for c, f in zip(columns, _SCHEMA, strict=True)]
    connection.register("incoming", pa.Table.from_arrays(arrays, schema=_SCHEMA))
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM incoming")
    connection.unregister("incoming")


def _check_gone(connection: duckdb.DuckDBPyConnection) -> None:
    left = connection.execute(_LEFT).fetchall()
    if left:
        raise still_implied(left)


def still_implied(rows: Sequence[tuple[object, ...]]) -> StillImpliedError:
    """Return the error for statements that cannot be removed by themselves."""
    detail = (
        "What was to be removed follows from other statements; remove what it follows from. "
        "Nothing was changed"
    )
    found = [dict(zip(("subject", "predicate", "object"), row, strict=False)) for row in rows]
    return StillImpliedError(detail, statements=found[:_MOST])


def _functional(connection: duckdb.DuckDBPyConnection, rules: Rules) -> list[dict[str, Any]]:
    functional = sorted(rules.ontology.functional_properties)
    rows = connection.execute(_SECOND, {"functional": functional}).fetchall()
    return [
        {
            "rule": OWL + "FunctionalProperty",
            "severity": "Violation",
            "subject": subject,
            "path": predicate,
            "value": value,
            "message": {
                "en": "There is at most one value, and this is stated already; remove it first.",
                "de": "Es gibt höchstens einen Wert, und dieser steht schon da; erst entfernen.",
            },
        }
        for subject, predicate, value in rows
    ]


def _violations(connection: duckdb.DuckDBPyConnection, rules: Rules) -> list[dict[str, Any]]:
    if not _found(connection, rules, "after_update", "stated", "found_after"):
        connection.execute("DROP TABLE found_after")
        return []
    connection.execute(_BEFORE)
    connection.execute(_STATED_BEFORE)
    _found(connection, rules, "before_update", "stated_before", "found_before")
    rows = connection.execute(_NEW).fetchall()
    for table in ("before_update", "stated_before", "found_before", "found_after"):
        connection.execute(f"DROP TABLE {table}")
    return [_told(*row) for row in rows]


def _found(
    connection: duckdb.DuckDBPyConnection, rules: Rules, statements: str, context: str, into: str
) -> int:
    """Leave the findings on some statements in a table; return how many are violations."""
    validation = validate(connection, rules.shapes, data=statements, context=context)
    findings.place(connection, validation, statements=statements, into=into)
    count = f"SELECT count(*) FROM {into} WHERE severity = 'Violation'"
    return int(connection.execute(count).fetchall()[0][0])


def _told(
    rule: str,
    severity: str,
    subject: str,
    path: str | None,
    value: str | None,
    en: str | None,
    de: str | None,
    hint_en: str | None,
    hint_de: str | None,
) -> dict[str, Any]:
    return {
        "rule": rule,
        "severity": severity,
        "subject": subject,
        "path": path,
        "value": value,
        "message": {"en": en, "de": de},
        "hint": {"en": hint_en, "de": hint_de},
    }
