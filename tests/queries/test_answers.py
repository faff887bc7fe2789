"""The three forms of an answer, and how it says that there is more."""

from __future__ import annotations

import csv
import io
from datetime import date

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.identifiers import Identifiers
from kg.savedqueries import Answer, Vocabulary, bind
from kg.savedqueries.definition import read
from kg.savedqueries.evaluation import from_store
from kg.terms import DEFAULT_BASE

HEAD = """#+ summary: Rows
#+ summary_de: Zeilen
#+ description: Some rows.
#+ description_de: Einige Zeilen.
#+ tags: [test]
"""
NOBODY = Vocabulary(pyoxigraph.Store(), Identifiers(DEFAULT_BASE), date(2024, 7, 1))


def answer(values: str, limit: int = 100) -> Answer:
    query = read("rows", f"{HEAD}SELECT ?x ?y {{ VALUES (?x ?y) {{ {values} }} }} LIMIT {limit}\n")
    bound = bind(query, {}, NOBODY)
    return Answer.read(bound, 7, from_store(bound, NOBODY.store))


@pytest.mark.parametrize(("rows", "complete"), [(1, True), (2, True), (3, False)])
def test_says_whether_there_is_more(rows: int, complete: bool) -> None:  # noqa: FBT001 - a table
    """An answer that was cut at the limit says so, one that just fits does not."""
    document = answer(" ".join(f"({n} UNDEF)" for n in range(rows)), limit=2).document()

    assert document["complete"] is complete
    assert len(document["items"]) == min(rows, 2)


def test_document_names_release_query_and_values() -> None:
    """JSON rows have numbers and booleans as such, and null for what is unbound."""
    date_time = '"2024-01-02"^^<http://www.w3.org/2001/XMLSchema#date>'
    document = answer(f'(1 UNDEF) (1.50 true) ("a"@de {date_time}) (<urn:x> "")').document()

    assert document == {
        "release": 7,
        "query": "rows",
        "parameters": {"limit": 100},
        "columns": ["x", "y"],
        "items": [
            {"x": 1, "y": None},
            {"x": 1.5, "y": True},
            {"x": "a", "y": "2024-01-02"},
            {"x": "urn:x", "y": ""},
        ],
        "complete": True,
    }


def test_sparql_results_keep_languages_and_datatypes() -> None:
    """The third form is the engine's own, so nothing of a term is lost."""
    results = answer('("a"@de 1)').results()

    assert results["head"] == {"vars": ["x", "y"]}
    assert results["results"]["bindings"][0] == {
        "x": {"type": "literal", "value": "a", "xml:lang": "de"},
        "y": {
            "type": "literal",
            "value": "1",
            "datatype": "http://www.w3.org/2001/XMLSchema#integer",
        },
    }


def test_csv_is_rfc_4180() -> None:
    """Lines end with CR LF; quotes are doubled; what is unbound is empty."""
    text = answer('("a, \\"b\\"\\nc" UNDEF)').csv()

    assert text == 'x,y\r\n"a, ""b""\nc",\r\n'


@pytest.mark.parametrize("start", ["=1+1", "+49", "-x", "@home", "\\tx", "\\rx"])
def test_csv_text_is_no_formula(start: str) -> None:
    """A spreadsheet is kept from computing what is a name."""
    cell = next(csv.reader(io.StringIO(answer(f'("{start}" -5)').csv().split("\r\n", 1)[1])))

    assert cell[0].startswith("'")
    assert cell[1] == "-5"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_csv_reads_back(texts: list[str]) -> None:
    """What is written as CSV is read as the same cells, but for the mark before a formula."""
    rows = " ".join(f"({pyoxigraph.Literal(text)} {n})" for n, text in enumerate(texts))
    written = list(csv.reader(io.StringIO(answer(rows, limit=10_000).csv(), newline="")))

    assert [row[0].removeprefix("'") for row in written[1:]] == [t.removeprefix("'") for t in texts]
