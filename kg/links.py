"""Candidates for links: two things of a release that may be one, or belong together; with reasons.

1. `duplicate`: two participants (PIC) with the same full name in a country, or the same VAT number
   and much the same name: probably registered twice.
2. `register`: a participant and an entry of the research organisation register (ROR) with the same
   full name or web domain in a country.
3. `manager`: a cluster and an organisation with much the same name or the same web domain in a
   country, that the release does not know to belong together.

A candidate is a question to a curator. Nothing here states owl:sameAs or any other link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import NamedNode

from kg.reconciliation.entities import CLUSTER, ORGANISATION, PIC, ROR, VAT
from kg.reconciliation.queries import Query
from kg.terms import ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyoxigraph import Store

    from kg.reconciliation.entities import Entity
    from kg.reconciliation.index import Index
    from kg.reconciliation.scoring import Candidate

DUPLICATE: Final = "duplicate"
REGISTER: Final = "register"
MANAGER: Final = "manager"

_ASKED: Final = ("country", "city", "postcode", "web", VAT)
_LEAST: Final = {DUPLICATE: 0.9, REGISTER: 0.9, MANAGER: 0.5}
"""How alike names are at least, when an identifier or a web domain speaks for the link too."""

_FOUND: Final = 10


class LinkCandidate(NamedTuple):
    """Two things, the participant or the cluster first, and what speaks for a link.

    `score` is that of reconciliation, from 0 to 100; `evidence` its features; `ambiguous` says that
    one of the two has another candidate of the same kind.
    """

    kind: str
    one: str
    other: str
    score: float
    evidence: Mapping[str, float | bool]
    ambiguous: bool


def candidates(index: Index, store: Store, base: str) -> list[LinkCandidate]:
    """Return the candidates of a release by kind, the surest first."""
    found: dict[tuple[str, str, str], LinkCandidate] = {}
    for one in [*_organisations(index), *_clusters(index, store, base)]:
        found.setdefault((one.kind, one.one, one.other), one)
    times: dict[tuple[str, str], int] = {}
    for link in found.values():
        for iri in (link.one, link.other):
            times[link.kind, iri] = times.get((link.kind, iri), 0) + 1
    told = (
        link._replace(ambiguous=times[link.kind, link.one] > 1 or times[link.kind, link.other] > 1)
        for link in found.values()
    )
    return sorted(told, key=lambda c: (c.kind, c.ambiguous, -c.score, c.one, c.other))


def _organisations(index: Index) -> Iterator[LinkCandidate]:
    """Yield duplicates and entries of the register; only who shares something can be either."""
    for entity in index.namesakes((VAT, "web")):
        if PIC not in entity.evidence:
            continue
        for candidate in index.akin(entity, _evidence(index, entity)):
            kind, other = _kind(candidate.entity), candidate.entity.iri
            if kind and _speaks(candidate, kind) and (kind == REGISTER or entity.iri < other):
                yield _link(kind, entity, candidate)


def _clusters(index: Index, store: Store, base: str) -> Iterator[LinkCandidate]:
    """Yield organisations that may manage a cluster, except those known to do so."""
    known = NamedNode(ontology_namespace(base) + "managedBy")
    for entity in index.entities:
        if entity.kind != CLUSTER:
            continue
        managed = {q.object for q in store.quads_for_pattern(NamedNode(entity.iri), known, None)}
        for candidate in _asked(index, entity, ORGANISATION):
            if _speaks(candidate, MANAGER) and NamedNode(candidate.entity.iri) not in managed:
                yield _link(MANAGER, entity, candidate)


def _evidence(index: Index, entity: Entity) -> dict[str, tuple[str, ...]]:
    index.place(entity)
    return {name: entity.evidence[name] for name in _ASKED if name in entity.evidence}


def _asked(index: Index, entity: Entity, kind: str) -> list[Candidate]:
    """Return what reconciliation finds for the name and place of an entity, but for itself."""
    evidence = _evidence(index, entity)
    query = Query(entity.label, frozenset({kind}), limit=_FOUND, evidence=evidence)
    return [c for c in index.search(query) if c.entity is not entity]


def _kind(other: Entity) -> str | None:
    """Return the kind of link that a participant may have with another organisation."""
    if PIC in other.evidence:
        return DUPLICATE
    return REGISTER if ROR in other.evidence else None


def _speaks(candidate: Candidate, kind: str) -> bool:
    """Tell whether the evidence is enough to bother a curator."""
    features = candidate.features
    if features.get("country") == 0.0:
        return False
    alike = float(features.get("name", 0.0))
    backed = features.get(VAT) is True or features.get("web") == 1.0
    return candidate.likeness.exact or (backed and alike >= _LEAST[kind])


def _link(kind: str, entity: Entity, candidate: Candidate) -> LinkCandidate:
    other, score = candidate.entity.iri, round(candidate.score, 2)
    return LinkCandidate(kind, entity.iri, other, score, dict(candidate.features), ambiguous=False)
