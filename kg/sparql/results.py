"""Results column by column: from Arrow batches to JSON, XML, CSV, TSV and N-Triples.

1. A column of numbers is reduced to its distinct numbers; each tag's are turned into texts by one
   `take` from the memory-mapped dictionary, or by arithmetic where the number is its own value.
2. Texts that need escaping are found by one regular expression and escaped one by one; most need
   none. Prefix and suffix around them come from the kind of term.
3. The distinct cells are taken back to their rows, the rows are joined: no Python object is made
   per cell.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyoxigraph import Literal, NamedNode

from kg.columns.ids import DATATYPES, OFFSET, OTHER_TAG, TAG_BITS, Class, first
from kg.sparql.formats import NOTHING, Cell, Format
from kg.terms import XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Term


_EXACT: Final = frozenset({Class.INTEGER, Class.DECIMAL})


@dataclass(frozen=True)
class Output:
    """How a column of the result is held: `kind` is the one class of a native column.

    An exact number is held as an integer of 10^-`scale`.
    """

    name: str
    form: str
    kind: Class | None = None
    scale: int = 0


@dataclass(frozen=True)
class Writer:
    """Writes batches in a format; `local` are the constants with numbers below zero.

    `around` stands around each cell besides what its kind of term needs.
    """

    format: Format
    dictionary: Dictionary
    local: Sequence[Term]
    around: Cell = NOTHING

    def rows(self, outputs: Sequence[Output], batch: pa.RecordBatch) -> bytes:
        """Return a batch's rows, the separators between them included."""
        if not outputs:
            row = self.format.row.before + self.format.row.after
            return self.format.between_rows.join([row] * batch.num_rows).encode()
        labels = [self.format.label(output.name) for output in outputs]
        whole = not any(column.null_count for column in batch.columns)
        if whole:
            labels = _separated(labels, self.format)
        cells = [
            replace(self, around=label).cells(output, column)
            for label, output, column in zip(labels, outputs, batch.columns, strict=True)
        ]
        if not whole:
            return _joined_rows(self.format, cells)
        rows = cells[0] if len(cells) == 1 else pc.binary_join_element_wise(*cells, _EMPTY)
        return _text(rows, self.format)

    def cells(self, output: Output, column: pa.Array) -> pa.Array:
        """Return a column's cells as texts, unbound ones as the format has them.

        What stands around them is put there once for each distinct one.
        """
        if output.form in ("term", "number"):
            cells = self._structs(column, output.scale)
        else:
            encoded = column.dictionary_encode()
            values = encoded.dictionary
            distinct = (
                self._numbers(values) if output.form == "id" else self._natives(output, values)
            )
            cells = distinct.take(encoded.indices)
        return cells if self.format.missing is None else cells.fill_null(self.format.missing)

    def _natives(self, output: Output, values: pa.Array) -> pa.Array:
        kind = output.kind or Class.STRING
        texts = _exact_texts(values, output.scale) if kind in _EXACT else values
        return self._terms(_large(texts), kind, None)

    def _structs(self, column: pa.Array, scale: int) -> pa.Array:
        """Return the cells of computed terms, kind by kind."""
        kinds = pc.fill_null(pc.struct_field(column, "k").cast(pa.int64()), _whole(-1))
        exact = column.type.get_field_index("n") >= 0
        texts = (
            _exact_texts(pc.struct_field(column, "n"), scale)
            if exact
            else pc.struct_field(column, "l")
        )
        texts = _large(texts)

        def cells(kind: int, place: pa.Array) -> pa.Array:
            if kind < 0:
                return pa.nulls(len(place), pa.large_string())
            if exact:
                return self._terms(texts.take(place), Class(kind), None)
            tails = pc.struct_field(column, "g" if kind == Class.LANG else "d")
            return self._terms(texts.take(place), Class(kind), tails.take(place))

        return _by_value(kinds, cells)

    def _numbers(self, numbers: pa.Array) -> pa.Array:
        """Return the cells of distinct numbers, tag by tag."""
        if not len(numbers):
            return pa.array([], pa.large_string())
        tags = pc.shift_right(numbers, _whole(TAG_BITS))
        present = pc.unique(tags).to_pylist()
        if len(present) == 1:
            return self._tag(present[0], numbers)
        return _by_value(tags, lambda tag, place: self._tag(tag, numbers.take(place)))

    def _tag(self, tag: int, numbers: pa.Array) -> pa.Array:
        if tag < 0:
            return self._locals(numbers)
        if tag in _INLINE_TEXTS:
            zero = first(tag) + (0 if tag == Class.BOOLEAN else OFFSET)
            payload = pc.subtract(numbers, _whole(zero))
            return self._terms(_large(_INLINE_TEXTS[tag](payload)), Class(tag), None)
        texts, tails = self.dictionary.texts(tag, numbers)
        kind = Class.UNKNOWN if tag == OTHER_TAG else Class(tag)
        return self._terms(texts, kind, tails)

    def _locals(self, numbers: pa.Array) -> pa.Array:
        cells = [self.term(self.local[-1 - number]) for number in numbers.to_pylist()]
        return pa.array(cells, pa.large_string())

    def term(self, term: Term) -> str:
        """Return the cell of one constant."""
        text = pa.array([term.value], pa.large_string())
        if isinstance(term, NamedNode):
            return str(self._terms(text, Class.IRI, None)[0].as_py())
        kind, tail = Class.UNKNOWN, term.datatype.value
        if isinstance(term, Literal) and term.language:
            kind, tail = Class.LANG, term.language
        elif tail == XSD_STRING:
            kind = Class.STRING
        return str(self._terms(text, kind, pa.array([tail], pa.string()))[0].as_py())

    def _terms(self, texts: pa.Array, kind: Class, tails: pa.Array | None) -> pa.Array:
        """Return the cells of texts of one class; `tails` are languages or datatypes."""
        written = self.format
        if kind is Class.BLANK:
            return self._around(pc.utf8_slice_codeunits(texts, 2), written.blank)
        if kind is not Class.IRI or not written.plain_iris:
            texts = _escaped(texts, written)
        if kind is Class.IRI:
            return self._around(texts, written.iri)
        if kind is Class.STRING or not written.datatype:
            return self._around(texts, written.plain)
        shape = written.language if kind is Class.LANG else written.datatype
        if kind in DATATYPES and kind is not Class.LANG:
            return self._around(texts, _literal_cell(written, shape, DATATYPES[kind]))
        return self._tailed(texts, tails, shape)

    def _around(self, texts: pa.Array, cell: Cell) -> pa.Array:
        return _around(texts, _within(self.around, cell))

    def _tailed(self, texts: pa.Array, tails: pa.Array | None, shape: str) -> pa.Array:
        if tails is None:
            return self._around(texts, self.format.plain)
        encoded = tails.dictionary_encode()
        around = [
            _within(self.around, _literal_cell(self.format, shape, tail))
            for tail in encoded.dictionary.to_pylist()
        ]
        before = pa.array([cell.before for cell in around], pa.large_string())
        after = pa.array([cell.after for cell in around], pa.large_string())
        return pc.binary_join_element_wise(
            before.take(encoded.indices), texts, after.take(encoded.indices), _EMPTY
        )


def _by_value(values: pa.Array, cells: Callable[[int, pa.Array], pa.Array]) -> pa.Array:
    """Return the cells that are made for each value of a column at its places, in their order."""
    present = pc.unique(values).to_pylist()
    places = [pc.indices_nonzero(pc.equal(values, _whole(value))) for value in present]
    made = [cells(value, place) for value, place in zip(present, places, strict=True)]
    if len(made) <= 1:
        return made[0] if made else pa.array([], pa.large_string())
    return pa.concat_arrays(made).take(pc.sort_indices(pa.concat_arrays(places)))


def _within(outer: Cell, inner: Cell) -> Cell:
    return Cell(outer.before + inner.before, inner.after + outer.after)


def _separated(labels: list[Cell], written: Format) -> list[Cell]:
    """Return labels with what stands between cells and around the row, if no cell is missing."""
    cells = [Cell(written.between_cells + label.before, label.after) for label in labels]
    cells[0] = Cell(written.row.before + labels[0].before, labels[0].after)
    end = written.row.after + written.between_rows
    return [*cells[:-1], Cell(cells[-1].before, cells[-1].after + end)]


def _literal_cell(written: Format, shape: str, tail: str) -> Cell:
    """Return what stands around a literal; XML names the datatype before the text."""
    if shape.startswith("<"):
        return Cell(shape.replace("{}", tail), written.plain.after)
    return Cell(written.plain.before, shape.replace("{}", tail))


_EMPTY: Final = pa.scalar("", pa.large_string())


def _whole(value: int) -> pa.Scalar:
    """Return a number as Arrow has it; for a bare one, Arrow looks for pandas at every call."""
    return pa.scalar(value, pa.int64())


def _large(texts: pa.Array) -> pa.Array:
    return texts.cast(pa.large_string())


def _around(texts: pa.Array, cell: Cell) -> pa.Array:
    if not cell.before and not cell.after:
        return texts
    before, after = (pa.scalar(part, pa.large_string()) for part in (cell.before, cell.after))
    return pc.binary_join_element_wise(before, texts, after, _EMPTY)


def _escaped(texts: pa.Array, written: Format) -> pa.Array:
    special = pc.match_substring_regex(texts, written.special)
    if not pc.any(special).as_py():
        return texts
    mask = pc.fill_null(special, False)
    escaped = [written.escape(text) for text in texts.filter(mask).to_pylist()]
    return pc.replace_with_mask(texts, mask, pa.array(escaped, pa.large_string()))


def _joined_rows(written: Format, cells: list[pa.Array]) -> bytes:
    rows = _joined_cells(written, cells)
    row = Cell(written.row.before, written.row.after + written.between_rows)
    return _text(_around(rows, row), written)


def _text(rows: pa.Array, written: Format) -> bytes:
    """Return the rows one behind the other: the texts of an Arrow column already are."""
    _, offsets, texts = rows.buffers()
    ends = memoryview(offsets).cast("q")
    start, end = ends[rows.offset], ends[rows.offset + len(rows)]
    return bytes(memoryview(texts)[start : end - len(written.between_rows)])


def _joined_cells(written: Format, cells: list[pa.Array]) -> pa.Array:
    """Join each row's cells; a row without any is empty, where Arrow would drop it."""
    cells = [column for column in cells if column.null_count < len(column)] or cells[:1]
    if len(cells) == 1:
        return cells[0].fill_null("")
    separator = pa.scalar(written.between_cells, pa.large_string())
    filled = _filled(cells)
    if filled is None:
        return pc.binary_join_element_wise(*cells, separator, null_handling="skip")
    some = [column.filter(filled) for column in cells]
    joined = pc.binary_join_element_wise(*some, separator, null_handling="skip")
    nothing = pa.repeat(pa.scalar("", pa.large_string()), len(filled))
    return pc.replace_with_mask(nothing, filled, joined)


def _filled(cells: list[pa.Array]) -> pa.Array | None:
    """Return which rows have a cell, None if all have."""
    if not all(column.null_count for column in cells):
        return None
    filled = functools.reduce(pc.or_, (column.is_valid() for column in cells))
    return None if pc.all(filled).as_py() else filled


# With their type, for without Arrow looks for modules that could have made the value.
_NO_TEXT, _POINT, _MINUS, _TRUE, _FALSE = (
    pa.scalar(text, pa.string()) for text in ("", ".", "-", "true", "false")
)


def _exact_texts(values: pa.Array, scale: int) -> pa.Array:
    """Return the canonical texts of integers of 10^-scale, which may have 128 bits."""
    texts = values.cast(pa.string())
    if not scale:
        return texts
    sign = pc.if_else(pc.starts_with(texts, "-"), _MINUS, _NO_TEXT)
    digits = pc.utf8_lpad(pc.utf8_ltrim(texts, "-"), scale + 1, "0")
    whole = pc.utf8_slice_codeunits(digits, 0, -scale)
    fraction = pc.utf8_rtrim(pc.utf8_slice_codeunits(digits, -scale), "0")
    return pc.binary_join_element_wise(sign, whole, _fraction(fraction), _NO_TEXT)


def _fraction(digits: pa.Array) -> pa.Array:
    """Return digits behind a point, nothing where there are none."""
    pointed = pc.binary_join_element_wise(_POINT, digits, _NO_TEXT)
    return pc.if_else(pc.equal(digits, _NO_TEXT), _NO_TEXT, pointed)


def _decimal_texts(micros: pa.Array) -> pa.Array:
    million = _whole(1_000_000)
    size = pc.abs(micros)
    whole = pc.divide(size, million)
    fraction = pc.subtract(size, pc.multiply(whole, million))
    digits = pc.utf8_slice_codeunits(pc.add(fraction, million).cast(pa.string()), 1)
    tail = _fraction(pc.utf8_rtrim(digits, "0"))
    sign = pc.if_else(pc.less(micros, _whole(0)), _MINUS, _NO_TEXT)
    return pc.binary_join_element_wise(sign, whole.cast(pa.string()), tail, _NO_TEXT)


_INLINE_TEXTS: Final[dict[int, Callable[[pa.Array], pa.Array]]] = {
    int(Class.INTEGER): lambda values: values.cast(pa.string()),
    int(Class.DECIMAL): _decimal_texts,
    int(Class.BOOLEAN): lambda values: pc.if_else(pc.equal(values, _whole(1)), _TRUE, _FALSE),
    int(Class.DATE): lambda values: values.cast(pa.int32()).cast(pa.date32()).cast(pa.string()),
}


def solutions(
    writer: Writer, outputs: Sequence[Output], batches: Iterable[pa.RecordBatch]
) -> Iterator[bytes]:
    """Yield a whole result in chunks, the head with the first rows, which are few to come soon."""
    written = writer.format
    head = opening = written.head([output.name for output in outputs]).encode()
    for batch in _soon(batches):
        if batch.num_rows:
            rows = writer.rows(outputs, batch)  # before anything is yielded, for it may fail
            yield opening
            yield rows
            opening = written.between_rows.encode()
    yield (head if opening is head else b"") + written.tail.encode()


def _soon(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the same rows, the first of them apart: the rest of their batch takes a while."""
    first = True
    for batch in batches:
        if first and batch.num_rows:
            yield batch.slice(0, _FIRST)
            batch, first = batch.slice(_FIRST), False  # noqa: PLW2901 - what is left of it
        yield batch


_FIRST: Final = 1000
"""Rows of the first chunk, some 200 KB."""
