"""How alike two names are: words are paired, rare ones count for more.

1. Words that are equal are pairs. Of the rest, the most alike are paired first: one is the
   beginning of the other (an abbreviation), or they differ by few typing errors.
2. The likeness is what is paired of the weight of both names; a word weighs as it is rare. For a
   part of it, only the first name counts: people leave out words, but hardly invent any.
3. Where words were run together or parted (`Hahn-Schickard`, `HahnSchickard`), what is left of both
   names is compared as one word.

Typing errors are insertions, deletions, replacements and swaps of neighbours (optimal string
alignment; Damerau 1964, Wagner and Fischer 1974).
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAST: Final = 0.66
"""Words less alike than this are not the same word."""

_ABBREVIATED: Final = 0.6
_WRITTEN: Final = 0.3
_SHORTEST: Final = 3
_COVERED: Final = 0.3


def distance(one: str, other: str, most: int) -> int:
    """Return the typing errors between two words, or `most` + 1 when there are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, above = above, row
    return min(above[-1], most + 1)


@lru_cache(maxsize=65_536)
def likeness(one: str, other: str) -> float:
    """Return how alike two words are, from 0 to 1; numbers are equal or not."""
    short, long = sorted((one, other), key=len)
    alike = _spelling(short, long)
    if _SHORTEST <= len(short) < len(long) and short.isalpha() and long.startswith(short):
        return max(alike, _ABBREVIATED + _WRITTEN * len(short) / len(long))
    return alike


def _spelling(short: str, long: str) -> float:
    """Return which part of the longer word is spelt alike."""
    if short == long:
        return 1.0
    if not short.isalpha() or not long.isalpha():
        return 0.0
    most = int(len(long) * (1 - LEAST))
    if most == 0 or len(long) - len(short) > most:
        return 0.0
    if sum((Counter(long) - Counter(short)).values()) > most:
        return 0.0
    errors = distance(short, long, most)
    return 1 - errors / len(long) if errors <= most else 0.0


def names(one: Sequence[str], other: Sequence[str], weight: Callable[[str], float]) -> float:
    """Return how alike two names are, given as words, from 0 to 1."""
    left, right = list(one), list(other)
    first, second = sum(map(weight, left)), sum(map(weight, right))
    if not first or not second:
        return 0.0
    same = 0.0
    for word in one:
        if word in right:
            right.remove(word)
            left.remove(word)
            same += weight(word)
    alike = _Paired(same, same)
    if left and right:
        more = max(_paired(left, right, weight), _run_together(left, right, weight))
        alike = _Paired(same + more.of_one, same + more.of_other)
    both = (alike.of_one + alike.of_other) / (first + second)
    return min(1.0, (1 - _COVERED) * both + _COVERED * alike.of_one / first)


class _Paired(NamedTuple):
    """The weight of the words of either name that found one of the other, by how alike they are."""

    of_one: float
    of_other: float


def _paired(left: list[str], right: list[str], weight: Callable[[str], float]) -> _Paired:
    pairs = ((likeness(a, b), i, j) for i, a in enumerate(left) for j, b in enumerate(right))
    ranked = sorted((p for p in pairs if p[0] >= LEAST), key=lambda p: (-p[0], p[1], p[2]))
    one, other, taken_left, taken_right = 0.0, 0.0, set[int](), set[int]()
    for alike, i, j in ranked:
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            one += alike * weight(left[i])
            other += alike * weight(right[j])
    return _Paired(one, other)


def _run_together(left: list[str], right: list[str], weight: Callable[[str], float]) -> _Paired:
    if len(left) == len(right) == 1:
        return _Paired(0.0, 0.0)
    short, long = sorted(("".join(left), "".join(right)), key=len)
    alike = _spelling(short, long)
    return _Paired(alike * sum(map(weight, left)), alike * sum(map(weight, right)))
