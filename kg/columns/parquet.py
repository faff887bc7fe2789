"""The statements of a release as Parquet, for pandas, Polars, DuckDB and Spark.

The columns are those of a statement without its provenance (`kg.statements`): subject, predicate,
object, kind, datatype, language, graph; the terms are as the store has them. Sorted by predicate
and subject, so that a reader who wants one property reads little else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.columns.building import DATABASE
from kg.columns.ids import DATATYPES, DECIMAL_DIGITS, TAG_BITS, Class
from kg.database import connect

if TYPE_CHECKING:
    from pathlib import Path

_TAG = f"(t.o >> {TAG_BITS})"
_VALUE = "atlas_value(t.o)"


def export_parquet(folder: Path, target: Path, memory: int = 1024) -> None:
    """Write the statements of the columns in a folder to one Parquet file."""
    with connect(target.parent / "spill", memory) as connection:
        connection.execute(f"ATTACH '{folder / DATABASE}' AS columns (READ_ONLY)")
        connection.execute("USE columns")
        connection.execute(
            f"COPY ({_statements()}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )


def _statements() -> str:
    return f"""
        SELECT s.lex AS subject, p.lex AS predicate, {object_text()} AS object,
            CAST(least({_TAG} - 1, 2) AS UTINYINT) AS kind,
            {_datatype()} AS datatype, d.language AS language, g.lex AS graph
        FROM (SELECT p, s, o, g FROM triples UNION ALL SELECT p, s, o, g FROM repeats) t
            JOIN dictionary s ON s.id = t.s JOIN dictionary p ON p.id = t.p
            LEFT JOIN dictionary d ON d.id = t.o LEFT JOIN dictionary g ON g.id = t.g
        ORDER BY t.p, t.s, t.o, t.g
    """


def object_text() -> str:
    """Return SQL for the text of the object of `triples t` with its row `d` of `dictionary`."""
    power = 10**DECIMAL_DIGITS
    return (
        f"CASE {_TAG} WHEN {int(Class.INTEGER)} THEN CAST({_VALUE} AS VARCHAR)"
        f" WHEN {int(Class.DECIMAL)} THEN atlas_scaled_text({_VALUE}, {DECIMAL_DIGITS}, {power})"
        f" WHEN {int(Class.BOOLEAN)} THEN CAST((t.o & 1) = 1 AS VARCHAR)"
        f" WHEN {int(Class.DATE)}"
        f" THEN CAST(DATE '1970-01-01' + CAST({_VALUE} AS INTEGER) AS VARCHAR) ELSE d.lex END"
    )


def _datatype() -> str:
    cases = " ".join(
        f"WHEN {int(kind)} THEN '{iri}'" for kind, iri in DATATYPES.items() if kind <= Class.DATE
    )
    return f"CASE {_TAG} {cases} ELSE d.datatype END"
