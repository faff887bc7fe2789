"""XPath regular expressions: RE2 and Python answer alike, and nothing is misread."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.shacl.patterns import PatternError, check_pattern, translate

ATOMS = st.sampled_from(
    ["a", "b", ".", r"\d", r"\s", "[a-c]", "[^b]", "[a-z-[aeiou]]", r"\p{L}", r"\P{Lu}", r"\i", "é"]
)
PIECES = st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "*?"])).map("".join)
PATTERNS = st.recursive(
    st.lists(PIECES, min_size=1, max_size=4).map("".join),
    lambda inner: st.lists(inner, min_size=1, max_size=2).map(lambda parts: f"({'|'.join(parts)})"),
    max_leaves=4,
)
TEXTS = st.lists(st.text("abceiozAÄé1 \n", max_size=6), min_size=1, max_size=8)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(PATTERNS, st.sampled_from(["", "i", "s"]), st.booleans(), TEXTS)
def test_both_engines_match_the_same(
    pattern: str,
    flags: str,
    whole: bool,  # noqa: FBT001 - hypothesis gives it
    texts: list[str],
) -> None:
    """What RE2 and what Python is given mean the same."""
    written = translate(f"^{pattern}$" if whole else pattern, flags)
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT regexp_matches(unnest($1::VARCHAR[]), $2)", [texts, written.re2]
        ).fetchall()

    assert [bool(re.search(written.python, text)) for text in texts] == [hit for (hit,) in rows]


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "a**", "a{2,1}", "a{,2}", "[b-a]", "[]", "[a", r"\b", r"\x41", r"\1", r"(a\1)", "+",
     "(?<name>a)", "(?i)a", r"\p{Foo}", r"\p{IsNowhere}", "a{", "[a-[b]c]", "\\"],
)  # fmt: skip
def test_what_xpath_does_not_know_is_refused(pattern: str) -> None:
    """A pattern that is none has a reason, never a guess."""
    assert check_pattern(pattern, "")
    with pytest.raises(PatternError):
        translate(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "a{1001}"])
def test_what_re2_cannot_say_is_left_to_python(pattern: str) -> None:
    """Back-references, look-around and large counts have no RE2 form."""
    written = translate(pattern)

    assert written.re2 is None
    assert re.compile(written.python)
