"""English words for words of other languages, learnt from the labels of concepts.

The texts of projects are English; who asks in another language is understood when a concept has
the label, and otherwise word by word:

1. What stands in the labels of a concept beside the same English words again and again means the
   same (IBM model 1; Brown et al. 1993, The Mathematics of Statistical Machine Translation).
2. Everyday words of engineering that labels lack stand in `glossary.csv`.
3. German compounds are taken apart, in labels and in what is asked: `Wasserstoffspeicherung` is
   learnt from `Wasserstoffenergie` (hydrogen energy) and `Energiespeicherung` (energy storage).
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.matching.words import LANGUAGES, STOP, fold, lexicon, stem, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kg.matching.concepts import Match
    from kg.matching.index import Matching
    from kg.matching.words import Lexicon

_ROUNDS: Final = 6
_LEAST: Final = 0.35
_MOST: Final = 2
_SHORTEST: Final = 4
_ALONE: Final = 6
_OTHERS: Final = tuple(language for language in LANGUAGES if language != "en")
_LINKS: Final = ("s", "n")
_REMEMBERED: Final = 100_000
_WORD: Final = re.compile(r"[^\W_]+")
_GLOSSARY: Final = Path(__file__).with_name("glossary.csv")


@cache
def glossary() -> tuple[tuple[str, str, str], ...]:
    """Return the words of the glossary: language, word, English."""
    with _GLOSSARY.open(encoding="utf-8", newline="") as file:
        return tuple((r["language"], r["word"], r["english"]) for r in csv.DictReader(file))


@cache
def _countries() -> dict[str, str]:
    return {english: word for language, word, english in glossary() if language == "de"}


def in_german(country: str) -> str:
    """Return the German name of a country by its English one, or that if none is known."""
    return _countries().get(country, country)


class Label(NamedTuple):
    """A label of a concept."""

    concept: int
    text: str
    language: str
    preferred: bool


class Meaning(NamedTuple):
    """What a word means in English, and whether that is told by the parts of a compound."""

    english: str
    compound: bool


class Dictionary:
    """What words of other languages mean in English."""

    def __init__(self, labels: Iterable[Label]) -> None:
        labels = [*labels, *_of_glossary()]
        german = lexicon(label.text for label in labels if label.language == "de")
        pairs, self._plain = _pairs(labels, german)
        self._meanings = _learnt(pairs)
        self._german = sorted(stem(w, "de") for w in german.parts | _remainders(labels, german))
        self._found: dict[str, Meaning | None] = {}

    def meaning(self, word: str) -> Meaning | None:
        """Return what a folded word means; None if it is not known, or English already."""
        found = self._found
        if word not in found:
            if len(found) >= _REMEMBERED:
                found = self._found = {}
            found[word] = self._look_up(word)
        return found[word]

    def _look_up(self, word: str) -> Meaning | None:
        if stem(word, "en") in self._plain:
            return None
        known = self._known({_key(word, language) for language in _OTHERS})
        if known:
            return Meaning(" ".join(known), compound=False)
        parts = [e for part in self._parts(word) for e in self._part(part)]
        return Meaning(" ".join(dict.fromkeys(parts)), compound=True) if parts else None

    def _known(self, stems: set[str]) -> list[str]:
        # In order, so that every process finds the same.
        found = [m for s in sorted(stems) if (m := self._meanings.get(s))]
        meanings = max(found, key=lambda m: max(m.values()), default={})
        best = sorted(meanings.items(), key=lambda each: (-each[1], each[0]))[:_MOST]
        return [self._plain[e] for e, p in best if p >= _LEAST]

    def _part(self, part: str) -> list[str]:
        """Return what a part of a German compound means; it may begin words that are known."""
        known = self._known({_key(part.removesuffix(link), "de") for link in ("", *_LINKS)})
        if known or len(part) <= _ALONE or not (longer := self._begins(part)):
            return known
        # Which part of the longer word says what is only certain where English has one word.
        found = self._known({f"de:{longer}"})
        return found if len(found) == 1 else []

    def _begins(self, part: str) -> str | None:
        """Return the first German stem that begins with a part."""
        at = bisect_left(self._german, part)
        found = self._german[at] if at < len(self._german) else ""
        return found if found.startswith(part) else None

    def _parts(self, word: str) -> tuple[str, ...]:
        """Return the parts of a German compound whose meanings are known."""
        places = range(_SHORTEST, len(word) - _SHORTEST + 1)
        halves = [(word[:at], word[at:]) for at in places]
        both = [h for h in halves if all(map(self._part, h))]
        if both:
            return max(both, key=lambda h: min(map(len, h)))
        # The first part says of what; the last one alone says little (`-reinigung`, `-technik`).
        first = [head for head, _ in halves if len(head) > _ALONE and self._part(head)]
        return (max(first, key=len),) if first else ()


def _of_glossary() -> Iterator[Label]:
    """Yield the glossary as labels of concepts of its own."""
    for number, (language, word, english) in enumerate(glossary(), 1):
        yield Label(-number, english, "en", preferred=True)
        yield Label(-number, word, language, preferred=True)


def dictionary(matching: Matching) -> Dictionary:
    """Return the dictionary of a release's labels, kept."""
    kept = matching.lexicon.kept
    if "dictionary" not in kept:
        column = matching.landscape.column
        names = ("concept", "text", "language", "preferred")
        rows = zip(*(column("label", name) for name in names), strict=True)
        kept["dictionary"] = Dictionary(Label(*row) for row in rows)
    found: Dictionary = kept["dictionary"]
    return found


def sought(matching: Matching, text: str, meant: Sequence[Match]) -> str:
    """Return what a text means in English: the name of a concept that is called so, or its words.

    Names in other languages may hold words that look like English ones: `sensori ottici`.
    """
    if meant and meant[0].score >= _CALLED and meant[0].language not in {"", "en"}:
        return str(matching.landscape.column("concept", "label")[meant[0].concept] or text)
    return in_english(matching, text)


_CALLED: Final = 0.95


def in_english(matching: Matching, text: str) -> str:
    """Return a text in which words that no project has are English, where they are understood."""
    search = matching.projects

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        frequency = max(map(search.frequency, search.english.analyze(word)), default=_FREQUENT)
        if frequency >= _FREQUENT:
            return word
        meaning = dictionary(matching).meaning(" ".join(words(word)))
        if meaning is None or (meaning.compound and frequency > _CHANCE):
            return word
        return meaning.english

    found = _WORD.sub(replaced, text)
    if found == text:
        return text
    return " ".join(word for word in found.split() if fold(word) not in STOP)


_FREQUENT: Final = 5
_CHANCE: Final = 1


def _remainders(labels: Iterable[Label], german: Lexicon) -> set[str]:
    """Return the parts of German labels."""
    told = (w for label in labels if label.language == "de" for w in words(label.text))
    return {part for word in told for part in german.split(word)}


def _pairs(
    labels: Iterable[Label], german: Lexicon
) -> tuple[list[tuple[list[str], list[str]]], Mapping[str, str]]:
    """Return pairs of what concepts are called in another language and in English, as stems.

    The second are English words by their stems.
    """
    english: dict[int, list[str]] = {}
    others: list[tuple[int, list[str]]] = []
    plain: dict[str, str] = {}
    for label in labels:
        if label.language == "en" and label.preferred:
            told = [w for w in _WORD.findall(label.text.lower()) if fold(w) not in STOP]
            stems = [stem(fold(w), "en") for w in told]
            plain |= {s: min(w, plain.get(s, w), key=len) for s, w in zip(stems, told, strict=True)}
            english[label.concept] = stems
        elif label.language in _OTHERS:
            told = [w for w in words(label.text) if w not in STOP]
            whole = [_key(w, label.language) for w in told]
            parts = [part for w in told for part in _taken_apart(w, label.language, german)]
            others += [(label.concept, each) for each in (whole, parts)]
    return [(parts, english[c]) for c, parts in others if c in english and parts], plain


def _taken_apart(word: str, language: str, german: Lexicon) -> Sequence[str]:
    parts = german.split(word) if language == "de" else ()
    return [_key(part, language) for part in parts or (word,)]


def _key(word: str, language: str) -> str:
    return f"{language}:{stem(word, language)}"


def _learnt(pairs: list[tuple[list[str], list[str]]]) -> Mapping[str, Mapping[str, float]]:
    """Return for each word how probable each English word is (IBM model 1)."""
    told: Mapping[str, Counter[str]] = defaultdict(Counter)
    for others, english in pairs:
        for other in others:
            told[other].update(english)
    learnt: Mapping[str, dict[str, float]] = {
        other: {e: 1 / len(found) for e in found} for other, found in told.items()
    }
    for _ in range(_ROUNDS):
        learnt = _better(pairs, learnt)
    return learnt


def _better(
    pairs: list[tuple[list[str], list[str]]], known: Mapping[str, Mapping[str, float]]
) -> Mapping[str, dict[str, float]]:
    """Return the probabilities by which each English word is shared among the others beside it."""
    counts: Mapping[str, Counter[str]] = defaultdict(Counter)
    for others, english in pairs:
        for e in english:
            total = sum(known[other][e] for other in others)
            for other in others:
                counts[other][e] += known[other][e] / total  # type: ignore[assignment]
    return {
        other: {e: n / total for e, n in found.items()}
        for other, found in counts.items()
        if (total := sum(found.values()))
    }
