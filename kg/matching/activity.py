"""Terms of a score for working on the same: similar projects, technologies, calls; and for places.

| term | value of a candidate |
|---|---|
| similar | of its projects with three participants or more, those like the organisation's or text |
| technologies | concepts that both have projects with, by their information content |
| calls | strands of calls in which both have projects, in the same way |
| call | its projects in the strand of the call named |
| alike | the same of all its projects together, for how many it has |
| countries | how much more than by chance its country works with the organisation's |
| nearby | log2(1 + projects) / 8 in the organisation's own region |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kg.matching.cooperation import telling
from kg.matching.explanation import Reason, Term, of_best, softened, stated, taking_part
from kg.matching.landscape import strand

if TYPE_CHECKING:
    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Counts, Vector
    from kg.matching.vectors import Query


class Compared(NamedTuple):
    """The words that projects are compared with, and the similarity of each project."""

    query: Query
    similarity: Vector


_CONSORTIUM: Final = 3
_WORDS: Final = 12


def similar_term(
    landscape: Landscape, compared: Compared, seed: int | None, power: int, weight: float
) -> Term:
    """Return the term for projects like a text or an organisation's own, these left out."""
    query, similarity = compared
    worth = np.where(landscape.members.sizes() >= _CONSORTIUM, similarity**power, 0.0)
    if seed is not None:
        worth[landscape.projects.row(seed)] = 0
    values, best = softened(landscape.projects.times(worth))
    words = [str(landscape.column("term", "text")[w]) for w in query.words[:_WORDS].tolist()]

    def reason(organisation: int, most: int) -> Reason:
        projects, number = telling(landscape, organisation, worth, most)
        iris = landscape.column("project", "iri")
        constants = {iris[p]: float(similarity[p]) for p in projects}
        said = taking_part(landscape, organisation, projects)
        more = {"similarity": constants, "best": best, "words": words}
        return Reason(said, more, of=number)

    formula = f"ln(1 + 20 x / best) / ln 21, x = sum over its projects: similarity^{power}"
    return Term("similar", weight, values, formula, reason)


def _shared(counts: Counts, information: Vector, seed: int) -> tuple[Vector, float, Vector]:
    """Return ln(1 + Σ weight · share of the seed) over its best, the best, the seed's shares."""
    matrix = counts.matrix
    begin, end = matrix.starts[seed : seed + 2]
    columns = matrix.columns[begin:end]
    own = np.zeros(matrix.width)
    own[columns] = np.log1p(counts.numbers[begin:end]) * information[columns]
    own /= max(float(np.linalg.norm(own)), 1e-9)
    values, best = of_best(np.log1p(counts.summed(own * information)))
    return values, best, own


def technologies_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for concepts that both have projects with, rare ones more."""
    information = landscape.information
    values, best, own = _shared(landscape.profile, information, seed)

    def reason(organisation: int, most: int) -> Reason:
        shared, projects, of = _most_shared(landscape.profile, organisation, own * information)
        iris = landscape.column("concept", "iri")
        pair = [landscape.column("organisation", "iri")[n] for n in (seed, organisation)]
        said = [stated(iri, "activeIn", iris[c]) for c in shared[:most] for iri in pair]
        constants = {
            iris[c]: _constants(n, information[c], own[c])
            for c, n in zip(shared[:most], projects, strict=False)
        }
        labels = [landscape.column("concept", "label")[c] or "" for c in shared[:5]]
        return Reason(said, {"concepts": constants, "best": best}, ", ".join(labels), of)

    formula = "ln(1 + sum over shared concepts: ln(1 + projects) * information * share) / best"
    return Term("technologies", weight, values, formula, reason)


def _most_shared(
    counts: Counts, organisation: int, worth: Vector
) -> tuple[list[int], list[int], int]:
    """Return what an organisation shares, the most telling first, its projects, and how many."""
    begin, end = counts.matrix.starts[organisation : organisation + 2]
    columns, numbers = counts.matrix.columns[begin:end], counts.numbers[begin:end]
    shared = worth[columns] > 0
    columns, numbers = columns[shared], numbers[shared]
    order = np.argsort(-worth[columns] * np.log1p(numbers), kind="stable")
    return columns[order].tolist(), numbers[order].astype(int).tolist(), len(order)


def _constants(projects: int, information: float, share: float) -> dict[str, Any]:
    return {"projects": projects, "information": float(information), "share": float(share)}


def calls_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for strands of calls in which both have projects."""
    information = landscape.strand_information
    values, best, own = _shared(landscape.calls, information, seed)

    def reason(organisation: int, most: int) -> Reason:
        shared, numbers, of = _most_shared(landscape.calls, organisation, own * information)
        shared = shared[:most]
        projects = landscape.projects.row(organisation)
        chosen = np.zeros(len(own), bool)
        chosen[shared] = True
        inside = projects[chosen[landscape.strands[projects]]]
        said = taking_part(landscape, organisation, inside[:most].tolist())
        names = landscape.strand_names
        constants = {
            names[s]: _constants(n, information[s], own[s])
            for s, n in zip(shared, numbers, strict=False)
        }
        return Reason(said, {"strands": constants, "best": best}, of=of)

    formula = "ln(1 + sum over shared strands: ln(1 + projects) * information * share) / best"
    return Term("calls", weight, values, formula, reason)


def topic_term(landscape: Landscape, topic: str, weight: float) -> Term:
    """Return the term for projects in the strand of a call's topic."""
    wanted = strand(topic)
    known = wanted in landscape.strand_names
    number = landscape.strand_names.index(wanted) if known else -1
    chosen = (landscape.strands == number) & (landscape.members.sizes() > 1)
    values = np.log1p(landscape.members.gathered(np.flatnonzero(chosen)))

    def reason(organisation: int, most: int) -> Reason:
        projects = landscape.projects.row(organisation)
        inside = projects[chosen[projects]]
        said = taking_part(landscape, organisation, inside[:most].tolist())
        return Reason(said, {"strand": wanted, "projects": len(inside)}, of=len(inside))

    return Term("call", weight, values, "ln(1 + projects in the strand of the call)", reason)


def alike_term(landscape: Landscape, similarity: Vector, weight: float) -> Term:
    """Return the term for being about the same as a whole: similar projects among all it has."""
    values, best = of_best(landscape.projects.times(similarity) / landscape.roots)

    def reason(organisation: int, most: int) -> Reason:
        projects, number = telling(landscape, organisation, similarity, most)
        said = taking_part(landscape, organisation, projects)
        return Reason(said, {"best": best}, of=number)

    formula = "x / best, x = sum over its projects: similarity / sqrt(projects)"
    return Term("alike", weight, values, formula, reason)


def countries_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for countries that work together more, or less, than by chance."""
    places = landscape.places("organisation", "country")
    values = landscape.between[places[seed]][places]

    def reason(organisation: int, most: int) -> Reason:
        iris, seats = (landscape.column("organisation", n) for n in ("iri", "country"))
        both = (seed, organisation)[:most]
        return Reason([stated(iris[n], "country", seats[n]) for n in both])

    formula = "ln((10 + pairs of participants of both countries) / (10 + pairs expected by chance))"
    return Term("countries", weight, values, formula, reason)


def nearby_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for experienced organisations in the same region."""
    values = np.where(_same(landscape, "region", seed), landscape.standing, 0.0)
    seats = _seats(landscape, "region", seed)

    def reason(organisation: int, most: int) -> Reason:
        number = int(landscape.experience[organisation])
        return Reason(seats(organisation, most).statements, {"projects": number})

    formula = "log2(1 + projects) / 8 in the same region; at most 255 projects count"
    return Term("nearby", weight, values, formula, reason)


def _same(landscape: Landscape, name: str, seed: int) -> Any:
    places = landscape.places("organisation", name)
    return (places == places[seed]) & (places != landscape.size("place"))


def _seats(landscape: Landscape, name: str, seed: int) -> Any:
    def reason(organisation: int, most: int) -> Reason:
        iris = landscape.column("organisation", "iri")
        place = landscape.column("organisation", name)[seed]
        both = (seed, organisation)[:most]
        return Reason([stated(iris[n], name, place) for n in both])

    return reason
