"""`/technologies`: the tree of technologies with how many projects and organisations have them."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import equivalents, lookups, reasons
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

_LIKENESS: Final = (
    "likeness of the words to a label in any language, 0.98 of it if not preferred,"
    " 0.94 of it if of the words in English"
)


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
        scores: dict[int, concepts.Match] = {}
        base = shown.at.base
        iri = resolving.technology(matching, broader, "broader", base) if broader else None
        if text:
            found = concepts.find(matching, text, 100)
            scores = {m.concept: m for m in found}
            rows = list(scores)
        else:
            rows = _below(matching, iri)
        listed = [
            _item(matching.landscape, row) | _why(shown, matching.landscape, scores.get(row))
            for row in rows[shown.begin : shown.begin + shown.limit]
        ]
        query = {k: v for k, v in {"q": text, "broader": iri}.items() if v}
        sparql = equivalents.concepts(shown.at.base, text, iri, shown.limit)
        return Answer(len(rows), listed, {}, query, {}, sparql)

    return lookups.respond(shown, form, "technologies", make)


def _why(shown: Page, landscape: Landscape, match: concepts.Match | None) -> dict[str, Any]:
    """Return the score of a technology that was found by a text, and the label that it is like."""
    if match is None:
        return {}
    # The label may be that of another concept that is the same.
    same = np.flatnonzero(landscape.canonical == landscape.canonical[match.concept]).tolist()
    iris = landscape.column("concept", "iri")
    said = [s for n in same for s in reasons.named(shown.at, iris[n], match.label)]
    reason = reasons.term("label", match.score, _LIKENESS, match.label, said)
    return {"score": round(match.score, 6), "explanation": [reason]}


def _below(matching: Matching, broader: str | None) -> list[int]:
    """Return the concepts directly below one, or below none, by label."""
    landscape = matching.landscape
    if broader:
        rows = list(landscape.narrower.get(landscape.row("concept", broader), ()))
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
