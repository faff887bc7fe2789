"""The terms of a release in memory-mapped Arrow files: numbers to texts, and texts to numbers.

One file per tag, in the order of the numbers, so that a text's place is found by halving and a
column of numbers becomes a column of texts by one `take`. Nothing is read before it is used.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyoxigraph import BlankNode, Literal, NamedNode

from kg.columns.ids import OTHER_TAG, TAG_BITS, Class, first, inline, restore
from kg.terms import RDF_LANG_STRING, XSD_STRING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_ROWS: Final = 1 << 17
# tag: the column besides the text
_FILES: Final = {
    int(Class.BLANK): None,
    int(Class.IRI): None,
    int(Class.STRING): None,
    int(Class.LANG): "language",
    OTHER_TAG: "datatype",
}


def write_dictionaries(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the Arrow files from `dictionary` in the attached database `built`."""
    for tag, tail in _FILES.items():
        fields = [pa.field("lex", pa.large_string())]
        fields += [pa.field("tail", pa.string())] if tail else []
        schema = pa.schema(fields)
        columns = f"lex, {tail} AS tail" if tail else "lex"
        reader = connection.sql(
            f"SELECT {columns} FROM built.dictionary"
            f" WHERE id >= {first(tag)} AND id < {first(tag + 1)} ORDER BY id"
        ).to_arrow_reader(_ROWS)
        path = str(folder / f"terms-{tag}.arrow")
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for batch in reader:
                writer.write_batch(batch.cast(schema))


@dataclass(frozen=True)
class Terms:
    """The texts of one tag; `tails` holds their languages or datatypes."""

    texts: pa.ChunkedArray
    tails: pa.ChunkedArray | None

    def at(self, rank: int) -> tuple[str, str]:
        """Return text and tail of a rank."""
        tail = "" if self.tails is None else self.tails[rank].as_py()
        return self.texts[rank].as_py(), tail

    def __len__(self) -> int:
        return len(self.texts)


class Dictionary:
    """The memory-mapped terms of a folder of columns."""

    def __init__(self, folder: Path) -> None:
        self._terms = {tag: _open(folder / f"terms-{tag}.arrow") for tag in _FILES}

    def number(self, term: NamedNode | Literal) -> int | None:
        """Return the number of a term in the store's form, or None if the release has no such."""
        if isinstance(term, NamedNode):
            return self._find(int(Class.IRI), (term.value, ""))
        datatype = term.datatype.value
        if datatype == XSD_STRING:
            return self._find(int(Class.STRING), (term.value, ""))
        if datatype == RDF_LANG_STRING:
            return self._find(int(Class.LANG), (term.value, term.language or ""))
        value = inline(term)
        return value if value is not None else self._find(OTHER_TAG, (datatype, term.value))

    def term(self, number: int) -> NamedNode | BlankNode | Literal:
        """Return the term of a number that the release has."""
        tag = number >> TAG_BITS
        if tag not in self._terms:
            return restore(number)
        text, tail = self._terms[tag].at(number - first(tag))
        match tag:
            case Class.BLANK:
                return BlankNode(text.removeprefix("_:"))
            case Class.IRI:
                return NamedNode(text)
            case Class.LANG:
                return Literal(text, language=tail)
        return Literal(text, datatype=NamedNode(tail) if tail else None)

    def _find(self, tag: int, key: tuple[str, str]) -> int | None:
        terms = self._terms[tag]
        encoded = _bytes(key)

        def at(rank: int) -> tuple[bytes, bytes]:
            text, tail = terms.at(rank)
            return _bytes((tail, text) if tag == OTHER_TAG else (text, tail))

        rank = bisect_left(range(len(terms)), encoded, key=at)
        if rank < len(terms) and at(rank) == encoded:
            return first(tag) + rank
        return None

    def position(self, text: str) -> int:
        """Return the number that a string has, or that the first string after it has."""
        terms = self._terms[int(Class.STRING)]
        rank = bisect_left(range(len(terms)), text.encode(), key=lambda n: terms.at(n)[0].encode())
        return first(Class.STRING) + rank

    def texts(self, tag: int, numbers: pa.Array) -> tuple[pa.Array, pa.Array | None]:
        """Return the texts of numbers with the same tag, and their languages or datatypes."""
        terms = self._terms[tag]
        ranks = pc.subtract(numbers, _whole(first(tag)))
        tails = None if terms.tails is None else _taken(terms.tails, ranks)
        return _taken(terms.texts, ranks), tails


def _taken(column: pa.ChunkedArray, ranks: pa.Array) -> pa.Array:
    """Return the texts of ranks; Arrow itself would first put all chunks into one.

    Every chunk but the last has the same number of texts, which `_open` sees to.
    """
    if not len(ranks):
        return pa.array([], column.type)
    size = len(column.chunk(0))
    chunks = pc.divide(ranks, _whole(size))
    present = pc.unique(chunks).to_pylist()
    if len(present) == 1:
        return column.chunk(present[0]).take(pc.subtract(ranks, _whole(present[0] * size)))
    places = [pc.indices_nonzero(pc.equal(chunks, _whole(chunk))) for chunk in present]
    found = [
        column.chunk(chunk).take(pc.subtract(ranks.take(place), _whole(chunk * size)))
        for chunk, place in zip(present, places, strict=True)
    ]
    return pa.concat_arrays(found).take(pc.sort_indices(pa.concat_arrays(places)))


def _whole(value: int) -> pa.Scalar:
    """Return a number as Arrow has it; for a bare one, Arrow looks for pandas at every call."""
    return pa.scalar(value, pa.int64())


def _bytes(key: tuple[str, str]) -> tuple[bytes, bytes]:
    return key[0].encode(), key[1].encode()


def _open(path: Path) -> Terms:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    sizes = {len(chunk) for chunk in table["lex"].chunks[:-1]}
    if len(sizes) > 1 or any(len(table["lex"].chunks[-1]) > size for size in sizes):
        table = table.combine_chunks()
    tails = table["tail"] if "tail" in table.column_names else None
    return Terms(table["lex"], tails)
