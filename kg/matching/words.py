"""Words in English, German, French and Italian: folding, stems, parts of compounds, likeness.

1. A text is folded: lower case, no diacritics, `ä` like `ae` like `a`, `ß` like `ss`.
2. A word has a stem in each language that it may be of (Snowball).
3. A compound is parted where both sides are words of the vocabulary, or one is and the other long
   enough to be a word of its own: `Photonikindustrie` → `photonik`, `industrie`. A linking `s`,
   `n`, `en` or `es` between the parts is dropped.
4. Two words are alike to a degree: the same stem 1, shared parts less, shared trigrams less still.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Any, Final

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterable

LANGUAGES: Final = {"en": "english", "de": "german", "fr": "french", "it": "italian"}
_LONGEST: Final = 60
_SHORTEST_PART: Final = 4
_MOST_SEEN: Final = 200_000
_WORD = re.compile(r"[^\W_]+")
_WRITTEN = re.compile(r"\w+")
_DIGRAPH = re.compile(r"([aou])e")
_SPECIAL = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "a", "œ": "o", "\u0131": "i"}
)
_LINKS: Final = ("s", "es", "n", "en", "er", "e")
# Words that say nothing of a subject, folded.
STOP: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "of",
        "on",
        "or",
        "that",
        "the",
        "to",
        "with",
        "using",
        "am",
        "an",
        "auf",
        "aus",
        "bei",
        "das",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "ein",
        "eine",
        "einen",
        "einer",
        "fur",
        "im",
        "in",
        "mit",
        "nach",
        "und",
        "vom",
        "von",
        "zu",
        "zum",
        "zur",
        "uber",
        "sowie",
        "au",
        "aux",
        "avec",
        "dans",
        "de",
        "des",
        "du",
        "en",
        "et",
        "la",
        "le",
        "les",
        "l",
        "d",
        "par",
        "pour",
        "sur",
        "un",
        "une",
        "al",
        "alla",
        "alle",
        "che",
        "con",
        "da",
        "dal",
        "dei",
        "del",
        "della",
        "delle",
        "di",
        "e",
        "gli",
        "i",
        "il",
        "lo",
        "nel",
        "nella",
        "per",
        "su",
        "sul",
        "un",
        "una",
        "who",
        "what",
        "we",
        "wir",
        "nous",
        "chi",
    ]
)


def _stemmer(language: str) -> object:
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    return builder.filter(Filter.stemmer(language)).build()


_STEMMERS: Final = {code: _stemmer(name) for code, name in LANGUAGES.items()}


def fold(text: str) -> str:
    """Return a text without what people write differently: case, diacritics, `ae` for `ä`."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_SPECIAL))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return _DIGRAPH.sub(r"\1", kept)


def written(text: str) -> list[str]:
    """Return the words of a text in small letters, else as they are written."""
    return _WRITTEN.findall(text.lower())


def words(text: str) -> list[str]:
    """Return the folded words of a text."""
    return [w[:_LONGEST] for w in _WORD.findall(fold(text))]


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """Return the stem of a folded word in a language (`en`, `de`, `fr`, `it`)."""
    found = _STEMMERS[language].analyze(word)  # type: ignore[attr-defined]
    return str(found[0]) if found else word


@lru_cache(maxsize=65536)
def stems(word: str) -> frozenset[str]:
    """Return the stems that a folded word may have in any language."""
    return frozenset(stem(word, language) for language in LANGUAGES)


@lru_cache(maxsize=65536)
def trigrams(word: str) -> frozenset[str]:
    """Return the trigrams of a word, its beginning and end marked."""
    marked = f"^{word}$"
    return frozenset(marked[i : i + 3] for i in range(len(marked) - 2))


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of their members that two sets have in common (Sørensen-Dice)."""
    return 2 * len(one & other) / (len(one) + len(other))


@dataclass(frozen=True)
class Lexicon:
    """The vocabulary of the labels: how rare each word is, and what compounds are made of."""

    weights: dict[str, float]
    parts: frozenset[str]
    rarest: float
    seen: dict[str, Word] = field(default_factory=dict, repr=False, compare=False)
    texts: dict[str, tuple[Word, ...]] = field(default_factory=dict, repr=False, compare=False)
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def weight(self, word: str) -> float:
        """Return how much a word says: rare ones much, words like `of` nearly nothing."""
        return 0.05 if word in STOP else self.weights.get(word, self.rarest)

    def split(self, word: str) -> tuple[str, ...]:
        """Return the parts of a compound, or nothing when it is none that is known."""
        return _split(word, self)

    def known(self, part: str) -> bool:
        """Tell whether a part is a word of the vocabulary, as it stands or but for its ending."""
        if part in self.parts:
            return True
        if not part.endswith(_LINKS):
            return False
        return any(part.endswith(x) and part[: -len(x)] in self.parts for x in _LINKS)


def lexicon(labels: Iterable[str]) -> Lexicon:
    """Return the lexicon of labels in all languages."""
    counts: Counter[str] = Counter()
    total = 0
    for label in labels:
        counts.update(set(words(label)))
        total += 1
    weights = {word: log(1 + total / count) for word, count in counts.items()}
    parts = {w for w in counts if len(w) >= _SHORTEST_PART and w not in STOP and w.isalpha()}
    return Lexicon(weights, frozenset(parts), log(1 + total))


def _split(word: str, vocabulary: Lexicon) -> tuple[str, ...]:
    if len(word) < 2 * _SHORTEST_PART:
        return ()
    best: tuple[int, tuple[str, ...]] = (0, ())
    for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        head, tail = word[:at], word[at:]
        knows = vocabulary.known(head), vocabulary.known(tail)
        # Both known is best; else the longest known part decides.
        score = 1000 * all(knows) + max(at * knows[0], len(tail) * knows[1])
        if any(knows) and score > best[0]:
            rest = () if all(knows) else _split(tail if knows[0] else head, vocabulary)
            unknown = rest or (tail if knows[0] else head,)
            both = (
                (head, tail) if all(knows) else ((head, *unknown) if knows[0] else (*unknown, tail))
            )
            best = (score, both)
    return best[1]


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word with what it is compared by."""

    text: str
    stems: frozenset[str]
    parts: frozenset[str]
    trigrams: frozenset[str]
    weight: float


def analysed(text: str, vocabulary: Lexicon) -> tuple[Word, ...]:
    """Return the words of a text with stems, parts and weights; those of labels are kept."""
    known = vocabulary.texts.get(text)
    if known is None:
        known = tuple(_word(w, vocabulary) for w in words(text))
        if len(text) <= _LONGEST and len(vocabulary.texts) < _MOST_SEEN:
            vocabulary.texts[text] = known
    return known


def _word(text: str, vocabulary: Lexicon) -> Word:
    known = vocabulary.seen.get(text)
    if known is None:
        parts = frozenset(stem(p, "de") for p in vocabulary.split(text) or (text,))
        known = Word(text, stems(text), parts, trigrams(text), vocabulary.weight(text))
        if len(vocabulary.seen) < _MOST_SEEN:
            vocabulary.seen[text] = known
    return known


def alike(one: Word, other: Word) -> float:
    """Return how alike two words are, from 0 to 1."""
    if one.text == other.text:
        return 1.0
    if not one.stems.isdisjoint(other.stems):
        return SAME_STEM
    parted = not one.parts.isdisjoint(other.parts)
    shared = SAME_PARTS * dice(one.parts, other.parts) if parted else 0.0
    if len(one.text) <= TOO_SHORT or len(other.text) <= TOO_SHORT:
        return shared
    spelt = dice(one.trigrams, other.trigrams)
    return max(shared, spelt) if spelt >= LIKE else shared


SAME_STEM: Final = 0.97
SAME_PARTS: Final = 0.9
TOO_SHORT: Final = 3
"""Words of as many letters are too short to be known when they are misspelt."""

LIKE: Final = 0.45
"""The share of trigrams in common from which on words may be the same, one of them misspelt."""


class Comparison:
    """A query to which labels are compared; labels share words, and each is compared once."""

    def __init__(self, query: tuple[Word, ...]) -> None:
        self._query = query
        self._alike: dict[str, list[float]] = {}

    def likeness(self, label: tuple[Word, ...]) -> float:
        """Return how well a label answers the query: what each covers of the other.

        Rare words count more.
        """
        if not self._query or not label:
            return 0.0
        found = [self._alike.get(word.text) or self._compare(word) for word in label]
        covered = _covered(self._query, zip(*found, strict=True))
        return 0.5 * covered + 0.5 * _covered(label, found)

    def _compare(self, word: Word) -> list[float]:
        found = self._alike[word.text] = [alike(one, word) for one in self._query]
        return found


def likeness(query: tuple[Word, ...], label: tuple[Word, ...]) -> float:
    """Return how well a label answers a query (`Comparison`)."""
    return Comparison(query).likeness(label)


def _covered(whole: tuple[Word, ...], alikes: Iterable[Iterable[float]]) -> float:
    """Return how much of some words is covered by others, by how alike each is to those."""
    total = covered = 0.0
    for word, found in zip(whole, alikes, strict=True):
        total += word.weight
        covered += word.weight * max(found)
    return covered / total
