"""What a phrase is about: the concepts whose labels, in any language, answer it.

1. Labels with words, parts or trigrams of the phrase are fetched from the index.
2. Each is compared with the phrase word by word (`words.likeness`); a concept is as good as the
   best of its labels, preferred labels a little before others.
3. Exact matches of each other count as one concept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kg.matching.words import Comparison, analysed, stems, words

if TYPE_CHECKING:
    from kg.matching.index import Matching

_FETCHED: Final = 80
_OTHER_LABEL: Final = 0.98
_LEAST: Final = 0.6
_BESIDE_BEST: Final = 0.85
_MOST: Final = 5


class Match(NamedTuple):
    """A concept that a phrase is about: its row, how well it answers (0..1), by which label."""

    concept: int
    score: float
    label: str
    language: str = ""


class Named(NamedTuple):
    """An organisation found by its name: its row, how well that fits (0..1), and the name."""

    row: int
    score: float
    name: str


def find(matching: Matching, phrase: str, limit: int = 10) -> list[Match]:
    """Return the concepts that a phrase may mean, best first."""
    landscape, vocabulary = matching.landscape, matching.lexicon
    compared = Comparison(analysed(phrase, vocabulary))
    terms = {term for w in words(phrase) for term in (*stems(w), *_part_stems(matching, w))}
    concepts, texts = landscape.pairs("label", "concept"), landscape.column("label", "text")
    preferred = landscape.column("label", "preferred")
    languages = landscape.column("label", "language")
    best: dict[int, Match] = {}
    for hit in matching.labels.names(phrase, _FETCHED, terms):
        concept = int(landscape.canonical[concepts[hit.row]])
        score = compared.likeness(analysed(texts[hit.row], vocabulary))
        score *= 1.0 if preferred[hit.row] else _OTHER_LABEL
        if concept not in best or score > best[concept].score:
            best[concept] = Match(concept, score, texts[hit.row], languages[hit.row])
    liked = [match for match in best.values() if match.score > 0]
    return sorted(liked, key=lambda m: (-m.score, m.concept))[:limit]


def meant(matching: Matching, phrase: str) -> list[Match]:
    """Return the concepts that a phrase is about, each with a score of at least 0.6."""
    found = find(matching, phrase, _MOST)
    least = max(_LEAST, _BESIDE_BEST * found[0].score) if found else 0.0
    return [match for match in found if match.score >= least]


def _part_stems(matching: Matching, word: str) -> set[str]:
    parts = matching.lexicon.split(word)
    return {stem for part in parts for stem in stems(part)}


def organisations(matching: Matching, name: str, limit: int = 10) -> list[Named]:
    """Return the organisations that a name may mean, best first, experienced ones before others."""
    landscape, vocabulary = matching.landscape, matching.lexicon
    compared = Comparison(analysed(name, vocabulary))
    labels = landscape.column("organisation", "name"), landscape.column("organisation", "short")
    found = []
    for hit in matching.organisations.names(name, _FETCHED):
        named = [text for column in labels if (text := column[hit.row])]
        likes = [(compared.likeness(analysed(text, vocabulary)), text) for text in named]
        found.append(Named(hit.row, *max(likes, default=(0.0, ""), key=lambda pair: pair[0])))
    experience = landscape.experience
    return sorted(found, key=lambda n: (-round(n.score, 2), -experience[n.row], n.row))[:limit]
