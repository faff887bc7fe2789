"""Our own queries take terms as parameters, and no term becomes syntax."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.errors import ParameterError, QueryFailedError
from kg.query.local import bind, select

NAME = NamedNode("http://example.org/name")
QUERY = "SELECT ?s ?name { VALUES ?name { 'example' } ?s <http://example.org/name> ?name }"


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_can_be_a_parameter(text: str) -> None:
    """Quotes, braces, line ends: it is found as it is."""
    subject = NamedNode("http://example.org/s")
    store = Store()
    store.add(Quad(subject, NAME, Literal(text), NamedNode("http://example.org/g")))

    rows = [(row["s"], row["name"]) for row in select(store, QUERY, {"name": Literal(text)})]
    assert rows == [(subject, Literal(text))]


def test_a_parameter_may_have_several_values() -> None:
    """Or none: then there is no solution."""
    several = bind(QUERY, {"name": [Literal("x", language="en"), NAME]})

    assert 'VALUES ?name { "x"@en <http://example.org/name> }' in several
    assert list(select(Store(), QUERY, {"name": []})) == []


def test_an_unknown_parameter_is_refused() -> None:
    """The reason names those that there are."""
    with pytest.raises(ParameterError, match="it has name"):
        select(Store(), QUERY, {"nmae": Literal("x")})


def test_only_a_select_has_solutions() -> None:
    """Asking for something else is a fault of ours."""
    with pytest.raises(QueryFailedError, match="SELECT"):
        select(Store(), "ASK {}")
