"""Ties of organisations by the projects that they share, without a matrix of all pairs.

The tie of two is the sum of a weight over the projects that they share. Sums over all ties of an
organisation are two products with the participations: to the projects and back, less what comes
back from itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from kg.matching.sparse import Matrix, Numbers, Vector

_PAIRS: Final = 10.0
# Going along single entries costs some times as much as going along all of them.
_FEW: Final = 0.25


@dataclass(frozen=True)
class Ties:
    """What each project weighs; `own` and `breadth` are sums over each organisation's projects.

    `breadth` is the sum of all ties of an organisation to others.
    """

    members: Matrix
    projects: Matrix
    weights: Vector
    own: Vector
    breadth: Vector

    @classmethod
    def of(cls, members: Matrix, projects: Matrix, weights: Vector) -> Ties:
        """Return the ties by projects of some weights."""
        own = projects.times(weights)
        return cls(members, projects, weights, own, projects.times(weights * members.sizes()) - own)

    def through(self, values: Vector) -> Vector:
        """Return for each project its weight times the sum of its participants' values."""
        return self.weights * _product(self.members, self.projects, values)

    def spread(self, values: Vector) -> Vector:
        """Return for each organisation the sum over all others of their tie times their value."""
        passing = self.through(values)
        return _product(self.projects, self.members, passing) - self.own * values


def _product(matrix: Matrix, turned: Matrix, values: Vector) -> Vector:
    """Return the product of a matrix with a vector; along the entries that count, if few."""
    given = np.flatnonzero(values)
    if (turned.starts[given + 1] - turned.starts[given]).sum() < _FEW * len(matrix.columns):
        return turned.gathered(given, values[given])
    return matrix.times(values)


def lifts(members: Matrix, weights: Vector, places: Numbers, none: int) -> Vector:
    """Return how much more than by chance participants of each two places are in one project.

    ln((10 + pairs) / (10 + pairs to expect)); each participant makes one pair in a project, of
    equal parts with all others. 0 for the place `none`, the last, which stands for not known.
    """
    found, numbers = np.unique(places, return_inverse=True)
    counts = np.zeros((members.height, len(found)))
    np.add.at(counts, (members.rows, numbers[members.columns]), 1.0)
    pairs = (counts.T * weights) @ counts - np.diag(weights @ counts)
    each = pairs.sum(axis=1)
    expected = np.outer(each, each) / max(float(each.sum()), 1e-9)
    lifted = np.zeros((none + 1, none + 1))
    lifted[np.ix_(found, found)] = np.log((pairs + _PAIRS) / (expected + _PAIRS))
    lifted[none, :] = lifted[:, none] = 0.0
    return lifted
