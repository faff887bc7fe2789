"""Weights that are found rank the answers of the questions first, and popularity has its place."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from kg.matching.tuning import Question, climbed, gain, tune
from kg.matching.weights import WEIGHTS, weights_for

if TYPE_CHECKING:
    from kg.matching import Matching


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


def test_gain_is_ndcg() -> None:
    """Of two answers one is first and the other third: (1 + 1 / log2(4)) / (1 + 1 / log2(3))."""
    values = np.array([[3.0], [2.0], [1.0], [0.0]])
    ideal = 1 + 1 / np.log2(3)
    question = Question(values, np.array([0, 2]), float(ideal))

    assert gain(question, np.array([1.0])) == pytest.approx(1.5 / ideal)
    assert gain(question, np.array([-1.0])) == pytest.approx(
        (1 / np.log2(3) + 1 / np.log2(5)) / ideal
    )


def test_found_weights_suit_the_year_before(sample_matching: Matching) -> None:
    """They are not worse than those in use on what they were found on, and have the same terms."""
    found = tune(sample_matching.landscape.tables, date(2023, 6, 1), 15)

    assert {kind: set(one.weights) for kind, one in found.items()} == {
        kind: set(weights) for kind, weights in WEIGHTS.items()
    }
    for one in found.values():
        assert one.questions > 0
        assert one.after >= one.before
        assert one.held_out <= one.after


def test_experience_counts_more_in_small_graphs() -> None:
    """The fewer projects there are, the more; all other weights stay."""
    small, large = weights_for("", 60), weights_for("", 10_000)

    assert small["experience"] > weights_for("", 500)["experience"] > large["experience"]
    assert small["experience"] > weights_for("laser", 60)["experience"]
    assert {**small, "experience": 0} == {**large, "experience": 0}
    assert weights_for("laser", None) == WEIGHTS["described"]
