"""`/partners`: who fits with an organisation, with a described project, or with both."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import lookups, organisations, rankings
from api.forms import Answer
from api.linked import LanguageQuery, readable
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
SmeWeightQuery = Annotated[
    float, Query(ge=-2, le=2, description="How much being an SME adds to the score.")
]

_SPARQL: Final = """PREFIX atlas: <{ontology}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?candidate (SAMPLE(?name) AS ?label) (COUNT(DISTINCT ?common) AS ?partners) WHERE {{
  <{organisation}> atlas:participatesIn/atlas:hasParticipant ?common .
  ?common atlas:participatesIn/atlas:hasParticipant ?candidate .
  ?candidate rdfs:label ?name .
  FILTER(?common != <{organisation}> && ?candidate != ?common)
  FILTER(?candidate != <{organisation}>)
}}
GROUP BY ?candidate ORDER BY DESC(?partners) LIMIT {limit}"""


@readable(
    router,
    "/partners",
    "Who fits with an organisation or a described project",
    responses=rankings.described(RESPONSES),
)
def list_partners(
    request: Request,
    organisation: OrganisationQuery = None,
    text: TextQuery = None,
    topic: TopicQuery = None,
    past: PastQuery = "exclude",
    region: RegionQuery = None,
    country: CountryQuery = None,
    kind: KindQuery = None,
    sme: SmeQuery = None,
    cluster: ClusterQuery = None,
    programme: ProgrammeQuery = None,
    running: RunningQuery = None,
    bbox: BoxQuery = None,
    trl: TrlQuery = None,
    hidden: HiddenQuery = 0.0,
    sme_weight: SmeWeightQuery = 0.0,
    explain: ExplainQuery = "brief",
    whynot: WhyNotQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: rankings.FormQuery = None,
    lang: LanguageQuery = None,
) -> Response:
    """Rank the organisations that fit.

    Raises:
        ParameterError: neither an organisation nor a text, or a parameter names nothing known.
    """
    page = rankings.wanted(request, form)
    if not (organisation or text or page):
        detail = "Give the organisation that seeks partners, or a text (q), or both"
        raise ParameterError(detail, parameter="organisation")
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        conditions = organisations.conditions(
            shown.at, region, country, kind, sme, cluster, bbox, trl, programme, running
        )
        seed = None
        if organisation:
            seed = resolving.organisation(matching, organisation, "organisation", shown.at.base)
        search = partners.Search(seed, text or "", topic, conditions, past, hidden, sme_weight)

        def look_up(other: Conditions) -> Found:
            asked = replace(search, conditions=other)
            return lookups.found(shown.at, asked, lambda: partners.look_up(matching, asked))

        found = look_up(conditions)
        asked = {"organisation": seed, "q": text, "topic": topic, "past": past, "hidden": hidden}
        ontology = f"{shown.at.base}ontology#"
        sparql = ""
        if seed:
            sparql = _SPARQL.format(ontology=ontology, organisation=seed, limit=shown.limit)
        view = organisations.Shown(shown, explain, whynot, sparql)
        return organisations.answer(matching, found, view, conditions, asked, look_up)

    if page:
        return rankings.page(shown, "partners", lang, make)
    return lookups.respond(shown, form, "partners", make)
