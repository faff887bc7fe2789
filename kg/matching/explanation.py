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


@dataclass(frozen=True)
class Ranking:
    """Organisations in order with the terms of their scores."""

    rows: Numbers
    scores: Vector
    terms: tuple[Term, ...]

    def explanation(self, row: int, *, full: bool = False) -> list[dict[str, Any]]:
        """Return the terms of an organisation's score that are not zero, the largest first."""
        shown = [t for t in self.terms if t.weight * t.values[row]]
        shown.sort(key=lambda t: -abs(t.weight * t.values[row]))
        return [_shown(term, row, full=full) for term in shown]


def rank(terms: tuple[Term, ...], wanted: Any) -> Ranking:
    """Return the organisations that a mask wants, by the sum of the terms; ties by row."""
    scores = sum((t.weight * t.values for t in terms), start=np.zeros(len(wanted)))
    rows = np.flatnonzero(wanted)
    order = np.lexsort((rows, -scores[rows]))
    return Ranking(rows[order].astype(np.int32), scores, terms)


def _shown(term: Term, row: int, *, full: bool) -> dict[str, Any]:
    reason = term.reason(row, EVERYTHING if full else BRIEF)
    shown: dict[str, Any] = {
        "term": term.name,
        "value": round(float(term.values[row]), 6),
        "weight": round(term.weight, 6),
        "contribution": round(float(term.weight * term.values[row]), 6),
        "formula": term.formula,
        "text": reason.text,
        "statements": [s._asdict() for s in reason.statements],
        "of": reason.of or len(reason.statements),
    }
    return shown | ({"constants": dict(reason.constants)} if reason.constants else {})
