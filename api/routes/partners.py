"""`/partners`: who fits with an organisation, with a described project, or with both."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api import equivalents, lookups, organisations, rankings
from api.forms import Answer, Page
from api.linked import readable
from api.lookups import RESPONSES
from api.organisations import Ranked
from kg.errors import ParameterError
from kg.matching import partners, resolving
from kg.matching.competences import Found
from kg.matching.conditions import Conditions

router = APIRouter(tags=["matchmaking"])

OrganisationQuery = Annotated[
    str | None, Query(description="The organisation that seeks: PIC, key, name or IRI.")
]
TextQuery = Annotated[
    str | None, Query(alias="q", max_length=10_000, description="What the project is about.")
]
TopicQuery = Annotated[
    str | None, Query(description="The call's topic, such as HORIZON-CL5-2024-D3-01-05.")
]
PastQuery = Annotated[
    Literal["exclude", "include", "only"],
    Query(description="What to do with those it worked with already."),
]


class Subject(BaseModel):
    """What partners are sought for; its parameters come first."""

    organisation: OrganisationQuery = None
    text: TextQuery = None
    topic: TopicQuery = None
    past: PastQuery = "exclude"


class Asked(Ranked, Subject):
    """The parameters of the look-up."""


_SPARQL: Final = """PREFIX atlas: <{ontology}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?candidate (SAMPLE(?name) AS ?label) (COUNT(DISTINCT ?common) AS ?partners) WHERE {{
  <{organisation}> atlas:participatesIn/atlas:hasParticipant ?common .
  ?common atlas:participatesIn/atlas:hasParticipant ?candidate .
  ?candidate rdfs:label ?name .
  FILTER(?common != <{organisation}> && ?candidate != ?common)
  FILTER(?candidate != <{organisation}>){more}
}}
GROUP BY ?candidate ORDER BY DESC(?partners) LIMIT {limit}"""
_PAST: Final = "EXISTS {{ <{organisation}> atlas:participatesIn/atlas:hasParticipant ?candidate }}"


@readable(
    router,
    "/partners",
    "Who fits with an organisation or a described project",
    responses=rankings.described(RESPONSES),
)
def list_partners(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Rank the organisations that fit.

    Raises:
        ParameterError: neither an organisation nor a text, or a parameter names nothing known.
    """
    page = rankings.wanted(request, asked.form)
    if not (asked.organisation or asked.text or page):
        detail = "Give the organisation that seeks partners, or a text (q), or both"
        raise ParameterError(detail, parameter="organisation")
    shown = lookups.page(request, asked.cursor, asked.limit)
    if page:
        return rankings.page(shown, "partners", asked.lang, lambda: _answer(shown, asked))
    return lookups.respond(shown, asked.form, "partners", lambda: _answer(shown, asked))


def _answer(shown: Page, asked: Asked) -> Answer:
    matching = lookups.matching(shown.at)
    conditions = organisations.conditions(shown.at, asked)
    seed = None
    if asked.organisation:
        seed = resolving.organisation(matching, asked.organisation, "organisation", shown.at.base)
    search = partners.Search(
        organisation=seed,
        text=asked.text or "",
        topic=asked.topic,
        conditions=conditions,
        past=asked.past,
        hidden=asked.hidden,
        sme_weight=asked.sme_weight,
    )

    def look_up(other: Conditions) -> Found:
        question = replace(search, conditions=other)
        return lookups.found(shown.at, question, lambda: partners.look_up(matching, question))

    found = look_up(conditions)
    query = {
        "organisation": seed,
        "q": asked.text,
        "topic": asked.topic,
        "past": asked.past,
        "hidden": asked.hidden,
    }
    sparql = _sparql(shown, seed, asked.past, conditions) if seed else ""
    view = organisations.Shown(shown, asked, sparql)
    return organisations.answer(matching, found, view, conditions, query, look_up)


def _sparql(shown: Page, seed: str, past: str, asked: Conditions) -> str:
    """Return a SPARQL query for the countable part of the look-up: partners of partners."""
    lines = equivalents.organisations("?candidate", asked)
    if past != "include":
        there = "NOT " if past == "exclude" else ""
        lines.append(f"FILTER {there}{_PAST.format(organisation=seed)}")
    more = "".join(f"\n  {line}" for line in lines)
    ontology = f"{shown.at.base}ontology#"
    return _SPARQL.format(ontology=ontology, organisation=seed, more=more, limit=shown.limit)
