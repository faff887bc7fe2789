"""Projects that mention words, as SPARQL: what is nearest to the index of their texts.

1. The words are those that the index looks for, translations among them: those that tell most.
2. SPARQL knows no stems: a word is looked for as what all of its forms begin with.
3. A project counts once for each word in its title, its objective and each of its keywords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kg.matching import Matching
    from kg.matching.concepts import Match

_MOST: Final = 8
_SHORT: Final = 4
# The stemmer writes `energi` for energy and energies, `hope` for hoping, `capabl` for capability.
_CHANGED: Final = re.compile(r"(?<=...)(?:[ie]|(?<=b)l)$")


def words(matching: Matching, text: str, meant: Iterable[Match]) -> list[str]:
    """Return what the words sought in projects begin with, those that tell most first."""
    if not text:
        return []
    labels = matching.landscape.column("concept", "label")
    found = matching.projects.telling(text, [labels[m.concept] or "" for m in meant])
    return list(dict.fromkeys(_CHANGED.sub("", stem) for stem in found))[:_MOST]


def lines(variable: str, sought: Sequence[str]) -> list[str]:
    """Return lines for the projects with any of some words, and how many as `?said`."""
    names = ("title", "objective", "keyword")
    counted = " + ".join(f'IF(CONTAINS(?small, "{_begun(word)}"), 1, 0)' for word in sought)
    return [
        " UNION ".join(f"{{ {variable} atlas:{name} ?text }}" for name in names),
        'BIND(LCASE(CONCAT(" ", ?text)) AS ?small)',
        f"BIND({counted or 0} AS ?said)",
        "FILTER(?said > 0)",
        f"{variable} a atlas:Project .",
    ]


def _begun(word: str) -> str:
    """Return a short word as the beginning of one: inside of others it would mean nothing."""
    return word if len(word) > _SHORT else f" {word}"
