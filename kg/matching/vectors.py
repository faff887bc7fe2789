"""Projects as vectors of their words, and which projects are about the same as a text or others.

The weight of a word in a project is ln(1 + how often) · ln(1 + projects / projects with the word);
a project's vector has length 1. Words of fewer than three projects, or of more than three tenths of
all, have no weight. The projects that are asked about, and texts, are cut to the words with most
weight. The similarity of a project is the product of both vectors, as a share of the largest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Rows, Vector

_FEWEST: Final = 3
_MOST_SHARE: Final = 0.3
_OWN: Final = 60
WORDS_OF_PROJECTS: Final = 60
WORDS_OF_TEXT: Final = 100


@dataclass(frozen=True)
class Query:
    """The words that are compared, and the weight of each."""

    words: Rows
    weights: Vector


class Vectors:
    """The vectors of a landscape's projects."""

    def __init__(self, landscape: Landscape) -> None:
        self._landscape = landscape

    @cached_property
    def telling(self) -> Vector:
        """How much each word tells; nothing if it is too rare or too frequent."""
        frequency = np.diff(self._landscape.posting_starts)
        total = max(int(self._landscape.known.sum()), 1)
        telling = np.log(1 + total / np.maximum(frequency, 1))
        telling[(frequency < _FEWEST) | (frequency > _MOST_SHARE * total)] = 0
        return telling

    @cached_property
    def _values(self) -> Vector:
        """The weight of each posting (word of a project)."""
        posting = self._landscape.pairs
        values = np.log1p(posting("posting", "often").astype(np.float64))
        values *= self.telling[posting("posting", "term")]
        squares = np.bincount(
            posting("posting", "project"), values**2, self._landscape.size("project")
        )
        lengths = np.sqrt(np.maximum(squares, 1e-12))
        return np.asarray(values / lengths[posting("posting", "project")])

    @cached_property
    def _by_project(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The postings in the order of their projects, and where each project's begin."""
        projects = self._landscape.pairs("posting", "project")
        counts = np.bincount(projects, minlength=self._landscape.size("project"))
        order = np.argsort(projects, kind="stable").astype(np.int32)
        return order, np.concatenate(([0], np.cumsum(counts)))

    def of_projects(self, projects: Rows) -> Query:
        """Return the words of some projects, of many the last 60 (their numbers grow in time)."""
        order, starts = self._by_project
        chosen = [order[starts[p] : starts[p + 1]] for p in projects[-_OWN:].tolist()]
        places = np.concatenate(chosen) if chosen else np.zeros(0, np.int32)
        words, inverse = np.unique(
            self._landscape.pairs("posting", "term")[places], return_inverse=True
        )
        weights = np.bincount(inverse, self._values[places], len(words)).astype(np.float64)
        return _cut(words, weights, WORDS_OF_PROJECTS)

    def of_text(self, terms: Iterable[str]) -> Query:
        """Return the words of a text that the landscape has, by their stems."""
        known = self._landscape.terms
        counted = Counter(known[term] for term in terms if term in known)
        words = np.array(sorted(counted), np.int64)
        often = np.array([counted[word] for word in words.tolist()], np.float64)
        return _cut(words, np.log1p(often) * self.telling[words], WORDS_OF_TEXT)

    def similar(self, query: Query) -> Vector:
        """Return the similarity of every project, as a share of the largest."""
        starts = self._landscape.posting_starts
        sizes = starts[query.words + 1] - starts[query.words]
        ends = np.cumsum(sizes)
        total = int(ends[-1]) if len(ends) else 0
        places = np.arange(total) + np.repeat(starts[query.words] - (ends - sizes), sizes)
        values = self._values[places] * np.repeat(query.weights, sizes)
        projects = self._landscape.pairs("posting", "project")[places]
        found = np.bincount(projects, values, self._landscape.size("project"))
        return found / max(float(found.max(initial=0.0)), 1e-9)


def _cut(words: Rows, weights: Vector, most: int) -> Query:
    """Return the words with most weight, and no more than `most`."""
    order = np.lexsort((words, -np.round(weights, 6)))[:most]
    order = order[weights[order] > 0]
    return Query(words[order], weights[order])
