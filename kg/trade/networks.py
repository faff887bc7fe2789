"""A cluster of clusters seen as a whole: its parts, their members, what they share and lack.

| part of the view | what it is |
|---|---|
| items | the member clusters, each with its members by country and what only it can do |
| technologies | who of the member clusters masters or offers what: shared, or of one alone |
| gaps | sectors and fields of the network, or requests in it, for which nobody is there |
| projects | joint projects: of two member clusters, or of different members of two of them |
| alliances | pairs of member clusters that are allied, and clusters outside that are |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from kg.matching import items
from kg.matching.explanation import Statement
from kg.trade import complementarity
from kg.trade.clusters import ABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kg.trade.clusters import Clusters, Holding, Need, View


@dataclass(frozen=True)
class Joint:
    """A project that joins parts of a network: itself, and which parts take part in it."""

    project: str
    label: str | None
    parts: tuple[str, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Network:
    """A network with the views of its parts and what each of them holds."""

    view: View
    parts: Mapping[str, View]
    holdings: Mapping[str, list[Holding]]
    gaps: list[Need]
    joint: list[Joint]

    def able(self, part: str) -> set[int]:
        """Return the technologies that a part masters or offers."""
        return {h.concept for h in self.holdings[part] if h.kind in ABLE}


def network(clusters: Clusters, iri: str) -> Network:
    """Return a network by its IRI; a cluster without member clusters is a network of itself.

    Raises:
        NotFoundError: this release has no such cluster.
    """
    view = clusters.view(iri)
    parts = {part: clusters.view(part) for part in clusters.member_clusters(iri) or [iri]}
    holdings = {part: clusters.holdings(own) for part, own in parts.items()}
    whole = clusters.holdings(view)
    gaps = [n for n in clusters.needs(view, whole) if not _held(clusters, n, whole)]
    return Network(view, parts, holdings, gaps, _joint(clusters, parts))


def _held(clusters: Clusters, need: Need, holdings: Iterable[Holding]) -> bool:
    below = clusters.below(need.concept)
    return any(h.kind in ABLE and h.concept in below for h in holdings)


def _joint(clusters: Clusters, parts: Mapping[str, View]) -> list[Joint]:
    """Return projects in which two parts or more take part: themselves, or members of theirs.

    One organisation that is a member of two clusters does not join them.
    """
    taking: dict[str, dict[str, list[Statement]]] = defaultdict(lambda: defaultdict(list))
    for part, view in parts.items():
        for said in _projects(clusters, view):
            taking[said.object][part].append(said)
    rows, labels = clusters.landscape.rows("project"), clusters.landscape.column("project", "label")
    found = []
    for iri, of in taking.items():
        statements = tuple(dict.fromkeys(s for own in of.values() for s in own))
        if len(of) > 1 and len({s.subject for s in statements}) > 1:
            label = labels[rows[iri]] if iri in rows else None
            found.append(Joint(iri, label, tuple(sorted(of)), statements))
    return sorted(found, key=lambda j: (-len(j.parts), j.project))


def _projects(clusters: Clusters, view: View) -> Iterator[Statement]:
    """Yield who of a cluster takes part in which project: clusters, then members."""
    for cluster in view.parts:
        for project in clusters.objects(cluster, "clusterProject"):
            yield Statement(cluster, "clusterProject", project)
    landscape = clusters.landscape
    iris, names = landscape.column("project", "iri"), landscape.column("organisation", "iri")
    for row in view.members:
        for project in landscape.projects.row(row).tolist():
            yield Statement(names[row], "participatesIn", iris[project])


def part(clusters: Clusters, found: Network, iri: str) -> dict[str, Any]:
    """Return what is shown of a part; its score is how much only it brings.

    The score is the sum of the information content of the technologies that no other part masters.
    """
    view, own = found.parts[iri], found.able(iri)
    others = {c for other in found.parts if other != iri for c in found.able(other)}
    unique = sorted(own - others)
    information = clusters.landscape.information
    said = [
        s._asdict()
        for h in found.holdings[iri]
        if h.kind in ABLE and h.concept in unique
        for s in h.statements
    ]
    rows = np.array(view.members, np.int64)
    return complementarity.about(clusters, view) | {
        "score": round(float(sum(information[c] for c in unique)), 6),
        "countries": items.place_facet(clusters.landscape, "organisation", "country", rows),
        "technologies": [complementarity.technology(clusters, c) for c in sorted(own)],
        "unique": [complementarity.technology(clusters, c) for c in unique],
        "joint_projects": sum(iri in j.parts for j in found.joint),
        "explanation": [
            {
                "term": "unique",
                "value": round(float(sum(information[c] for c in unique)), 6),
                "weight": 1.0,
                "contribution": round(float(sum(information[c] for c in unique)), 6),
                "formula": "sum over technologies that only it masters or offers: "
                "log2(projects / projects with it)",
                "statements": said,
            }
        ],
    }


def shared(clusters: Clusters, found: Network) -> list[dict[str, Any]]:
    """Return the technologies in the network with the parts that master or offer each."""
    counted = Counter(c for iri in found.parts for c in found.able(iri))
    return [
        complementarity.technology(clusters, concept)
        | {"clusters": [iri for iri in found.parts if concept in found.able(iri)]}
        for concept, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def joint(found: Network) -> list[dict[str, Any]]:
    """Return what is shown of joint projects."""
    return [
        {
            "id": j.project,
            "label": j.label,
            "clusters": list(j.parts),
            "statements": [s._asdict() for s in j.statements],
        }
        for j in found.joint
    ]


def alliances(clusters: Clusters, found: Network) -> dict[str, list[list[str]]]:
    """Return the pairs of parts that are allied, and those of a part with a cluster outside."""
    allied = {iri: set(clusters.objects(iri, "alliedWith")) for iri in found.parts}
    inside = [[a, b] for a, b in combinations(found.parts, 2) if b in allied[a] or a in allied[b]]
    outside = [[a, b] for a in found.parts for b in sorted(allied[a] - set(found.parts))]
    return {"inside": inside, "outside": outside}
