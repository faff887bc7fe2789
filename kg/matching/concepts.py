"""What a phrase is about: the concepts whose labels, in any language, answer it.

1. Labels with words, parts or trigrams of the phrase are fetched from the index.
2. Each is compared with the phrase word by word (`words.likeness`); a concept is as good as the
   best of its labels, preferred labels a little before others.
3. Exact matches of each other count as one concept.
4. A phrase that no label is much like is also compared in English, as far as its words are known
   (`translation`); what is found so counts a little less than what is found by its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.matching.labels import Labels
from kg.matching.translation import in_english
from kg.matching.words import Comparison, analysed, stems, words, written

if TYPE_CHECKING:
    from kg.matching.index import Matching
    from kg.matching.sparse import Numbers

_FETCHED: Final = 80
_OTHER_LABEL: Final = 0.98
_TRANSLATED: Final = 0.94
"""Less than what makes a name certain (`resolving`): a translation is no name."""
_ALIKE: Final = 0.75
"""From which score on a label is much like a phrase: as if it were all of it and half of itself."""
_PHRASE: Final = 12
"""Texts of more words are no phrases; no label is their translation."""
_LEAST: Final = 0.6
_BESIDE_BEST: Final = 0.85
_MOST: Final = 5


class Match(NamedTuple):
    """A concept that a phrase is about: its row, how well it answers (0..1), by which label.

    `translated` says that the label is like the phrase in English.
    """

    concept: int
    score: float
    label: str
    language: str = ""
    translated: bool = False


class Named(NamedTuple):
    """An organisation found by its name: its row, how well that fits (0..1), and the name."""

    row: int
    score: float
    name: str


def find(matching: Matching, phrase: str, limit: int = 10) -> list[Match]:
    """Return the concepts that a phrase may mean, best first."""
    found = _answering(matching, phrase, limit)
    if (found and found[0].score >= _ALIKE) or len(phrase.split()) > _PHRASE:
        return found
    english = in_english(matching, phrase)
    if english == phrase:
        return found
    best = {match.concept: match for match in found}
    for match in _answering(matching, english, limit):
        score = _TRANSLATED * match.score
        if match.concept not in best or score > best[match.concept].score:
            best[match.concept] = match._replace(score=score, translated=True)
    return sorted(best.values(), key=lambda match: (-match.score, match.concept))[:limit]


def _answering(matching: Matching, phrase: str, limit: int) -> list[Match]:
    """Return the concepts whose labels are most like a phrase as it stands, best first."""
    landscape, vocabulary = matching.landscape, matching.lexicon
    terms = {term for w in words(phrase) for term in (*stems(w), *_part_stems(matching, w))}
    rows = matching.labels.names(phrase, _FETCHED, terms).rows
    likeness = _labels(matching).likeness(analysed(phrase, vocabulary), rows)
    concepts = landscape.canonical[landscape.pairs("label", "concept")[rows]]
    preferred = landscape.column("label", "preferred")
    best: dict[int, tuple[float, int]] = {}
    for row, concept, like in zip(rows.tolist(), concepts.tolist(), likeness.tolist(), strict=True):
        score = like if preferred[row] else like * _OTHER_LABEL
        if score > best.get(concept, (0.0, 0))[0]:
            best[concept] = score, row
    texts, languages = (landscape.column("label", name) for name in ("text", "language"))
    ordered = sorted(best, key=lambda concept: (-best[concept][0], concept))[:limit]
    found = [(concept, *best[concept]) for concept in ordered]
    return [Match(concept, score, texts[row], languages[row]) for concept, score, row in found]


def _labels(matching: Matching) -> Labels:
    """Return the words of a release's labels, kept."""
    kept = matching.lexicon.kept
    if "labels" not in kept:
        kept["labels"] = Labels.of(matching.landscape.column("label", "text"), matching.lexicon)
    found: Labels = kept["labels"]
    return found


def meant(matching: Matching, phrase: str) -> list[Match]:
    """Return the concepts that a phrase is about, each with a likeness of at least 0.6."""
    found = find(matching, phrase, _MOST)
    beside = _BESIDE_BEST * found[0].score if found else 0.0
    # What answers in English is enough in translation too.
    enough = {False: _LEAST, True: _TRANSLATED * _LEAST}
    return [match for match in found if match.score >= max(enough[match.translated], beside)]


def _part_stems(matching: Matching, word: str) -> set[str]:
    parts = matching.lexicon.split(word)
    return {stem for part in parts for stem in stems(part)}


def organisations(matching: Matching, name: str, limit: int = 10) -> list[Named]:
    """Return the organisations that a name may mean, best first, experienced ones before others."""
    landscape, vocabulary = matching.landscape, matching.lexicon
    compared = Comparison(analysed(name, vocabulary))
    labels = landscape.column("organisation", "name"), landscape.column("organisation", "short")
    found = []
    for row in matching.organisations.names(name, _FETCHED).rows.tolist():
        named = [text for column in labels if (text := column[row])]
        likes = [(compared.likeness(analysed(text, vocabulary)), text) for text in named]
        found.append(Named(row, *max(likes, default=(0.0, ""), key=lambda pair: pair[0])))
    experience = landscape.experience
    return sorted(found, key=lambda n: (-round(n.score, 2), -experience[n.row], n.row))[:limit]


def having(matching: Matching, text: str) -> Numbers:
    """Return the organisations whose label has every word of a text within, by experience."""
    landscape, kept = matching.landscape, matching.lexicon.kept
    if "labels of organisations" not in kept:
        labels = landscape.column("organisation", "label")
        kept["labels of organisations"] = pa.array([(label or "").lower() for label in labels])
    labels, wanted = kept["labels of organisations"], dict.fromkeys(written(text))
    rows = np.arange(len(labels) if wanted else 0)
    for word in wanted:
        within = pc.match_substring(labels, word)
        labels, rows = labels.filter(within), rows[within.to_numpy(zero_copy_only=False)]
    return rows[np.lexsort((rows, -landscape.experience[rows]))]
