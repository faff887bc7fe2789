"""Who masters this: organisations ranked for a need, each score with its reasons.

| term | value of an organisation |
|---|---|
| text | its five best projects about the need: Σ 0.5^k · relevance (BM25 / the best BM25) |
| technology | Σ over the concepts meant: match · information · log2(1 + projects) / log2(17) |
| mastery | Σ over the concepts meant: match, if it masters the concept or a narrower one |
| offer | 1 if it, or a service or offer of its own, has one of the concepts |
| specialisation | projects about the need / (all its projects + 5) |
| experience | log2(1 + projects) / 8, at most 255 projects count |
| sme | 1 for a small or medium-sized enterprise |

The dial `hidden` goes from 0, who is well known first, to 1, hidden champions first: it takes
weight from experience and gives it to specialisation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kg.matching import concepts
from kg.matching.conditions import Conditions, organisation_masks, project_masks
from kg.matching.explanation import Ranking, Reason, Stated, Term, rank, stated, taking_part
from kg.matching.translation import sought

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from kg.matching.concepts import Match
    from kg.matching.conditions import Mask
    from kg.matching.index import Matching
    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Matrix, Numbers, Vector

FETCHED: Final = 300
BEST: Final = 5
_HALVES: Final = 0.5 ** np.arange(BEST)
_COUNTED: Final = 16
_OF_PROJECTS: Final = np.log2(1 + np.arange(_COUNTED + 1))
_TRANSLATION: Final = 0.6
_EXPERIENCED: Final = 255
_NEAR: Final = 0.5


@dataclass(frozen=True)
class Need:
    """What is sought: a text, concepts (IRIs), or both; conditions, and what to prefer."""

    text: str = ""
    technologies: tuple[str, ...] = ()
    conditions: Conditions = field(default_factory=Conditions)
    hidden: float = 0.3
    sme_weight: float = 0.1


@dataclass(frozen=True)
class Found:
    """The ranking, the concepts that were understood, and what decided who is in it.

    `related` have to do with the question, `allowed` are not barred from the answer, and `masks`
    say who meets each condition. `text` is what was sought in the texts of projects, in English as
    far as that is known.
    """

    ranking: Ranking
    meant: tuple[Match, ...]
    related: Mask
    allowed: Mask
    masks: Mapping[str, Mask]
    text: str = ""

    @property
    def relax(self) -> Mapping[str, int]:
        """For each condition on organisations how many would be found without it."""
        return relaxed(self.masks, self.related & self.allowed)


def look_up(matching: Matching, need: Need) -> Found:
    """Return the organisations that master what is needed, best first.

    Raises:
        ParameterError: a condition names something that this release does not have.
        NotFoundError: a technology is not in this release.
    """
    landscape = matching.landscape
    meant = understood(matching, need)
    text = sought(matching, need.text, meant if not need.technologies else ())
    counting = project_masks(landscape, need.conditions)
    about = about_projects(matching, text, meant, counting)
    near = near_projects(landscape, about, meant)
    if counting is not None:
        near &= counting
    terms = (
        *relevance(matching, text, about, meant, counting),
        *standing(landscape, near, need.hidden),
        sme_term(landscape, need.sme_weight),
    )
    related = related_by(terms, _RELEVANT)
    masks = organisation_masks(landscape, need.conditions)
    ranking = rank(terms, related & met(masks, related))
    return Found(ranking, meant, related, np.ones_like(related), masks, text)


_RELEVANT: Final = ("text", "technology", "mastery", "offer")


def related_by(terms: Iterable[Term], names: Collection[str]) -> Mask:
    """Return which organisations have anything of the terms with some names."""
    return reduce(np.logical_or, (t.values > 0 for t in terms if t.name in names))


def met(masks: Mapping[str, Mask], like: Mask) -> Mask:
    """Return which organisations meet all conditions."""
    return np.logical_and.reduce(list(masks.values())) if masks else np.ones_like(like)


def relaxed(masks: Mapping[str, Mask], related: Mask) -> Mapping[str, int]:
    """Return for each condition how many would be found without it."""
    without: dict[str, int] = {}
    for name in masks:
        others = {key: mask for key, mask in masks.items() if key != name}
        without[name] = int((related & met(others, related)).sum())
    return without


def understood(matching: Matching, need: Need) -> tuple[Match, ...]:
    """Return the concepts that are asked for, and those that the text is about."""
    landscape = matching.landscape
    named = [int(landscape.canonical[landscape.row("concept", t)]) for t in need.technologies]
    labels = landscape.column("concept", "label")
    asked = [concepts.Match(row, 1.0, labels[row] or "") for row in dict.fromkeys(named)]
    about = concepts.meant(matching, need.text) if need.text else []
    return (*asked, *(match for match in about if match.concept not in named))


def relevance(
    matching: Matching,
    text: str,
    about: tuple[Numbers, Vector],
    meant: Sequence[Match],
    counting: Mask | None,
) -> tuple[Term, ...]:
    """Return the terms that say how near an organisation's work is to a need."""
    landscape = matching.landscape
    terms = [technology_term(landscape, meant, counting), mastery_term(landscape, meant)]
    terms.append(_offer_term(landscape, meant))
    if text:
        labels = landscape.column("concept", "label")
        translations = [labels[match.concept] or "" for match in meant]
        terms.insert(0, text_term(matching, text, about, more=translations))
    return tuple(terms)


def about_projects(
    matching: Matching,
    text: str,
    meant: Sequence[Match],
    counting: Mask | None,
    most: int = FETCHED,
) -> tuple[Numbers, Vector]:
    """Return the projects about a text, best first, and their BM25 as a share of the best."""
    if not text:
        return np.zeros(0, np.int32), np.zeros(0)
    labels = matching.landscape.column("concept", "label")
    translations = [(labels[m.concept] or "", _TRANSLATION * m.score) for m in meant]
    hits = matching.projects.text(text, most, translations)
    kept = slice(None) if counting is None else counting[hits.rows]
    rows, scores = hits.rows[kept], hits.scores[kept]
    return rows, scores / scores.max(initial=1e-9)


def text_term(
    matching: Matching,
    text: str,
    about: tuple[Numbers, Vector],
    weight: float = 1.0,
    more: Iterable[str] = (),
) -> Term:
    """Return the term for projects about a text; `more` are further texts to mark the words of."""
    landscape = matching.landscape
    rows, shares = about
    values, chosen = best_sum(landscape.members, rows, shares)

    marker = matching.projects.marker(text, *more)

    @cache  # many organisations share their best project
    def highlight(project: int) -> str:
        return marker.piece(matching.told(project))

    def reason(organisation: int, most: int) -> Reason:
        places = chosen(organisation)[:most]
        projects = rows[places].tolist()
        said = taking_part(landscape, organisation, projects)
        relevant = zip(said, shares[places].tolist(), strict=True)
        constants = {each["object"]: round(share, 6) for each, share in relevant}
        piece = highlight(projects[0]) if projects else ""
        return Reason(said, {"relevance": constants}, piece)

    formula = "sum over the best 5 projects, best first, k from 0: 0.5^k * relevance"
    return Term("text", weight, values, formula, reason)


def best_sum(
    members: Matrix, rows: Numbers, shares: Vector
) -> tuple[Vector, Callable[[int], Numbers]]:
    """Return for each organisation Σ 0.5^k of its best projects, and which those are (places)."""
    sizes = members.starts[rows + 1] - members.starts[rows]
    # Sorted by organisation and, as projects come best first, by place: as one number, for speed.
    bits = len(rows).bit_length()
    keys = members.columns[members.places(rows)] << bits
    keys |= np.repeat(np.arange(len(rows)), sizes)
    keys.sort()
    organisations, places = keys >> bits, keys & ((1 << bits) - 1)
    begins = np.flatnonzero(np.diff(organisations, prepend=-1))
    rank_of = np.arange(len(keys)) - np.repeat(begins, np.diff(begins, append=len(keys)))
    kept = rank_of < BEST
    parts = shares[places[kept]] * _HALVES[rank_of[kept]]
    values = np.bincount(organisations[kept], parts, members.width).astype(np.float64, copy=False)

    def chosen(organisation: int) -> Numbers:
        begin = organisations.searchsorted(organisation)
        mine = organisations[begin : begin + BEST] == organisation
        found: Numbers = places[begin : begin + BEST][mine]
        return found

    return values, chosen


def _having(landscape: Landscape, concept: int, counting: Mask | None) -> Mask:
    """Return which of the projects that count have a concept."""
    mask = np.zeros(landscape.size("project"), bool)
    mask[landscape.by_topic.row(concept)] = True
    return mask if counting is None else mask & counting


def _informative(landscape: Landscape, concept: int) -> float:
    """Return the information content of a concept as a share of the largest possible."""
    most = np.log2(max(int(landscape.known.sum()), 2))
    return float(min(landscape.information[concept] / most, 1.0))


def technology_term(landscape: Landscape, meant: Sequence[Match], counting: Mask | None) -> Term:
    """Return the term for projects with the concepts meant."""
    values = np.zeros(landscape.size("organisation"))
    constants: dict[str, Any] = {}
    having = [_having(landscape, match.concept, counting) for match in meant]
    for match, projects in zip(meant, having, strict=True):
        information = _informative(landscape, match.concept)
        n = np.minimum(landscape.members.counted(np.flatnonzero(projects)), _COUNTED)
        # What each number of projects is worth is the same for all organisations.
        worth = match.score * information * _OF_PROJECTS / np.log2(1 + _COUNTED)
        values += worth[n]
        iri = landscape.column("concept", "iri")[match.concept]
        constants[iri] = {"match": match.score, "information": information}

    def reason(organisation: int, most: int) -> Reason:
        own = landscape.projects.row(organisation)
        iris = landscape.column("concept", "iri")
        said: list[Stated] = []
        of = 0
        for match, projects in zip(meant, having, strict=True):
            with_it = own[projects[own]]
            of += min(len(with_it), _COUNTED)
            first = with_it[: min(_COUNTED, most)].tolist()
            for each in taking_part(landscape, organisation, first):
                said += (each, stated(each["object"], "field", iris[match.concept]))
        return Reason(said, {"concepts": constants}, of=of)

    formula = (
        "sum over concepts: match * information * log2(1 + projects) / log2(17);"
        " at most 16 projects count"
    )
    return Term("technology", 1.0, values, formula, reason)


def mastery_term(landscape: Landscape, meant: Sequence[Match]) -> Term:
    """Return the term for concepts that the organisation is said to master."""
    values = np.zeros(landscape.size("organisation"))
    inside: dict[int, set[int]] = {}
    for match in meant:
        inside[match.concept] = landscape.below(match.concept, landscape.narrower)
        has = _among(inside[match.concept], landscape.size("concept"))[landscape.masters.columns]
        values[np.unique(landscape.masters.rows[has])] += match.score

    def reason(organisation: int, most: int) -> Reason:
        iris, own = landscape.column("concept", "iri"), landscape.masters.row(organisation)
        held = [int(c) for c in own if any(int(c) in found for found in inside.values())]
        organisation_iri = landscape.column("organisation", "iri")[organisation]
        said = [stated(organisation_iri, "masters", iris[c]) for c in held[:most]]
        weights = {iris[m.concept]: m.score for m in meant}
        return Reason(said, {"match": weights}, of=len(held))

    formula = "sum of match over concepts of which it masters one or a narrower one"
    return Term("mastery", 1.0, values, formula, reason)


def _offer_term(landscape: Landscape, meant: Sequence[Match]) -> Term:
    wanted: set[int] = set()
    for match in meant:
        wanted |= landscape.below(match.concept, landscape.narrower)
    technologies = landscape.canonical[landscape.pairs("entry_technology", "object")]
    having = _among(wanted, landscape.size("concept"))[technologies]
    about = np.unique(landscape.pairs("entry_technology", "subject")[having])
    offers = {e for e in about.tolist() if _offered(landscape, e)}
    of = landscape.pairs("entry_organisation", "subject")
    offering = _among(offers, landscape.size("entry"))[of]
    holders = landscape.pairs("entry_organisation", "object")[offering]
    values = np.zeros(landscape.size("organisation"))
    values[holders] = 1.0

    def reason(organisation: int, most: int) -> Reason:
        mine = of[landscape.pairs("entry_organisation", "object") == organisation]
        iris, organisations = (
            landscape.column("entry", "iri"),
            landscape.column("organisation", "iri"),
        )
        said = [
            stated(iris[e], _HELD_BY[_offered(landscape, e)], organisations[organisation])
            for e in mine.tolist()
            if e in offers
        ]
        return Reason(said[:most], of=len(said))

    return Term("offer", 0.5, values, "1 if it offers a service or has an offer for it", reason)


def _among(rows: Collection[int], size: int) -> Mask:
    """Return which rows of a table are among some."""
    mask = np.zeros(size, bool)
    mask[list(rows)] = True
    return mask


_HELD_BY: Final = {"Service": "offeredBy", "Offer": "party", "Facility": "operatedBy", "": ""}


def _offered(landscape: Landscape, entry: int) -> str:
    """Return what kind of offer an entry is, or nothing if it is none."""
    classes = landscape.column("entry", "classes")[entry] or ()
    return next((name for name in ("Service", "Offer", "Facility") if name in classes), "")


def standing(landscape: Landscape, near: Mask, hidden: float) -> tuple[Term, Term]:
    """Return the terms between which the dial shifts weight: specialisation and experience.

    `near` says which projects are about what is needed.
    """
    own = landscape.members.gathered(np.flatnonzero(near).astype(np.int32))
    share = own / (landscape.experience + 5)

    def of_share(organisation: int, most: int) -> Reason:
        projects = landscape.projects.row(organisation)
        about = projects[near[projects]]
        said = taking_part(landscape, organisation, about[:most].tolist())
        constants = {"about": len(about), "projects": int(landscape.experience[organisation])}
        return Reason(said, constants, of=len(about))

    formula = "projects about it / (all its projects + 5)"
    special = Term("specialisation", 2 * hidden, share, formula, of_share)
    return special, experience_term(landscape, 0.6 * (1 - hidden))


def near_projects(
    landscape: Landscape, about: tuple[Numbers, Vector], meant: Sequence[Match]
) -> Mask:
    """Return which projects have a concept meant, or at least half the best one's relevance."""
    near = np.zeros(landscape.size("project"), bool)
    rows, shares = about
    near[rows[shares >= _NEAR]] = True
    for match in meant:
        near[landscape.by_topic.row(match.concept)] = True
    return near


def experience_term(landscape: Landscape, weight: float) -> Term:
    """Return the term for how many projects the organisation takes part in."""

    def reason(organisation: int, most: int) -> Reason:
        projects = landscape.projects.row(organisation)[:_EXPERIENCED]
        said = taking_part(landscape, organisation, projects[:most].tolist())
        number = int(landscape.experience[organisation])
        return Reason(said, {"projects": number}, f"{number} projects", number)

    formula = "log2(1 + projects) / 8; at most 255 projects count"
    return Term("experience", weight, landscape.standing, formula, reason)


def sme_term(landscape: Landscape, weight: float) -> Term:
    """Return the term that prefers small and medium-sized enterprises."""

    def reason(organisation: int, most: int) -> Reason:
        iri = landscape.column("organisation", "iri")[organisation]
        return Reason([stated(iri, "isSme", "true")][:most])

    return Term("sme", weight, landscape.sme.astype(np.float64), "1 if it is an SME", reason)
