"""`/competences`: who masters a technology or what a text describes, ranked, with reasons."""

# ruff: noqa: TC001, TC002, TC003 - FastAPI reads annotations at run time.
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import Response

from api import lookups, organisations, rankings
from api.forms import Answer
from api.linked import LanguageQuery, readable
from api.lookuppool import LookUpPool
from api.lookups import (
    RESPONSES,
    BoxQuery,
    CountryQuery,
    CursorQuery,
    LimitQuery,
    RegionQuery,
)
from api.organisations import (
    ClusterQuery,
    ExplainQuery,
    HiddenQuery,
    KindQuery,
    ProgrammeQuery,
    RunningQuery,
    SmeQuery,
    TrlQuery,
    WhyNotQuery,
)
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
SmeWeightQuery = Annotated[
    float, Query(ge=-2, le=2, description="How much being an SME adds to the score.")
]

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
def list_competences(
    request: Request,
    text: TextQuery = None,
    technology: TechnologyQuery = None,
    region: RegionQuery = None,
    country: CountryQuery = None,
    kind: KindQuery = None,
    sme: SmeQuery = None,
    cluster: ClusterQuery = None,
    programme: ProgrammeQuery = None,
    running: RunningQuery = None,
    bbox: BoxQuery = None,
    trl: TrlQuery = None,
    hidden: HiddenQuery = 0.3,
    sme_weight: SmeWeightQuery = 0.1,
    explain: ExplainQuery = "brief",
    whynot: WhyNotQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: rankings.FormQuery = None,
    lang: LanguageQuery = None,
) -> Response:
    """Rank the organisations that master what is needed.

    Raises:
        ParameterError: neither a text nor a technology, or a parameter names nothing known.
    """
    page = rankings.wanted(request, form)
    if not (text or technology or page):
        raise ParameterError("Give a text (q) or a technology", parameter="q")
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        conditions = organisations.conditions(
            shown.at, region, country, kind, sme, cluster, bbox, trl, programme, running
        )
        concepts = tuple(
            resolving.technology(matching, t, "technology", shown.at.base) for t in technology or ()
        )
        need = competences.Need(text or "", concepts, conditions, hidden, sme_weight)

        def look_up(other: Conditions) -> competences.Found:
            asked = replace(need, conditions=other)
            return lookups.found(shown.at, asked, lambda: competences.look_up(matching, asked))

        found = look_up(conditions)
        asked = {
            "q": text,
            "technology": list(concepts),
            "hidden": hidden,
            "sme_weight": sme_weight,
        }
        sparql = _sparql(shown, matching.landscape, found, conditions.country)
        view = organisations.Shown(shown, explain, whynot, sparql)
        return organisations.answer(matching, found, view, conditions, asked, look_up)

    if page:
        return rankings.page(shown, "competences", lang, make)
    return lookups.respond(shown, form, "competences", make)


def _sparql(shown: Any, landscape: Any, found: Any, countries: tuple[str, ...]) -> str:
    """Return a SPARQL query for the countable part of the look-up: projects with the concepts."""
    if not found.meant:
        return ""
    iris = " ".join(f"<{landscape.column('concept', 'iri')[m.concept]}>" for m in found.meant)
    more = ""
    if countries:
        listed = " ".join(f"<{c}>" for c in countries)
        more = f"\n  VALUES ?country {{ {listed} }} ?organisation atlas:locatedIn ?country ."
    ontology = f"{shown.at.base}ontology#"
    return _SPARQL.format(ontology=ontology, concepts=iris, more=more, limit=shown.limit)
