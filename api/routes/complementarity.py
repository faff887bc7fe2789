"""`/complementarity`: what each of two clusters masters that the other seeks."""

# ruff: noqa: TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import lookups
from api.forms import Answer
from api.linked import readable
from api.lookups import RESPONSES, CursorQuery, FormQuery, LimitQuery
from kg.errors import ParameterError
from kg.matching import items, resolving
from kg.matching.landscape import today
from kg.trade import complementarity
from kg.trade.clusters import Clusters

router = APIRouter(tags=["matchmaking"])

OneQuery = Annotated[str, Query(alias="a", description="A cluster: key, name or IRI.")]
OtherQuery = Annotated[str, Query(alias="b", description="The other cluster.")]
DateQuery = Annotated[
    date | None, Query(alias="date", description="When offers and requests are valid; else today.")
]

_SPARQL: Final = """PREFIX atlas: <{ontology}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?technology ?label ?giver ?taker WHERE {{
  VALUES (?giver ?taker) {{ (<{one}> <{other}>) (<{other}> <{one}>) }}
  ?giver atlas:canOffer ?technology . ?technology rdfs:label ?label .
  FILTER(LANG(?label) = "en")
  {{ ?taker atlas:sector|atlas:field ?technology }}
  UNION
  {{ ?request a atlas:Request ; atlas:technology ?technology ; atlas:party/atlas:memberOf* ?taker }}
}}
ORDER BY ?label LIMIT {limit}"""


@readable(router, "/complementarity", "What two clusters can give each other", responses=RESPONSES)
def list_complements(
    request: Request,
    one: OneQuery,
    other: OtherQuery,
    day: DateQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List technologies that one cluster holds and the other seeks, best first.

    Raises:
        ParameterError: a cluster that the release does not have; it names candidates. Or the same
            cluster twice.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        landscape, base = lookups.matching(shown.at).landscape, shown.at.base
        iris = [
            resolving.entry(landscape, text, "Cluster", name, base)
            for name, text in (("a", one), ("b", other))
        ]
        if iris[0] == iris[1]:
            detail = f"a and b are the same cluster, {iris[0]}; two are compared"
            raise ParameterError(detail, parameter="b")
        clusters = Clusters(landscape, shown.at.opened.store, base, day or today())
        found = complementarity.compare(clusters, *iris)
        page = found.gifts[shown.begin : shown.begin + shown.limit]
        listed = [complementarity.shown(clusters, gift) for gift in page]
        more = {
            "clusters": [complementarity.about(clusters, clusters.view(iri)) for iri in iris],
            "unmet": complementarity.needed(clusters, found.unmet),
            "shared": [complementarity.technology(clusters, n) for n in found.shared],
            "only": {
                iri: [complementarity.technology(clusters, n) for n in rows]
                for iri, rows in found.only.items()
            },
        }
        facets = {"to": items.value_facet(gift.taker for gift in found.gifts)}
        query = {"a": iris[0], "b": iris[1], "date": clusters.day.isoformat()}
        sparql = _SPARQL.format(
            ontology=f"{base}ontology#", one=iris[0], other=iris[1], limit=shown.limit
        )
        return Answer(len(found.gifts), listed, facets, query, more, sparql)

    return lookups.respond(shown, form, "complementarity", make)
