"""What an answer does not say by itself: why one is not in it, and what would be found with less.

1. Why not that one: its place and score beside the best one's, the conditions it does not meet,
   and whether it has anything to do with the question at all.
2. Near misses, when nothing is found: which condition to give up (or which two, if one is not
   enough), how many that gives, and the best of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kg.matching.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.matching.competences import Found

_TOGETHER: Final = 2
_UNSET: Final = Conditions()


@dataclass(frozen=True)
class NearMiss:
    """Conditions to give up together, and what is found without them."""

    without: tuple[str, ...]
    found: Found


def near_misses(asked: Conditions, look_up: Callable[[Conditions], Found]) -> list[NearMiss]:
    """Return what is found with one condition less, or with two where one is not enough.

    `look_up` answers the question with other conditions.
    """
    names = [f.name for f in fields(Conditions) if f.name in asked.named()]
    for number in range(1, min(_TOGETHER, len(names)) + 1):
        tried = (
            (chosen, look_up(_without(asked, chosen))) for chosen in combinations(names, number)
        )
        useful = [NearMiss(chosen, found) for chosen, found in tried if len(found.ranking)]
        if useful:
            return sorted(useful, key=lambda miss: -len(miss.found.ranking))
    return []


def _without(asked: Conditions, names: tuple[str, ...]) -> Conditions:
    return replace(asked, **{name: getattr(_UNSET, name) for name in names})


def why_not(found: Found, row: int) -> dict[str, Any]:
    """Return why an organisation is not in an answer, or not further up in it.

    `terms` compares its terms with the best one's, those it loses most by first.
    """
    ranking = found.ranking
    listed = bool(np.isin(row, ranking.found))
    score = ranking.score(row)
    shown: dict[str, Any] = {
        "listed": listed,
        "place": _place(found, row) if listed else None,
        "related": bool(found.related[row]),
        "barred": not found.allowed[row],
        "unmet": [name for name, mask in found.masks.items() if not mask[row]],
        "score": round(score, 6),
    }
    if len(ranking):
        best = int(ranking.best(1)[0])
        shown["behind"] = round(ranking.score(best) - score, 6)
        shown["terms"] = sorted(_compared(found, row, best), key=lambda t: t["lost"], reverse=True)
    return shown | {"explanation": ranking.explanation(row)}


def _place(found: Found, row: int) -> int:
    """Return the place of a row among those found, counted from 1; ties go by row."""
    scores, others = found.ranking.scores, found.ranking.found
    before = (scores[others] > scores[row]) | ((scores[others] == scores[row]) & (others < row))
    return int(before.sum()) + 1


def _compared(found: Found, row: int, best: int) -> Iterator[dict[str, Any]]:
    for term in found.ranking.terms:
        own, other = (float(term.weight * term.values[n]) for n in (row, best))
        if own or other:
            yield {
                "term": term.name,
                "own": round(own, 6),
                "best": round(other, 6),
                "lost": round(other - own, 6),
            }
