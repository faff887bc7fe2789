"""Scores that explain themselves: a sum of named terms, each with the statements behind it.

`score = Σ weight · value`; the value of a term follows from its statements by the formula that the
term names, with the constants that it gives. What a term says can so be checked in the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Numbers, Vector

BRIEF: Final = 3
EVERYTHING: Final = 1_000_000
_FEW: Final = 0.3
"""The share of organisations up to which summing the scores of some is quicker than of all."""


class Statement(NamedTuple):
    """A statement of the release: subject, short name of the property in the ontology, object."""

    subject: str
    predicate: str
    object: str


class Stated(TypedDict):
    """A statement as answers show it; explanations make hundreds, which are not made twice."""

    subject: str
    predicate: str
    object: str


class Reason(NamedTuple):
    """Why a term has its value: the statements, the constants of the formula, words for people.

    `of` is how many things stand behind the value, of which the first are given.
    """

    statements: Sequence[Stated] = ()
    constants: Mapping[str, Any] | None = None
    text: str = ""
    of: int = 0


@dataclass(frozen=True)
class Term:
    """A term of a score for all organisations: its values, weight, formula and reasons.

    `reason` takes an organisation and how many things to name at most.
    """

    name: str
    weight: float
    values: Vector
    formula: str
    reason: Callable[[int, int], Reason]


def stated(subject: str, predicate: str, thing: str) -> Stated:
    """Return a statement as it is shown."""
    return {"subject": subject, "predicate": predicate, "object": thing}


def taking_part(landscape: Landscape, organisation: int, projects: Iterable[int]) -> list[Stated]:
    """Return the statements that an organisation takes part in some projects."""
    iri, iris = landscape.organisation_iris[organisation], landscape.project_iris
    return [{"subject": iri, "predicate": "participatesIn", "object": iris[p]} for p in projects]


def of_best(values: Vector) -> tuple[Vector, float]:
    """Return values as shares of the largest, and that one."""
    best = max(float(values.max(initial=0.0)), 1e-9)
    return values / best, best


def softened(values: Vector) -> tuple[Vector, float]:
    """Return ln(1 + 20 x / best) / ln 21 for each value x, and the best: much is not everything."""
    shares, best = of_best(values)
    return np.log1p(20 * shares) / np.log(21), best


@dataclass(frozen=True)
class Ranking:
    """Organisations in any order (`found`) and the terms of their scores; `size` is how many are.

    What is found is a small part of all, so that scores are summed for those that are asked for.
    """

    found: Numbers
    terms: tuple[Term, ...]
    size: int

    def __len__(self) -> int:
        """Return how many organisations were found."""
        return len(self.found)

    @cached_property
    def scores(self) -> Vector:
        """The score of every organisation, found or not."""
        return self._summed(slice(None), self.size)

    def _summed(self, rows: Any, number: int) -> Vector:
        parts = (t.weight * t.values[rows] for t in self.terms if t.weight)
        return sum(parts, start=np.zeros(number))

    def score(self, row: int) -> float:
        """Return the score of an organisation."""
        return sum((t.weight * t.values.item(row) for t in self.terms if t.weight), start=0.0)

    @property
    def rows(self) -> Numbers:
        """All organisations, best first; ties by row."""
        return self.best(len(self.found))

    def best(self, limit: int, begin: int = 0) -> Numbers:
        """Return `limit` organisations from the place `begin` on, without sorting all others."""
        rows, end = self.found, begin + limit
        few = len(rows) < _FEW * self.size
        scores = self._summed(rows, len(rows)) if few else self.scores[rows]
        if end < len(rows):
            least = np.partition(scores, len(rows) - end)[len(rows) - end]
            rows, scores = rows[scores >= least], scores[scores >= least]
        return rows[np.lexsort((rows, -scores))][begin:end]

    def explanation(self, row: int, *, full: bool = False) -> list[dict[str, Any]]:
        """Return the terms of an organisation's score that are not zero, the largest first."""
        parts = [(t.weight * t.values.item(row), t) for t in self.terms]
        shown = sorted((p for p in parts if p[0]), key=lambda part: -abs(part[0]))
        most = EVERYTHING if full else BRIEF
        return [_shown(term, row, part, most) for part, term in shown]


def rank(terms: tuple[Term, ...], wanted: Any) -> Ranking:
    """Return the organisations that a mask wants, with the sum of the terms of each."""
    return Ranking(np.flatnonzero(wanted), terms, len(wanted))


def _shown(term: Term, row: int, contribution: float, most: int) -> dict[str, Any]:
    reason = term.reason(row, most)
    shown: dict[str, Any] = {
        "term": term.name,
        "value": round(term.values.item(row), 6),
        "weight": round(term.weight, 6),
        "contribution": round(contribution, 6),
        "formula": term.formula,
        "text": reason.text,
        "statements": reason.statements,
        "of": reason.of or len(reason.statements),
    }
    if reason.constants:
        shown["constants"] = reason.constants
    return shown
