"""Lists of clusters, offers, requests, services and events: one way for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from fastapi import Query

from api import equivalents, lookups, reasons
from api.forms import Answer
from kg.matching import items, listings, resolving

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from fastapi.responses import Response

    from api.forms import Page
    from kg.matching import Matching
    from kg.matching.conditions import Mask
    from kg.matching.landscape import Landscape

TextQuery = Annotated[
    str | None, Query(alias="q", max_length=1000, description="Words, in any of four languages.")
]
TechnologyQuery = Annotated[
    list[str] | None,
    Query(description="A technology or a narrower one: IRI, slug, notation or label."),
]
TypeQuery = Annotated[
    list[str] | None,
    Query(alias="type", description="A class, such as CapacityOffer; any of several."),
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
    types: list[str] | None = None,
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
            tuple(types or ()),
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


_FACETS: Final = 50
_PARAMETERS: Final = {"text": "q", "technologies": "technology", "types": "type"}
_BY_WORDS: Final = "likeness of the words to the name or text of the entry, rare words more"
_BY_CONCEPT: Final = "likeness of the words to a label of the technology; weight: 1 - text"


def _facets(matching: Matching, rows: list[int]) -> dict[str, list[dict[str, Any]]]:
    """Return for each value how many of the rows are left with it as a further condition."""
    landscape = matching.landscape
    classes = landscape.column("entry", "classes")
    about = {n: listings.about(landscape, (n,)) for n in _stated(landscape, rows)}
    iris = landscape.column("place", "iri")
    seats = {n: landscape.located("entry", iris[n]) for n in _countries(landscape, rows)}
    return {
        "country": _counted(landscape, "place", seats, rows),
        "technology": _counted(landscape, "concept", about, rows),
        "type": items.value_facet(c for n in rows for c in classes[n] or ()),
    }


def _stated(landscape: Landscape, rows: list[int]) -> set[int]:
    chosen = np.isin(landscape.pairs("entry_technology", "subject"), rows)
    return set(landscape.pairs("entry_technology", "object")[chosen].tolist())


def _countries(landscape: Landscape, rows: list[int]) -> set[int]:
    """Return the countries of the seats of some rows, further seats included."""
    own = set(landscape.places("entry", "country")[rows].tolist()) - {landscape.size("place")}
    chosen = np.isin(landscape.pairs("entry_seat", "subject"), rows)
    nuts = landscape.column("place", "nuts")
    further = landscape.pairs("entry_seat", "object")[chosen].tolist()
    return own | {n for n in further if nuts[n] is None}


def _counted(
    landscape: Landscape, table: str, masks: Mapping[int, Mask], rows: list[int]
) -> list[dict[str, Any]]:
    """Return how many of some rows each thing of a table has, the most first."""
    iris, labels = landscape.column(table, "iri"), landscape.column(table, "label")
    counts = {n: int(np.count_nonzero(mask[rows])) for n, mask in masks.items()}
    order = sorted(counts, key=lambda n: (-counts[n], iris[n]))[:_FACETS]
    return [{"value": iris[n], "label": labels[n] or "", "count": counts[n]} for n in order]
