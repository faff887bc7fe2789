"""What is asked in other languages is understood word by word from the labels of concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.matching.translation import Dictionary, Label, in_english

if TYPE_CHECKING:
    from kg.matching import Matching

CONCEPTS = [
    {"en": "hydrogen energy", "de": "Wasserstoffenergie", "fr": "énergie hydrogène"},
    {"en": "energy storage", "de": "Energiespeicherung", "fr": "stockage de l'énergie"},
    {"en": "energy", "de": "Energie", "fr": "énergie", "it": "energia"},
    {"en": "industrial cleaning", "de": "Teilereinigung", "it": "pulizia industriale"},
    {"en": "parts", "de": "Teile"},
    {"en": "semiconductors", "de": "Halbleiterbauelemente"},
    {"en": "manufacturing", "de": "Fertigung"},
]
LABELS = [
    Label(concept, text, language, preferred=True)
    for concept, texts in enumerate(CONCEPTS)
    for language, text in texts.items()
]


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    """The dictionary of the labels above."""
    return Dictionary(LABELS)


@pytest.mark.parametrize(
    ("word", "english"),
    [
        ("energia", {"energy"}),
        ("stockage", {"storage"}),
        ("wasserstoffenergie", {"hydrogen", "energy"}),
        # Compounds that no label has, from the parts of others.
        ("wasserstoffspeicherung", {"hydrogen", "storage"}),
        # A part that only begins a word that is known.
        ("halbleiterfertigung", {"semiconductors", "manufacturing"}),
    ],
)
def test_words_mean_what_stands_beside_them_in_labels(
    dictionary: Dictionary, word: str, english: set[str]
) -> None:
    """The English words that go with it, and not what goes with its neighbours."""
    meaning = dictionary.meaning(word)

    assert meaning is not None
    assert set(meaning.english.split()) == english


@pytest.mark.parametrize("word", ["klimawandel", "abwasserreinigung", "xyz", ""])
def test_what_no_label_tells_is_not_guessed(dictionary: Dictionary, word: str) -> None:
    """Nor is the last part of a compound taken for the whole."""
    assert dictionary.meaning(word) is None


def test_only_words_that_no_project_has_are_translated(sample_matching: Matching) -> None:
    """English texts stay as they are."""
    title = sample_matching.landscape.column("project", "title")[0]

    assert in_english(sample_matching, title) == title
    assert in_english(sample_matching, "Quantenkommunikation") != "Quantenkommunikation"
    assert in_english(sample_matching, "") == ""
