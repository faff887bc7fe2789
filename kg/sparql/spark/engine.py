"""The engine on Spark: plans made from a release's columns, run over their tables as Parquet."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from sqlglot import exp

from kg.errors import AtlasError
from kg.sparql.construct import graph_lines
from kg.sparql.formats import FORMATS, N_TRIPLES
from kg.sparql.plans import Choice, Plan
from kg.sparql.results import Writer, solutions
from kg.sparql.spark.closure import without_recursion
from kg.sparql.spark.dialect import parsed, written

if TYPE_CHECKING:
    from types import TracebackType

    import pyarrow as pa

    from kg.sparql.engine import Engine

_SETTINGS: Final = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.crossJoin.enabled": "true",
    "spark.sql.legacy.followThreeValuedLogicInArrayExists": "true",
}


class JavaMissingError(AtlasError):
    """Spark needs Java, and there is none."""

    title = "Java not found"


def java() -> Path:
    """Return the `java` that Spark will use.

    Raises:
        JavaMissingError: neither JAVA_HOME nor PATH has one.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        raise JavaMissingError("Spark needs Java 17 or newer: set JAVA_HOME, or put java on PATH")
    return Path(found)


class SparkEngine:
    """The columns of one release: planned by their own engine, evaluated by Spark."""

    def __init__(self, engine: Engine, tables: Path) -> None:
        """Open the tables that `export_tables` wrote from the columns of an engine.

        Raises:
            JavaMissingError: there is no Java.
        """
        java()
        # It would warn of TRY, which needs no translation here.
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        builder = SparkSession.builder.appName("cluster-atlas").master("local[*]")
        for name, value in _SETTINGS.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self._unread = {table.stem: table for table in tables.glob("*.parquet")}
        self._engine = engine

    def __enter__(self) -> Self:
        """Return the engine, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop Spark."""
        self.session.stop()

    def evaluate(self, text: str, media_type: str, choice: Choice = Choice()) -> bytes:  # noqa: B008 - it is frozen
        """Return the answer to a query in a result format, that of CONSTRUCT as N-Triples.

        Raises:
            QuerySyntaxError: not SPARQL.
            NotCompilable: not covered by the compiler.
        """
        plan = self._engine.plan(text, choice)
        dictionary = self._engine.dictionary
        batches = self._run(plan)
        if plan.query.form == "ASK":
            found = any(batch.num_rows for batch in batches)
            return FORMATS[media_type].ask(found).encode()
        if plan.query.form == "CONSTRUCT":
            writer = Writer(FORMATS[N_TRIPLES], dictionary, plan.local)
            return b"".join(graph_lines(writer, plan.query.template, plan.outputs, iter(batches)))
        writer = Writer(FORMATS[media_type], dictionary, plan.local)
        return b"".join(solutions(writer, plan.outputs, batches))

    def _run(self, plan: Plan) -> list[pa.RecordBatch]:
        tree = parsed(_with_values(plan))
        self._read({table.name for table in tree.find_all(exp.Table)})
        tree, views = without_recursion(tree, self.session)
        try:
            table = self.session.sql(written(tree)).toArrow()
        finally:
            for view in views:
                self.session.catalog.dropTempView(view)
        batches: list[pa.RecordBatch] = table.combine_chunks().to_batches()
        return batches

    def _read(self, names: set[str]) -> None:
        """Make tables known to Spark that no query has needed before."""
        for name in names & self._unread.keys():
            path = self._unread.pop(name)
            schema = from_arrow_schema(pq.read_schema(path))
            self.session.read.schema(schema).parquet(str(path)).createOrReplaceTempView(name)


def _with_values(plan: Plan) -> str:
    """Return the SQL with its parameters' values in their places."""
    sql = plan.sql
    for place in range(len(plan.values), 0, -1):
        sql = sql.replace(f"${place}", str(plan.values[place - 1]))
    return sql
