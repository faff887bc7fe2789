"""Differences: what an import would change against another one of its source.

An entity is changed when what is published of it is: a statement that comes or goes, whatever
record it is in. A finding is the same when rule, entity, property and value are, wherever it stands
in the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kg import database, imports, releases
from kg.database import quoted
from kg.terms import RDF_TYPE, RDFS_LABEL

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from kg.imports import Import
    from kg.workspace import Workspace

_COLUMNS: Final = "subject, predicate, object, kind, datatype, language"
_EMPTY: Final = "(FROM {rows} LIMIT 0)"
_ENTITIES: Final = """
CREATE TEMP TABLE entity_{side} AS
SELECT subject, bit_xor(md5_number(concat_ws(chr(31), predicate, object, kind,
    coalesce(datatype, ''), coalesce(language, '')))) AS sum,
  min(object) FILTER (predicate = {type}) AS class,
  min(object) FILTER (predicate = {label}) AS label
FROM (SELECT DISTINCT {columns} FROM {rows}) GROUP BY subject
"""
_CHANGED: Final = """
CREATE TEMP TABLE changed AS
SELECT coalesce(a.subject, b.subject) AS subject, coalesce(a.class, b.class) AS class,
  coalesce(a.label, b.label) AS label,
  CASE WHEN b.subject IS NULL THEN 'added' WHEN a.subject IS NULL THEN 'removed'
    ELSE 'changed' END AS change
FROM entity_after a FULL JOIN entity_before b ON a.subject = b.subject
WHERE a.sum IS DISTINCT FROM b.sum
"""
_EXAMPLES: Final = """
SELECT subject, label, class, change FROM changed
QUALIFY row_number() OVER (PARTITION BY change ORDER BY subject) <= $limit
ORDER BY change, subject
"""
_STATEMENTS: Final = """
SELECT subject, predicate, object, {come} AS come FROM (
  SELECT DISTINCT {columns} FROM {these} WHERE subject IN (SELECT unnest($subjects))
  EXCEPT SELECT {columns} FROM {others} WHERE subject IN (SELECT unnest($subjects)))
ORDER BY ALL
"""
_KEY: Final = "rule, severity, component, subject, path, value, datatype, language"
_FINDINGS: Final = """
CREATE TEMP TABLE found AS
SELECT 'new' AS change, * FROM (
  SELECT {key} FROM {after} EXCEPT SELECT {key} FROM {before})
UNION ALL SELECT 'gone', * FROM (
  SELECT {key} FROM {before} EXCEPT SELECT {key} FROM {after})
"""
_RULES: Final = """
SELECT rule, severity, count(*) FILTER (change = 'new'), count(*) FILTER (change = 'gone')
FROM found GROUP BY rule, severity
ORDER BY array_position(['Violation', 'Warning', 'Info'], severity), rule
"""
_TOLD: Final = """
SELECT change, rule, severity, subject, path, value FROM found
QUALIFY row_number() OVER (
  PARTITION BY change ORDER BY array_position(['Violation', 'Warning', 'Info'], severity), rule,
    subject, value) <= $limit
ORDER BY change DESC, rule, subject, value
"""
_RECORDS: Final = """
SELECT count(*) FILTER (b.record IS NULL), count(*) FILTER (a.record IS NULL)
FROM (SELECT DISTINCT record FROM {after}) a
FULL JOIN (SELECT DISTINCT record FROM {before}) b ON a.record = b.record
"""


def published(workspace: Workspace, source: str) -> Import | None:
    """Return the import of a source that the current release was made of, None if there is none."""
    release = releases.current(workspace)
    if release is None:
        return None
    ids = {i["source"]: i["id"] for i in release.manifest["inputs"]["imports"]}
    folder = workspace.imports / source / ids.get(source, "none")
    return imports.Import(folder) if folder.exists() else None


def before(workspace: Workspace, one: Import) -> Import | None:
    """Return what an import is compared with: the published one or, for that one, its predecessor.

    None if it has no predecessor.
    """
    served = published(workspace, one.source)
    if served is None or served.id != one.id:
        return served
    known = imports.history(workspace, one.source)
    earlier = known[: known.index(one.id)] if one.id in known else known
    return imports.Import(workspace.imports / one.source / earlier[-1]) if earlier else None


def differences(
    old: Import | None, new: Import, spill: Path, memory: int, limit: int = 10
) -> dict[str, Any]:
    """Return the entities and findings in which two imports differ, counted, the first in full.

    Args:
        old: the import before, None for nothing.
        new: the import after.
        spill: a folder for what does not fit into memory.
        memory: in MiB.
        limit: the most entities and findings of each kind that are told.

    Raises:
        WorkspaceError: the memory or the disk did not suffice.
    """
    with database.connect(spill, memory) as connection:
        return {
            "before": old.id if old else None,
            "after": new.id,
            "entities": _entities(connection, old, new, limit),
            "findings": _findings(connection, old, new, limit),
            "quarantine": _records(connection, old, new),
        }


def _side(old: Import | None, new: Import, table: str) -> str:
    """Return the SQL of one of the older import's files, empty without that import."""
    return old.table(table) if old else _EMPTY.format(rows=new.table(table))


def _entities(
    connection: duckdb.DuckDBPyConnection, old: Import | None, new: Import, limit: int
) -> dict[str, Any]:
    rows = {
        "after": new.published(),
        "before": old.published() if old else _EMPTY.format(rows=new.published()),
    }
    terms = {"type": quoted(RDF_TYPE), "label": quoted(RDFS_LABEL), "columns": _COLUMNS}
    for side, text in rows.items():
        connection.execute(_ENTITIES.format(side=side, rows=text, **terms))
    connection.execute(_CHANGED)
    counts = dict.fromkeys(("added", "changed", "removed"), 0)
    counts |= dict(connection.execute("SELECT change, count(*) FROM changed GROUP BY 1").fetchall())
    classes = connection.execute(
        "SELECT class, change, count(*) FROM changed GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    by_class: dict[str, dict[str, int]] = {}
    for name, change, count in classes:
        by_class.setdefault(name or "", {})[change] = count
    return {**counts, "classes": by_class, "examples": _examples(connection, rows, limit)}


def _examples(
    connection: duckdb.DuckDBPyConnection, rows: dict[str, str], limit: int
) -> list[dict[str, Any]]:
    names = ("entity", "label", "class", "change")
    found = connection.execute(_EXAMPLES, {"limit": limit}).fetchall()
    items: dict[str, dict[str, Any]] = {
        row[0]: {**dict(zip(names, row, strict=True)), "come": [], "gone": []} for row in found
    }
    changed = [key for key, item in items.items() if item["change"] == "changed"]
    for come, these, others in (("true", "after", "before"), ("false", "before", "after")):
        text = _STATEMENTS.format(
            come=come, columns=_COLUMNS, these=rows[these], others=rows[others]
        )
        for subject, predicate, value, is_come in connection.execute(
            text, {"subjects": changed}
        ).fetchall():
            side = items[subject]["come" if is_come else "gone"]
            side.append({"property": predicate, "value": value})
    return list(items.values())


def _findings(
    connection: duckdb.DuckDBPyConnection, old: Import | None, new: Import, limit: int
) -> dict[str, Any]:
    after, earlier = new.table("findings"), _side(old, new, "findings")
    connection.execute(_FINDINGS.format(key=_KEY, after=after, before=earlier))
    rules = [
        dict(zip(("rule", "severity", "new", "gone"), row, strict=True))
        for row in connection.execute(_RULES).fetchall()
    ]
    names = ("change", "rule", "severity", "entity", "property", "value")
    told = connection.execute(_TOLD, {"limit": limit}).fetchall()
    return {
        "new": sum(int(rule["new"]) for rule in rules),
        "gone": sum(int(rule["gone"]) for rule in rules),
        "rules": rules,
        "examples": [dict(zip(names, row, strict=True)) for row in told],
    }


def _records(
    connection: duckdb.DuckDBPyConnection, old: Import | None, new: Import
) -> dict[str, int]:
    text = _RECORDS.format(after=new.table("quarantine"), before=_side(old, new, "quarantine"))
    [(came, went)] = connection.execute(text).fetchall()
    return {"set_aside": int(came), "let_in": int(went)}
