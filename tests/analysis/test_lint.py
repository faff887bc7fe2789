"""Lint says what is odd about a query, where, and what to write instead; and nothing else.

A case is a folder with `query.rq` and the remarks on it, without their messages, in
`warnings.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import QuerySolutions

from kg import savedqueries
from kg.analysis.lint import lint
from kg.analysis.messages import MESSAGES, REASONS, message
from kg.analysis.patterns import Pattern
from kg.analysis.reading import Reading
from kg.errors import QueryError, QuerySyntaxError
from kg.query.syntax import parse
from kg.query.tokens import tokenize
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from kg.analysis.vocabulary import Vocabulary
    from kg.store import OpenRelease

CASES = sorted((Path(__file__).parent / "cases").iterdir())
CORPUS = Path(__file__).parents[3] / "shared" / "conformance"
QUERIES = savedqueries.discover(DEFAULT_BASE)
PROLOGUE = (
    "PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>\n"
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
)


def remarks(text: str, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return the remarks on a query without their messages."""
    found = [remark.document() for remark in lint(text, vocabulary, DEFAULT_BASE)]
    return [{k: v for k, v in remark.items() if k != "message"} for remark in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Path, vocabulary: Vocabulary) -> None:
    query = (case / "query.rq").read_text(encoding="utf-8")
    expected = json.loads((case / "warnings.json").read_text(encoding="utf-8"))

    assert remarks(query, vocabulary) == expected


def test_every_remark_has_a_case() -> None:
    files = [json.loads((case / "warnings.json").read_text("utf-8")) for case in CASES]

    assert {remark["code"] for found in files for remark in found} == set(MESSAGES)


@pytest.mark.parametrize("code", [*MESSAGES, *REASONS])
def test_messages_are_in_both_languages(code: str) -> None:
    """With the same places for values."""
    names = ("term", "variable", "clause", "one", "other", "literal", "prefix")
    texts = message(code, **{name: f"<{name}>" for name in names})

    assert set(texts) == {"en", "de"}
    assert {n for n in names if f"<{n}>" in texts["en"]} == {
        n for n in names if f"<{n}>" in texts["de"]
    }


@pytest.mark.parametrize("name", QUERIES)
def test_saved_queries_have_nothing_odd(name: str, vocabulary: Vocabulary) -> None:
    """They are written with care, so a remark on one would be a false alarm."""
    assert remarks(QUERIES[name].text, vocabulary) == []


@pytest.mark.parametrize(
    ("outside", "inside"),
    [
        ("?o a atlas:SME", "?o atlas:hasParticipation/atlas:project ?p"),
        ("?o a atlas:SME ; atlas:city ?c", "?o atlas:participatesIn ?p . ?p atlas:field ?f"),
        (
            "?o a atlas:SME ; atlas:country ?c",
            (
                "?o atlas:participatesIn ?p . ?p atlas:hasParticipant ?q . ?q atlas:country ?d"
                " FILTER(?d != ?c)"
            ),
        ),
        ("{ ?o a atlas:SME } UNION { ?o a atlas:University }", "?o atlas:memberOf/atlas:title ?t"),
    ],
)
def test_suggestions_mean_the_same(
    outside: str, inside: str, sample_release: OpenRelease, vocabulary: Vocabulary
) -> None:
    """What is suggested for NOT EXISTS has the same solutions."""
    tested = f"NOT EXISTS {{ {inside} }}"
    query = f"{PROLOGUE}SELECT DISTINCT ?o {{ {outside} FILTER {tested} }}"
    [remark] = remarks(query, vocabulary)
    instead = query.replace(f"FILTER {tested}", remark["suggestion"])

    assert solutions(sample_release, query) == solutions(sample_release, instead)


def solutions(release: OpenRelease, query: str) -> set[str]:
    """Return the values of `?o`, of which there must be some."""
    found = release.store.query(query, use_default_graph_as_union=True)
    assert isinstance(found, QuerySolutions)
    values = {str(row["o"]) for row in found}
    assert values
    return values


def test_suggested_literals_match(sample_release: OpenRelease, vocabulary: Vocabulary) -> None:
    """The literal that is suggested is one that the release has."""
    query = PROLOGUE + 'SELECT ?o { ?o skos:prefLabel "photonics" }'
    [remark] = remarks(query, vocabulary)

    assert solutions(sample_release, query.replace(remark["token"], remark["suggestion"]))


def test_triple_terms_are_read(vocabulary: Vocabulary) -> None:
    """Their terms are looked at like those of triples."""
    query = (
        'VERSION "1.2" '
        + PROLOGUE
        + "SELECT * { << ?o a atlas:SME ~ ?r >> ?p ?x {| ?q <<( ?o a ?t )>> |} }"
    )

    assert remarks(query, vocabulary) == []


def test_a_base_resolves_what_is_relative(vocabulary: Vocabulary) -> None:
    query = "BASE <https://w3id.org/cluster-atlas/> SELECT * { ?o a <ontology#SME> }"

    assert remarks(query, vocabulary) == []


def test_what_is_no_query_is_an_error(vocabulary: Vocabulary) -> None:
    with pytest.raises(QuerySyntaxError, match="Line 1, column 17"):
        lint("SELECT * { ?s ?p", vocabulary, DEFAULT_BASE)


# Queries made at random

NAMES = st.sampled_from(["?a", "?b", "?c", "?d"])
IRIS = st.sampled_from(
    ["atlas:SME", "atlas:country", "a", "<urn:x>", "skos:prefLabel", "foaf:name", "odd:one"]
)
LITERALS = st.sampled_from(['"x"', '"photonics"@en', "1", "-2.5", "true", '"1"^^<urn:y>'])
BLANKS = st.just("[]")
SUBJECTS = NAMES | st.sampled_from(["atlas:SME", "<urn:x>"])
OBJECTS = NAMES | LITERALS | BLANKS | st.sampled_from(["atlas:SME", "( ?a 1 )", "[ a ?b ; ?c 2 ]"])
PATHS = (
    IRIS
    | NAMES
    | st.sampled_from(
        ["atlas:country/atlas:partOf*", "^atlas:country", "!(a|^a)", "(skos:broader|a)+"]
    )
)
TRIPLES = st.lists(st.tuples(SUBJECTS, PATHS, OBJECTS).map(" ".join), min_size=1, max_size=3).map(
    " . ".join
)


def groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return patterns that hold patterns."""
    tests = inner.map(lambda g: f"FILTER NOT EXISTS {{ {g} }}")
    compared = st.tuples(NAMES, NAMES | LITERALS, NAMES).map(
        lambda t: f"FILTER({t[0]} = {t[1]} && !BOUND({t[2]}))"
    )
    return st.lists(
        inner
        | tests
        | compared
        | st.tuples(NAMES, st.integers(0, 99)).map(lambda t: f"BIND({t[0]} + 1 AS ?new{t[1]})")
        | inner.map(lambda g: f"OPTIONAL {{ {g} }}")
        | inner.map(lambda g: f"MINUS {{ {g} }}")
        | st.tuples(NAMES | st.just("<urn:g>"), inner).map(lambda t: f"GRAPH {t[0]} {{ {t[1]} }}")
        | st.tuples(inner, inner).map(lambda t: f"{{ {t[0]} }} UNION {{ {t[1]} }}")
        | inner.map(lambda g: f"{{ SELECT ?a (COUNT(?b) AS ?n) {{ {g} }} GROUP BY ?a LIMIT 3 }}")
        | st.tuples(NAMES, LITERALS).map(lambda t: f"VALUES {t[0]} {{ {t[1]} UNDEF <urn:x> }}"),
        min_size=1,
        max_size=4,
    ).map(" . ".join)


PATTERNS = st.recursive(TRIPLES | st.just(""), groups, max_leaves=6)
FORMS = st.sampled_from(
    [
        "SELECT * {{ {} }}",
        "SELECT ?a (STR(?z) AS ?y) {{ {} }} ORDER BY ?b LIMIT 5",
        "SELECT ?a (SUM(?b) AS ?s) {{ {} }} GROUP BY ?a HAVING(?s > ?q) OFFSET 2",
        "ASK {{ {} }}",
        "CONSTRUCT {{ ?a ?b ?z }} {{ {} }} LIMIT 1",
        "DESCRIBE ?a <urn:x> {{ {} }}",
        "SELECT * FROM <urn:g> {{ {} }} VALUES (?a ?b) {{ (1 UNDEF) }}",
    ]
)
RANDOM = st.tuples(FORMS, PATTERNS).map(lambda t: t[0].format(t[1]))


@settings(max_examples=150)
@given(RANDOM)
def test_lint_never_fails(vocabulary: Vocabulary, query: str) -> None:
    """On whatever can be read it has remarks or none, each at a place where its token stands."""
    try:
        found = lint(query, vocabulary, DEFAULT_BASE)
    except QueryError:
        return
    for remark in found:
        line = query.splitlines()[remark.line - 1]
        assert line[remark.column - 1 :].startswith(remark.token)
        assert set(remark.message) == {"en", "de"}


@settings(max_examples=100)
@given(RANDOM, st.randoms(use_true_random=False))
def test_a_pattern_without_some_parts_is_one(query: str, chance: Any) -> None:
    """Whatever is dropped, the rest can be parsed."""
    try:
        reading = Reading.of(query, DEFAULT_BASE)
    except QueryError:
        return
    pattern = Pattern(reading)
    dropped = {part.number for part in pattern.parts if chance.random() < 0.5}
    declared = "".join(f"PREFIX {name}: <{iri}> " for name, iri in reading.prefixes.items())
    text = f"{declared} SELECT * {pattern.without(dropped)}"

    parse(text, tokenize(text))


def test_queries_of_the_standard(vocabulary: Vocabulary) -> None:
    """Nothing in the test suites of SPARQL makes it fail."""
    files = sorted(CORPUS.rglob("*.rq"))
    if not files:
        pytest.skip("needs ../shared/conformance, which is not there")
    read = 0
    for file in files:
        try:
            lint(file.read_text(encoding="utf-8"), vocabulary, DEFAULT_BASE)
            read += 1
        except QueryError:
            continue

    assert read > len(files) / 2
