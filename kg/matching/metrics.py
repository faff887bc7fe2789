"""How good a ranking is: hit@k, nDCG@k, recall@k and MRR, with bootstrap intervals.

Relevance is yes or no. The interval is that of the percentile bootstrap over the cases (2,000
resamples, fixed seed): two rankings differ when the interval of the difference leaves out zero.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kg.matching.sparse import Numbers

METRICS: Final = ("hit@10", "nDCG@10", "recall@50", "MRR")
DEPTH: Final = 50
_RESAMPLES: Final = 2000
_SEED: Final = 20240701


class Interval(NamedTuple):
    """A mean with the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float


def measured(ranked: Numbers, relevant: frozenset[int]) -> dict[str, float]:
    """Return the metrics of a ranking, of which the first 50 are looked at."""
    hits = [n for n, row in enumerate(ranked[:DEPTH].tolist()) if row in relevant]
    gain = sum(1 / np.log2(n + 2) for n in hits if n < 10)  # noqa: PLR2004 - @10
    ideal = sum(1 / np.log2(n + 2) for n in range(min(10, len(relevant))))
    return {
        "hit@10": float(bool(hits) and hits[0] < 10),  # noqa: PLR2004 - @10
        "nDCG@10": float(gain / ideal),
        "recall@50": len(hits) / len(relevant),
        "MRR": 1 / (hits[0] + 1) if hits else 0.0,
    }


def interval(values: NDArray[np.float64]) -> Interval:
    """Return the mean of some values over the cases, with its 95 % interval."""
    if not len(values):
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(_resamples(len(values)) @ values, (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))


@lru_cache(maxsize=2)
def _resamples(cases: int) -> NDArray[np.float64]:
    """Return the share of each case in each resample; the same for all means over as many cases."""
    choice = np.random.default_rng(_SEED)
    shares = np.empty((_RESAMPLES, cases))
    for row in shares:
        row[:] = np.bincount(choice.integers(0, cases, cases), minlength=cases)
    return shares / cases


def gini(counts: NDArray[np.int64]) -> float:
    """Return how unequally recommendations are spread: 0 all alike, 1 all to one (Gini)."""
    total = counts.sum()
    if not total:
        return 0.0
    ordered = np.sort(counts)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))
