"""Scores that explain themselves: a sum of named terms, each with the statements behind it.

`score = Σ weight · value`; the value of a term follows from its statements by the formula that the
term names, with the constants that it gives. What a term says can so be checked in the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.matching.sparse import Numbers, Vector

BRIEF: Final = 3
EVERYTHING: Final = 1_000_000


class Statement(NamedTuple):
    """A statement of the release: subject, short name of the property in the ontology, object."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True)
class Reason:
    """Why a term has its value: the statements, the constants of the formula, words for people.

    `of` is how many things stand behind the value, of which the first are given.
    """

    statements: tuple[Statement, ...] = ()
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
    """Organisations in any order (`found`) with their scores and the terms of these."""

    found: Numbers
    scores: Vector
    terms: tuple[Term, ...]

    def __len__(self) -> int:
        """Return how many organisations were found."""
        return len(self.found)

    @property
    def rows(self) -> Numbers:
        """All organisations, best first; ties by row."""
        return self.best(len(self.found))

    def best(self, limit: int, begin: int = 0) -> Numbers:
        """Return `limit` organisations from the place `begin` on, without sorting all others."""
        scores, end = self.scores[self.found], begin + limit
        rows = self.found
        if end < len(rows):
            least = np.partition(scores, len(rows) - end)[len(rows) - end]
            rows, scores = rows[scores >= least], scores[scores >= least]
        return rows[np.lexsort((rows, -scores))][begin:end]

    def explanation(self, row: int, *, full: bool = False) -> list[dict[str, Any]]:
        """Return the terms of an organisation's score that are not zero, the largest first."""
        parts = [(float(t.weight * t.values[row]), t) for t in self.terms]
        shown = sorted((p for p in parts if p[0]), key=lambda part: -abs(part[0]))
        return [_shown(term, row, part, full=full) for part, term in shown]


def rank(terms: tuple[Term, ...], wanted: Any) -> Ranking:
    """Return the organisations that a mask wants, with the sum of the terms of each."""
    scores = sum((t.weight * t.values for t in terms if t.weight), start=np.zeros(len(wanted)))
    return Ranking(np.flatnonzero(wanted).astype(np.int32), scores, terms)


def _shown(term: Term, row: int, contribution: float, *, full: bool) -> dict[str, Any]:
    reason = term.reason(row, EVERYTHING if full else BRIEF)
    shown: dict[str, Any] = {
        "term": term.name,
        "value": round(float(term.values[row]), 6),
        "weight": round(term.weight, 6),
        "contribution": round(contribution, 6),
        "formula": term.formula,
        "text": reason.text,
        "statements": [
            {"subject": s, "predicate": p, "object": o} for s, p, o in reason.statements
        ],
        "of": reason.of or len(reason.statements),
    }
    return shown | ({"constants": dict(reason.constants)} if reason.constants else {})
