"""What is asked in other languages is understood word by word from the labels of concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.matching import concepts
from kg.matching.translation import Dictionary, Label, in_english, sought
from kg.matching.words import words

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


@pytest.mark.parametrize("word", ["brandschaden", "blauereinigung", "laser", "xyz", ""])
def test_what_no_label_tells_is_not_guessed(dictionary: Dictionary, word: str) -> None:
    """Nor is the last part of a compound taken for the whole, or an English word changed."""
    assert dictionary.meaning(word) is None


@pytest.mark.parametrize(
    ("phrase", "english"),
    [
        ("Wärmepumpen", "heat pump"),
        ("Laserschweißen", "laser welding"),
        ("saldatura", "welding"),
        ("Brücken", "bridge"),
    ],
)
def test_everyday_words_stand_in_the_glossary(
    dictionary: Dictionary, phrase: str, english: str
) -> None:
    """In any inflection, and as parts of compounds."""
    meanings = [dictionary.meaning(word) for word in words(phrase)]

    assert " ".join(m.english for m in meanings if m) == english


def test_the_name_of_a_technology_is_sought_by_its_english_one(sample_matching: Matching) -> None:
    """Though its words may look like English ones."""
    meant = concepts.meant(sample_matching, "sensori ottici")

    assert sought(sample_matching, "sensori ottici", meant) == "optical sensors"
    english = concepts.meant(sample_matching, "optical sensors")
    assert sought(sample_matching, "optical sensors", english) == "optical sensors"


@pytest.mark.parametrize(
    ("phrase", "english"),
    [
        ("Werkzeugmaschinen", "machine tool"),
        ("macchine utensili", "machine tool"),
        ("Windkraftanlagen", "wind power plant"),
        ("Laserschweißen", "laser welding"),
        # In English only just enough.
        ("Krebsfrüherkennung", "early cancer detection"),
    ],
)
def test_a_phrase_that_no_label_is_means_what_its_english_words_mean(
    sample_matching: Matching, phrase: str, english: str
) -> None:
    """The same concepts by the same labels, each a little less certain than in English."""
    expected = concepts.meant(sample_matching, english)
    found = concepts.meant(sample_matching, phrase)

    assert expected
    assert [(m.concept, m.label) for m in found] == [(m.concept, m.label) for m in expected]
    assert all(m.score < e.score < 1 for m, e in zip(found, expected, strict=True))
    assert all(m.translated for m in found)


def test_a_name_wins_over_a_translation(sample_matching: Matching) -> None:
    """`éoliennes` has the name of wind power in French; its word `wind` has more meanings."""
    labels = sample_matching.landscape.column("concept", "label")
    found = concepts.meant(sample_matching, "éoliennes")

    assert in_english(sample_matching, "éoliennes") == "wind"
    assert [(labels[m.concept], m.language) for m in found] == [("wind power", "fr")]


def test_only_words_that_no_project_has_are_translated(sample_matching: Matching) -> None:
    """English texts stay as they are."""
    title = sample_matching.landscape.column("project", "title")[0]

    assert in_english(sample_matching, title) == title
    phrase = "Xyz in der Quantenkommunikation"
    assert in_english(sample_matching, phrase) == "Xyz quantum communication"
    assert in_english(sample_matching, "") == ""
