"""Finding names that share much of their letters: trigrams, in columns of numbers.

1. The words of a name are joined and surrounded by two blanks, so that a trigram never spans two
   words and their order plays no part.
2. Each trigram lists the names it occurs in. A trigram weighs log(N / n): rare ones tell more.
3. A query is compared with every name that shares a trigram, by the cosine of their weights
   (Salton and McGill 1983), in one pass over the lists of its trigrams.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_PAD: Final = "  "
_END: Final = "\n"
_BITS: Final = np.uint64(21)
"""A code point has 21 bits (Unicode Standard, section 2.4), so that three fit into 64."""


@dataclass(frozen=True)
class Grams:
    """The trigrams of names: `names[starts[i]:starts[i + 1]]` are those with `codes[i]`."""

    codes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    names: NDArray[np.int32]
    weights: Floats
    norms: Floats

    @classmethod
    def of(cls, texts: Sequence[str]) -> Grams:
        """Return the trigrams of texts, whose words are parted by single blanks."""
        codes, owners = _codes(texts)
        order = np.lexsort((owners, codes))
        codes, owners = codes[order], owners[order]
        fresh = np.ones(len(codes), bool)
        fresh[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
        codes, owners = codes[fresh], owners[fresh]
        unique, starts, counts = np.unique(codes, return_index=True, return_counts=True)
        weights = np.log1p(len(texts) / counts).astype(np.float32)
        squares = np.bincount(owners, np.repeat(weights**2, counts), len(texts))
        ends = np.append(starts, len(codes)).astype(np.int64)
        norms = np.sqrt(np.maximum(squares, 1e-9)).astype(np.float32)
        return cls(unique, ends, owners, weights, norms)

    def cosines(self, text: str) -> Floats:
        """Return the likeness of every name to a text, from 0 to 1."""
        codes = np.unique(_codes([text])[0])
        places = np.searchsorted(self.codes, codes)
        places = places[places < len(self.codes)]
        places = places[np.isin(self.codes[places], codes)]
        unknown = len(codes) - len(places)
        rarest = float(np.log1p(len(self.norms)))
        norm = np.sqrt(np.sum(self.weights[places] ** 2) + unknown * rarest**2)
        scores = np.zeros(len(self.norms), np.float32)
        for place in places:
            # A trigram names each name once, so that plain addition counts it once.
            scores[self.names[self.starts[place] : self.starts[place + 1]]] += (
                self.weights[place] ** 2
            )
        likeness: Floats = scores / (self.norms * max(norm, 1e-9))
        return likeness


def _codes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return every trigram as a number, and the number of its text."""
    padded = [_PAD + text.replace(" ", _PAD) + _PAD + _END for text in texts]
    points = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    first, second, third = points[:-2], points[1:-1], points[2:]
    end = np.uint64(ord(_END))
    inside = (first != end) & (second != end) & (third != end)
    codes = (first << (_BITS * np.uint64(2))) | (second << _BITS) | third
    return codes[inside], owners[:-2][inside]
