"""`/competences`: who masters a technology or what a text describes, ranked, with reasons."""

# ruff: noqa: TC001, TC002, TC003 - FastAPI reads annotations at run time.
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api import equivalents, lookups, organisations, rankings
from api.forms import Answer, Page
from api.linked import readable
from api.lookuppool import LookUpPool
from api.lookups import RESPONSES
from api.organisations import HiddenQuery, Ranked, SmeWeightQuery
from kg.errors import ParameterError
from kg.matching import competences, resolving
from kg.matching.conditions import Conditions

router = APIRouter(tags=["matchmaking"])

TextQuery = Annotated[
    str | None,
    Query(
        alias="q", max_length=10_000, description="The need, in English, German, French, Italian."
    ),
]
TechnologyQuery = Annotated[
    list[str] | None,
    Query(description="A technology: IRI, slug, notation or label; any of several."),
]


class Subject(BaseModel):
    """What is sought; its parameters come first."""

    text: TextQuery = None
    technology: TechnologyQuery = None


class Asked(Ranked, Subject):
    """The parameters of the look-up."""

    hidden: HiddenQuery = 0.3
    sme_weight: SmeWeightQuery = 0.1


_SPARQL: Final = """PREFIX atlas: <{ontology}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?organisation (SAMPLE(?name) AS ?label) (COUNT(DISTINCT ?project) AS ?projects) WHERE {{
  VALUES ?technology {{ {concepts} }}
  ?project atlas:field ?technology .
  ?organisation atlas:participatesIn ?project ; rdfs:label ?name .{more}
}}
GROUP BY ?organisation ORDER BY DESC(?projects) LIMIT {limit}"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Have processes for look-ups while the server runs."""
    app.state.lookups = LookUpPool(app.state.settings)
    try:
        yield
    finally:
        await app.state.lookups.stop()


@readable(
    router,
    "/competences",
    "Who masters a technology or a described need",
    responses=rankings.described(RESPONSES),
)
def list_competences(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Rank the organisations that master what is needed.

    Raises:
        ParameterError: neither a text nor a technology, or a parameter names nothing known.
    """
    page = rankings.wanted(request, asked.form)
    if not (asked.text or asked.technology or page):
        raise ParameterError("Give a text (q) or a technology", parameter="q")
    shown = lookups.page(request, asked.cursor, asked.limit)
    if page:
        return rankings.page(shown, "competences", asked.lang, lambda: _answer(shown, asked))
    return lookups.respond(shown, asked.form, "competences", lambda: _answer(shown, asked))


def _answer(shown: Page, asked: Asked) -> Answer:
    matching = lookups.matching(shown.at)
    conditions = organisations.conditions(shown.at, asked)
    concepts = tuple(
        resolving.technology(matching, t, "technology", shown.at.base)
        for t in asked.technology or ()
    )
    need = competences.Need(asked.text or "", concepts, conditions, asked.hidden, asked.sme_weight)

    def look_up(other: Conditions) -> competences.Found:
        question = replace(need, conditions=other)
        return lookups.found(shown.at, question, lambda: competences.look_up(matching, question))

    found = look_up(conditions)
    query = {
        "q": asked.text,
        "technology": list(concepts),
        "hidden": asked.hidden,
        "sme_weight": asked.sme_weight,
    }
    sparql = _sparql(shown, matching.landscape, found, conditions)
    view = organisations.Shown(shown, asked, sparql)
    return organisations.answer(matching, found, view, conditions, query, look_up)


def _sparql(shown: Any, landscape: Any, found: Any, asked: Conditions) -> str:
    """Return a SPARQL query for the countable part of the look-up: projects with the concepts."""
    if not found.meant:
        return ""
    iris = " ".join(f"<{landscape.column('concept', 'iri')[m.concept]}>" for m in found.meant)
    more = "".join(f"\n  {line}" for line in equivalents.organisations("?organisation", asked))
    ontology = f"{shown.at.base}ontology#"
    return _SPARQL.format(ontology=ontology, concepts=iris, more=more, limit=shown.limit)
