"""A sparse matrix of ones by rows, as numpy needs it for looking along rows and multiplying.

Only what ranking needs: the columns of a row and sums over rows, in time proportional to the
entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.integer[Any]]
    Rows = NDArray[np.integer[Any]]
    Vector = NDArray[np.float64]


_FEW: Final = 0.3
"""The share of entries up to which looking at those of some columns is quicker than at all."""


@dataclass(frozen=True)
class Matrix:
    """Rows of column numbers, one after the other; row i is `columns[starts[i]:starts[i + 1]]`."""

    starts: NDArray[np.int64]
    columns: Numbers
    rows: Numbers
    width: int

    @classmethod
    def of(cls, rows: Any, columns: Any, height: int, width: int) -> Matrix:
        """Return the matrix with ones at pairs of row and column numbers, in any order."""
        # The type that numpy indexes by: any other is converted each time.
        rows, columns = np.asarray(rows, np.intp), np.asarray(columns, np.intp)
        order = np.lexsort((columns, rows))
        counts = np.bincount(rows, minlength=height)
        starts = np.concatenate(([0], np.cumsum(counts)))
        return cls(starts, columns[order], rows[order], width)

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.starts) - 1

    @property
    def turned(self) -> Matrix:
        """The matrix with rows and columns exchanged."""
        return Matrix.of(self.columns, self.rows, self.width, self.height)

    def row(self, number: int) -> Numbers:
        """Return the columns of a row, ascending."""
        return self.columns[self.starts[number] : self.starts[number + 1]]

    def sizes(self) -> NDArray[np.int64]:
        """Return the number of entries of each row."""
        return np.diff(self.starts)

    def times(self, vector: Vector) -> Vector:
        """Return the product with a vector over the columns: a sum for each row."""
        return self.summed(vector[self.columns])

    def summed(self, values: Vector) -> Vector:
        """Return for each row the sum of the values of its entries."""
        # Faster than segment by segment, for most rows are short.
        return np.bincount(self.rows, values, self.height).astype(np.float64, copy=False)

    def places(self, rows: Rows) -> NDArray[np.int64]:
        """Return where the entries of some rows are, row after row."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(sizes)
        total = int(ends[-1]) if len(ends) else 0
        begins = np.repeat(self.starts[rows] - (ends - sizes), sizes)
        return np.asarray(np.arange(total) + begins)

    def gathered(self, rows: Rows, weights: Vector | None = None) -> Vector:
        """Return the sum for each column over some rows, each with a weight."""
        if not len(rows):
            return np.zeros(self.width)
        sizes = self.starts[rows + 1] - self.starts[rows]
        spread = None if weights is None else np.repeat(weights, sizes)
        found = np.bincount(self.columns[self.places(rows)], spread, self.width)
        return found.astype(np.float64, copy=False)

    def counted(self, rows: Rows) -> NDArray[np.intp]:
        """Return for each column in how many of some rows it is."""
        return np.bincount(self.columns[self.places(rows)], minlength=self.width)


@dataclass(frozen=True)
class Counts:
    """A matrix with a number at each entry, in the order of its entries."""

    matrix: Matrix
    numbers: Vector

    def row(self, number: int) -> dict[int, float]:
        """Return the numbers of a row by column."""
        begin, end = self.matrix.starts[number : number + 2]
        columns = self.matrix.columns[begin:end].tolist()
        return dict(zip(columns, self.numbers[begin:end].tolist(), strict=True))

    @cached_property
    def logarithms(self) -> Vector:
        """The value ln(1 + number) of each entry."""
        return np.log1p(self.numbers)

    @cached_property
    def _by_column(self) -> tuple[Matrix, Vector]:
        """The matrix turned, and the logarithms in the order of its entries."""
        order = np.lexsort((self.matrix.rows, self.matrix.columns))
        return self.matrix.turned, self.logarithms[order]

    def summed(self, weights: Vector) -> Vector:
        """Return for each row Σ ln(1 + number) · weight of the column."""
        turned, logarithms = self._by_column
        wanted = np.flatnonzero(weights)
        sizes = turned.starts[wanted + 1] - turned.starts[wanted]
        if sizes.sum() > _FEW * len(turned.columns):
            return self.matrix.summed(self.logarithms * weights[self.matrix.columns])
        places = turned.places(wanted)
        parts = logarithms[places] * np.repeat(weights[wanted], sizes)
        sums = np.bincount(turned.columns[places], parts, self.matrix.height)
        return sums.astype(np.float64)


def counted(members: Matrix, attributes: Matrix) -> Counts:
    """Return how often each organisation has an attribute of the projects it takes part in."""
    sizes = attributes.sizes()[members.rows]
    ends = np.cumsum(sizes)
    places = np.arange(int(sizes.sum()))
    places += np.repeat(attributes.starts[members.rows] - (ends - sizes), sizes)
    keys = np.repeat(members.columns.astype(np.int64), sizes) * attributes.width
    keys, numbers = np.unique(keys + attributes.columns[places], return_counts=True)
    organisations, having = np.divmod(keys, attributes.width)
    matrix = Matrix.of(organisations, having, members.width, attributes.width)
    return Counts(matrix, numbers.astype(np.float64))
