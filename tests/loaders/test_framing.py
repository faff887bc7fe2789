from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SourceError
from kg.identifiers import Identifiers
from kg.source import Context
from loaders._framing import Table

WIDTH = 3
HEADER = ["key", "name", "text"]

# What a cell of real data may hold: the separator, quotes, line ends, letters beyond ASCII.
cells = st.text(st.sampled_from('ab;,"\n\r\t é\u2028\u2029\x85€\U0001d504'), max_size=8)
# Keys are never empty and never quoted inside, as in every file of the source.
keys = st.text(st.sampled_from("0123456789"), min_size=1, max_size=4)
records = st.lists(st.tuples(keys, cells, cells).map(list), min_size=1, max_size=12)

# What can happen to the line of a record: the text of `name` is written as `x`.
damages = st.sampled_from(
    [
        b'"1";"x"\n',  # a cell too few
        b'"1";"x";"y";"z"\n',  # one too many
        b'"1";"x"y";"z"\n',  # a quote inside
        b'"1";"x;"z"\n',  # a quote never closed, in the middle
        b'"1";"x";"z\n',  # the same at the end
        b'"1";"x";z"";"z\n',  # both
        b'"1";"\xe9";"z"\n',  # a byte of another encoding
        b'"1";"\x00";"z"\n',  # NUL
        b'"1";"\xed\xa0\x80";"z"\n',  # a surrogate, which UTF-8 cannot hold
    ]
)


def written(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def framed(data: bytes) -> tuple[list[tuple[int, list[str]]], Context]:
    identifiers = Identifiers("https://example.org/")
    context = Context(identifiers, identifiers.graph("test"))
    return list(Table("t.csv", io.BytesIO(data), context).rows()), context


def lines_of(rows: list[list[str]]) -> list[int]:
    """Return the first physical line of each row, by counting line feeds."""
    starts, line = [], 1
    for row in rows:
        starts.append(line)
        line += written([row]).count(b"\n")
    return starts


@given(records)
def test_what_a_writer_writes_comes_back_with_its_lines(rows: list[list[str]]) -> None:
    """Any rows come back as they were, each with its first physical line."""
    found, context = framed(written([HEADER, *rows]))

    assert found == list(zip(lines_of([HEADER, *rows])[1:], rows, strict=True))
    assert context.rejects == []


@given(records, damages, st.data())
def test_a_broken_row_never_changes_the_others(
    rows: list[list[str]], damage: bytes, data: st.DataObject
) -> None:
    """All other rows come back with their lines; the broken one is rejected with its line."""
    at = data.draw(st.integers(0, len(rows)))
    before, after = [HEADER, *rows[:at]], rows[at:]
    broken = lines_of([*before, HEADER])[-1]
    found, context = framed(written(before) + damage + written(after))
    lines = [*lines_of(before)[1:], *(broken + n for n in lines_of(after))]

    assert found == list(zip(lines, rows, strict=True))
    assert [(r.file, r.line) for r in context.rejects] == [("t.csv", broken)]
    assert context.rejects[0].text == damage.decode("utf-8", "backslashreplace").replace(
        "\0", "\\x00"
    ).rstrip("\n")


def test_a_broken_record_of_several_lines_is_one_reject() -> None:
    """Lines that belong to a broken record are told with it; good rows in it are kept."""
    data = b'"k";"n";"t"\n"1";"bad "x";"line\nand more\nend"\n"2";"y";"z"\n'
    found, context = framed(data)

    assert found == [(5, ["2", "y", "z"])]
    assert [(r.line, r.field, r.text) for r in context.rejects] == [
        (2, "n", '"1";"bad "x";"line\nand more\nend"')
    ]


def test_an_unclosed_quote_swallows_no_row() -> None:
    """Rows without any quote follow a quote that is never closed; all of them are kept."""
    found, context = framed(b'k;n;t\n1;"open;z\n2;a;b\n3;c;d\n')

    assert found == [(3, ["2", "a", "b"]), (4, ["3", "c", "d"])]
    assert [(r.line, r.field) for r in context.rejects] == [(2, "n")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("separator", [b";", b",", b"\t"])
def test_separator_and_line_end_are_found(separator: bytes, end: bytes) -> None:
    """The header shows how a file is separated; a missing last line end is none the worse."""
    data = end.join([separator.join([b"k", b"n"]), separator.join([b"1", b"x"])])

    assert framed(data)[0] == [(2, ["1", "x"])]


def test_a_cell_may_not_be_endless() -> None:
    """A cell beyond the limit of the csv module is rejected, and the next row is read."""
    found, context = framed(b'k;n\n1;"' + b"x" * 200_000 + b'"\n2;y\n')

    assert found == [(3, ["2", "y"])]
    assert "field larger than field limit" in context.rejects[0].reason


def test_one_bad_byte_is_not_another_encoding() -> None:
    """A file with well-formed letters beyond ASCII is UTF-8, however many rows are not."""
    bad = b"".join(b"%d;\xe9\n" % n for n in range(50))
    found, context = framed(b"k;n\n0;" + "é".encode() + b"\n" + bad)

    assert found == [(2, ["0", "é"])]
    assert len(context.rejects) == 50


def test_another_encoding_is_noticed_before_the_end() -> None:
    """A long file in Latin-1 is an error after some rows, not thousands of rejects."""
    with pytest.raises(SourceError, match="is not UTF-8"):
        framed(b"k;n\n" + b"1;x\n" * 100 + b"2;\xe9\n" * 20)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("k;n\n".encode("utf-16-be"), "header is not UTF-8"),
        (b'"k;"n"\n', "header cannot be read"),
        (b"k\xe9;n\n", "header is not UTF-8"),
    ],
)
def test_a_file_without_a_readable_header_is_an_error(data: bytes, message: str) -> None:
    """There is nothing to go on with, so that it is one error and no rejects."""
    with pytest.raises(SourceError, match=message):
        framed(data)
