"""The statement: an RDF quad that knows where it was written.

A loader turns each source record into statements; they are kept as Parquet rows with the exact
terms as the source wrote them (a store canonicalises literals, so validation never reads from one).

| column | holds |
|---|---|
| subject | IRI, or `_:label` |
| predicate | IRI |
| object | IRI, `_:label`, or the lexical form as written |
| kind | 0 blank node, 1 IRI, 2 literal |
| datatype | IRI of the datatype; NULL unless a literal |
| language | language tag, or NULL |
| graph | IRI of the named graph |
| file | name of the file inside the download |
| line | physical line, from 1, on which the record begins |
| field | the source's column, XML element or JSON path; NULL when the record as a whole says it |
| record | key of the source record, unique within the import |
| modified | when the source last changed the record (ISO 8601), or NULL |
"""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from kg.terms import RDF_LANG_STRING, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BLANK: Final = 0
IRI: Final = 1
LITERAL: Final = 2

BATCH_ROWS: Final = 16_384
GROUP_BATCHES: Final = 8


class Statement(NamedTuple):
    """One row; the module docstring describes the parts. A plain tuple serves as well."""

    subject: str
    predicate: str
    object: str
    kind: int
    datatype: str | None
    language: str | None
    graph: str
    file: str
    line: int
    field: str | None
    record: str
    modified: str | None = None


class Reject(NamedTuple):
    """A piece of a source that could not become statements, and why."""

    file: str
    line: int
    field: str | None
    reason: str
    text: str


SCHEMA: Final = pa.schema(
    [
        ("subject", pa.string()),
        ("predicate", pa.string()),
        ("object", pa.string()),
        ("kind", pa.uint8()),
        ("datatype", pa.string()),
        ("language", pa.string()),
        ("graph", pa.string()),
        ("file", pa.string()),
        ("line", pa.int32()),
        ("field", pa.string()),
        ("record", pa.string()),
        ("modified", pa.string()),
    ]
)

REJECT_SCHEMA: Final = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int32()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("text", pa.string()),
    ]
)


def literal_columns(datatype: str | None, language: str | None) -> tuple[str, str | None]:
    """Return datatype and language as a row holds them (RDF 1.1 Concepts, section 3.3)."""
    return (RDF_LANG_STRING, language) if language else (datatype or XSD_STRING, None)


def batches(
    rows: Iterable[tuple[object, ...]], schema: pa.Schema = SCHEMA
) -> Iterator[pa.RecordBatch]:
    """Yield `rows` as Arrow record batches of at most BATCH_ROWS rows, in their order."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, BATCH_ROWS)):
        columns = zip(*chunk, strict=True)
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def write(rows: Iterable[tuple[object, ...]], path: Path, schema: pa.Schema = SCHEMA) -> int:
    """Write rows to a Parquet file and return how many; memory stays at two row groups.

    One row group is compressed by another thread while the next is made.
    """
    count, pending = 0, None
    source = batches(rows, schema)
    with (
        pq.ParquetWriter(path, schema, compression="zstd") as writer,
        ThreadPoolExecutor(1) as thread,
        _without_garbage_collection(),
    ):
        while group := list(islice(source, GROUP_BATCHES)):
            if pending:
                pending.result()
            table = pa.Table.from_batches(group)
            count += table.num_rows
            pending = thread.submit(writer.write_table, table)
        if pending:
            pending.result()
    return count


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Keep the collector from going through millions of rows, none of them part of a cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
