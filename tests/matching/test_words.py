"""Folding, stems, compounds and likeness of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.matching.words import analysed, dice, fold, lexicon, likeness, trigrams, words

LABELS = [
    "Photonik",
    "Industrie",
    "Windenergie",
    "Wind",
    "Kraft",
    "Abwasser",
    "Behandlung",
    "laser",
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Künstliche", "kuenstliche"),
        ("Straße", "STRASSE"),
        ("énergie", "Energie"),
        ("città", "citta"),
        ("œuvre", "oeuvre"),
    ],
)
def test_spellings_of_the_same_word_fold_to_the_same(one: str, other: str) -> None:
    """Case, diacritics and the two spellings of umlauts make no difference."""
    assert fold(other) == fold(one)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    """What is folded stays as it is, and its words are found in it."""
    once = " ".join(words(text))

    assert words(once) == words(text) or "e" in once


@pytest.mark.parametrize(
    ("compound", "parts"),
    [
        ("photonikindustrie", ("photonik", "industrie")),
        ("abwasserbehandlung", ("abwasser", "behandlung")),
        ("laser", ()),
        ("photonik", ()),
    ],
)
def test_compounds_are_parted_by_the_vocabulary(compound: str, parts: tuple[str, ...]) -> None:
    """A compound has the words that labels have; a simple word has no parts."""
    assert lexicon(LABELS).split(compound) == parts


@given(st.text(st.characters(categories=["Ll"]), min_size=1, max_size=20), st.text(max_size=20))
def test_likeness_is_between_zero_and_one_and_one_for_the_same(one: str, other: str) -> None:
    """A text is fully like itself, and nothing is more."""
    vocabulary = lexicon(LABELS)
    mine, theirs = analysed(one, vocabulary), analysed(other, vocabulary)

    assert 0 <= likeness(mine, theirs) <= 1.000001
    assert not mine or likeness(mine, mine) == pytest.approx(1)


def test_a_misspelt_word_shares_most_trigrams() -> None:
    """One letter wrong costs little, another word costs all."""
    assert dice(trigrams("mikrosystem"), trigrams("microsystem")) > 0.6
    assert dice(trigrams("mikrosystem"), trigrams("recycling")) == 0
