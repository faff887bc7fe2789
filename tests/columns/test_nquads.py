"""N-Quads read by cutting lines are the statements that a parser finds in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.columns.nquads import read_nquads
from kg.columns.rows import TABLE, create_rows, insert_quads
from kg.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

S, P, G = "<http://ex/s>", "<http://ex/p>", "<http://ex/g>"
LANG_STRING = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>"
LINES = [
    f"{S} {P} <http://ex/o> {G} .",
    f"{S} {P} <http://ex/o> .",
    f"_:a {P} _:b _:g .",
    f'{S} {P} "plain" .',
    f'{S} {P} "ends like a graph <http://ex/x> ." {G} .',
    f'{S} {P} "_:x" _:g .',
    f'{S} {P} "" {G} .',
    f'{S} {P} "für Größe, €𝄞"@de {G} .',
    f'{S} {P} "x"@de-AT .',
    f'{S} {P} "x"@EN-gb .',
    f'{S} {P} "x"@ar--rtl .',
    f'{S} {P} "05"^^<http://www.w3.org/2001/XMLSchema#integer> {G} .',
    f'{S} {P} "a <5"^^<http://ex/type> .',
    f'{S} {P} "quoted \\"word\\", a tab\\t, a line\\nand \\u00E4\\U0001D11E" {G} .',
    f"{S} {P} <http://ex/ü> .",
    f"{S} {P} <http://ex/a%20b> .",
    f"{S}\t{P}  <http://ex/o>{G}.",
    f"  {S} {P} _:b-1.x . # a remark",
    "# a remark alone",
    "",
]


def cut(path: Path) -> list[tuple[object, ...]]:
    """Return the rows of a file."""
    with duckdb.connect() as connection:
        read_nquads(connection, path)
        return sorted(connection.sql(f"FROM {TABLE}").fetchall(), key=repr)


def parsed(data: bytes) -> list[tuple[object, ...]]:
    """Return the rows of what a parser finds."""
    with duckdb.connect() as connection:
        create_rows(connection)
        insert_quads(connection, ox.parse(data, format=ox.RdfFormat.N_QUADS))
        return sorted(connection.sql(f"FROM {TABLE}").fetchall(), key=repr)


@pytest.mark.parametrize("line", LINES)
def test_a_line(line: str, tmp_path: Path) -> None:
    """A line alone, and each with its neighbours, gives what a parser finds in it."""
    path = tmp_path / "some.nq"
    path.write_text(f"{line}\n", encoding="utf-8")

    assert cut(path) == parsed(path.read_bytes())


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_all_lines(ending: str, tmp_path: Path) -> None:
    """Plain lines and others stand side by side, with either end of line."""
    path = tmp_path / "some.nq"
    path.write_bytes(ending.join(LINES).encode())

    assert cut(path) == parsed(path.read_bytes())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Whatever stands in a literal comes back, as the serializer wrote it."""
    path = tmp_path_factory.mktemp("texts") / "some.nq"
    quads = [ox.Quad(ox.NamedNode("http://ex/s"), ox.NamedNode("http://ex/p"), ox.Literal(text))
             for text in texts]  # fmt: skip
    ox.serialize(quads, path, format=ox.RdfFormat.N_QUADS)

    assert {row[2] for row in cut(path)} == set(texts)


@pytest.mark.parametrize(
    "line",
    [
        f"{S} {P} oops .",
        f"{S} {P} .",
        f'{S} {P} "x"^^{LANG_STRING} .',
        f"{S} {P} <relative> .",
        f'"x" {P} {S} .',
        f"{S} _:p {S} .",
    ],
)
def test_what_is_no_statement(line: str, tmp_path: Path) -> None:
    """The error names the file and the line, wherever plain lines stand before it."""
    path = tmp_path / "bad.nq"
    path.write_text(f"{LINES[0]}\n# a remark\n{line}\n", encoding="utf-8")

    with pytest.raises(SourceError, match=r"bad\.nq, line 3"):
        cut(path)


@pytest.mark.parametrize("name", ["some[1].nq", "some*.nq", "some.nq.gz", "a line's.nq"])
def test_any_name(name: str, tmp_path: Path) -> None:
    """A file is read under the name that it has, and as it is."""
    (tmp_path / "some1.nq").write_text(f"{LINES[1]}\n", encoding="utf-8")
    path = tmp_path / name
    path.write_text(f"{LINES[0]}\n", encoding="utf-8")

    assert cut(path) == parsed(path.read_bytes())


def test_what_is_not_utf8(tmp_path: Path) -> None:
    """Bytes that are no text are refused as the parser refuses them."""
    path = tmp_path / "bad.nq"
    path.write_bytes(f'{LINES[0]}\n{S} {P} "\xe4" .\n'.encode("latin-1"))

    with pytest.raises(SourceError, match=r"bad\.nq, line 2"):
        cut(path)
