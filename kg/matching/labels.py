"""How well the labels of a release answer a phrase, many labels at a time.

The same as `words.Comparison` label by label. A phrase is compared with some hundred words of
labels, most of which have nothing in common with it: from arrays that costs a few operations for
each word of the phrase.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kg.matching.sparse import Matrix
from kg.matching.words import LIKE, SAME_PARTS, SAME_STEM, TOO_SHORT, analysed, dice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kg.matching.sparse import Numbers, Vector
    from kg.matching.words import Lexicon, Word


@dataclass(frozen=True)
class Labels:
    """The words of labels: which labels have them, and by what words are alike.

    `words` are labels x words in their order; `weights`, `sizes` (trigrams) and `long` are of
    words, `totals` are the weights of the words of each label.
    """

    words: Matrix
    known: Mapping[str, Word]
    numbers: Mapping[str, int]
    weights: Vector
    sizes: Numbers
    long: NDArray[np.bool_]
    totals: Vector
    having: Mapping[str, Numbers]
    stems: Mapping[str, Numbers]
    parts: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, texts: Iterable[str], vocabulary: Lexicon) -> Labels:
        """Return the words of some labels."""
        labels = [analysed(text, vocabulary) for text in texts]
        known = {word.text: word for label in labels for word in label}
        numbers = {text: n for n, text in enumerate(known)}
        columns = np.array([numbers[w.text] for label in labels for w in label], np.intp)
        rows = np.repeat(np.arange(len(labels)), [len(label) for label in labels])
        starts = np.concatenate(([0], np.cumsum([len(label) for label in labels], dtype=np.intp)))
        weights = np.array([word.weight for word in known.values()], np.float64)
        parts = defaultdict[str, list[str]](list)
        for word in known.values():
            for part in word.parts:
                parts[part].append(word.text)
        return cls(
            Matrix(starts, columns, rows, len(known)),
            known,
            numbers,
            weights,
            np.array([len(word.trigrams) for word in known.values()], np.intp),
            np.array([len(text) > TOO_SHORT for text in known], bool),
            np.bincount(rows, weights[columns], len(labels)).astype(np.float64, copy=False),
            _grouped((gram, n) for n, word in enumerate(known.values()) for gram in word.trigrams),
            _grouped((stem, n) for n, word in enumerate(known.values()) for stem in word.stems),
            parts,
        )

    def likeness(self, query: Sequence[Word], rows: Numbers) -> Vector:
        """Return how well each of some labels answers a query, as `words.Comparison` does."""
        found = np.zeros(len(rows))
        worded = np.flatnonzero(self.totals[rows])
        if not query or not len(worded):
            return found
        rows = rows[worded]
        sizes = self.words.starts[rows + 1] - self.words.starts[rows]
        begins = np.cumsum(sizes) - sizes
        words = self.words.columns[self.words.places(rows)]
        alike = [self._alike(one, words) for one in query]
        # Sums go word by word, in order: other ways of summing differ in the last digit.
        total, covered = 0.0, np.zeros(len(rows))
        for one, degrees in zip(query, alike, strict=True):
            total += one.weight
            covered += one.weight * np.maximum.reduceat(degrees, begins)
        best = np.maximum.reduce(alike) * self.weights[words]
        labels = np.bincount(np.repeat(np.arange(len(rows)), sizes), best, len(rows))
        found[worded] = 0.5 * (covered / total) + 0.5 * (labels / self.totals[rows])
        return found

    def _alike(self, one: Word, words: Numbers) -> Vector:
        """Return how alike a word is to each of some words of labels, as `words.alike` does."""
        degrees = np.zeros(self.words.width)
        for part in one.parts:
            for text in self.parts.get(part, ()):
                shared = SAME_PARTS * dice(one.parts, self.known[text].parts)
                degrees[self.numbers[text]] = max(degrees[self.numbers[text]], shared)
        same = [self.stems[stem] for stem in one.stems if stem in self.stems]
        for each in same:
            degrees[each] = SAME_STEM
        if one.text in self.numbers:
            degrees[self.numbers[one.text]] = 1.0
        found = degrees[words]
        if len(one.text) > TOO_SHORT:
            spelt = self._spelt(one, words)
            spelt[(spelt < LIKE) | (found >= SAME_STEM)] = 0
            np.maximum(found, spelt, out=found)
        return found

    def _spelt(self, one: Word, words: Numbers) -> Vector:
        """Return the share of trigrams that a word has in common with each of some long words."""
        having = [self.having[gram] for gram in one.trigrams if gram in self.having]
        if not having:
            return np.zeros(len(words))
        common = np.bincount(np.concatenate(having), minlength=self.words.width)[words]
        shares = 2 * common / (len(one.trigrams) + self.sizes[words])
        return np.where(self.long[words], shares, 0.0)


def _grouped(pairs: Iterable[tuple[str, int]]) -> dict[str, Any]:
    groups = defaultdict[str, list[int]](list)
    for key, number in pairs:
        groups[key].append(number)
    return {key: np.array(numbers, np.intp) for key, numbers in groups.items()}
