"""Terms of a score for who worked with whom: partners of partners, and projects in which they are.

The closeness of a partner is Σ over the projects shared with the organisation: 1 / log2(1 +
participants). A project is near to the organisation by its partners in it: Σ of their closeness /
√(their projects), over its participants; its own projects are not near, but known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kg.matching.explanation import Reason, Term, of_best, softened, taking_part

if TYPE_CHECKING:
    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Numbers, Vector


def closeness(landscape: Landscape, seed: int) -> Vector:
    """Return for each organisation, the one itself too, Σ 1 / log2(1 + participants)."""
    projects = landscape.projects.row(seed)
    sizes = landscape.members.sizes()[projects]
    return landscape.members.gathered(projects, 1 / np.log2(1 + sizes))


def nearness(landscape: Landscape, seed: int) -> Vector:
    """Return for each project how near it is to an organisation; nothing for its own."""
    partners = closeness(landscape, seed) / landscape.roots
    partners[seed] = 0
    near = landscape.members.times(partners) / np.maximum(landscape.members.sizes(), 1)
    near[landscape.projects.row(seed)] = 0
    return near


def affinity(landscape: Landscape, seed: int) -> Vector:
    """Return for each project how much of it are the organisation and its partners, at most 1."""
    partners = closeness(landscape, seed) / landscape.roots
    share = landscape.members.times(partners) / np.maximum(landscape.members.sizes(), 1)
    return of_best(share)[0]


def adamic_adar(landscape: Landscape, seed: int) -> Vector:
    """Return Σ over common partners of 1 / ln(their partners), the baseline of that name."""
    partners = landscape.together.row(seed)
    degrees = np.maximum(landscape.together.sizes()[partners], 2)
    return landscape.together.gathered(partners, 1 / np.log(degrees))


def cooperation_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for projects in which partners of the organisation are."""
    near = nearness(landscape, seed)
    values, best = softened(landscape.projects.times(near))
    close = closeness(landscape, seed)
    close[seed] = 0
    own = np.zeros(landscape.size("project"), bool)
    own[landscape.projects.row(seed)] = True

    def reason(organisation: int, most: int) -> Reason:
        projects, number = telling(landscape, organisation, near, most)
        iris = landscape.column("project", "iri")
        said, constants = [], {}
        for project in projects:
            constants[iris[project]] = float(near[project])
            said += taking_part(landscape, organisation, [project])
            there = landscape.members.row(project)
            partner = int(there[np.argmax(close[there])])
            theirs = landscape.projects.row(partner)
            shared = int(theirs[np.argmax(own[theirs])])
            said += taking_part(landscape, partner, [project, shared])
            said += taking_part(landscape, seed, [shared])
        text = f"{number} projects with partners"
        return Reason(said, {"nearness": constants, "best": best}, text, number)

    formula = (
        "ln(1 + 20 x / best) / ln 21, x = sum over its projects of their nearness:"
        " closeness of the partners in it / sqrt(projects of these) / participants"
    )
    return Term("cooperation", weight, values, formula, reason)


def telling(
    landscape: Landscape, organisation: int, worth: Vector, most: int
) -> tuple[list[int], int]:
    """Return projects of an organisation that are worth something, the most first, and how many.

    `most` is how many are listed; of an organisation with hundreds the others are not sorted.
    """
    own = landscape.projects.row(organisation)
    values = worth[own]
    number = int(np.count_nonzero(values > 0))
    listed = min(most, number)
    if listed and len(own) > _SORTED:
        least = np.partition(values, len(own) - listed)[len(own) - listed]
        own, values = own[values >= least], values[values >= least]
    return own[np.argsort(-values, kind="stable")[:listed]].tolist(), number


_SORTED: Final = 64
"""How many values are sorted as quickly as the largest are found."""


def together_term(
    landscape: Landscape, seed: int, about: tuple[Numbers, Vector], weight: float
) -> Term:
    """Return the term for projects about the text in which partners of the organisation are."""
    rows, shares = about
    near = affinity(landscape, seed)
    worth = np.zeros(landscape.size("project"))
    sizes = np.maximum(landscape.members.sizes(), 1)
    worth[rows] = shares**5 * np.sqrt(near[rows]) / np.log2(1 + sizes[rows])
    values, best = of_best(landscape.projects.times(worth))

    def reason(organisation: int, most: int) -> Reason:
        projects, number = telling(landscape, organisation, worth, most)
        iris = landscape.column("project", "iri")
        constants = {iris[p]: float(worth[p]) for p in projects}
        said = taking_part(landscape, organisation, projects)
        return Reason(said, {"worth": constants, "best": best}, of=number)

    formula = "sum of worth / best; worth: relevance^5 * sqrt(affinity) / log2(1 + participants)"
    return Term("together", weight, values, formula, reason)
