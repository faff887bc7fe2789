"""Answers about ranked organisations: the conditions that can be set, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Query

from api import lookups
from kg.matching import items, resolving
from kg.matching.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.linked import Visit
    from api.lookups import Answer, Page
    from kg.matching import Matching
    from kg.matching.competences import Found

Explain = Literal["brief", "full", "none"]

KindQuery = Annotated[
    list[str] | None,
    Query(description="Kind: PRC, REC, HES, PUB, OTH, or a class such as TechnologyCentre."),
]
SmeQuery = Annotated[bool | None, Query(description="Only SMEs, or only others.")]
ClusterQuery = Annotated[str | None, Query(description="Members of a cluster: key, name or IRI.")]
ProgrammeQuery = Annotated[
    str | None, Query(description="Count projects of a programme only: key or IRI.")
]
RunningQuery = Annotated[
    bool | None, Query(description="Count projects only that run today, or only others.")
]
HiddenQuery = Annotated[
    float, Query(ge=0, le=1, description="The dial: 0 well-known first, 1 hidden champions first.")
]
ExplainQuery = Annotated[
    Explain, Query(description="Reasons: the first of each term, all of them, or none.")
]


def conditions(
    at: Visit,
    region: str | None,
    country: list[str] | None,
    kind: list[str] | None,
    sme: bool | None,  # noqa: FBT001 - passed on as it came
    cluster: str | None,
    bbox: str | None,
    programme: str | None,
    running: bool | None,  # noqa: FBT001 - passed on as it came
) -> Conditions:
    """Return the conditions that a request sets, with names and codes resolved to IRIs.

    Raises:
        ParameterError: one names nothing that the release has; it names candidates.
    """
    matching = lookups.matching(at)
    landscape = matching.landscape
    if programme and programme not in landscape.rows("programme"):
        programme = f"{at.base}id/programme/{programme}"
    return Conditions(
        region=resolving.place(landscape, region, "region") if region else None,
        country=tuple(resolving.place(landscape, c, "country") for c in country or ()),
        kind=tuple(kind or ()),
        sme=sme,
        cluster=(
            resolving.entry(landscape, cluster, "Cluster", "cluster", at.base) if cluster else None
        ),
        bbox=lookups.box(bbox),
        programme=programme,
        running=running,
    )


def answer(
    matching: Matching,
    found: Found,
    shown: Page,
    asked_conditions: Conditions,
    asked: Mapping[str, Any],
    explain: Explain,
    sparql: str,
) -> Answer:
    """Return the page of a ranking of organisations."""
    landscape, ranking = matching.landscape, found.ranking
    listed = []
    for row in ranking.best(shown.limit, shown.begin).tolist():
        item = items.organisation(landscape, row) | {"score": round(float(ranking.scores[row]), 6)}
        if explain != "none":
            item["explanation"] = ranking.explanation(row, full=explain == "full")
        listed.append(item)
    iris = landscape.column("concept", "iri")
    understood = [
        {"id": iris[m.concept], "label": m.label, "match": round(m.score, 3)} for m in found.meant
    ]
    query = {**asked, **asked_conditions.named()}
    query = {k: v for k, v in query.items() if v not in (None, [], "")}
    more: dict[str, Any] = {"understood": understood}
    if found.relax:
        more["relax"] = found.relax
    facets = items.organisation_facets(landscape, ranking.found)
    return lookups.Answer(len(ranking), listed, facets, query, more, sparql)
