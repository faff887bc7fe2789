"""Queries are read as the grammar has them, and errors are found where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from kg.errors import QueryRefusedError, QuerySyntaxError
from kg.query.evaluation import Source, run
from kg.query.guards import PLAIN, inspect, plain
from kg.query.request import WHOLE
from kg.query.rewriting import suspicious
from kg.query.syntax import check, parse
from kg.query.tokens import tokenize, unescape

W3C = Path(__file__).parents[3] / "shared/conformance/data/rdf-tests/sparql/sparql11"
NEGATIVE = ("bad", "BINDscope6", "BINDscope7", "BINDscope8", "SELECTscope2")


@pytest.mark.parametrize(
    ("query", "line", "column", "token"),
    [
        ("SELEC * {}", 1, 1, "SELEC"),
        ("SELECT * { ?s ?p }", 1, 18, "}"),
        ("SELECT *\n{ ?s ?p ?o\n ?s ?p ?o }", 3, 2, "?s"),
        ("SELECT *\r\n{ ?s x:p ?o }", 2, 6, "x:p"),
        ("ASK { FILTER(?x + ) }", 1, 19, ")"),
        ("ASK { FILTER(STRLEN(?x, ?y)) }", 1, 14, "STRLEN"),
        ("ASK { FILTER(FOO(?x)) }", 1, 14, "FOO"),
        ("ASK { 'x", 1, 7, "'"),
        ("ASK {", 1, 6, ""),
        ("ASK {} ASK {}", 1, 8, "ASK"),
        ("SELECT ?p { ?s ?p ?o } GROUP BY ?s", 1, 8, "?p"),
        ("SELECT * { ?s ?p ?o } GROUP BY ?s", 1, 8, "*"),
        ("SELECT (1 AS ?s) { ?s ?p ?o }", 1, 14, "?s"),
        ("SELECT (1 AS ?x) (2 AS ?x) {}", 1, 24, "?x"),
        ("ASK { ?s ?p ?o BIND(1 AS ?o) }", 1, 26, "?o"),
        ("ASK { _:a ?p ?o { ?s ?p _:a } }", 1, 25, "_:a"),
        ("ASK { VALUES (?x ?y) { (1) } }", 1, 24, "("),
        ("PREFIX x:y <http://e/> ASK {}", 1, 8, "x:y"),
        ("ASK { <a b> ?p ?o }", 1, 7, "<"),
        ("ASK { ?s ?p '\\uD800' }", 1, 13, "'\\uD800'"),
        ("DESCRIBE", 1, 9, ""),
        ("SELECT ?x {} LIMIT x", 1, 20, "x"),
        ("ASK { ?s <p:a>+ ?o {| ?p ?x |} }", 1, 20, "{|"),
        ("ASK { ?s ^<p:a> ?o ~ ?r }", 1, 20, "~"),
        ("ASK { BIND(<<( 'x' <p:a> 1 )>> AS ?t) }", 1, 16, "'x'"),
        ("ASK { VALUES ?t { <<( ?s <p:a> 1 )>> } }", 1, 23, "?s"),
        ("ASK { << ?s <p:a>/<p:b> ?o >> ?p ?x }", 1, 18, "/"),
        ("ASK { <<( ?s ?p ?o )>> }", 1, 24, "}"),
        ("ASK { ?s ?p ?o FILTER(?x<?a&&?b>?y) }", 1, 25, "<?a&&?b>"),
        ("VERSION 1.2 ASK {}", 1, 9, "1.2"),
    ],
)
def test_errors_have_their_place(query: str, line: int, column: int, token: str) -> None:
    """Line, column and token, so that an editor can mark them."""
    with pytest.raises(QuerySyntaxError) as caught:
        run(Source.of(Store()), query, WHOLE)

    assert (caught.value.members["line"], caught.value.members["column"]) == (line, column)
    assert caught.value.members["token"] == token


def test_nesting_is_bounded() -> None:
    """A query that has to be parsed here may not exhaust the stack."""
    query = "ASK { ?s <p:a>|<p:b> ?o FILTER(" + "(" * 500 + "1" + ")" * 500 + ") }"
    with pytest.raises(QueryRefusedError, match="levels deep"):
        run(Source.of(Store()), query, WHOLE)


@pytest.mark.parametrize(
    "query",
    [
        "VERSION '1.2' ASK { << ?s ?p ?o >> . }",
        "ASK { << ?s a << _:b ?p 1 ~ ?r >> ~ <a:r> >> ?p [] ; ?q <<( ?s ?p <<( [] ?p 'x' )>> )>> }",
        "ASK { ?s ?p ?o ~ ~ _:b {| a ?x ; ?q (1) {| ?p ?y |} |}, 'x'@en--ltr ~ <a:r> . ?s ?q ?o }",
        "ASK { <<( ?s ?p ?o )>> ?p ( << ?s ?p ?o >> ) }",
        "ASK { VALUES (?t ?x) { (<<( <a:a> a <<( <a:a> <a:b> 1.5 )>> )>> UNDEF) } }",
        "ASK { FILTER(isTRIPLE(TRIPLE(?s, ?p, 1)) && SUBJECT(<<( ?s a <<( ?a ?b 1 )>> )>>) = ?s) }",
        "ASK { FILTER(hasLANGDIR(STRLANGDIR('x', 'en', LANGDIR(?x))) || hasLANG(?y)) }",
        "CONSTRUCT { ?s ?p ?o ~ ?r {| ?q 1 |} } WHERE { ?r ?q << ?s ?p ?o >> }",
    ],
)
def test_triple_terms(query: str) -> None:
    """What SPARQL 1.2 adds is read as the engine reads it."""
    assert _accepted_by(Store(), query)
    assert _accepted_here(query)


def test_a_comparison_with_an_iri_is_no_triple() -> None:
    """`<<` begins a triple, but not where the second one begins an IRI."""
    words = [token.text for token in tokenize("?a<<http://e/#>) SERVICE")]

    assert words == ["?a", "<", "<http://e/#>", ")", "SERVICE", ""]


@pytest.mark.parametrize(
    "query",
    [
        "ASK { ?s ?p '''SERVICE <x> {}''' }",
        "ASK { ?s <http://example.org/SERVICE> ?o }",
        "PREFIX SERVICE: <http://e/> ASK { ?s SERVICE:SERVICE ?SERVICE }",
        "ASK { ?s ?p ?o } # SERVICE <x> {}",
        "ASK { FILTER(1<2) # >\n ?s ?p ?o }",
    ],
)
def test_a_word_is_no_keyword_everywhere(query: str) -> None:
    """In strings, IRIs, names and comments it is none."""
    run(Source.of(Store()), query, WHOLE)


def _w3c() -> list[Path]:
    return sorted(W3C.glob("syntax-query/*.rq")) + sorted(W3C.glob("*/*.rq"))


@pytest.mark.skipif(not W3C.exists(), reason=f"no W3C tests at {W3C}")
def test_the_grammar_is_the_engine_s() -> None:
    """Of the queries of the W3C tests those are accepted that the engine accepts."""
    store = Store()
    different = []
    for path in _w3c():
        text = path.read_text(encoding="utf-8")
        if "SERVICE" in text:
            continue
        if _accepted_here(text) != _accepted_by(store, text):
            different.append(path.name)

    assert different == []


def _accepted_here(text: str) -> bool:
    try:
        text = unescape(text)
        check(text, parse(text, tokenize(text)))
    except QuerySyntaxError:
        return False
    return True


def _accepted_by(store: Store, text: str) -> bool:
    try:
        store.query(text, base_iri="http://example.org/")
    except SyntaxError:
        return False
    except RuntimeError:
        return True  # a function that it does not know: accepted, but not evaluated
    return True


PIECES = st.sampled_from(
    [
        *("SELECT", "ASK", "*", "?s", "?p", "{", "}", "(", ")", ".", "|", "?", "!", "\\u0053", "#"),
        *("SERVICE", "service", "FROM", "graph", "GRAPH ?g", "BNODE", "NOW()", "rand", "AS ?x"),
        *("<<(", "{|", "~", "TRUE", "false", "<a,b>", "COUNT(", "DISTINCT", "EXISTS {", "BIND("),
        *("<http://e/>", ":p", "x:y", "a", "'x'", '"?"', "1", "^", "/", "+", "\n", "=", "-"),
    ]
)


@pytest.mark.parametrize(
    "piece", ["exists ", "<,", "<a", "&", "<<", "count( ", "?a", "{|", "/*", "regex("]
)
def test_a_long_text_is_read_once(piece: str) -> None:
    """Reading grows with the text and not with its square, or this would not end."""
    plain(piece * 200_000)


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_a_plain_query_has_nothing_to_look_at(text: str) -> None:
    """What a look at the characters calls plain, the tokens do too."""
    if plain(text):
        tokens = tokenize(text)

        assert inspect(text, tokens) == PLAIN
        assert not suspicious(tokens)
