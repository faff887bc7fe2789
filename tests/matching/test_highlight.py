"""Hits are marked: whole words with the stems sought, in the piece that has most of them."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

from kg.matching.highlight import Marker

ANALYSER = (
    TextAnalyzerBuilder(Tokenizer.simple())
    .filter(Filter.lowercase())
    .filter(Filter.ascii_fold())
    .filter(Filter.stemmer("english"))
    .build()
)


def marked(query: str, text: str, characters: int = 160) -> str:
    """Return the piece of a text with the words of a query marked."""
    return Marker(ANALYSER.analyze(query), ANALYSER.analyze).piece(text, characters)


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("battery", "Old batteries.", "Old <b>batteries</b>."),
        ("batteries", "A Battery & more", "A <b>Battery</b> &amp; more"),
        ("laser", "A laserlike <laser>", "A laserlike &lt;<b>laser</b>&gt;"),
        ("epitaxy", "Épitaxy of III-V", "<b>Épitaxy</b> of III-V"),
        ("photon", "cryptophoton", ""),
        ("", "nothing is sought", ""),
    ],
)
def test_words_with_the_stems_are_marked(query: str, text: str, expected: str) -> None:
    """Inflected words are, words that merely begin alike or hold the stem are not."""
    assert marked(query, text) == expected


def test_the_piece_has_most_of_the_words() -> None:
    """One early word does not keep the piece from a place with two."""
    text = f"laser {'x ' * 200} laser and photonics {'y ' * 200}"

    assert marked("laser photonics", text, 60).count("<b>") == 2


@given(st.text(), st.text())
def test_a_piece_is_part_of_the_text(query: str, text: str) -> None:
    """Without marks and escapes, the piece stands in the text."""
    piece = unescape(marked(query, text).replace("<b>", "").replace("</b>", ""))

    assert piece in text or "<b>" in text or "</b>" in text or "&" in text
