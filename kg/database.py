"""DuckDB connections for work on statements, with the limits that the settings name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from kg.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def connect(spill: Path, memory: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an in-memory database that may take `memory` MiB and spills into the folder `spill`.

    Nothing is fetched from outside: extensions are neither installed nor loaded on their own.

    Raises:
        WorkspaceError: the memory limit or the disk was too small for the work.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory}MiB",
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
    }
    connection = quiet(duckdb.connect(":memory:", config=config))
    try:
        yield connection
    except duckdb.OutOfMemoryException as error:
        detail = f"{memory} MiB of memory were not enough (ATLAS_MEMORY): {error}"
        raise WorkspaceError(detail, memory=memory) from error
    except duckdb.IOException as error:
        raise WorkspaceError(f"The disk could not be written or read: {error}") from error
    finally:
        connection.close()


def small() -> duckdb.DuckDBPyConnection:
    """Return an in-memory database for look-ups over files; the caller closes it."""
    return quiet(duckdb.connect())


def quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return the connection with its progress bar off: it would be drawn into our output."""
    connection.execute("SET enable_progress_bar = false")
    return connection


def quoted(text: object) -> str:
    """Return a value as an SQL string literal, for the places where DuckDB takes no parameter."""
    return "'" + str(text).replace("'", "''") + "'"
