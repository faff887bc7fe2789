from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.terms import is_iri
from loaders._iris import web_address


@pytest.mark.parametrize(
    ("written", "iri"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTP://Example.org", "HTTP://Example.org"),
        ("www.example.org", "http://www.example.org"),
        ("example.org:8080/x", "http://example.org:8080/x"),
        ("http:/example.org", "http://example.org"),
        ("http//example.org", "http://example.org"),
        ("http://example.org/a b|c", "http://example.org/a%20b%7Cc"),
        ("http://example.org/\u200e", "http://example.org/"),
        ("http://www.boehringer\u2010ingelheim.com", "http://www.boehringer-ingelheim.com"),
        ("http://agenziamobilità.roma.it", "http://agenziamobilità.roma.it"),
        ("https://l.example/https://a.org/__;!!x", "https://l.example/https://a.org/__;!!x"),
    ],
)
def test_what_people_type_becomes_an_address(written: str, iri: str) -> None:
    """Small slips are mended without guessing."""
    assert web_address(written) == iri


@pytest.mark.parametrize(
    "written",
    [
        "none",
        "info@example.org",
        "mailto:info@example.org",
        "ftp://example.org",
        "http://",
        "http://no host.org",
        "http://localhost",
        "www.a.org; www.b.org",
        "http://a.org/, http://b.org/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    """What would have to be guessed is left to the curator."""
    with pytest.raises(ValueError, match="address"):
        web_address(written)


@given(st.text(max_size=30))
def test_whatever_comes_out_is_an_iri(text: str) -> None:
    """No text becomes an address that RDF could not write."""
    try:
        iri = web_address(text)
    except ValueError:
        return

    assert is_iri(iri)
    assert iri.lower().startswith(("http://", "https://"))


@given(st.text(max_size=30))
def test_an_address_stays_what_it_is(text: str) -> None:
    """Reading an address twice changes nothing."""
    try:
        iri = web_address("http://example.org/" + text)
    except ValueError:
        return

    assert web_address(iri) == iri
