"""Repairs: decisions applied to the statements of an import before they are judged.

1. A repair fits a statement of the same column, with the value found there, in the same file and
   record where it names them. Of several that fit, one for the record goes before one for all
   records, then the latest.
2. The new value takes the object's place; an empty one takes the statement away. Where the object
   is an IRI, a new value that is none takes the place of what follows its last slash.
3. A repair without a value adds a statement to its record, of the kind that the source states most
   often of that property; it does nothing once the source states one itself.

The file of repairs keeps every statement as the source had it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from kg.curation.decisions import Decision

_SCHEMA: Final = pa.schema(
    [
        ("number", pa.int32()),
        *(
            (name, pa.string())
            for name in (
                *("id", "kind", "rule", "file", "record", "field"),
                *("subject", "path", "value", "new", "who", "why", "until"),
            )
        ),
    ]
)
_FITS: Final = """
CREATE TEMP TABLE fitting AS
SELECT s.file_row_number AS place, d.id AS decision, d.new = '' AS omitted,
  CASE WHEN s.kind <> 1 OR contains(d.new, ':') THEN d.new
    ELSE regexp_replace(s.object, '[^/#]*$', '') || d.new END AS object
FROM {stated} s JOIN decision d ON s.object = d.value
WHERE d.kind = 'repair' AND NOT contains(coalesce(d.rule, ''), '#Reading')
  AND s.field IS NOT DISTINCT FROM d.field
  AND (d.file IS NULL OR d.file = s.file) AND (d.record IS NULL OR d.record = s.record)
QUALIFY row_number() OVER (
  PARTITION BY s.file_row_number ORDER BY d.record IS NULL, d.number DESC) = 1
"""
_LACKING: Final = """
CREATE TEMP TABLE lacking AS
WITH wanted AS (
  SELECT d.* FROM decision d WHERE d.kind = 'repair' AND d.value IS NULL
    AND d.subject IS NOT NULL AND d.path IS NOT NULL AND d.record IS NOT NULL
    AND NOT EXISTS (FROM {stated} s WHERE s.subject = d.subject AND s.predicate = d.path)
  QUALIFY row_number() OVER (PARTITION BY d.subject, d.path ORDER BY d.number DESC) = 1
), usual AS (
  SELECT predicate, kind, datatype, language, any_value(object) AS example FROM {stated}
  WHERE predicate IN (SELECT path FROM wanted) GROUP BY predicate, kind, datatype, language
  QUALIFY row_number() OVER (
    PARTITION BY predicate ORDER BY count(*) DESC, kind, datatype, language) = 1
), place AS (
  SELECT record, subject, arg_min(s, (s.line, s.predicate)) AS s FROM {stated} s
  WHERE record IN (SELECT record FROM wanted) GROUP BY record, subject
)
SELECT w.id AS decision, w.subject, w.path AS predicate,
  CASE WHEN coalesce(u.kind, 2) <> 1 OR contains(w.new, ':') THEN w.new
    ELSE regexp_replace(u.example, '[^/#]*$', '') || w.new END AS object,
  coalesce(u.kind, 2)::UTINYINT AS kind,
  CASE WHEN u.kind IS NULL THEN $string ELSE u.datatype END AS datatype, u.language,
  p.s.graph AS graph, p.s.file AS file, p.s.line AS line, w.field, w.record,
  p.s.modified AS modified
FROM wanted w JOIN place p ON p.record = w.record AND p.subject = w.subject
LEFT JOIN usual u ON u.predicate = w.path
"""
REPAIRED: Final = """
SELECT s.* EXCLUDE (file_row_number) REPLACE (coalesce(f.object, s.object) AS object)
FROM {stated} s LEFT JOIN fitting f ON f.place = s.file_row_number
WHERE f.omitted IS NOT TRUE
UNION ALL BY NAME SELECT * EXCLUDE (decision) FROM lacking
"""
_KEPT: Final = """
SELECT f.decision, s.subject, s.predicate, s.object AS value,
  CASE WHEN f.omitted THEN NULL ELSE f.object END AS new, s.file, s.line, s.field, s.record
FROM fitting f JOIN {stated} s ON s.file_row_number = f.place
UNION ALL
SELECT decision, subject, predicate, NULL, object, file, line, field, record FROM lacking
"""
TABLE: Final = "repaired"


def register(connection: duckdb.DuckDBPyConnection, decisions: Iterable[Decision]) -> None:
    """Make the table `decision` of those that hold for an import, in their order."""
    rows = [
        {name: number if name == "number" else getattr(one, name) for name in _SCHEMA.names}
        for number, one in enumerate(decisions)
    ]
    connection.register("deciding", pa.Table.from_pylist(rows, schema=_SCHEMA))
    connection.execute("CREATE TEMP TABLE decision AS SELECT * FROM deciding")
    connection.unregister("deciding")


def fit(connection: duckdb.DuckDBPyConnection, stated: str, string: str) -> bool:
    """Find what the repairs in the table `decision` change; return whether that is anything.

    `stated` is the SQL of the numbered statements as the source has them, `string` the datatype of
    a value that nothing is known of. The table `repaired` then has a row for each statement that is
    replaced, left out or added; REPAIRED, with `stated`, is the SQL of the statements after it.
    """
    connection.execute(_FITS.format(stated=stated))
    connection.execute(_LACKING.format(stated=stated), {"string": string})
    connection.execute(f"CREATE TEMP TABLE {TABLE} AS {_KEPT.format(stated=stated)}")
    [(count,)] = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchall()
    return bool(count)
