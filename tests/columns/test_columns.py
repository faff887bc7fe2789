"""What is built holds the release's own statements, in the order that SPARQL wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.columns import Dictionary, build, build_from_quads, export_parquet, open_catalogue
from kg.columns.building import DATABASE, build_from_nquads
from kg.columns.canonical import canonical
from kg.columns.ids import Class, decimal_text, first, inline, restore
from kg.errors import SourceError
from kg.statements import SCHEMA
from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEXICAL_FORMS = {
    "integer": ("5", "05", "+5", "-0", "9223372036854775807", "99999999999999999999", "five"),
    "int": ("7", "x"),
    "decimal": ("1.50", "1", ".5", "-0.0", "0.4400000001", "12345678901.5", "1e5", "-0.25"),
    "double": ("1e21", "1.0", "NaN", "-INF", "0.1", "one"),
    "float": ("0.1", "16777217"),
    "boolean": ("1", "false", "TRUE"),
    "date": ("2024-02-29", "2023-02-29", "2024-01-01Z", "2024-01-01+02:00", "-0044-03-15"),
    "dateTime": ("2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00.500Z"),
    "gYear": ("2024", "02024", "12024"),
    "duration": ("P12M", "PT60S"),
    "anyURI": ("http://example.org/",),
    "string": ("a", "A", "é", "𝄞", ""),
}
SUBJECT, PREDICATE = ox.NamedNode("http://ex/s"), ox.NamedNode("http://ex/p")


def literals() -> Iterator[ox.Literal]:
    """Yield literals of every kind, regular and not."""
    for name, forms in LEXICAL_FORMS.items():
        for form in forms:
            yield ox.Literal(form, datatype=ox.NamedNode(XSD + name))
    yield ox.Literal("x", language="de-AT")
    yield ox.Literal("x", datatype=ox.NamedNode("http://ex/type"))


def every_term() -> list[ox.Quad]:
    """Return quads with every kind of term, the same triple in two graphs among them."""
    quads = [
        ox.Quad(SUBJECT, ox.NamedNode(f"http://ex/p{number % 7}"), literal)
        for number, literal in enumerate(literals())
    ]
    graph = ox.NamedNode("http://ex/g")
    quads.append(ox.Quad(SUBJECT, PREDICATE, ox.BlankNode("b")))
    quads.append(ox.Quad(SUBJECT, PREDICATE, SUBJECT))
    quads.append(ox.Quad(SUBJECT, PREDICATE, SUBJECT, graph))
    return quads


def decoded(folder: Path) -> set[ox.Quad]:
    """Read all statements of a columns file back."""
    dictionary = Dictionary(folder)
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        rows = connection.execute(
            "SELECT s, p, o, g FROM triples UNION ALL SELECT s, p, o, g FROM repeats"
        ).fetchall()
    return {
        ox.Quad(
            *(dictionary.term(number) for number in row[:3]),
            dictionary.term(row[3]) if row[3] else ox.DefaultGraph(),
        )
        for row in rows
    }


def test_holds_what_the_store_holds(tmp_path: Path) -> None:
    """Decoded, the columns are the quads of a store that was given the same."""
    store = ox.Store()
    store.extend(every_term())

    count = build_from_quads(every_term(), tmp_path)

    assert set(store) == decoded(tmp_path)
    assert len(store) == count


def test_every_term_is_found(tmp_path: Path) -> None:
    """Each term's number is found from the term, and no other term's."""
    build_from_quads(every_term(), tmp_path)
    dictionary = Dictionary(tmp_path)
    terms = {canonical(literal) for literal in literals()}

    numbers = {dictionary.number(term) for term in terms}

    assert None not in numbers
    assert len(terms) == len(numbers)
    assert dictionary.number(ox.Literal("absent")) is None


def test_numbers_order_as_texts(tmp_path: Path) -> None:
    """IRIs and strings are numbered in code point order, blank nodes before both."""
    build_from_quads(every_term(), tmp_path)
    dictionary = Dictionary(tmp_path)

    strings = [dictionary.number(ox.Literal(text)) for text in sorted(LEXICAL_FORMS["string"])]
    iri = dictionary.number(SUBJECT)

    assert sorted(filter(None, strings)) == strings
    assert iri is not None
    assert iri < min(filter(None, strings))


@given(st.integers(-(2**60), 2**60), st.integers(-(10**17), 10**17))
def test_values_are_restored(integer: int, micros: int) -> None:
    """A number that is its own value gives back the literal that it was made of."""
    texts = {"integer": str(integer), "decimal": decimal_text(micros)}
    for name, text in texts.items():
        literal = ox.Literal(text, datatype=ox.NamedNode(XSD + name))
        number = inline(literal)

        assert number is None or restore(number) == literal
        assert canonical(literal) == literal


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-9999, max_value=9999)
)
def test_values_order_as_numbers(value: object) -> None:
    """Decimals order by their numbers as by their values."""
    literal = canonical(ox.Literal(f"{value:f}", datatype=ox.NamedNode(XSD + "decimal")))
    zero = inline(ox.Literal("0", datatype=ox.NamedNode(XSD + "decimal")))
    number = inline(literal)

    assert number is not None
    assert zero is not None
    assert (number < zero) == (literal.value.startswith("-"))


def test_one_odd_value_keeps_its_property_exact(tmp_path: Path) -> None:
    """A property with one long fraction has all its values at the scale that holds it."""
    amounts = ["1.5", "2", "0.4400000001"]
    quads = [
        ox.Quad(SUBJECT, PREDICATE, ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal")))
        for text in amounts
    ]
    build_from_quads(quads, tmp_path)

    with duckdb.connect(str(tmp_path / DATABASE), read_only=True) as connection:
        known = open_catalogue(connection).properties[PREDICATE.value]
        values = connection.execute(f"SELECT v FROM p{known.number} ORDER BY v").fetchall()

    assert (known.scale, known.exceptions) == (10, 0)
    assert values == [(4_400_000_001,), (15_000_000_000,), (20_000_000_000,)]


def test_classes_of_a_property(tmp_path: Path) -> None:
    """The catalogue says which classes the objects of a property have."""
    build_from_quads(every_term(), tmp_path)

    with duckdb.connect(str(tmp_path / DATABASE), read_only=True) as connection:
        catalogue = open_catalogue(connection)

    assert {Class.BLANK, Class.IRI} == catalogue.properties[PREDICATE.value].classes
    assert catalogue.repeats


def test_reads_statements(tmp_path: Path) -> None:
    """Rows of the import's own form are read; where they were written is left behind."""
    row = ("http://ex/s", "http://ex/p", "x", 2, XSD + "string", None, "http://ex/g")
    table = pa.Table.from_pylist(
        [
            dict(zip(SCHEMA.names, (*row, "f.csv", line, None, "r", None), strict=True))
            for line in (1, 2)
        ],
        schema=SCHEMA,
    )
    with duckdb.connect() as connection:
        connection.register("statements", table)
        count = build(connection, "statements", tmp_path)

    assert count == 1
    assert {ox.Quad(SUBJECT, PREDICATE, ox.Literal("x"), ox.NamedNode("http://ex/g"))} == decoded(
        tmp_path
    )


def test_nquads_are_validated(tmp_path: Path) -> None:
    """A file that is no N-Quads is refused where it goes wrong."""
    bad = tmp_path / "bad.nq"
    bad.write_text("<http://ex/s> <http://ex/p> oops .\n")

    with pytest.raises(SourceError, match=r"bad\.nq, line 1"):
        build_from_nquads(bad, tmp_path / "columns")


def test_parquet_is_readable_by_others(tmp_path: Path) -> None:
    """The interchange has terms in plain columns, one row per statement."""
    build_from_quads(every_term(), tmp_path / "columns")
    file = tmp_path / "quads.parquet"

    export_parquet(tmp_path / "columns", file)

    rows = duckdb.sql(f"SELECT object FROM '{file}' WHERE datatype LIKE '%gYear'").fetchall()
    assert {("2024",), ("02024",), ("12024",)} == set(rows)


def test_texts_of_many_pieces(tmp_path: Path) -> None:
    """Texts are found in every piece of a dictionary, in the order they are asked for."""
    size = 260_000
    quads = (ox.Quad(SUBJECT, PREDICATE, ox.Literal(f"text {number:06}")) for number in range(size))
    build_from_quads(quads, tmp_path)
    dictionary = Dictionary(tmp_path)
    ranks = [size - 1, 0, 150_000, 122_880, 122_879, 0]

    texts, _ = dictionary.texts(Class.STRING, pa.array([first(Class.STRING) + n for n in ranks]))

    assert texts.to_pylist() == [f"text {rank:06}" for rank in ranks]
    assert dictionary.number(ox.Literal("text 200000")) == first(Class.STRING) + 200_000
