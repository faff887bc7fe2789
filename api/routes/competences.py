"""`/competences`: who masters a technology or what a text describes, ranked, with reasons."""

# ruff: noqa: TC001, TC002, TC003 - FastAPI reads annotations at run time.
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api import equivalents, lookups, mentions, organisations, rankings
from api.forms import Answer, Page
from api.linked import readable
from api.lookuppool import LookUpPool
from api.lookups import RESPONSES
from api.organisations import HiddenQuery, Ranked, SmeWeightQuery
from kg.errors import ParameterError
from kg.matching import Matching, competences, resolving
from kg.matching.conditions import Conditions
from kg.matching.landscape import today

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


_SPARQL: Final = """{prologue}SELECT ?organisation (SAMPLE(?name) AS ?label)
  (COUNT(DISTINCT ?reason) AS ?reasons)
WHERE {{
{branches}
?organisation a atlas:Organisation ; rdfs:label ?name .{more}
}}
GROUP BY ?organisation ORDER BY DESC(?reasons) ?organisation LIMIT {limit}"""
_MEMBER: Final = "?organisation atlas:participatesIn ?reason ."
_MASTERED: Final = "?organisation atlas:masters ?technology . BIND(?technology AS ?reason)"
_OFFERING: Final = f"""VALUES ?offering {{ atlas:Service atlas:Offer atlas:Facility }}
?reason a ?offering ; {equivalents.ABOUT} ?technology ; {equivalents.PARTY} ?organisation ."""


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
    sparql = _sparql(shown, matching, found, conditions)
    view = organisations.Shown(shown, asked, sparql)
    return organisations.answer(matching, found, view, conditions, query, look_up)


def _sparql(shown: Page, matching: Matching, found: competences.Found, asked: Conditions) -> str:
    """Return a SPARQL query for who has to do with it, by the number of reasons.

    Reasons are projects, offers and what is mastered, of the technologies meant and narrower ones,
    and as many projects with most of the words as the look-up reads.
    """
    counting = equivalents.projects("?reason", asked, today().isoformat())
    branches = []
    if found.meant:
        iris = matching.landscape.column("concept", "iri")
        within = equivalents.narrower("?technology", [iris[m.concept] for m in found.meant])
        having = ["?reason a atlas:Project ; atlas:field ?technology .", *counting, _MEMBER]
        branches.append([*within, _either([having, [_MASTERED], [_OFFERING]])])
    if words := mentions.words(matching, found.text, found.meant):
        said = "\n".join([*mentions.lines("?reason", words), *counting])
        best = f"GROUP BY ?reason ORDER BY DESC(SUM(?said)) ?reason LIMIT {competences.FETCHED}"
        branches.append([f"{{ SELECT ?reason WHERE {{\n{said}\n}} {best} }}", _MEMBER])
    if not branches:
        return ""
    conditions = equivalents.organisations("?organisation", asked)
    return _SPARQL.format(
        prologue=equivalents.PROLOGUE.format(ontology=f"{shown.at.base}ontology#"),
        branches=_either(branches),
        more="".join(f"\n{line}" for line in conditions),
        limit=shown.limit,
    )


def _either(branches: list[list[str]]) -> str:
    """Return a group for each of some lists of lines, of which one holds."""
    return " UNION ".join("{\n" + "\n".join(lines) + "\n}" for lines in branches)
