"""No value leaves its place: whatever is bound comes out of the query as the term that went in."""

from __future__ import annotations

from datetime import date

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from kg.errors import ParameterError
from kg.identifiers import Identifiers
from kg.query import local
from kg.savedqueries import Bound, Vocabulary, bind
from kg.savedqueries.definition import MOST_ROWS, SavedQuery, read
from kg.terms import DEFAULT_BASE, XSD_DATE, XSD_INTEGER

HEADER = """#+ summary: Echo
#+ summary_de: Echo
#+ description: Says what it was given.
#+ description_de: Sagt, was es bekam.
#+ tags: [test]
#+ params:
"""
PARAMETER = """#+   {name}:
#+     type: {kind}
#+     many: {many}
#+     {more}
#+     en: What to say
#+     de: Was zu sagen ist
"""
EMPTY = Vocabulary(pyoxigraph.Store(), Identifiers(DEFAULT_BASE), date(2024, 7, 1))

# What has broken out of strings somewhere before: quotes, escapes, ends of blocks and comments.
NASTY = st.lists(
    st.sampled_from(
        ['"', "'", "\\", "\\u0022", "\\U0000003E", "}", "{", ">", "<", "#", "\n", "\r", "\t", '"""',
         "LIMIT 1", "VALUES ?word { 1 }", "#? word", "#? end", "\u2028", "\x00", "\x7f", " ", "@en",
         "^^<x>", "?word", "ä", "𝄞", "{0}", "%s"]
    )
).map("".join)  # fmt: skip


def echo(kind: str, *, many: bool = False, more: str = "optional: false") -> SavedQuery:
    """Return a query that has one parameter and returns its values, bound twice."""
    head = HEADER + PARAMETER.format(name="word", kind=kind, many=str(many).lower(), more=more)
    example = {"iri": "<urn:x>", "integer": "1", "date": f'"2024-01-01"^^<{XSD_DATE}>'}
    body = f"SELECT ?word {{ VALUES ?word {{ {example.get(kind, chr(34) * 2)} }} }} LIMIT 100\n"
    return read("echo", head + body)


TEXT, TEXTS = echo("text"), echo("text", many=True)
IRI, INTEGER, DATE = echo("iri"), echo("integer", more="minimum: -5"), echo("date")


def said(bound: Bound) -> list[object]:
    return [solution["word"] for solution in local.select(pyoxigraph.Store(), bound.text)]


def tried(query: SavedQuery, **given_values: str) -> Bound | ParameterError:
    """Return what binding gives, or how it refuses."""
    try:
        return bind(query, {name: [value] for name, value in given_values.items()}, EMPTY)
    except ParameterError as error:
        return error


@given(st.text() | NASTY)
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    """Any text is bound as a literal of just that text, or refused, and never more than that."""
    literals = [Literal(text)]
    bound = Bound(TEXT, {"word": (*literals,)}, 100)

    assert said(bound) == literals


@given(st.lists(st.text(min_size=1) | NASTY, min_size=1, max_size=20))
def test_several_values_come_out_in_their_order(texts: list[str]) -> None:
    """Several values are several rows, each once."""
    wanted = [Literal(t) for t in dict.fromkeys(t.strip() for t in texts) if t]
    if wanted:
        assert said(bind(TEXTS, {"word": texts}, EMPTY)) == wanted
    else:
        with pytest.raises(ParameterError):
            bind(TEXTS, {"word": texts}, EMPTY)


@given(st.text() | NASTY | NASTY.map(lambda rest: f"http://example.org/{rest}"))
def test_an_iri_is_one_or_refused(text: str) -> None:
    """What is no IRI never reaches the query; what is one comes out unchanged."""
    outcome = tried(IRI, word=text)

    if isinstance(outcome, Bound):
        assert said(outcome) == [NamedNode(text.strip())]
    else:
        assert outcome.members["parameter"] == "word"


@given(st.integers(-(10**17), 10**17).map(str) | st.text() | NASTY)
def test_an_integer_is_one_or_refused(text: str) -> None:
    """A number comes out as an xsd:integer within its bounds."""
    outcome = tried(INTEGER, word=text)

    if isinstance(outcome, Bound):
        assert said(outcome) == [Literal(str(int(text)), datatype=NamedNode(XSD_INTEGER))]
        assert int(text) >= -5
    else:
        assert "whole number" in outcome.detail


@given(st.dates().map(str) | st.text() | NASTY | st.just("today"))
def test_a_date_is_one_or_refused(text: str) -> None:
    """A date comes out as an xsd:date; `today` is the day that the caller says it is."""
    outcome = tried(DATE, word=text)

    if isinstance(outcome, Bound):
        day = "2024-07-01" if text.strip() == "today" else text.strip()
        assert said(outcome) == [Literal(day, datatype=NamedNode(XSD_DATE))]
    else:
        assert "date" in outcome.detail


@given(st.text() | NASTY | st.integers(-3, 20_000).map(str))
def test_the_limit_is_a_number_or_refused(text: str) -> None:
    """Nothing but a number in its bounds stands behind LIMIT."""
    outcome = tried(TEXT, word="x", limit=text)

    if isinstance(outcome, Bound):
        assert 1 <= outcome.limit <= MOST_ROWS
        assert outcome.text.rstrip().endswith(f"LIMIT {outcome.limit}")
    else:
        assert outcome.members["parameter"] == "limit"


def test_a_lone_surrogate_is_refused() -> None:
    """What is no Unicode text cannot be written into a query at all."""
    with pytest.raises(ParameterError, match="Unicode"):
        bind(TEXT, {"word": ["\ud800"]}, EMPTY)


def test_text_that_looks_like_a_slot_is_left_alone() -> None:
    """Values are put in once: what they hold is not searched for places."""
    text = "VALUES ?word { 1 } LIMIT 7"

    assert said(bind(TEXT, {"word": [text]}, EMPTY)) == [Literal(text)]


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [
        ({}, "echo needs word: a text"),
        ({"word": [""]}, "echo needs word: a text"),
        ({"word": ["a", "b"]}, "at most 1 value"),
        ({"word": ["a" * 1001]}, "at most 1000 characters"),
        ({"word": ["a"], "wort": ["b"]}, "no parameter 'wort'; it takes word, limit"),
        ({"word": ["a"], "limit": ["5", "6"]}, "one whole number from 1 to 10000"),
    ],
)
def test_refusal_says_what_is_accepted(given_values: dict[str, list[str]], expected: str) -> None:
    """Missing, repeated, overlong and unknown parameters are refused with what there is."""
    with pytest.raises(ParameterError, match=expected):
        bind(TEXT, given_values, EMPTY)
