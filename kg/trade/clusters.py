"""A cluster with its members, as rules of the trade look at it: who belongs, who can what.

1. Members of member clusters are members, however deep.
2. A technology is held by who masters it, who offers it (an offer that is valid, a service) and
   who has projects about it; whoever holds a narrower concept holds the broader one too.
3. A technology is sought by a request that is valid, of the cluster or a member; and it is a gap
   if it is stated, not inferred, to be a sector or field of the cluster, but nobody in it masters
   or offers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyoxigraph

from kg.identifiers import Identifiers
from kg.matching.explanation import Statement
from kg.matching.landscape import day_number
from kg.terms import ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from kg.matching.landscape import Landscape

ABLE: Final = ("masters", "offers")
_PARTY: Final = {"Offer": "party", "Request": "party", "Service": "offeredBy"}
_FOREVER: Final = 10**6


class Holding(NamedTuple):
    """Somebody holds a technology: by mastery, an offer or projects, with what says so."""

    holder: str
    concept: int
    kind: str
    number: int
    statements: tuple[Statement, ...]


class Need(NamedTuple):
    """Somebody seeks a technology: by a request, or because a sector has nobody for it."""

    seeker: str
    concept: int
    kind: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class View:
    """A cluster, the clusters in it, and all their members as rows of organisations."""

    iri: str
    parts: tuple[str, ...]
    members: tuple[int, ...]


@dataclass(frozen=True)
class Clusters:
    """Reads clusters out of a release: its tables, and its store for what these leave out."""

    landscape: Landscape
    store: pyoxigraph.Store
    base: str
    day: date

    def view(self, cluster: str) -> View:
        """Return a cluster with the clusters in it and the members of all of them."""
        parts, waiting = [cluster], [cluster]
        while waiting:
            new = [p for p in self.member_clusters(waiting.pop()) if p not in parts]
            parts += new
            waiting += new
        members = {row for part in parts for row in self.direct_members(part)}
        return View(cluster, tuple(parts), tuple(sorted(members)))

    def member_clusters(self, cluster: str) -> list[str]:
        """Return the clusters that are directly in a cluster."""
        iris, row = self.landscape.column("entry", "iri"), self.landscape.row("entry", cluster)
        return [iris[n] for n in self._related("entry_entry", row)]

    def direct_members(self, cluster: str) -> list[int]:
        """Return the organisations that are directly in a cluster, as rows."""
        return self._related("entry_organisation", self.landscape.row("entry", cluster))

    def _related(self, table: str, row: int) -> list[int]:
        chosen = self.landscape.pairs(table, "subject") == row
        return [int(n) for n in self.landscape.pairs(table, "object")[chosen]]

    def objects(self, subject: str, *names: str) -> list[str]:
        """Return the IRIs that properties of the ontology lead to, in order."""
        return sorted({iri for name in names for iri, _ in self._said(subject, name)})

    def stated(self, subject: str, name: str) -> list[str]:
        """Return the IRIs that a property leads to by a statement that is not inferred."""
        inferred = Identifiers(self.base).graph("inferred")
        return sorted({iri for iri, graph in self._said(subject, name) if graph != inferred})

    def _said(self, subject: str, name: str) -> Iterator[tuple[str, str]]:
        """Yield the IRIs that a property leads to, each with the graph that says so."""
        term = pyoxigraph.NamedNode(ontology_namespace(self.base) + name)
        for quad in self.store.quads_for_pattern(pyoxigraph.NamedNode(subject), term, None):
            thing, graph = quad.object, quad.graph_name
            if isinstance(thing, pyoxigraph.NamedNode):
                yield thing.value, graph.value if isinstance(graph, pyoxigraph.NamedNode) else ""

    def concepts(self, iris: Iterable[str]) -> list[tuple[str, int]]:
        """Return technologies that are known, with the concept that stands for each."""
        rows, canonical = self.landscape.rows("concept"), self.landscape.canonical
        return [(iri, int(canonical[rows[iri]])) for iri in iris if iri in rows]

    def holdings(self, view: View) -> list[Holding]:
        """Return who in a cluster holds which technologies."""
        found = [h for part in view.parts for h in self._mastered_by_cluster(part)]
        for row in view.members:
            found += self._mastered(row)
            found += self._practised(row)
        return found + [
            Holding(party, concept, "offers", 1, said)
            for kind in ("Offer", "Service")
            for party, concept, said in self._listed(view, kind)
        ]

    def _mastered_by_cluster(self, cluster: str) -> Iterator[Holding]:
        for iri, concept in self.concepts(self.objects(cluster, "masters")):
            said = (Statement(cluster, "masters", iri),)
            yield Holding(cluster, concept, "masters", 1, said)

    def _mastered(self, row: int) -> Iterator[Holding]:
        iri = self.landscape.column("organisation", "iri")[row]
        for technology, concept in self.concepts(self.objects(iri, "masters")):
            said = (Statement(iri, "masters", technology),)
            yield Holding(iri, concept, "masters", 1, said)

    def _practised(self, row: int) -> Iterator[Holding]:
        iri = self.landscape.column("organisation", "iri")[row]
        concepts = self.landscape.column("concept", "iri")
        for concept, number in self.landscape.profile.row(row).items():
            said = (Statement(iri, "activeIn", concepts[concept]),)
            yield Holding(iri, concept, "projects", int(number), said)

    def _listed(self, view: View, kind: str) -> Iterator[tuple[str, int, tuple[Statement, ...]]]:
        """Yield party, technology and statements of valid listings of a cluster or its members."""
        entries = self.landscape.column("entry", "iri")
        for row, party in self._listings(view, kind):
            for iri, concept in self.concepts(self.objects(entries[row], "technology")):
                said = (
                    Statement(entries[row], _PARTY[kind], party),
                    Statement(entries[row], "technology", iri),
                )
                yield party, concept, said

    def _listings(self, view: View, kind: str) -> Iterator[tuple[int, str]]:
        members, parts = set(view.members), set(view.parts)
        organisations = self.landscape.column("organisation", "iri")
        entries = self.landscape.column("entry", "iri")
        for row in self._valid(kind):
            for member in self._related("entry_organisation", row):
                if member in members:
                    yield row, organisations[member]
            for other in self._related("entry_entry", row):
                if entries[other] in parts:
                    yield row, entries[other]

    def _valid(self, kind: str) -> list[int]:
        classes, day = self.landscape.column("entry", "classes"), day_number(self.day)
        begin = self.landscape.days("entry", "valid_from")
        end = self.landscape.days("entry", "valid_until")
        open_still = (begin <= day) & (np.where(end < 0, _FOREVER, end) >= day)
        rows = np.flatnonzero(open_still).tolist()
        return [row for row in rows if kind in (classes[row] or ())]

    def needs(self, view: View, holdings: Iterable[Holding]) -> list[Need]:
        """Return what a cluster and its members seek, given what they hold."""
        found = [
            Need(party, concept, "request", said)
            for party, concept, said in self._listed(view, "Request")
        ]
        able = {h.concept for h in holdings if h.kind in ABLE}
        gaps: dict[int, Need] = {}
        for part in view.parts:
            for name in ("sector", "field"):
                for iri, concept in self.concepts(self.stated(part, name)):
                    if not able & self.below(concept):
                        said = (Statement(part, name, iri),)
                        gaps.setdefault(concept, Need(part, concept, "gap", said))
        return [*found, *gaps.values()]

    def below(self, concept: int) -> set[int]:
        """Return the concepts whose holders hold a concept: itself and the narrower ones."""
        landscape = self.landscape
        return {int(landscape.canonical[n]) for n in landscape.below(concept, landscape.narrower)}
