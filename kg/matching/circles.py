"""Terms of a score for the circle of an organisation: common partners, and where a walk leads.

| term | value of a candidate |
|---|---|
| circle | common partners, by the closeness of both to them, for how many partners it has |
| walk | how often a walk of three steps from the organisation ends there, for its experience |
| joint | projects like the text that both took part in |

A step of the walk goes to a project of several participants, and in it to one of the others; all
are as likely. The closeness of two is the sum over the projects that they share, of three
participants or more, of 1 / log2(1 + participants).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from kg.matching.cooperation import telling
from kg.matching.explanation import Reason, Term, softened, taking_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Vector
    from kg.matching.ties import Ties

STEPS: Final = 3


def circle_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for common partners, counted for less with whom everybody worked."""
    ties = landscape.close
    close = ties.spread(_only(landscape, seed))
    common = np.maximum(ties.spread(close), 0.0)
    values, best = softened(common / np.maximum(ties.breadth, 1e-9) ** 0.75)
    formula = (
        "ln(1 + 20 x / best) / ln 21, x = sum over common partners of the closeness of both to"
        " them / (closeness to all its partners)^0.75"
    )
    reason = _with_partners(landscape, ties, close, best)
    return Term("circle", weight, values, formula, reason)


def walk_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for how often a walk of three steps from the organisation ends there."""
    ties = landscape.steps
    share, before = _only(landscape, seed), np.zeros(0)
    for _ in range(STEPS):
        before = share / np.maximum(ties.breadth, 1.0)
        share = np.maximum(ties.spread(before), 0.0)
    values, best = softened(share / np.sqrt(landscape.roots))
    formula = (
        "ln(1 + 20 x / best) / ln 21, x = share of walks of three steps that end there"
        " / projects^0.25"
    )
    reason = _with_partners(landscape, ties, before, best)
    return Term("walk", weight, values, formula, reason)


def _only(landscape: Landscape, seed: int) -> Vector:
    start = np.zeros(landscape.size("organisation"))
    start[seed] = 1.0
    return start


def _with_partners(
    landscape: Landscape, ties: Ties, values: Vector, best: float
) -> Callable[[int, int], Reason]:
    """Return what names the projects by which an organisation is in the circle."""

    @cache  # the same for all that are explained
    def worth() -> Vector:
        return ties.through(values)

    def reason(organisation: int, most: int) -> Reason:
        projects, number = telling(landscape, organisation, worth(), most)
        said = taking_part(landscape, organisation, projects)
        return Reason(said, {"best": best}, of=number)

    return reason


def joint_term(landscape: Landscape, seed: int, similarity: Vector, weight: float) -> Term:
    """Return the term for projects like the text in which the organisation took part itself."""
    worth = np.zeros(landscape.size("project"))
    own = landscape.projects.row(seed)
    worth[own] = similarity[own] ** 3 / np.log2(1 + landscape.members.sizes()[own])
    values, best = softened(landscape.projects.times(worth))

    def reason(organisation: int, most: int) -> Reason:
        projects, number = telling(landscape, organisation, worth, most)
        both = (organisation, seed)
        said = [s for p in projects for o in both for s in taking_part(landscape, o, [p])]
        return Reason(said, {"best": best}, of=number)

    formula = (
        "ln(1 + 20 x / best) / ln 21, x = sum over projects of both:"
        " similarity^3 / log2(1 + participants)"
    )
    return Term("joint", weight, values, formula, reason)
