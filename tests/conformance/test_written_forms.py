"""In scratch mode literals come back as they were written, and are compared by their values."""

from __future__ import annotations

import httpx
import pytest

PREFIXES = "PREFIX : <http://e/>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
DATA = """
:a :p 1 , 01 , +1 , 1.0 , 1e0 , "1"^^xsd:int , "1" .
:b :p "2006-08-23+00:00"^^xsd:date , "0"^^xsd:boolean , "x"@en .
:c :t <<( :a :p 01 )>> , <<( :a :p 1.0 )>> .
"""


@pytest.fixture(scope="module")
def filled(scratch: str) -> str:
    """The address of a scratch store with the data."""
    for text in ("DROP ALL", f"{PREFIXES} INSERT DATA {{ {DATA} }}"):
        headers = {"Content-Type": "application/sparql-update"}
        assert httpx.post(f"{scratch}/update", content=text, headers=headers).status_code == 204
    return scratch


def rows(url: str, query: str, form: str = "tsv") -> list[str]:
    answer = httpx.get(
        f"{url}/sparql", params={"query": f"{PREFIXES} {query}", "format": form}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    return sorted(answer.text.splitlines()[1:])


def number(url: str, query: str) -> int:
    return len(rows(url, query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT DISTINCT ?o { :a :p ?o }", 7),
        ("SELECT * { :a :p 01 }", 1),
        ("SELECT * { VALUES ?o { 1 001 +1 } :a :p ?o }", 2),
        ("SELECT * { :a :p ?o FILTER(?o = 1) }", 6),
        ("SELECT * { :a :p ?o FILTER(?o IN (1)) }", 6),
        ("SELECT * { :a :p ?o FILTER(sameTerm(?o, 01)) }", 1),
        ('SELECT * { :a :p ?o FILTER(STR(?o) = "1") }', 3),
        ("SELECT * { :a :p ?o FILTER(DATATYPE(?o) = xsd:integer) }", 3),
        ("SELECT * { :a :p ?o FILTER(DATATYPE(?o) = xsd:int) }", 1),
        ("SELECT * { :a :p ?o FILTER(?o + 1 = 2) }", 6),
        ("SELECT * { :a :p ?o FILTER(isNumeric(?o)) }", 6),
        ("SELECT * { :a :p ?x , ?y FILTER(?x = ?y && !sameTerm(?x, ?y)) }", 30),
        ("SELECT ?o (COUNT(*) AS ?n) { :a :p ?o } GROUP BY ?o", 7),
        ("SELECT * { :b :p ?o FILTER(!?o) }", 1),
        ('SELECT * { :b :p ?o FILTER(?o > "2006-08-22"^^xsd:date) }', 1),
        ("SELECT * { ?s :p ?o FILTER NOT EXISTS { ?s :p ?x FILTER(?x = 1) } }", 3),
        ("SELECT * { ?s :t <<( :a :p 01 )>> }", 1),
        ("SELECT * { ?s :t <<( :a :p 1 )>> }", 0),
        ("SELECT * { ?s :t ?t FILTER(?t = <<( :a :p 001 )>>) }", 2),
        ("SELECT * { ?s :t ?t , ?u FILTER(sameTerm(?t, ?u)) }", 2),
        ("SELECT * { ?s :t ?t FILTER(OBJECT(?t) + 1 = 2) }", 2),
    ],
)
def test_terms_and_values(query: str, expected: int, filled: str) -> None:
    """What counts terms tells forms apart, what compares values does not."""
    assert number(filled, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT (SUM(?o) AS ?n) { :a :p ?o FILTER(isNumeric(?o)) }", ["6"]),
        ("SELECT (COUNT(DISTINCT ?o) AS ?n) { :a :p ?o }", ["7"]),
        ("SELECT ?o { :b :p ?o FILTER(?o < true) }", []),
        ("SELECT (COALESCE(?o, 0) AS ?x) { :a :p ?o FILTER(sameTerm(?o, 01)) }", ["01"]),
        ("SELECT (IF(?o = 1, ?o, 0) AS ?x) { :a :p ?o FILTER(sameTerm(?o, +1)) }", ["+1"]),
        ("SELECT (COALESCE(?o, 0) + 1 AS ?x) { :a :p ?o FILTER(sameTerm(?o, 01)) }", ["2"]),
        ("SELECT (01 AS ?x) {}", ["01"]),
        ("SELECT (TRUE AS ?x) {}", ["true"]),
        ("SELECT ?o { :a :p ?o FILTER(isNumeric(?o)) } ORDER BY ?o STR(?o) LIMIT 1", ["+1"]),
    ],
)
def test_answers(query: str, expected: list[str], filled: str) -> None:
    """Terms are answered as they are written, what is calculated as the engine writes it."""
    assert rows(filled, query, "csv") == expected


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_formats(form: str, filled: str) -> None:
    """No format shows how they are stored."""
    answer = httpx.get(
        f"{filled}/sparql", params={"query": "SELECT * { ?s ?p ?o }", "format": form}
    )

    assert "urn:" not in answer.text
    assert "2006-08-23+00:00" in answer.text


@pytest.mark.parametrize("media_type", ["text/turtle", "application/rdf+xml", "text/plain"])
def test_graphs_come_back(media_type: str, scratch: str) -> None:
    """A graph that is put is the graph that is read."""
    url = f"{scratch}/graph-store?graph=http://e/g"
    document = '<http://e/a> <http://e/p> "007"^^<http://www.w3.org/2001/XMLSchema#long> .\n'
    put = httpx.put(url, content=document, headers={"Content-Type": "application/n-triples"})
    assert put.status_code in (201, 204)
    answer = httpx.get(url, headers={"Accept": media_type})

    assert "007" in answer.text
    assert "XMLSchema#long" in answer.text
    assert "urn:" not in answer.text


def test_updates(scratch: str) -> None:
    """Updates find, remove and add literals as they are written, by their values where they ask."""
    headers = {"Content-Type": "application/sparql-update"}
    for text in (
        "DROP ALL ; INSERT DATA { :a :p 01 , 1 , 002 }",
        "DELETE DATA { :a :p 1 }",
        "DELETE { ?s :p ?o } INSERT { ?s :q ?o ; :r 03 } WHERE { ?s :p ?o FILTER(?o = 2) }",
    ):
        content = PREFIXES + text
        answer = httpx.post(f"{scratch}/update", content=content, headers=headers)
        assert answer.status_code == 204, answer.text

    assert number(scratch, "SELECT * { :a :p 01 ; :q 002 ; :r 03 }") == 1
    assert number(scratch, "SELECT * { ?s ?p ?o }") == 3
