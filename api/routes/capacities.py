"""`/capacities`: offers against requests, bottlenecks, and the best assignment."""

# ruff: noqa: TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import equivalents, lookups
from api.forms import Answer
from api.linked import readable
from api.lookups import RESPONSES, CursorQuery, FormQuery, LimitQuery
from kg.matching import items, resolving
from kg.matching.landscape import today
from kg.trade import capacities

router = APIRouter(tags=["matchmaking"])

ProductQuery = Annotated[
    str | None, Query(max_length=200, description="Products with this in their name.")
]
TechnologyQuery = Annotated[
    str | None, Query(description="A technology or a narrower one: IRI, slug, notation or label.")
]
CountryQuery = Annotated[
    list[str] | None,
    Query(description="Show what comes from or goes to these countries; all takes part."),
]
DateQuery = Annotated[
    date | None, Query(alias="date", description="When offers and requests are valid; else today.")
]

_SPARQL: Final = """PREFIX atlas: <{ontology}>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?product ?unit ?kind ?country (SUM(?quantity) AS ?total) WHERE {{
  VALUES ?kind {{ atlas:Offer atlas:Request }}
  ?listing a ?kind ; atlas:product ?product ; atlas:quantity ?quantity .{more}
  OPTIONAL {{ ?listing atlas:unit ?unit }}
  OPTIONAL {{ ?listing atlas:country ?country }}
}}
GROUP BY ?product ?unit ?kind ?country ORDER BY ?product ?country ?kind LIMIT {limit}"""


@readable(router, "/capacities", "Offers against requests", responses=RESPONSES)
def list_capacities(
    request: Request,
    product: ProductQuery = None,
    technology: TechnologyQuery = None,
    country: CountryQuery = None,
    day: DateQuery = None,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """Show the best assignment as items; totals and bottlenecks by product are in `products`.

    Raises:
        ParameterError: a technology or country that the release does not have.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        base, landscape = shown.at.base, matching.landscape
        concept, below = None, None
        if technology:
            concept = resolving.technology(matching, technology, "technology", base)
            row = int(landscape.canonical[landscape.row("concept", concept)])
            under = landscape.below(row, landscape.narrower)
            below = {int(landscape.canonical[n]) for n in under}
        wanted = {resolving.place(landscape, c, "country") for c in country or ()}
        on = day or today()
        found = capacities.look_up(landscape, on, product, below)
        places = landscape.column("place", "iri"), landscape.column("place", "label")
        labels = {iri: label for iri, label in zip(*places, strict=True) if label}
        all_of_them = [a for market in found.markets for a in market.assignments]
        listed = capacities.touching(all_of_them, wanted)
        more = {
            "products": [capacities.totals(market, labels) for market in found.markets],
            "units": found.units,
            "unusable": [each._asdict() for each in found.unusable],
        }
        page = [capacities.shown(a) for a in listed[shown.begin : shown.begin + shown.limit]]
        facets = {
            "country": items.value_facet((a.request.country for a in listed), labels),
            "offer_country": items.value_facet((a.offer.country for a in listed), labels),
            "product": items.value_facet(a.request.product for a in listed),
        }
        asked = {"product": product, "technology": concept, "country": sorted(wanted)}
        query = {k: v for k, v in asked.items() if v}
        query["date"] = on.isoformat()
        sparql = _sparql(base, asked, on.isoformat(), shown.limit)
        return Answer(len(listed), page, facets, query, more, sparql)

    return lookups.respond(shown, form, "capacities", make)


def _sparql(base: str, asked: dict[str, Any], day: str, limit: int) -> str:
    """Return a SPARQL query for the totals of what takes part, from all countries."""
    lines = equivalents.valid("?listing", day)
    if asked["technology"]:
        within = equivalents.narrower("?technology", [asked["technology"]])
        inside = " ".join([*within, f"?listing {equivalents.ABOUT} ?technology ."])
        lines.append(f"{{ SELECT DISTINCT ?listing WHERE {{ {inside} }} }}")
    if asked["product"]:
        lines.append(equivalents.containing("?product", asked["product"]))
    more = "".join(f"\n  {line}" for line in lines if line)
    return _SPARQL.format(ontology=f"{base}ontology#", more=more, limit=limit)
