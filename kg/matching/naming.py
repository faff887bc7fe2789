"""The term of a score for words of an organisation's name: it is called after what is sought.

How much a word tells: (ln(1 + organisations / organisations with the word in their name) · ln(1 +
projects / projects with the word) / 60)^power; organisations are those that take part in projects.
What is frequent in names (university) or in texts (energy) tells little, what is rare in both much.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from kg.matching.explanation import Reason, Term, stated
from kg.matching.sparse import Matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Vector
    from kg.matching.vectors import Query

UNIT: Final = 60.0


class Names:
    """The words of the organisations' legal names, by their stems."""

    def __init__(self, landscape: Landscape, analyze: Callable[[str], list[str]]) -> None:
        """Take the names of a landscape and what makes stems of a text."""
        self._landscape, self._analyze = landscape, analyze

    @cached_property
    def _found(self) -> tuple[Mapping[str, int], Matrix]:
        """The number of each word, and words x organisations."""
        numbers: dict[str, int] = {}
        pairs = [
            (numbers.setdefault(word, len(numbers)), organisation)
            for organisation, name in enumerate(self._landscape.column("organisation", "name"))
            for word in dict.fromkeys(self._analyze(name or ""))
        ]
        words, organisations = np.array(pairs, np.intp).reshape(-1, 2).T
        width = self._landscape.size("organisation")
        return numbers, Matrix.of(words, organisations, len(numbers), width)

    @cached_property
    def _telling(self) -> Vector:
        """How much each word tells, to the power of 1."""
        numbers, having = self._found
        active = (self._landscape.experience > 0).astype(np.float64)
        named = np.log1p(active.sum() / np.maximum(having.times(active), 1))
        often = np.diff(self._landscape.posting_starts)
        known = self._landscape.terms
        written = np.array([often[known[w]] if w in known else 0 for w in numbers], np.float64)
        total = float(self._landscape.known.sum())
        return np.asarray(named * np.log1p(total / np.maximum(written, 1)) / UNIT)

    def values(self, shares: Mapping[str, float], power: float) -> Vector:
        """Return for each organisation the sum over words: share · telling^power."""
        numbers, having = self._found
        words = [word for word in shares if word in numbers]
        rows = np.array([numbers[word] for word in words], np.intp)
        weights = np.array([shares[word] for word in words])
        return having.gathered(rows, weights * self._telling[rows] ** power)

    def shared(self, organisation: int, shares: Mapping[str, float]) -> list[str]:
        """Return the words of an organisation's name that have a share."""
        name = self._landscape.column("organisation", "name")[organisation] or ""
        return [word for word in dict.fromkeys(self._analyze(name)) if word in shares]


def shares_of(landscape: Landscape, query: Query) -> Mapping[str, float]:
    """Return the words that are compared, each with its weight as a share of the largest."""
    texts = landscape.column("term", "text")
    largest = float(query.weights.max(initial=1e-9))
    pairs = zip(query.words.tolist(), query.weights.tolist(), strict=True)
    return {texts[word]: weight / largest for word, weight in pairs}


def named_term(
    landscape: Landscape, names: Names, shares: Mapping[str, float], power: float, weight: float
) -> Term:
    """Return the term for words of the name, each with a share from 0 to 1 of the question."""
    iris, legal = (landscape.column("organisation", n) for n in ("iri", "name"))

    def reason(organisation: int, most: int) -> Reason:
        words = names.shared(organisation, shares)
        said = (stated(iris[organisation], "legalName", legal[organisation]),)
        constants = {"words": {word: shares[word] for word in words[:most]}, "power": power}
        return Reason(said, constants, ", ".join(words))

    formula = (
        "sum over words of its name: share * (ln(1 + organisations / named so) *"
        f" ln(1 + projects / with the word) / {UNIT:.0f})^{power:g}"
    )
    return Term("named", weight, names.values(shares, power), formula, reason)
