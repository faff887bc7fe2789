"""Teams as small graphs that the rules of calls are validated on.

| term | says |
|---|---|
| `team:Team` | a team on a day |
| `team:member` | one of its members, a node of its own for each team |
| `team:lead` | the member that leads: the first one named |
| rdf:type | the classes of the organisation, as in the release |
| `team:state` | the state in which a member is established, as it is on the day |
| `team:MemberState`, … | classes of such states, one for each status of `countries.csv` |
| `team:cluster` | a cluster of which a member is a member |
| `team:abroadFor` | another member that is in another country |
| `team:sameWebsiteAs` | another member whose website has the same domain |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np

from kg.statements import IRI
from kg.terms import RDF_TYPE, ontology_namespace
from kg.trade import countries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from kg.matching.landscape import Landscape

    Row = tuple[Any, ...]


@dataclass(frozen=True)
class Member:
    """An organisation as rules see it; `classes` are names in the ontology, the others IRIs."""

    iri: str
    country: str | None = None
    classes: frozenset[str] = frozenset()
    clusters: tuple[str, ...] = ()
    domain: str | None = None


@dataclass(frozen=True)
class Team:
    """Members, the first one leading, and the day on which countries' status is asked."""

    members: tuple[Member, ...]
    day: date

    def joined_by(self, *members: Member) -> Team:
        """Return the team with more members, each once."""
        return Team(tuple(dict.fromkeys((*self.members, *members))), self.day)

    def on(self, day: date) -> Team:
        """Return the team on a day."""
        return Team(self.members, day)


def team_namespace(base: str) -> str:
    """Return the namespace of the terms with which teams are described."""
    return f"{base}consortium#"


def member(landscape: Landscape, row: int) -> Member:
    """Return an organisation of a release as rules see it."""
    return Member(
        landscape.column("organisation", "iri")[row],
        landscape.column("organisation", "country")[row],
        frozenset(landscape.column("organisation", "classes")[row] or ()),
        tuple(clusters_of(landscape, row)),
        domain(landscape.column("organisation", "homepage")[row]),
    )


def clusters_of(landscape: Landscape, row: int) -> list[str]:
    """Return the clusters of which an organisation is a member."""
    chosen = landscape.pairs("entry_organisation", "object") == row
    iris, classes = landscape.column("entry", "iri"), landscape.column("entry", "classes")
    entries = landscape.pairs("entry_organisation", "subject")[chosen].tolist()
    return [iris[n] for n in entries if "Cluster" in (classes[n] or ())]


def clustered(landscape: Landscape) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which organisations are members of some cluster."""
    classes = landscape.column("entry", "classes")
    cluster = np.array(["Cluster" in (c or ()) for c in classes], bool)
    chosen = cluster[landscape.pairs("entry_organisation", "subject")]
    mask = np.zeros(landscape.size("organisation"), bool)
    mask[landscape.pairs("entry_organisation", "object")[chosen]] = True
    return mask


def domain(homepage: str | None) -> str | None:
    """Return the name of a website's host without `www.`, None without a website."""
    try:
        host = urlsplit(homepage or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def rows(teams: Mapping[str, Team], base: str, terms: frozenset[str]) -> Iterator[Row]:
    """Yield the statements about teams by IRI; members and states get IRIs below the team's.

    What relates members to each other is said only with terms that are asked for: there are as
    many such statements as pairs of members.
    """
    for iri, team in teams.items():
        yield from _Describing(iri, team, base, terms).rows()


class _Describing:
    """Makes the statements about one team."""

    def __init__(self, iri: str, team: Team, base: str, terms: frozenset[str]) -> None:
        self.iri = iri
        self.team = team
        self.asked = terms
        self.terms = team_namespace(base)
        self.ontology = ontology_namespace(base)
        self.nodes = [f"{iri}/{n}" for n in range(len(team.members))]

    def rows(self) -> Iterator[Row]:
        """Yield the statements."""
        yield self._row(self.iri, RDF_TYPE, f"{self.terms}Team")
        if self.nodes:
            yield self._row(self.iri, f"{self.terms}lead", self.nodes[0])
        for node, each in zip(self.nodes, self.team.members, strict=True):
            yield self._row(self.iri, f"{self.terms}member", node)
            yield from self._member(node, each)
        for country in {m.country for m in self.team.members if m.country}:
            for status in countries.on(country, self.team.day):
                yield self._row(self._state(country), RDF_TYPE, self.terms + status.name)
        for name, related in _RELATED.items():
            if name in self.asked:
                yield from self._pairs(name, related)

    def _member(self, node: str, each: Member) -> Iterator[Row]:
        for name in sorted(each.classes):
            yield self._row(node, RDF_TYPE, self.ontology + name)
        if each.country:
            yield self._row(node, f"{self.terms}state", self._state(each.country))
        for cluster in each.clusters:
            yield self._row(node, f"{self.terms}cluster", cluster)

    def _pairs(self, name: str, related: Callable[[Member, Member], bool]) -> Iterator[Row]:
        pairs = list(zip(self.nodes, self.team.members, strict=True))
        for one, its in pairs:
            for other, theirs in pairs:
                if one != other and related(its, theirs):
                    yield self._row(one, self.terms + name, other)

    def _state(self, country: str) -> str:
        return f"{self.iri}/state/{country.rpartition('/')[2]}"

    def _row(self, subject: str, predicate: str, thing: str) -> Row:
        return (subject, predicate, thing, IRI, None, None, "", "", None, None, "", None)


def _abroad(one: Member, other: Member) -> bool:
    return bool(one.country and other.country and one.country != other.country)


def _same_website(one: Member, other: Member) -> bool:
    return one.domain is not None and one.domain == other.domain


_RELATED: Final = {"abroadFor": _abroad, "sameWebsiteAs": _same_website}
