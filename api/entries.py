"""Lists of clusters, offers, requests, services and events: one way for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from fastapi import Query

from api import lookups
from api.forms import Answer
from kg.matching import items, listings, resolving

if TYPE_CHECKING:
    from datetime import date

    from fastapi.responses import Response

    from api.forms import Page
    from kg.matching import Matching

TextQuery = Annotated[
    str | None, Query(alias="q", max_length=1000, description="Words, in any of four languages.")
]
TechnologyQuery = Annotated[
    list[str] | None,
    Query(description="A technology or a narrower one: IRI, slug, notation or label."),
]
OrganisationQuery = Annotated[
    str | None, Query(description="Whose: PIC, key, name or IRI of an organisation.")
]

_SPARQL: Final = """PREFIX atlas: <{ontology}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?entry ?label WHERE {{
  ?entry a atlas:{kind} ; rdfs:label ?label .{more}
}}
ORDER BY ?label ?entry LIMIT {limit}"""


def respond(
    shown: Page,
    name: str,
    kind: str,
    form: str | None,
    *,
    text: str | None = None,
    technology: list[str] | None = None,
    country: list[str] | None = None,
    region: str | None = None,
    organisation: str | None = None,
    on: date | None = None,
    trl: int | None = None,
    bbox: str | None = None,
) -> Response:
    """Answer with the entries of a kind that meet the conditions.

    Raises:
        ParameterError: a condition names something that the release does not have.
    """

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        base, landscape = shown.at.base, matching.landscape
        sought = listings.Sought(
            kind,
            text or "",
            tuple(resolving.technology(matching, t, "technology", base) for t in technology or ()),
            tuple(resolving.place(landscape, c, "country") for c in country or ()),
            resolving.place(landscape, region, "region") if region else None,
            (
                resolving.organisation(matching, organisation, "organisation", base)
                if organisation
                else None
            ),
            on,
            trl,
            lookups.box(bbox),
        )
        return _answer(matching, sought, listings.look_up(matching, sought), shown)

    return lookups.respond(shown, form, name, make)


def _answer(
    matching: Matching, sought: listings.Sought, found: listings.Listed, shown: Page
) -> Answer:
    landscape = matching.landscape
    listed = []
    for row in found.rows[shown.begin : shown.begin + shown.limit]:
        item = items.entry(landscape, row)
        if row in found.scores:
            item["score"] = round(found.scores[row], 6)
        listed.append(item)
    query = {k: v for k, v in vars(sought).items() if v and k != "kind"}
    query = {"q" if k == "text" else k: str(v) if k == "on" else v for k, v in query.items()}
    facets = _facets(matching, found.rows)
    return Answer(len(found.rows), listed, facets, query, {}, _sparql(shown, sought))


def _facets(matching: Matching, rows: list[int]) -> dict[str, list[dict[str, Any]]]:
    landscape = matching.landscape
    chosen = np.isin(landscape.pairs("entry_technology", "subject"), rows)
    iris, labels = landscape.column("concept", "iri"), landscape.column("concept", "label")
    having = landscape.pairs("entry_technology", "object")[chosen].tolist()
    named = {iris[n]: labels[n] or "" for n in having}
    classes = landscape.column("entry", "classes")
    return {
        "country": items.place_facet(landscape, "entry", "country", rows),
        "technology": items.value_facet((iris[n] for n in having), named)[:50],
        "type": items.value_facet(c for n in rows for c in classes[n] or ()),
    }


def _sparql(shown: Page, sought: listings.Sought) -> str:
    more = ""
    if sought.technologies:
        listed = " ".join(f"<{t}>" for t in sought.technologies)
        more += (
            f"\n  VALUES ?technology {{ {listed} }}"
            "\n  ?entry atlas:technology|atlas:sector|atlas:field|atlas:canOffer ?technology ."
        )
    if sought.country:
        listed = " ".join(f"<{c}>" for c in sought.country)
        more += f"\n  VALUES ?country {{ {listed} }} ?entry atlas:locatedIn ?country ."
    ontology = f"{shown.at.base}ontology#"
    return _SPARQL.format(ontology=ontology, kind=sought.kind, more=more, limit=shown.limit)
