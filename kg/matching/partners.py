"""Who fits: partners for an organisation, for a described project, or for both.

| term | value of a candidate |
|---|---|
| text | its five best projects about the text, as in `competences` |
| profile | BM25 of all its projects' texts together, as a share of the best organisation's |
| named | words of its name in the text, or in the organisation's projects (`naming`) |
| similar | its projects with words like the text's, or like those of the organisation's projects |
| alike | the same of all its projects together, for how many it has (`activity`) |
| together | sum over projects about the text: relevance^5 · √affinity / log2(1 + participants) |
| joint | projects like the text that both took part in (`circles`) |
| cooperation | its projects in which partners of the organisation are (`cooperation`) |
| circle, walk | partners in common; where a walk from partner to partner leads (`circles`) |
| technologies | shared concepts by information content (`activity`) |
| calls, call | shared strands of calls; projects in the strand of the call named |
| countries, nearby | countries that often work together; experience in its own region |
| experience | log2(1 + projects) / 8 |
| sme | 1 for a small or medium-sized enterprise |

Values without a natural bound are shares of the best one, so that weights mean the same for every
question (`weights`). The dial takes weight from experience. Past partners are left out unless they
are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from kg.matching import concepts, postings, translation
from kg.matching.activity import (
    Compared,
    alike_term,
    calls_term,
    countries_term,
    nearby_term,
    similar_term,
    technologies_term,
    topic_term,
)
from kg.matching.circles import circle_term, joint_term, walk_term
from kg.matching.competences import (
    Found,
    about_projects,
    experience_term,
    met,
    related_by,
    sme_term,
    text_term,
)
from kg.matching.conditions import Conditions, organisation_masks, project_masks
from kg.matching.cooperation import cooperation_term, together_term
from kg.matching.explanation import Reason, Term, rank, taking_part
from kg.matching.naming import named_term, shares_of
from kg.matching.weights import weights_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.matching.conditions import Mask
    from kg.matching.index import Matching
    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Numbers, Vector
    from kg.matching.weights import Weights

Past = Literal["exclude", "include", "only"]


_DIAL: Final = 1.0


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
    sought = replace(sought, text=translation.sought(matching, sought.text, meant))
    counting = project_masks(landscape, sought.conditions)
    about = about_projects(matching, sought.text, meant, counting)
    terms = weighed(matching, sought, seed, about)
    related = related_by(terms, _RELATED)
    allowed = _past(landscape, seed, sought.past)
    masks = organisation_masks(landscape, sought.conditions)
    ranking = rank(terms, related & allowed & met(masks, related))
    return Found(ranking, meant, related, allowed, masks, sought.text)


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


_RELATED: Final = (
    *("text", "similar", "together", "joint", "cooperation", "technologies", "calls"),
)
_LONG: Final = 12


def _short(text: str) -> bool:
    return 0 < len(text.split()) <= _LONG


def weighed(
    matching: Matching,
    sought: Search,
    seed: int | None,
    about: tuple[Numbers, Vector],
    weights: Weights | None = None,
) -> tuple[Term, ...]:
    """Return the terms with their weights, the dial and the preference for SMEs among them."""
    landscape = matching.landscape
    if weights is None:
        weights = weights_for(sought.text, None if seed is None else landscape.evidence)
    terms = _of_both(matching, sought, seed, about, weights)
    if sought.topic:
        terms.append(topic_term(landscape, sought.topic, weights["call"]))
    hidden = weights["experience"] - _DIAL * sought.hidden
    return (*terms, experience_term(landscape, hidden), sme_term(landscape, sought.sme_weight))


def _of_both(
    matching: Matching,
    sought: Search,
    seed: int | None,
    about: tuple[Numbers, Vector],
    weights: Weights,
) -> list[Term]:
    """Return the terms for a text, for an organisation, and for both together."""
    landscape, text = matching.landscape, sought.text
    terms: list[Term] = []
    if text:
        words = matching.projects.english.analyze(text)
        query = landscape.vectors.of_text(words)
        compared = Compared(query, landscape.vectors.similar(query))
        terms += [
            text_term(matching, text, about, weights["text"]),
            profile_term(matching, text, weights["profile"]),
            named_term(landscape, matching.names, dict.fromkeys(words, 1.0), 1.5, weights["named"]),
            similar_term(landscape, compared, None, 3, weights["similar"]),
        ]
    if seed is None:
        return terms
    if text:
        terms.append(together_term(landscape, seed, about, weights["together"]))
        terms.append(joint_term(landscape, seed, compared.similarity, weights["joint"]))
    else:
        query = landscape.vectors.of_projects(landscape.projects.row(seed))
        compared = Compared(query, landscape.vectors.similar(query))
        terms.append(similar_term(landscape, compared, seed, 2, weights["similar"]))
        shares = shares_of(landscape, query)
        terms.append(named_term(landscape, matching.names, shares, 1.0, weights["named"]))
        terms.append(alike_term(landscape, compared.similarity, weights["alike"]))
    # What has no weight is not computed.
    return terms + [
        make(landscape, seed, weights[name]) for name, make in _OF_SEED.items() if weights.get(name)
    ]


_OF_SEED: Final[Mapping[str, Callable[[Landscape, int, float], Term]]] = {
    "cooperation": cooperation_term,
    "circle": circle_term,
    "walk": walk_term,
    "technologies": technologies_term,
    "calls": calls_term,
    "countries": countries_term,
    "nearby": nearby_term,
}


def _past(landscape: Landscape, seed: int | None, past: Past) -> Mask:
    """Return which organisations may be in the answer for what they have done with the seed."""
    allowed = np.ones(landscape.size("organisation"), bool)
    if seed is None:
        return allowed
    if past != "include":
        known = landscape.members.gathered(landscape.projects.row(seed)) > 0
        allowed = known if past == "only" else ~known
    allowed[seed] = False
    return allowed


def profile_term(matching: Matching, text: str, weight: float) -> Term:
    """Return the term for what all projects of an organisation say together."""
    landscape = matching.landscape
    values, best, used = postings.relevance(landscape, text, matching.projects.english.analyze)

    def reason(organisation: int, most: int) -> Reason:
        projects = landscape.projects.row(organisation)
        said = taking_part(landscape, organisation, projects[:most].tolist())
        return Reason(said, {"terms": used, "best": best}, of=len(projects))

    formula = "BM25 (k1 1.2, b 0.75) of the texts of all its projects for the terms / best BM25"
    return Term("profile", weight, values, formula, reason)
