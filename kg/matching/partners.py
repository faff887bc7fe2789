"""Who fits: partners for an organisation, for a described project, or for both.

| term | value of a candidate |
|---|---|
| text | its five best projects about the text, as in `competences` |
| profile | BM25 of all its projects' texts together, as a share of the best organisation's |
| together | Σ over projects about the text: relevance^5 · √affinity / log2(1 + participants) |
| cooperation | ln(1 + Σ over common partners: closeness / ln(their partners)) |
| technologies | ln(1 + Σ over shared concepts: the candidate's weight · the organisation's share) |
| calls | ln(1 + Σ over shared strands of calls, in the same way), or projects in the strand named |
| region | 1 in the organisation's own country |
| experience | log2(1 + projects) / 8 |
| sme | 1 for a small or medium-sized enterprise |

The weight of a concept or strand for an organisation is ln(1 + projects with it) · information; its
share is that weight over the length of all the weights (so that they make a vector of length 1).
The affinity of a project is the share of its participants who are partners of the organisation,
each counted less the more projects it has, over the largest such share.

Closeness is Σ over the projects shared with the organisation: 1 / log2(1 + participants); with 1 in
its place, cooperation would be what is known as Adamic-Adar.

The weights were fitted on the projects signed in the first half of 2024, with all that was signed
before as what is known; the dial takes weight from experience. Past partners are left out unless
they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from kg.matching import concepts, postings
from kg.matching.competences import (
    Found,
    about_projects,
    experience_term,
    met,
    relaxed,
    sme_term,
    takes_part,
    text_term,
)
from kg.matching.conditions import Conditions, organisation_masks, project_masks
from kg.matching.explanation import Reason, Statement, Term, rank
from kg.matching.landscape import strand

if TYPE_CHECKING:
    from kg.matching.conditions import Mask
    from kg.matching.index import Matching
    from kg.matching.landscape import Counts, Landscape
    from kg.matching.sparse import Numbers, Vector

Past = Literal["exclude", "include", "only"]

WEIGHTS: Final = {
    "described": {
        "text": 1.5,
        "profile": 3.5,
        "together": 10.0,
        "cooperation": 0.0,
        "technologies": 0.2,
        "calls": 0.2,
        "call": 0.7,
        "region": 0.4,
        # Who takes part in much is in projects about the text by chance.
        "experience": -1.2,
    },
    "undescribed": {
        "text": 0.0,
        "profile": 0.0,
        "together": 0.0,
        "cooperation": 7.0,
        "technologies": 1.05,
        "calls": 1.15,
        "call": 0.7,
        "region": 1.1,
        "experience": 1.9,
    },
}
_DIAL: Final = 2.0


@dataclass(frozen=True)
class Search:
    """What partners are sought for: an organisation (IRI), a text, a call's topic, or several."""

    organisation: str | None = None
    text: str = ""
    topic: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    past: Past = "exclude"
    hidden: float = 0.0
    sme_weight: float = 0.0


def look_up(matching: Matching, sought: Search) -> Found:
    """Return the organisations that fit, best first.

    Raises:
        NotFoundError: the organisation is not in this release.
        ParameterError: a condition names something that this release does not have.
    """
    landscape = matching.landscape
    seed = None
    if sought.organisation is not None:
        seed = landscape.row("organisation", sought.organisation)
    meant = tuple(concepts.meant(matching, sought.text)) if _short(sought.text) else ()
    counting = project_masks(landscape, sought.conditions)
    about = about_projects(matching, sought.text, meant, counting)
    terms = weighed(matching, sought, seed, about)
    related = np.logical_or.reduce([t.values > 0 for t in terms if t.name in _RELATED])
    related &= _past(landscape, seed, sought.past)
    masks = organisation_masks(landscape, sought.conditions)
    return Found(rank(terms, related & met(masks, related)), meant, relaxed(masks, related))


def scores(matching: Matching, sought: Search) -> Vector:
    """Return the score of every organisation, whatever the conditions; for evaluation.

    Raises:
        NotFoundError: the organisation is not in this release.
    """
    seed = matching.landscape.row("organisation", sought.organisation or "")
    meant = concepts.meant(matching, sought.text) if _short(sought.text) else ()
    about = about_projects(matching, sought.text, meant, None)
    terms = weighed(matching, sought, seed, about)
    return sum((t.weight * t.values for t in terms), start=np.zeros_like(terms[0].values))


_RELATED: Final = ("text", "together", "cooperation", "technologies", "calls")
_LONG: Final = 12


def _short(text: str) -> bool:
    return 0 < len(text.split()) <= _LONG


def weighed(
    matching: Matching, sought: Search, seed: int | None, about: tuple[Numbers, Vector]
) -> tuple[Term, ...]:
    """Return the terms with their weights, the dial and the preference for SMEs among them."""
    landscape = matching.landscape
    weights = WEIGHTS["described" if sought.text else "undescribed"]
    terms = []
    if sought.text:
        terms.append(text_term(matching, sought.text, about, weights["text"]))
        terms.append(profile_term(matching, sought.text, weights["profile"]))
    if seed is not None:
        if sought.text:
            terms.append(together_term(landscape, seed, about, weights["together"]))
        terms += _of_seed(landscape, seed, weights)
    if sought.topic:
        terms.append(topic_term(landscape, sought.topic, weights["call"]))
    hidden = weights["experience"] - _DIAL * sought.hidden
    return (*terms, experience_term(landscape, hidden), sme_term(landscape, sought.sme_weight))


def _of_seed(landscape: Landscape, seed: int, weights: dict[str, float]) -> list[Term]:
    return [
        cooperation_term(landscape, seed, weights["cooperation"]),
        technologies_term(landscape, seed, weights["technologies"]),
        calls_term(landscape, seed, weights["calls"]),
        region_term(landscape, seed, weights["region"]),
    ]


def _past(landscape: Landscape, seed: int | None, past: Past) -> Mask:
    """Return which organisations may be in the answer for what they have done with the seed."""
    allowed = np.ones(landscape.size("organisation"), bool)
    if seed is None:
        return allowed
    if past != "include":
        known = np.zeros(len(allowed), bool)
        known[landscape.together.row(seed)] = True
        allowed = known if past == "only" else ~known
    allowed[seed] = False
    return allowed


def affinity(landscape: Landscape, seed: int) -> Vector:
    """Return for each project how much of it are partners of an organisation, at most 1."""
    own = np.zeros(landscape.size("project"))
    projects = landscape.projects.row(seed)
    sizes = np.maximum(landscape.members.sizes(), 1)
    own[projects] = 1 / np.log2(1 + sizes[projects])
    partners = landscape.members.under(own) / np.sqrt(np.maximum(landscape.experience, 1))
    share = landscape.members.times(partners) / sizes
    return np.asarray(share / max(float(share.max(initial=0.0)), 1e-9))


def profile_term(matching: Matching, text: str, weight: float) -> Term:
    """Return the term for what all projects of an organisation say together."""
    landscape = matching.landscape
    values, used = postings.relevance(landscape, text, matching.projects.english.analyze)

    def reason(organisation: int, most: int) -> Reason:
        projects = landscape.projects.row(organisation)
        said = tuple(takes_part(landscape, organisation, int(p)) for p in projects[:most])
        return Reason(said, {"terms": used}, of=len(projects))

    formula = "BM25 (k1 1.2, b 0.75) of the texts of all its projects for the terms / best BM25"
    return Term("profile", weight, values, formula, reason)


def together_term(
    landscape: Landscape, seed: int, about: tuple[Numbers, Vector], weight: float
) -> Term:
    """Return the term for projects about the text in which partners of the organisation are."""
    rows, shares = about
    near = affinity(landscape, seed)
    worth = np.zeros(landscape.size("project"))
    sizes = np.maximum(landscape.members.sizes(), 1)
    worth[rows] = shares**5 * np.sqrt(near[rows]) / np.log2(1 + sizes[rows])
    values = landscape.members.under(worth)

    def reason(organisation: int, most: int) -> Reason:
        own = landscape.projects.row(organisation)
        telling = [int(p) for p in own[np.argsort(-worth[own], kind="stable")] if worth[p] > 0]
        iris = landscape.column("project", "iri")
        constants = {iris[p]: float(worth[p]) for p in telling[:most]}
        said = tuple(takes_part(landscape, organisation, p) for p in telling[:most])
        return Reason(said, {"worth": constants}, of=len(telling))

    formula = "sum of worth: relevance^5 * sqrt(affinity) / log2(1 + participants)"
    return Term("together", weight, values, formula, reason)


def cooperation_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for common partners: close ones more, and those with few partners more."""
    together = landscape.together
    partners, close = together.row(seed), closeness(landscape, seed)
    degrees = np.maximum(together.sizes(), 2)
    values = np.log1p(together.gathered(partners, close[partners] / np.log(degrees[partners])))

    def reason(organisation: int, most: int) -> Reason:
        common = np.intersect1d(partners, together.row(organisation), assume_unique=True)
        iris = landscape.column("organisation", "iri")
        order = np.lexsort((common, -close[common] / np.log(degrees[common])))
        best = common[order][:most].tolist()
        said = [s for z in best for s in _path(landscape, seed, z, organisation)]
        constants = {
            iris[z]: {"partners": int(degrees[z]), "closeness": float(close[z])} for z in best
        }
        number = len(common)
        return Reason(tuple(said), {"partners": constants}, f"{number} common partners", number)

    formula = "ln(1 + sum over common partners: closeness / ln(partners))"
    return Term("cooperation", weight, values, formula, reason)


def closeness(landscape: Landscape, seed: int) -> Vector:
    """Return for each organisation Σ 1 / log2(1 + participants) of the projects shared."""
    projects = landscape.projects.row(seed)
    sizes = landscape.members.sizes()[projects]
    return landscape.members.gathered(projects, 1 / np.log2(1 + sizes))


def adamic_adar(landscape: Landscape, seed: int) -> Vector:
    """Return Σ over common partners of 1 / ln(their partners), the baseline of that name."""
    partners = landscape.together.row(seed)
    degrees = np.maximum(landscape.together.sizes()[partners], 2)
    return landscape.together.gathered(partners, 1 / np.log(degrees))


def _path(landscape: Landscape, seed: int, common: int, other: int) -> list[Statement]:
    """Return statements that show how one organisation worked with two others."""
    projects = landscape.projects
    first, second = (
        np.intersect1d(projects.row(one), projects.row(common), assume_unique=True)[0]
        for one in (seed, other)
    )
    return [
        takes_part(landscape, seed, int(first)),
        takes_part(landscape, common, int(first)),
        takes_part(landscape, common, int(second)),
        takes_part(landscape, other, int(second)),
    ]


def _shared(counts: Counts, information: Vector, seed: int) -> tuple[Vector, Vector]:
    """Return ln(1 + Σ weight · share of the seed) for every row, and the seed's shares."""
    matrix = counts.matrix
    having = counts.row(seed)
    own = np.zeros(matrix.width)
    columns = np.array(list(having), np.int32)
    own[columns] = np.log1p(list(having.values())) * information[columns]
    own /= max(float(np.linalg.norm(own)), 1e-9)
    worth = own * information
    return np.log1p(counts.turned.gathered(columns, worth[columns])), own


def technologies_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for concepts that both have projects with, rare ones more."""
    values, own = _shared(landscape.profile, landscape.information, seed)

    def reason(organisation: int, most: int) -> Reason:
        theirs = landscape.profile.row(organisation)
        shared = [c for c in theirs if own[c] > 0]
        shared.sort(key=lambda c: -own[c] * np.log1p(theirs[c]) * landscape.information[c])
        iris = landscape.column("concept", "iri")
        pair = [landscape.column("organisation", "iri")[n] for n in (seed, organisation)]
        of, shared = len(shared), shared[:most]
        said = tuple(Statement(iri, "activeIn", iris[c]) for c in shared for iri in pair)
        constants = {
            iris[c]: {
                "projects": int(theirs[c]),
                "information": float(landscape.information[c]),
                "share": float(own[c]),
            }
            for c in shared
        }
        labels = [landscape.column("concept", "label")[c] or "" for c in shared[:5]]
        return Reason(said, {"concepts": constants}, ", ".join(labels), of)

    formula = "ln(1 + sum over shared concepts: ln(1 + projects) * information * share)"
    return Term("technologies", weight, values, formula, reason)


def calls_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for strands of calls in which both have projects."""
    sizes = np.bincount(landscape.in_strand.columns, minlength=landscape.in_strand.width)
    total = max(len(landscape.in_strand.columns), 1)
    information = np.log(1 + total / np.maximum(sizes, 1))
    values, own = _shared(landscape.calls, information, seed)

    def reason(organisation: int, most: int) -> Reason:
        theirs = landscape.calls.row(organisation)
        shared = sorted((s for s in theirs if own[s] > 0), key=lambda s: -own[s])
        of, shared = len(shared), shared[:most]
        projects = landscape.projects.row(organisation)
        inside = projects[np.isin(landscape.strands[projects], shared)]
        said = tuple(takes_part(landscape, organisation, int(p)) for p in inside[:most])
        names = landscape.strand_names
        constants = {
            names[s]: {
                "projects": int(theirs[s]),
                "information": float(information[s]),
                "share": float(own[s]),
            }
            for s in shared
        }
        return Reason(said, {"strands": constants}, of=of)

    formula = "ln(1 + sum over shared strands: ln(1 + projects) * information * share)"
    return Term("calls", weight, values, formula, reason)


def topic_term(landscape: Landscape, topic: str, weight: float) -> Term:
    """Return the term for projects in the strand of a call's topic."""
    wanted = strand(topic)
    topics = landscape.column("project", "topic")
    chosen = np.array([strand(t) == wanted for t in topics]) & (landscape.members.sizes() > 1)
    values = np.log1p(landscape.members.gathered(np.flatnonzero(chosen).astype(np.int32)))

    def reason(organisation: int, most: int) -> Reason:
        projects = landscape.projects.row(organisation)
        inside = projects[chosen[projects]]
        said = tuple(takes_part(landscape, organisation, int(p)) for p in inside[:most])
        return Reason(said, {"strand": wanted, "projects": len(inside)}, of=len(inside))

    return Term("call", weight, values, "ln(1 + projects in the strand of the call)", reason)


def region_term(landscape: Landscape, seed: int, weight: float) -> Term:
    """Return the term for being in the same country."""
    countries = landscape.places("organisation", "country")
    none = landscape.size("place")
    values = ((countries == countries[seed]) & (countries != none)).astype(np.float64)

    def reason(organisation: int, most: int) -> Reason:
        iris = landscape.column("organisation", "iri")
        country = landscape.column("organisation", "country")[seed]
        both = (seed, organisation)[:most]
        return Reason(tuple(Statement(iris[n], "country", country) for n in both))

    return Term("region", weight, values, "1 in the same country", reason)
