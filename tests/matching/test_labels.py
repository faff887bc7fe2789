"""Labels compared many at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kg.matching.labels import Labels
from kg.matching.words import Comparison, analysed, lexicon

TEXTS = [
    "Photonik",
    "Photonikindustrie",
    "wind energy",
    "Windenergie und Windkraft",
    "énergie éolienne",
    "microsystem technologies",
    "",
    "AI",
    "the the laser of lasers",
]
WORDS = st.sampled_from([*" ".join(TEXTS).split(), "mikrosystem", "of", "Wind", "enregy", "a"])


@given(st.lists(WORDS, max_size=6), st.lists(st.integers(0, len(TEXTS) - 1), max_size=12))
def test_many_labels_answer_as_each_does_alone(phrase: list[str], rows: list[int]) -> None:
    """To the last digit: matches of equal likeness are in the order of their concepts."""
    vocabulary = lexicon(TEXTS)
    query = analysed(" ".join(phrase), vocabulary)
    compared = Comparison(query)

    found = Labels.of(TEXTS, vocabulary).likeness(query, np.array(rows, np.intp))

    assert found.tolist() == [compared.likeness(analysed(TEXTS[n], vocabulary)) for n in rows]


@given(st.text(max_size=20), st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_texts_answer_as_each_does_alone(phrase: str, texts: list[str]) -> None:
    """Whatever is written: labels without words, words that no label has."""
    vocabulary = lexicon(texts)
    query = analysed(phrase, vocabulary)
    compared = Comparison(query)

    found = Labels.of(texts, vocabulary).likeness(query, np.arange(len(texts)))

    assert found.tolist() == [compared.likeness(analysed(text, vocabulary)) for text in texts]
