"""`/networks/{key}`: a cluster of clusters seen as a whole."""

# ruff: noqa: TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api import lookups
from api.forms import Answer
from api.linked import readable
from api.lookups import RESPONSES, CursorQuery, FormQuery, LimitQuery
from kg.matching import items, resolving
from kg.matching.landscape import today
from kg.trade import complementarity, networks
from kg.trade.clusters import Clusters

router = APIRouter(tags=["clusters"])

KeyPath = Annotated[str, Path(description="The key of the cluster of clusters, or its IRI.")]
DateQuery = Annotated[
    date | None, Query(alias="date", description="When offers and requests are valid; else today.")
]

_SPARQL: Final = """PREFIX atlas: <{ontology}>
SELECT ?cluster ?country (COUNT(DISTINCT ?organisation) AS ?members) WHERE {{
  <{network}> atlas:hasMember ?cluster .
  ?cluster a atlas:Cluster
  OPTIONAL {{ ?cluster atlas:hasMember ?organisation . ?organisation atlas:country ?country }}
}}
GROUP BY ?cluster ?country ORDER BY ?cluster ?country LIMIT {limit}"""


@readable(router, "/networks/{key:path}", "A cluster of clusters as a whole", responses=RESPONSES)
def show_network(
    request: Request,
    key: KeyPath,
    day: DateQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """Show a network: its member clusters as items, those that bring most of their own first.

    Raises:
        NotFoundError: the release has no such cluster.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        landscape, base = lookups.matching(shown.at).landscape, shown.at.base
        row = resolving.known(landscape, "entry", "cluster", key, base)
        iri = landscape.column("entry", "iri")[row]
        clusters = Clusters(landscape, shown.at.opened.store, base, day or today())
        found = networks.network(clusters, iri)
        parts = [networks.part(clusters, found, part) for part in found.parts]
        parts.sort(key=lambda part: (-part["score"], part["id"]))
        members = np.array(found.view.members, np.int64)
        more = {
            "about": complementarity.about(clusters, found.view),
            "technologies": networks.shared(clusters, found),
            "gaps": complementarity.needed(clusters, found.gaps),
            "projects": networks.joint(found),
            "alliances": networks.alliances(clusters, found),
        }
        facets = items.organisation_facets(landscape, members)
        sparql = _SPARQL.format(ontology=f"{base}ontology#", network=iri, limit=shown.limit)
        page = parts[shown.begin : shown.begin + shown.limit]
        query = {"network": iri, "date": clusters.day.isoformat()}
        return Answer(len(parts), page, facets, query, more, sparql)

    return lookups.respond(shown, form, "network", make)
