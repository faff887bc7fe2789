"""Where rows of a table have seats: in every place that a seat lies in, further seats included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kg.matching.sparse import Matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kg.matching.landscape import Landscape


class Seats:
    """The seats of organisations and entries, each table's made when it is first asked for."""

    def __init__(self, landscape: Landscape) -> None:
        self._landscape = landscape
        self._made: dict[str, Matrix] = {}

    def of(self, table: str) -> Matrix:
        """Return the matrix of rows x places that they have a seat in, or in a part of."""
        if table not in self._made:
            self._made[table] = _seated(self._landscape, table)
        return self._made[table]

    def within(self, table: str, place: int) -> NDArray[np.bool_]:
        """Return which rows of a table have a seat in a place or a part of it."""
        seats = self.of(table)
        found = np.zeros(seats.height, bool)
        found[seats.rows[seats.columns == place]] = True
        return found


def _seated(landscape: Landscape, table: str) -> Matrix:
    size, rows = landscape.size("place"), np.arange(landscape.size(table))
    inside = [(part, n) for n in range(size) for part in landscape.below(n, landscape.parts)]
    parts, wholes = np.array(inside, np.intp).reshape(-1, 2).T
    above = Matrix.of(parts, wholes, size, size)
    own = [landscape.places(table, name) for name in ("country", "region")]
    further = [landscape.pairs(f"{table}_seat", name) for name in ("subject", "object")]
    having, seats = np.concatenate((rows, rows, further[0])), np.concatenate((*own, further[1]))
    having, seats = having[seats < size], seats[seats < size]
    having = np.repeat(having, above.sizes()[seats])
    pairs = np.unique(np.stack((having, above.columns[above.places(seats)])), axis=1)
    return Matrix.of(pairs[0], pairs[1], len(rows), size)
