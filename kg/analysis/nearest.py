"""The nearest names (Ratcliff and Obershelp's measure of likeness, as in difflib)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 3
LIKE: Final = 0.7


def close(name: str, known: Iterable[str], likeness: float = LIKE) -> list[str]:
    """Return the known names most like a name, the best first; case does not count."""
    folded: dict[str, str] = {}
    for one in sorted(known):
        folded.setdefault(one.casefold(), one)
    found = get_close_matches(name.casefold(), folded, _MOST, likeness)
    return [folded[one] for one in found]
