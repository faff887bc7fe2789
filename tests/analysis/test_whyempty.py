"""The part that empties an answer is found, and only that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import QuerySolutions

from kg.analysis.patterns import Pattern
from kg.analysis.reading import Reading
from kg.analysis.whyempty import MOST_ROWS, why_empty
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from kg.analysis.vocabulary import Vocabulary
    from kg.store import OpenRelease

PROLOGUE = (
    "PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>\n"
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
)


class Asker:
    """Counts solutions on the sample, and how often it was asked."""

    def __init__(self, release: OpenRelease, slow: str = "\0") -> None:
        self.release = release
        self.slow = slow
        self.asked = 0

    async def count(self, text: str) -> int | None:
        """Return how many rows a query has; None for those that are slow."""
        self.asked += 1
        if self.slow in text:
            return None
        found = self.release.store.query(text, use_default_graph_as_union=True)
        assert isinstance(found, QuerySolutions)
        return len(list(found))


def explain(query: str, asker: Asker, vocabulary: Vocabulary, seconds: float = 60) -> Any:
    reading = Reading.of(PROLOGUE + query, DEFAULT_BASE)
    return asyncio.run(why_empty(reading, vocabulary, asker.count, seconds)).document()


@pytest.fixture
def asker(sample_release: OpenRelease) -> Asker:
    """Return what counts on the sample."""
    return Asker(sample_release)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            'SELECT ?o { ?o a atlas:SME ; atlas:pic "1" ; atlas:city ?c }',
            [("triple", '?o atlas:pic "1"', 3, 30)],
        ),
        (
            "SELECT ?o { ?o a atlas:SME . << ?o a atlas:SME >> atlas:city ?c }",
            [("triple", "<< ?o a atlas:SME >> atlas:city ?c", 3, 30)],
        ),
        (
            (
                "SELECT ?o {\n ?o a atlas:SME ; atlas:legalName ?n\n"
                ' FILTER(STRLEN(?n) > 3 && ?n = "nobody")\n}'
            ),
            [("filter", 'FILTER(?n = "nobody")', 5, 27)],
        ),
        (
            'SELECT ?o { ?o atlas:legalName ?n FILTER(?n = "x" || ?n = "y" && ?n != "z") }',
            [("filter", 'FILTER((?n = "x" || ?n = "y" && ?n != "z"))', 3, 41)],
        ),
        (
            'SELECT ?o { ?o atlas:legalName ?n FILTER CONTAINS(?n, "\u2603") }',
            [("filter", 'FILTER(CONTAINS(?n, "\u2603"))', 3, 42)],
        ),
        (
            'SELECT ?o { ?o atlas:country [ a atlas:Country ; rdfs:label "Nowhere" ] }',
            [("triple", '?blank_1_ rdfs:label "Nowhere"', 3, 50)],
        ),
        (
            "SELECT ?o { VALUES (?k ?c) { (1 <urn:none>) } ?o a atlas:SME ; atlas:country ?c }",
            [("values", "VALUES ?c", 3, 24), ("triple", "?o atlas:country ?c", 3, 64)],
        ),
        (
            "SELECT ?o { ?o a atlas:SME MINUS { ?o atlas:isSme true } }",
            [
                ("triple", "?o a atlas:SME", 3, 13),
                ("minus", "MINUS { ?o atlas:isSme true }", 3, 28),
            ],
        ),
        (
            "SELECT ?o { GRAPH <urn:none> { ?o a atlas:SME } }",
            [("graph", "GRAPH <urn:none>", 3, 13)],
        ),
        (
            'SELECT ?o { ?o a atlas:SME BIND("x" AS ?p) ?o atlas:pic ?p }',
            [("bind", 'BIND("x" AS ?p)', 3, 28), ("triple", "?o atlas:pic ?p", 3, 44)],
        ),
        (
            'SELECT ?o { ?o a atlas:SME { SELECT ?o { ?o atlas:pic "1" } } }',
            [("triple", '?o atlas:pic "1"', 3, 42)],
        ),
        (
            "SELECT ?o { ?o a atlas:SME OPTIONAL { ?o atlas:pic 1 } } VALUES ?o { <urn:none> }",
            [("triple", "?o a atlas:SME", 3, 13), ("values", "VALUES ?o", 3, 65)],
        ),
        (
            "CONSTRUCT WHERE { ?o a atlas:SME ; atlas:pic 1 }",
            [("triple", "?o atlas:pic 1", 3, 36)],
        ),
        (
            "SELECT ?o { ?o a atlas:SME } OFFSET 99999999",
            [("modifier", "OFFSET 99999999", 3, 37)],
        ),
        (
            "SELECT ?c { ?o atlas:country ?c } GROUP BY ?c HAVING(COUNT(*) > 99999999) LIMIT 9",
            [("modifier", "HAVING(COUNT(*) > 99999999)", 3, 47)],
        ),
    ],
)
def test_culprits(
    query: str, expected: list[tuple[str, str, int, int]], asker: Asker, vocabulary: Vocabulary
) -> None:
    """They are named with their places, in the order of the text."""
    found = explain(query, asker, vocabulary)
    named = [(c["kind"], c["part"], c["line"], c["column"]) for c in found["culprits"]]

    assert sorted(named, key=lambda c: c[2:]) == expected
    assert found["empty"] is True
    assert not found["unfinished"]
    assert all(0 < culprit["rows"] <= MOST_ROWS for culprit in found["culprits"])


def test_impossible_parts_come_first(asker: Asker, vocabulary: Vocabulary) -> None:
    """A triple that nothing matches even by itself is the likeliest mistake."""
    query = "SELECT ?o { ?o a atlas:SME ; atlas:pic 1 }"
    [culprit] = explain(query, asker, vocabulary)["culprits"]

    assert culprit["impossible"]
    assert "by itself" in culprit["message"]["en"]
    assert "für sich allein" in culprit["message"]["de"]
    assert culprit["rows"] == MOST_ROWS
    assert culprit["more"]


def test_several_parts_to_blame(asker: Asker, vocabulary: Vocabulary) -> None:
    """No single part suffices: each set of which one has to go is named."""
    query = "SELECT ?o { ?o a atlas:SME, atlas:University ; atlas:isSme false ; atlas:pic 1, 2 }"
    found = explain(query, asker, vocabulary)
    sets = [[part["part"] for part in one["parts"]] for one in found["together"]]

    assert found["culprits"] == []
    assert ["?o atlas:pic 1"] in sets
    assert ["?o atlas:pic 2"] in sets
    assert any(len(one) > 1 and "?o a atlas:SME" in one for one in sets)


def test_terms_that_are_nowhere(asker: Asker, vocabulary: Vocabulary) -> None:
    """With the nearest known one; a term that is written twice is named once."""
    query = 'SELECT ?o FROM <urn:g> { ?o a atlas:Organization ; rdfs:label "\u2603", "\u2603" }'
    found = explain(query, asker, vocabulary)["absent"]

    assert [(a["term"], a["column"], a["suggestion"]) for a in found] == [
        ("<urn:g>", 16, None),
        ("atlas:Organization", 31, "atlas:Organisation"),
        ('"\u2603"', 63, None),
    ]


def test_an_answer_with_rows(asker: Asker, vocabulary: Vocabulary) -> None:
    found = explain("SELECT ?o { ?o a atlas:SME } LIMIT 1", asker, vocabulary)

    assert found["empty"] is False
    assert found["culprits"] == found["together"] == found["absent"] == []


def test_a_query_without_a_pattern(asker: Asker, vocabulary: Vocabulary) -> None:
    found = explain("DESCRIBE <urn:x>", asker, vocabulary)

    assert found["empty"] is None
    assert found["note"]
    assert asker.asked == 0


def test_what_takes_too_long_decides_nothing(
    sample_release: OpenRelease, vocabulary: Vocabulary
) -> None:
    """It is said, and the rest is tried all the same."""
    query = 'SELECT ?o { ?o a atlas:SME ; atlas:pic "1" ; atlas:city ?c }'
    slow = Asker(sample_release, '{ { ?o atlas:pic "1" . ?o atlas:city ?c . } }')
    found = explain(query, slow, vocabulary)

    assert found["unfinished"]
    assert [culprit["part"] for culprit in found["culprits"]] == ['?o atlas:pic "1"']


def test_no_time_at_all(asker: Asker, vocabulary: Vocabulary) -> None:
    found = explain("SELECT ?o { ?o a atlas:SME }", asker, vocabulary, seconds=-1)

    assert found["empty"] is None
    assert found["unfinished"]
    assert asker.asked == 0


def test_nothing_dropped_is_the_same_pattern(asker: Asker) -> None:
    """Written part by part, a pattern has the solutions that it had."""
    query = (
        "SELECT * { { ?o a atlas:SME ; atlas:country ?c, [ a atlas:Country ] } UNION"
        " { ?o a atlas:University FILTER(BOUND(?o) && (true || false)) BIND(1 AS ?n) }"
        " VALUES (?c ?x) { (UNDEF 1) } MINUS { ?o atlas:pic 1 } OPTIONAL { ?o atlas:city ?t } }"
    )
    reading = Reading.of(PROLOGUE + query, DEFAULT_BASE)
    whole = Pattern(reading).without(frozenset())
    plain = query.removeprefix("SELECT * ")
    selects = [f"{PROLOGUE}SELECT ?o {text}" for text in (plain, whole)]
    written = [asyncio.run(asker.count(text)) for text in selects]

    assert written[0] == written[1]
    assert written[0]
