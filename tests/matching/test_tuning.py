"""Weights that are found rank the answers of the questions first, and popularity has its place."""

from __future__ import annotations

import numpy as np

from kg.matching.tuning import Question, climbed
from kg.matching.weights import WEIGHTS, weights_for


def test_weight_goes_to_the_term_that_tells() -> None:
    """Of two terms one tells the answer; a start with the other is left behind."""
    choice = np.random.default_rng(3)
    questions = []
    for _ in range(30):
        values = choice.random((40, 2))
        values[:, 0] *= 0.5
        values[7, 0] = 0.6
        questions.append(Question(values, np.array([7]), 1.0))
    weights = climbed(questions, [0.3, 0.4])
    first = [int(np.argmax(q.values @ weights)) for q in questions]

    assert weights[0] > 4 * abs(weights[1])
    assert sum(row == 7 for row in first) > 25


def test_experience_counts_more_in_small_graphs() -> None:
    """The fewer projects there are, the more; all other weights stay."""
    small, large = weights_for("", 60), weights_for("", 10_000)

    assert small["experience"] > weights_for("", 500)["experience"] > large["experience"]
    assert {**small, "experience": 0} == {**large, "experience": 0}
    assert weights_for("laser", None) == WEIGHTS["described"]
