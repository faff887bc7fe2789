"""The tables of a release's columns as Parquet files, for engines that evaluate the same plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.columns.building import DATABASE
from kg.database import small

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


# What Parquet or Spark has no type for, and what holds the same values.
_TYPES: Final = {"HUGEINT": "DECIMAL(38, 0)", "UTINYINT": "SMALLINT"}


def export_tables(folder: Path, target: Path) -> None:
    """Write each table of the columns in a folder to `<table>.parquet` in another.

    Integers of 128 bits become decimals: Parquet has none, and DuckDB would write doubles.
    """
    target.mkdir(parents=True, exist_ok=True)
    with small() as connection:
        connection.execute(f"ATTACH '{folder / DATABASE}' AS columns (READ_ONLY)")
        connection.execute("USE columns")
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'columns'"
        ).fetchall()
        for (table,) in tables:
            path = target / f"{table}.parquet"
            connection.execute(f"COPY ({_select(connection, table)}) TO '{path}' (FORMAT parquet)")


def _select(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    wide = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?"
        " AND data_type IN (SELECT unnest(?))",
        [table, list(_TYPES)],
    ).fetchall()
    casts = ", ".join(f"CAST({name} AS {_TYPES[kind]}) AS {name}" for name, kind in wide)
    return f"SELECT *{f' REPLACE ({casts})' if casts else ''} FROM {table}"
