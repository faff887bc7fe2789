"""Finding the weights of the terms anew, from what was signed before the day of the test.

1. Periods of half a year before the day are asked about, each with what was signed before it known.
2. Of each case and slice, the organisations that lead by today's weights or by one term are kept.
3. The weights climb the mean of nDCG over cases and slices, made smooth: the place of an answer is
   1 + the sum over the others of 1 / (1 + exp((its score - the other's) / 0.06)), and what is
   behind the tenth place fades out.

Nothing signed on the day of the test or later is looked at.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kg.matching import partners
from kg.matching.cases import described, later_in, undescribed
from kg.matching.competences import about_projects
from kg.matching.evaluation import past, slices
from kg.matching.weights import WEIGHTS, weights_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from kg.matching.cases import Case
    from kg.matching.evaluation import Past
    from kg.matching.sparse import Numbers, Vector

PERIODS: Final = 2
MOST: Final = 1000
_HALF_YEAR: Final = timedelta(days=182)
_LEADING: Final = 80
_BY_TERM: Final = 8
_SOFTNESS: Final = 0.06
_FADING: Final = (12.0, 2.0)
_STEPS: Final = 100
_RATE: Final = 0.04
_DECAY: Final = 1e-3


@dataclass(frozen=True)
class Question:
    """Organisations of a case and slice: values of their terms, which are answers, the ideal."""

    values: Vector
    right: Numbers
    ideal: float


class Found(NamedTuple):
    """The weights that were found for a kind of question, and the nDCG@10 that they give.

    `before` is that of the weights in use and `after` that of those found, on all periods;
    `held_out` is that of weights found on one period and measured on another.
    """

    weights: Mapping[str, float]
    questions: int
    before: float
    after: float
    held_out: float


def tune(tables: Mapping[str, pa.Table], day: date, most: int | None = MOST) -> Mapping[str, Found]:
    """Return what suits the periods before a day, by the kind of question.

    Args:
        tables: those of a release.
        day: that of the test.
        most: cases of each task and period, chosen by a fixed seed; None takes all.
    """
    periods: dict[str, list[list[Question]]] = {kind: [] for kind in WEIGHTS}
    evidence = 0
    for number in range(PERIODS, 0, -1):
        begin = day - number * _HALF_YEAR
        with tempfile.TemporaryDirectory() as folder:
            known = past(tables, begin, Path(folder))
            evidence = known.landscape.evidence
            later = later_in(tables, begin, begin + _HALF_YEAR).later
            for kind, cases in (("described", described), ("undescribed", undescribed)):
                every = list(cases(known.landscape, later))
                chosen = np.random.default_rng(1).permutation(len(every))[:most].tolist()
                weights = _in_use(kind, evidence)
                found = (q for n in chosen for q in _questions(known, every[n], weights))
                periods[kind].append(list(found))
    return {kind: _found(kind, asked, evidence) for kind, asked in periods.items()}


def _in_use(kind: str, evidence: int) -> Mapping[str, float]:
    return weights_for("text" if kind == "described" else "", evidence)


def _found(kind: str, periods: Sequence[Sequence[Question]], evidence: int) -> Found:
    """Return the weights found on all periods; those on each one tell what others may expect."""
    weights = _in_use(kind, evidence)
    start = np.array(list(weights.values()))
    every = [question for period in periods for question in period]
    if not every:
        return Found(WEIGHTS[kind], 0, *[float("nan")] * 3)
    best = climbed(every, start)
    held_out: list[float] = []
    for n, learnt in enumerate(periods):
        others = [q for m, period in enumerate(periods) if m != n for q in period]
        if learnt and others:
            weights_of_one = climbed(learnt, start)
            held_out += [gain(q, weights_of_one) for q in others]
    named = dict(zip(weights, best.tolist(), strict=True))
    # What a graph of this size adds to experience is not part of the weights.
    named["experience"] -= weights["experience"] - WEIGHTS[kind]["experience"]
    before, after = (float(np.mean([gain(q, w) for q in every])) for w in (start, best))
    expected = float(np.mean(held_out)) if held_out else float("nan")
    return Found(named, len(every), before, after, expected)


def gain(question: Question, weights: Vector) -> float:
    """Return the nDCG@10 of a question with some weights."""
    first = np.argsort(-(question.values @ weights), kind="stable")[:10]
    hits = np.flatnonzero(np.isin(first, question.right))
    return float((1 / np.log2(hits + 2)).sum() / question.ideal)


def _questions(known: Past, case: Case, weights: Mapping[str, float]) -> Iterator[Question]:
    """Yield the questions of a case, one for each slice with an answer among those that lead."""
    landscape, iri = known.landscape, known.landscape.column("organisation", "iri")[case.seed]
    sought = partners.Search(iri, case.text, case.topic, past="include")
    about = about_projects(known.matching, case.text, (), None)
    # A weight of zero would leave a term out.
    asked = {name: weight or 1e-9 for name, weight in weights.items()}
    terms = {t.name: t for t in partners.weighed(known.matching, sought, case.seed, about, asked)}
    none = np.zeros(landscape.size("organisation"))
    values = np.stack([terms[n].values if n in terms else none for n in weights], axis=1)
    scores = values @ np.array(list(weights.values()))
    for mask in slices(landscape).values():
        allowed = mask.copy()
        allowed[case.seed] = False
        if case.barred is not None:
            allowed[case.barred] = False
        rows = _leading(values, scores, np.flatnonzero(allowed))
        relevant = [n for n in case.relevant if mask[n]]
        right = np.flatnonzero(np.isin(rows, relevant))
        if len(right):
            ideal = float((1 / np.log2(np.arange(2, 2 + min(10, len(relevant))))).sum())
            yield Question(values[rows].astype(np.float32), right, ideal)


def _leading(values: Vector, scores: Vector, rows: Numbers) -> Numbers:
    """Return the rows that lead by score, or by a term that says something of them."""
    kept = [rows[np.argsort(-scores[rows])[:_LEADING]]]
    for column in values[rows].T:
        best = np.argpartition(-column, min(_BY_TERM, len(column) - 1))[:_BY_TERM]
        kept.append(rows[best[column[best] > 0]])
    return np.unique(np.concatenate(kept))


def climbed(questions: Sequence[Question], start: Sequence[float] | Vector) -> Vector:
    """Return the weights that Adam finds from some weights on."""
    pairs = _Pairs(questions)
    weights = np.array(start, np.float64)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        slope = pairs.slope(weights) - 2 * _DECAY * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        rate = _RATE * np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        weights += rate * first / (np.sqrt(second) + 1e-9)
    return weights


class _Pairs:
    """Each answer beside all others of its question."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.values = np.concatenate([q.values for q in questions])
        sizes = np.array([len(q.values) for q in questions])
        begins = np.cumsum(sizes) - sizes
        counts = np.array([len(q.right) for q in questions])
        answers = np.concatenate([q.right + b for q, b in zip(questions, begins, strict=True)])
        lengths = np.repeat(sizes, counts)
        self.starts = np.cumsum(lengths) - lengths
        self.answer = np.repeat(answers, lengths)
        offsets = np.arange(int(lengths.sum())) - np.repeat(self.starts, lengths)
        self.other = offsets + np.repeat(np.repeat(begins, counts), lengths)
        self.lengths = lengths
        self.shares = np.repeat([1 / (q.ideal * len(questions)) for q in questions], counts)

    def slope(self, weights: Vector) -> Vector:
        """Return by how much the mean of the smooth nDCG grows with each weight."""
        scores = self.values @ weights
        ahead = (scores[self.other] - scores[self.answer]) / _SOFTNESS
        chance = 1 / (1 + np.exp(-np.clip(ahead, -30, 30)))
        # An answer is half ahead of itself.
        place = 0.5 + np.add.reduceat(chance, self.starts)
        gain = 1 / np.log2(1 + place)
        middle, width = _FADING
        shown = 1 / (1 + np.exp(np.clip((place - middle) / width, -50, 50)))
        falls = -(gain**2) / (np.log(2) * (1 + place)) * shown
        falls -= gain * shown * (1 - shown) / width
        each = np.repeat(self.shares * falls, self.lengths) * chance * (1 - chance) / _SOFTNESS
        total = np.bincount(self.other, each, len(scores))
        total -= np.bincount(self.answer, each, len(scores))
        return np.asarray(total @ self.values, np.float64)
