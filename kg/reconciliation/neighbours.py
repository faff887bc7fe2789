"""Words one typing error away, for names too short to share trigrams with a wrong spelling.

Each word is listed under itself and under what is left of it without one of its letters. Two words
that are one insertion, deletion, replacement or swap apart have one of these in common (Garbe,
symmetric delete spelling correction, 2012).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST: Final = 9
"""Longer words have trigrams enough in common with their wrong spellings."""

_SHORTEST: Final = 4
_MOST: Final = 40


class Neighbours:
    """Numbers of names by their short words, with one letter too few or all of them."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._numbers: defaultdict[str, list[int]] = defaultdict(list)
        for word, number in words:
            for spelling in _shortened(word):
                self._numbers[spelling].append(number)

    def near(self, word: str) -> set[int]:
        """Return the names with a word near this one; of those that are many none."""
        found: set[int] = set()
        for spelling in _shortened(word):
            numbers = self._numbers.get(spelling, ())
            if len(numbers) <= _MOST:
                found.update(numbers)
        return found


def _shortened(word: str) -> Iterator[str]:
    if _SHORTEST <= len(word) <= LONGEST and word.isalpha():
        yield from {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}
