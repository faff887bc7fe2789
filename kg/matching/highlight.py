"""Pieces of texts in which the words that were sought are marked, as HTML.

A word is marked when its stem is one of those sought. Only words that begin like one of these are
looked at, so that a long text costs little; stems are beginnings of their words but for a last `i`
that may stand for a `y` (Snowball, English).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BEFORE: Final = 40


class Marker:
    """Marks the words with some stems; `analyse` returns the stems of a text."""

    def __init__(self, stems: Iterable[str], analyse: Callable[[str], list[str]]) -> None:
        self._stems = frozenset(stems)
        self._analyse = analyse
        self._beginnings = {stem.removesuffix("i") or stem for stem in self._stems}
        self._sought: dict[str, bool] = {}

    def piece(self, text: str, characters: int = 160) -> str:
        """Return the piece of a text with most of the words, these between <b> and </b>."""
        spans = self._spans(text)
        if not spans:
            return ""
        begins = [begin for begin, _ in spans]
        within = [
            bisect_right(begins, begin + characters - _BEFORE) - n for n, begin in enumerate(begins)
        ]
        best = begins[within.index(max(within))]
        begin = text.rfind(" ", 0, max(best - _BEFORE, 0)) + 1
        end = text.find(" ", begin + characters)
        return _marked(text, begin, len(text) if end < 0 else end, spans)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the words are, in order."""
        plain = (text if text.isascii() else _FOREIGN.sub(_plain, text)).lower()
        found: dict[int, int] = {}
        for beginning in self._beginnings:
            at = plain.find(beginning)
            while at >= 0:
                end = _REST.match(plain, at + len(beginning)).end()  # type: ignore[union-attr]
                if at not in found and self._marks(plain, at, end):
                    found[at] = end
                at = plain.find(beginning, end)
        return sorted(found.items())

    def _marks(self, plain: str, begin: int, end: int) -> bool:
        if begin and plain[begin - 1].isalnum():
            return False
        word = plain[begin:end]
        sought = self._sought.get(word)
        if sought is None:
            sought = self._sought[word] = not self._stems.isdisjoint(self._analyse(word))
        return sought


_REST: Final = re.compile(r"[^\W_]*")
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")


def _plain(match: re.Match[str]) -> str:
    """Return a letter without diacritics; one for one, so that places stay the same."""
    return unicodedata.normalize("NFD", match[0])[0]


def _marked(text: str, begin: int, end: int, spans: list[tuple[int, int]]) -> str:
    parts, at = [], begin
    for first, last in spans:
        if first >= begin and last <= end:
            parts += [escape(text[at:first]), "<b>", escape(text[first:last]), "</b>"]
            at = last
    return "".join((*parts, escape(text[at:end]))).strip()
