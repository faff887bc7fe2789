"""Lists of clusters, offers, requests, services and events: one way for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from fastapi import Query

from api import equivalents, lookups, reasons
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
            score = found.scores[row]
            item["score"] = round(score.value, 6)
            item["explanation"] = _explanation(matching, row, score, shown, sought.text)
        listed.append(item)
    query = {_PARAMETERS.get(k, k): v for k, v in vars(sought).items() if v and k != "kind"}
    if sought.on:
        query["on"] = sought.on.isoformat()
    facets = _facets(matching, found.rows)
    sparql = equivalents.listing(shown.at.base, sought, shown.limit)
    return Answer(len(found.rows), listed, facets, query, {}, sparql)


def _explanation(
    matching: Matching, row: int, score: listings.Score, shown: Page, text: str
) -> list[dict[str, Any]]:
    """Return the terms of an entry's score, the largest first."""
    iri = matching.landscape.column("entry", "iri")[row]
    found = []
    if score.words:
        piece = matching.entries.marker(text).piece(score.told)
        said = reasons.named(shown.at, iri, score.told)
        found.append(reasons.term("text", score.words, _BY_WORDS, piece or score.told[:160], said))
    if score.concept is not None:
        technology = listings.stated(matching.landscape, row, score.concept)
        label = matching.landscape.column("concept", "label")[score.concept] or ""
        said = reasons.leading(shown.at, iri, technology)
        weight = 1 - score.words
        found.append(reasons.term("technology", score.technology, _BY_CONCEPT, label, said, weight))
    return sorted(found, key=lambda term: -term["contribution"])


_PARAMETERS: Final = {"text": "q", "technologies": "technology"}
_BY_WORDS: Final = "likeness of the words to the name or text of the entry, rare words more"
_BY_CONCEPT: Final = "likeness of the words to a label of the technology; weight: 1 - text"


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
