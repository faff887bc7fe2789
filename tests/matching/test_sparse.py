"""Sums over a sparse matrix are those over the same matrix in full."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kg.matching.sparse import Counts, Matrix

SHAPE = (7, 11)
FULL = arrays(np.int64, SHAPE, elements=st.integers(0, 3))
WEIGHTS = arrays(np.float64, SHAPE[1], elements=st.sampled_from([0.0, 0.0, 0.0, 0.5, -1.0, 2.0]))


def counts(full: np.ndarray) -> Counts:
    """Return a matrix of numbers as its entries."""
    rows, columns = np.nonzero(full)
    return Counts(Matrix.of(rows, columns, *SHAPE), full[rows, columns].astype(np.float64))


@given(FULL, WEIGHTS)
def test_weighted_logarithms_are_summed(full: np.ndarray, weights: np.ndarray) -> None:
    """Whether few or many columns have a weight."""
    assert counts(full).summed(weights) == pytest.approx(np.log1p(full) @ weights)


@given(FULL, WEIGHTS)
def test_rows_are_gathered_and_multiplied(full: np.ndarray, weights: np.ndarray) -> None:
    """Along rows, along columns, and turned."""
    matrix, ones = counts(full).matrix, (full > 0).astype(np.float64)

    assert matrix.times(weights) == pytest.approx(ones @ weights)
    rows = np.array([0, 3, 6])
    assert matrix.gathered(rows) == pytest.approx(ones[rows].sum(axis=0))
    assert matrix.turned.gathered(np.arange(SHAPE[1]), weights) == pytest.approx(ones @ weights)
