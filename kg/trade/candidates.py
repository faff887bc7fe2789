"""Who could fill what a team is missing under a rule.

1. To a rule, organisations of the same kind in the same country are alike. For every such kind in
   the release the team with one more member is validated: who brings a missing condition to a
   higher level could fill it, whatever the condition says.
2. Those who could are ranked: how many of the missing conditions they fill comes first, then how
   they fit as partners of the first member (kg.matching.partners) and, when a text says what is
   needed, whether they master or offer it (kg.matching.competences).
   Where a rule asks for independent members, who has the website of a member is left out.
3. A completion adds the best candidate, checks again, and goes on until nothing is missing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kg.matching import competences, partners
from kg.matching.conditions import Conditions, organisation_masks
from kg.matching.explanation import Ranking, Statement, Term, rank
from kg.trade import consortium, countries, teams
from kg.trade.teams import Member

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from kg.matching import Matching
    from kg.matching.conditions import Mask
    from kg.matching.landscape import Landscape
    from kg.trade.consortium import Check
    from kg.trade.rules import Condition, Rule

FILLS: Final = 100.0
"""The weight of each condition that a candidate fills: more than any score of a partner."""
_STEPS: Final = 6


class Kind(NamedTuple):
    """What of an organisation matters to a rule."""

    country: str | None
    classes: frozenset[str]
    clustered: bool

    def member(self) -> Member:
        """Return an organisation of this kind."""
        clusters = ("urn:cluster",) if self.clustered else ()
        return Member("urn:candidate", self.country, self.classes, clusters)


@dataclass(frozen=True)
class Wish:
    """What candidates are asked for besides: a text, a topic, conditions, whether known already."""

    text: str = ""
    topic: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    past: partners.Past = "include"
    hidden: float = 0.0


@dataclass(frozen=True)
class Candidates:
    """Who could fill what is missing, best first, with the conditions that each fills."""

    rows: list[int]
    fills: Mapping[int, tuple[Condition, ...]]
    ranking: Ranking
    classes: frozenset[str]
    day: date

    def filling(self, condition: Condition) -> Candidates:
        """Return those that fill a condition."""
        rows = [row for row in self.rows if condition in self.fills[row]]
        return replace(self, rows=rows)

    def score(self, row: int) -> float:
        """Return the score of a candidate: the sum of the terms of its explanation."""
        return FILLS * len(self.fills[row]) + self.ranking.score(row)

    def explanation(self, landscape: Landscape, row: int, *, full: bool) -> list[dict[str, Any]]:
        """Return the terms of a candidate's score: what it fills, and why it fits as a partner."""
        fills = self.fills[row]
        said = _facts(landscape, row)
        filling = {
            "term": "fills",
            "value": float(len(fills)),
            "weight": FILLS,
            "contribution": FILLS * len(fills),
            "formula": "number of missing conditions that it fills or brings nearer",
            "text": "; ".join(c.names.get("en", c.iri) for c in fills),
            "statements": [s._asdict() for s in said],
            "of": len(said),
            "constants": self._seen(landscape, row),
        }
        return [filling, *self.ranking.explanation(row, full=full)]

    def _seen(self, landscape: Landscape, row: int) -> dict[str, list[str]]:
        """Return what else the rule saw: classes that it asks for, and the country's status."""
        classes = landscape.column("organisation", "classes")[row] or ()
        country = landscape.column("organisation", "country")[row]
        return {
            "types": sorted(self.classes.intersection(classes)),
            "status": [status.name for status in countries.on(country, self.day)],
        }


def _facts(landscape: Landscape, row: int) -> list[Statement]:
    """Return what a rule looks at: the country of an organisation and its clusters."""
    iri = landscape.column("organisation", "iri")[row]
    country = landscape.column("organisation", "country")[row]
    said = [Statement(iri, "country", country)] if country else []
    return said + [Statement(c, "hasMember", iri) for c in teams.clusters_of(landscape, row)[:3]]


def kinds(landscape: Landscape, rule: Rule) -> Mapping[Kind, list[int]]:
    """Return the organisations of a release by what of them matters to a rule."""
    found: dict[Kind, list[int]] = defaultdict(list)
    columns = (
        landscape.column("organisation", "country"),
        landscape.column("organisation", "classes"),
        teams.clustered(landscape).tolist(),
    )
    for row, (country, classes, clustered) in enumerate(zip(*columns, strict=True)):
        found[Kind(country, rule.classes.intersection(classes or ()), clustered)].append(row)
    return found


def who(matching: Matching, rule: Rule, checked: Check, wish: Wish, base: str) -> Candidates:
    """Return who could fill a missing condition of a team.

    Raises:
        ParameterError: a condition names something that this release does not have.
    """
    nothing = Ranking(np.zeros(0, np.int32), (), 0)
    found = Candidates([], {}, nothing, rule.classes, checked.team.day)
    if not checked.missing:
        return found
    landscape = matching.landscape
    fills = _filling(landscape, rule, checked, base)
    masks = list(organisation_masks(landscape, wish.conditions).values())
    seed = _seed(landscape, checked)
    masks.append(_past(landscape, seed, wish.past))
    if "sameWebsiteAs" in rule.terms:
        masks.append(apart(landscape, checked))
    here = {landscape.rows("organisation").get(m.iri) for m in checked.team.members}
    wanted = [r for r in fills if r not in here and all(mask[r] for mask in masks)]
    found = replace(found, fills=fills, ranking=_ranking(matching, seed, wish))
    return replace(found, rows=sorted(wanted, key=lambda r: (-found.score(r), r)))


def _seed(landscape: Landscape, checked: Check) -> int | None:
    first = checked.team.members[:1]
    return landscape.row("organisation", first[0].iri) if first else None


def _past(landscape: Landscape, seed: int | None, past: partners.Past) -> Mask:
    """Return which organisations may be candidates by what they did with the first member."""
    known = np.zeros(landscape.size("organisation"), bool)
    if seed is None or past == "include":
        return ~known
    known[landscape.together.row(seed)] = True
    return known if past == "only" else ~known


def _filling(
    landscape: Landscape, rule: Rule, checked: Check, base: str
) -> dict[int, tuple[Condition, ...]]:
    """Return for organisations that fill something of what is missing the conditions."""
    groups = list(kinds(landscape, rule).items())
    asked = {
        f"urn:with:{n}": checked.team.joined_by(kind.member()) for n, (kind, _) in enumerate(groups)
    }
    reached, before = consortium.levels(rule, asked, base), checked.levels
    filled: dict[int, tuple[Condition, ...]] = {}
    for n, (_, rows) in enumerate(groups):
        after = reached[f"urn:with:{n}"]
        brings = tuple(c for c in checked.missing if after[c.iri] > before[c.iri])
        if brings:
            filled |= dict.fromkeys(rows, brings)
    return filled


def _ranking(matching: Matching, seed: int | None, wish: Wish) -> Ranking:
    """Return the terms by which candidates are ranked besides what they fill."""
    landscape = matching.landscape
    iris = landscape.column("organisation", "iri")
    terms: tuple[Term, ...] = (competences.experience_term(landscape, 1.0),)
    if seed is not None or wish.text:
        iri = None if seed is None else iris[seed]
        sought = partners.Search(iri, wish.text, wish.topic, past="include", hidden=wish.hidden)
        terms = partners.look_up(matching, sought).ranking.terms
    if wish.text:
        able = competences.look_up(matching, competences.Need(wish.text)).ranking.terms
        terms += tuple(replace(t, weight=t.weight * _ABLE[t.name]) for t in able if t.name in _ABLE)
    return rank(terms, np.ones(len(iris), bool))


# Who masters or offers what is needed comes before who only has projects about it.
_ABLE: Final = {"technology": 1.0, "mastery": 10.0, "offer": 10.0}


def apart(landscape: Landscape, checked: Check) -> Mask:
    """Return which organisations have another website than every member: who may be independent."""
    taken = {member.domain for member in checked.team.members if member.domain}
    if not taken:
        return np.ones(landscape.size("organisation"), bool)
    homepages = landscape.column("organisation", "homepage")
    return np.array([teams.domain(homepage) not in taken for homepage in homepages], bool)


class Step(NamedTuple):
    """A member added to complete a team, and what is still missing then."""

    row: int
    fills: tuple[Condition, ...]
    missing: tuple[Condition, ...]


def completion(matching: Matching, rule: Rule, checked: Check, wish: Wish, base: str) -> list[Step]:
    """Return members to add, one after the other, until nothing is missing or nobody fills it.

    Raises:
        ParameterError: a condition names something that this release does not have.
    """
    steps: list[Step] = []
    while checked.missing and len(steps) < _STEPS:
        found = who(matching, rule, checked, wish, base)
        if not found.rows:
            break
        best = found.rows[0]
        joined = checked.team.joined_by(teams.member(matching.landscape, best))
        checked = consortium.check(rule, joined, base)
        steps.append(Step(best, found.fills[best], checked.missing))
    return steps
