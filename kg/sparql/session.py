"""Connections that keep their prepared statements, so that the SQL of each is read once."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import duckdb

from kg.errors import QueryMemoryError, QueryTimeoutError
from kg.sparql.errors import NotCompilable
from kg.sparql.watchdog import WATCHDOG

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import pyarrow as pa

USE: Final = "USE columns"
"""What each connection begins with: the tables of the release are found by their names alone."""

# Rows of one Arrow batch, and of one piece of the answer.
_BATCH: Final = 20_000
# Statements that a connection keeps prepared.
_KEPT: Final = 64


@dataclass
class Session:
    """One connection, used by one query at a time."""

    cursor: duckdb.DuckDBPyConnection
    names: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def prepared(self, sql: str) -> str:
        """Return the name under which a statement is prepared; the last used is kept longest."""
        name = self.names.pop(sql, None)
        if name is None:
            name = f"q{next(self.numbers)}"
            self.cursor.execute(f"PREPARE {name} AS {sql}")
        self.names[sql] = name
        if len(self.names) > _KEPT:
            self.cursor.execute(f"DEALLOCATE {self.names.pop(next(iter(self.names)))}")
        return name


@dataclass
class Sessions:
    """The idle connections to a database; a list takes and gives one atomically."""

    connection: duckdb.DuckDBPyConnection
    idle: list[Session] = field(default_factory=list)

    def run(
        self, sql: str, values: Sequence[int | str], timeout: float | None
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the batches of a SELECT; a connection that was not read to its end is closed.

        Args:
            sql: the statement, its parameters written `$1`, `$2` and so on.
            values: their values.
            timeout: seconds until it is interrupted.

        Raises:
            QueryTimeoutError: not done within the time limit.
            QueryMemoryError: the memory limit was reached and spilling did not help.
            NotCompilable: DuckDB does not evaluate this.
        """
        session = self.idle.pop() if self.idle else Session(self._cursor())
        finished = False
        try:
            with WATCHDOG.limited(session.cursor.interrupt, timeout), _translated(timeout):
                call = f"EXECUTE {session.prepared(sql)}"
                if values:
                    call += f"({', '.join(map(str, values))})"
                yield from _evaluated(session.cursor, call).to_arrow_reader(_BATCH)
                finished = True
        finally:
            if finished:
                self.idle.append(session)
            else:
                session.cursor.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self.connection.cursor()
        cursor.execute(USE)
        return cursor

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop().cursor.close()


def _evaluated(cursor: duckdb.DuckDBPyConnection, call: str) -> duckdb.DuckDBPyRelation:
    """Run a prepared statement to its end; once more if there was not enough memory.

    What the queries before left in memory is given up only as it is asked for, which may come too
    late when several threads ask at once: the second time it is gone.
    """
    try:
        return cursor.sql(call)
    except duckdb.OutOfMemoryException:
        return cursor.sql(call)


@contextmanager
def _translated(timeout: float | None) -> Iterator[None]:
    """Turn DuckDB's errors into those of the query.

    An error in planning the SQL means that the compiler went beyond what DuckDB does, an error in
    calculating that a value went beyond its range: the other engine is asked instead.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryTimeoutError(f"Not done within {timeout or 0:g} seconds") from error
    except duckdb.OutOfMemoryException as error:
        raise QueryMemoryError("The memory limit was reached") from error
    except duckdb.Error as error:
        raise NotCompilable(f"DuckDB does not evaluate this: {error}") from error
