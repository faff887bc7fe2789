"""Findings: every result at the cells that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyoxigraph
import pytest
import rdflib

from kg import findings, statements
from kg.shacl import parse_shapes, validate
from kg.shacl.nodes import node_of, term_of_pyoxigraph
from kg.statements import Statement
from kg.terms import RDF_TYPE, XSD_DECIMAL, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EX = "http://example.org/"
PREFIXES = f"""
PREFIX : <{EX}>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX atlas: <{EX}ontology#>
"""


def _literal(
    subject: str, predicate: str, value: str, datatype: str, file: str, line: int, field: str
) -> Statement:
    record = f"{file}/{line}"
    return Statement(
        EX + subject, EX + predicate, value, 2, datatype, None, "", file, line, field, record
    )


def _link(
    subject: str, predicate: str, value: str, file: str, line: int, field: str | None
) -> Statement:
    name = RDF_TYPE if predicate == "a" else EX + predicate
    record = f"{file}/{line}"
    return Statement(EX + subject, name, EX + value, 1, None, None, "", file, line, field, record)


STATED = [
    _link("p1", "a", "Project", "project.csv", 2, None),
    _literal("p1", "title", "One", XSD_STRING, "project.csv", 2, "title"),
    _literal("p1", "grant", "100", XSD_DECIMAL, "project.csv", 2, "ecMaxContribution"),
    _link("p2", "a", "Project", "project.csv", 5, None),
    _literal("p2", "grant", "many", XSD_DECIMAL, "project.csv", 5, "ecMaxContribution"),
    _link("p2", "a", "Project", "more.csv", 9, None),
    _link("x1", "a", "Participation", "organization.csv", 2, None),
    _link("x1", "project", "p1", "organization.csv", 2, "projectID"),
    _literal("x1", "amount", "150", XSD_DECIMAL, "organization.csv", 2, "ecContribution"),
    _link("o1", "a", "Organisation", "organization.csv", 2, None),
    _literal("o1", "name", "Acme", XSD_STRING, "organization.csv", 2, "name"),
    _link("o1", "a", "Organisation", "organization.csv", 3, None),
    _literal("o1", "name", "ACME", XSD_STRING, "organization.csv", 3, "name"),
    _literal("o1", "sme", "2", XSD_INTEGER, "organization.csv", 3, "SME"),
    _literal("o1", "sme", "2", XSD_INTEGER, "organization.csv", 4, "SME"),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        table = pa.Table.from_batches(statements.batches(STATED))
        opened.register("rows", table)
        opened.execute("CREATE TABLE statement AS SELECT * FROM rows")
        yield opened


def _place(
    connection: duckdb.DuckDBPyConnection, shapes: str, **options: Any
) -> list[tuple[Any, ...]]:
    graph = rdflib.Graph()
    for quad in pyoxigraph.parse(PREFIXES + shapes, format=pyoxigraph.RdfFormat.TURTLE):
        graph.add(tuple(node_of(term_of_pyoxigraph(node)) for node in quad.triple))
    validation = validate(connection, parse_shapes(graph, EX))
    findings.place(connection, validation, **options)
    return connection.execute(
        "SELECT file, line, field, stated FROM finding ORDER BY file, line, field"
    ).fetchall()


def test_a_wrong_value_is_at_its_cell(connection: duckdb.DuckDBPyConnection) -> None:
    """The cell that states the value, with what it states."""
    shape = """:S a sh:PropertyShape ; sh:targetClass :Project ; sh:path :grant ;
        sh:datatype xsd:decimal ."""

    assert _place(connection, shape) == [("project.csv", 5, "ecMaxContribution", "many")]


def test_a_value_that_rows_repeat_has_several_places(connection: duckdb.DuckDBPyConnection) -> None:
    """One finding, two cells."""
    shape = ":S a sh:PropertyShape ; sh:targetClass :Organisation ; sh:path :sme ; sh:in ( 0 1 ) ."

    assert _place(connection, shape) == [
        ("organization.csv", 3, "SME", "2"),
        ("organization.csv", 4, "SME", "2"),
    ]
    assert findings.summary(connection, "finding")[0][2:5] == (1, 2, 2)


def test_too_many_values_are_at_all_their_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Nobody can say which of two names is the wrong one."""
    shape = ":S a sh:PropertyShape ; sh:targetClass :Organisation ; sh:path :name ; sh:maxCount 1 ."

    assert _place(connection, shape) == [
        ("organization.csv", 2, "name", "Acme"),
        ("organization.csv", 3, "name", "ACME"),
    ]


def test_a_missing_value_is_at_the_row_that_states_the_type(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The row of the first file, and the column that fills the predicate there."""
    shape = ":S a sh:PropertyShape ; sh:targetClass :Project ; sh:path :title ; sh:minCount 1 ."

    assert _place(connection, shape) == [("more.csv", 9, None, None)]
    given = {EX + "title": ("more.csv", "Titel")}
    assert _place(connection, shape, feeds=given) == [("more.csv", 9, "Titel", None)]
    connection.execute("DELETE FROM statement WHERE file = 'more.csv'")
    assert _place(connection, shape) == [("project.csv", 5, "title", None)]


@pytest.mark.parametrize(
    "path",
    [
        "( [ sh:inversePath :project ] :amount )",
        "( [ sh:inversePath [ sh:alternativePath ( :project :in ) ] ] :amount )",
    ],
)
def test_a_value_at_the_end_of_a_path_is_at_its_own_cell(
    connection: duckdb.DuckDBPyConnection, path: str
) -> None:
    """The amount is in another file than the project that it exceeds."""
    shape = (
        f":S a sh:PropertyShape ; sh:targetClass :Project ; sh:path {path} ; sh:maxInclusive 100 ."
    )

    assert _place(connection, shape) == [("organization.csv", 2, "ecContribution", "150")]


def test_an_inverse_value_is_at_the_cell_that_links(connection: duckdb.DuckDBPyConnection) -> None:
    """The statement runs from the value to the focus node."""
    shape = """:S a sh:PropertyShape ; sh:targetClass :Project ;
        sh:path [ sh:inversePath :project ] ; sh:class :Nothing ."""

    assert _place(connection, shape) == [("organization.csv", 2, "projectID", EX + "p1")]


def test_a_predicate_that_is_not_allowed_is_at_its_cell(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """A closed shape finds statements by their predicate."""
    shape = """:S sh:targetNode :p1 ; sh:closed true ; sh:ignoredProperties ( :title
        <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) ."""

    assert _place(connection, shape) == [("project.csv", 2, "ecMaxContribution", "100")]


def test_an_equal_value_may_be_at_the_other_property(connection: duckdb.DuckDBPyConnection) -> None:
    """sh:equals finds values on either side."""
    shape = ":S a sh:PropertyShape ; sh:targetNode :p1 ; sh:path :title ; sh:equals :grant ."

    assert _place(connection, shape) == [
        ("project.csv", 2, "ecMaxContribution", "100"),
        ("project.csv", 2, "title", "One"),
    ]


def test_every_finding_has_a_place_when_its_node_is_stated(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Whole nodes, endless paths, nodes without a type and nodes only referred to."""
    shapes = """
    :A sh:targetClass :Project ; sh:not [ sh:class :Project ] .
    :B a sh:PropertyShape ; sh:targetClass :Project ; sh:path [ sh:zeroOrMorePath :up ] ;
        sh:nodeKind sh:Literal .
    :C sh:targetObjectsOf :project ; sh:nodeKind sh:Literal .
    """
    connection.execute(f"DELETE FROM statement WHERE subject = '{EX}p1'")

    assert _place(connection, shapes) == [
        ("more.csv", 9, None, None),
        ("more.csv", 9, None, None),
        ("organization.csv", 2, None, None),
    ]


def test_a_node_that_nobody_states_has_no_place(connection: duckdb.DuckDBPyConnection) -> None:
    """The shapes name it, the import does not."""
    shape = ":S a sh:PropertyShape ; sh:targetNode :nobody ; sh:path :p ; sh:minCount 1 ."

    assert _place(connection, shape) == [(None, None, None, None)]


def test_messages_and_hints_are_filled_in_both_languages(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Placeholders of the result and of the constraint; German falls back to English."""
    shapes = """
    :S a sh:PropertyShape ; sh:targetClass :Project ; sh:path :grant ; sh:datatype xsd:decimal ;
        sh:severity sh:Warning ; sh:message "{$value} in {?path} is no {$datatype}"@en,
        "{$value} ist kein {?datatype}"@de ;
        atlas:hint "Write digits."@en, "Ziffern schreiben."@de .
    :T a sh:PropertyShape ; sh:targetNode :p1 ; sh:path :title ; sh:maxLength 2 ;
        sh:message "{$value} is longer than {$maxLength}"@en .
    :U sh:targetNode :p2 ; sh:property [ sh:path :title ; sh:minCount 1 ] .
    """
    _place(connection, shapes)
    found = {one.rule: one for one in findings.select(connection, "finding")}
    first, second, third = (found[EX + name] for name in "STU")

    assert (first.severity, first.message_en) == ("Warning", "many in grant is no decimal")
    assert (first.message_de, first.hint_de) == ("many ist kein decimal", "Ziffern schreiben.")
    assert second.message_de == "One is longer than 2"
    assert third.message_en == "There must be at least 1 value(s) of title."
    assert third.message_de == "title braucht mindestens 1 Wert(e)."


def test_findings_are_written_and_read_with_filters(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """The file has the columns of the contract, and the first ones come without the rest."""
    shapes = """
    :S a sh:PropertyShape ; sh:targetClass :Project ; sh:path :grant ; sh:datatype xsd:decimal .
    :T a sh:PropertyShape ; sh:targetClass :Organisation ; sh:path :name ; sh:maxCount 1 .
    """
    _place(connection, shapes)
    findings.write(connection, "finding", tmp_path / "findings.parquet")
    file = f"read_parquet('{tmp_path / 'findings.parquet'}')"
    names = connection.execute(f"SELECT * FROM {file}").description

    assert [name for name, *_ in names] == list(findings.COLUMNS)
    assert [one.line for one in findings.select(connection, file, rule=EX + "T")] == [2, 3]
    assert len(list(findings.select(connection, file, limit=1))) == 1
    assert [row.rule for row in findings.summary(connection, file)] == [EX + "S", EX + "T"]
    with pytest.raises(ValueError, match="no column 'colour', expected one of rule"):
        list(findings.select(connection, file, colour="red"))


def test_a_node_as_a_whole_is_at_the_cells_that_the_rule_looks_at(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The amounts that are compared, in whatever shape inside the rule."""
    shape = """:S sh:targetClass :Participation ; sh:or (
        [ sh:path :amount ; sh:maxInclusive 100 ]
        [ sh:and ( [ sh:path ( :project :grant ) ; sh:equals :amount ] ) ] ) ."""

    assert _place(connection, shape) == [
        ("organization.csv", 2, "ecContribution", "150"),
        ("organization.csv", 2, "projectID", EX + "p1"),
    ]


def test_what_a_query_says_itself_is_the_sentence(connection: duckdb.DuckDBPyConnection) -> None:
    """It goes before the shape's, and its values are filled in, in each language there is."""
    shape = """:S a sh:NodeShape ; sh:targetClass :Organisation ; sh:sparql [
        sh:message "{?value} or {?other}?"@en, "{?value} oder {?other}?"@de ;
        sh:select "SELECT $this ?value ?other { $this <http://example.org/name> ?value, ?other\
 FILTER (?value < ?other) }" ] ."""
    places = _place(connection, shape)
    told = connection.execute("SELECT DISTINCT message_en, message_de FROM finding").fetchall()

    assert len(places) == 1
    assert told == [("ACME or Acme?", "ACME oder Acme?")]
