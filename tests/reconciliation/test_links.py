from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph

from kg import links
from kg.reconciliation.entities import CLUSTER, ORGANISATION
from kg.reconciliation.index import Index
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.reconciliation.entities import Entity

NS = DEFAULT_BASE + "ontology#"


def test_candidates_come_with_their_evidence(entity: Callable[..., Entity]) -> None:
    """Participants registered twice, entries of the register and managers are asked about."""
    entities = [
        entity("1", "Acme SpA", pic="900000001", vat="IT1", country="ITA", city="roma"),
        entity("2", "ACME S.p.A.", pic="900000002", country="ITA", city="roma"),
        entity("3", "Acme", ror="03x57gn41", country="ITA", city="roma"),
        entity("4", "Acme", ror="03x57gn42", country="FRA"),
        entity("5", "Light Valley GmbH", pic="900000005", country="DEU", web="light.de"),
        entity("6", "Light Valley Cluster", CLUSTER, country="DEU", web="light.de"),
        entity("7", "Harbour", CLUSTER, country="DEU"),
        entity("8", "Harbour", ORGANISATION, pic="900000008", country="DEU"),
    ]
    store = pyoxigraph.Store()
    store.add(
        pyoxigraph.Quad(
            pyoxigraph.NamedNode(entities[6].iri),
            pyoxigraph.NamedNode(NS + "managedBy"),
            pyoxigraph.NamedNode(entities[7].iri),
            pyoxigraph.DefaultGraph(),
        )
    )
    found = links.candidates(Index(entities, lambda _: None), store, DEFAULT_BASE)

    assert [(one.kind, one.one[-1], one.other[-1], one.ambiguous) for one in found] == [
        (links.DUPLICATE, "1", "2", False),
        (links.MANAGER, "6", "5", False),
        (links.REGISTER, "1", "3", True),
        (links.REGISTER, "2", "3", True),
    ]
    assert found[0].evidence["name"] == 1.0
    assert found[1].evidence["web"] == 1.0
