"""`/technologies`: the tree of technologies with how many projects and organisations have them."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import lookups
from api.forms import Answer, Page
from api.linked import readable
from api.lookups import RESPONSES, CursorQuery, FormQuery, LimitQuery
from kg.matching import Matching, concepts, items, resolving
from kg.matching.landscape import Landscape

router = APIRouter(tags=["technologies"])

TextQuery = Annotated[
    str | None, Query(alias="q", max_length=1000, description="Words, in any of four languages.")
]
BroaderQuery = Annotated[
    str | None, Query(description="Only those directly below: IRI, slug, notation or label.")
]


@readable(router, "/technologies", "The tree of technologies with counts", responses=RESPONSES)
def list_technologies(
    request: Request,
    text: TextQuery = None,
    broader: BroaderQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List what a text may mean, what is below a technology, or the tops of the tree."""
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        scores: dict[int, float] = {}
        if text:
            found = concepts.find(matching, text, 100)
            scores = {m.concept: round(m.score, 6) for m in found}
            rows = list(scores)
        else:
            rows = _below(matching, broader, shown)
        listed = [
            _item(matching.landscape, row) | ({"score": scores[row]} if row in scores else {})
            for row in rows[shown.begin : shown.begin + shown.limit]
        ]
        query = {k: v for k, v in {"q": text, "broader": broader}.items() if v}
        return Answer(len(rows), listed, {}, query, {}, _sparql(shown, broader))

    return lookups.respond(shown, form, "technologies", make)


def _below(matching: Matching, broader: str | None, shown: Page) -> list[int]:
    """Return the concepts directly below one, or below none, by label."""
    landscape = matching.landscape
    if broader:
        iri = resolving.technology(matching, broader, "broader", shown.at.base)
        rows = list(landscape.narrower.get(landscape.row("concept", iri), ()))
    else:
        rows = [n for n in range(landscape.size("concept")) if not landscape.broader.get(n)]
    labels = landscape.column("concept", "label")
    return sorted(rows, key=lambda n: (str(labels[n]).casefold(), n))


def _item(landscape: Landscape, row: int) -> dict[str, Any]:
    iris, labels = landscape.column("concept", "iri"), landscape.column("concept", "label")
    shown = items.concept(landscape, row)
    shown["broader"] = [iris[n] for n in landscape.broader.get(row, ())]
    narrower = sorted(landscape.narrower.get(row, ()), key=lambda n: (str(labels[n]), n))
    shown["narrower"] = [iris[n] for n in narrower]
    return shown


def _sparql(shown: Page, broader: str | None) -> str:
    """Return the tree's statements as SPARQL; a text search has no equivalent."""
    del broader
    return (
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
        f"PREFIX atlas: <{shown.at.base}ontology#>\n"
        "SELECT ?technology ?label ?broader WHERE {\n"
        "  ?technology a atlas:Technology ; skos:prefLabel ?label .\n"
        '  FILTER(LANG(?label) = "en")\n'
        "  OPTIONAL { ?technology skos:broader ?broader }\n"
        f"}} ORDER BY ?label LIMIT {shown.limit}"
    )
