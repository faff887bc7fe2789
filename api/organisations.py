"""Answers about ranked organisations: the conditions that can be set, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel

from api import lookups
from api.forms import Answer
from api.linked import LanguageQuery
from api.lookups import BoxQuery, CountryQuery, CursorQuery, LimitQuery, RegionQuery
from api.rankings import FormQuery
from kg.matching import alternatives, concepts, items, resolving
from kg.matching.conditions import Conditions
from kg.matching.translation import in_german

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.forms import Page
    from api.linked import Visit
    from kg.matching import Matching
    from kg.matching.alternatives import NearMiss
    from kg.matching.competences import Found
    from kg.matching.landscape import Landscape

Explain = Literal["brief", "full", "none"]
_BEST_OF_MISSES: Final = 3
_PERHAPS: Final = 5
_NEAR: Final = 0.3
_SAME_NAME: Final = 0.7

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
TrlQuery = Annotated[
    int | None,
    Query(ge=1, le=9, description="Has a competence, service or offer at this readiness level."),
]
WhyNotQuery = Annotated[
    str | None,
    Query(
        alias="whynot", description="Say why this one is not in the answer: PIC, key, name, IRI."
    ),
]
SmeWeightQuery = Annotated[
    float, Query(ge=-2, le=2, description="How much being an SME adds to the score.")
]
ExplainQuery = Annotated[
    Explain, Query(description="Reasons: the first of each term, all of them, or none.")
]


class Ranked(BaseModel):
    """What every look-up that ranks organisations may be asked with, beside its subject."""

    region: RegionQuery = None
    country: CountryQuery = None
    kind: KindQuery = None
    sme: SmeQuery = None
    cluster: ClusterQuery = None
    programme: ProgrammeQuery = None
    running: RunningQuery = None
    bbox: BoxQuery = None
    trl: TrlQuery = None
    hidden: HiddenQuery = 0.0
    sme_weight: SmeWeightQuery = 0.0
    explain: ExplainQuery = "brief"
    whynot: WhyNotQuery = None
    limit: LimitQuery = 20
    cursor: CursorQuery = None
    form: FormQuery = None
    lang: LanguageQuery = None


def conditions(at: Visit, asked: Ranked) -> Conditions:
    """Return the conditions that a request sets, with names and codes resolved to IRIs.

    Raises:
        ParameterError: one names nothing that the release has; it names candidates.
    """
    matching = lookups.matching(at)
    landscape = matching.landscape
    region, cluster, programme = asked.region, asked.cluster, asked.programme
    if programme and programme not in landscape.rows("programme"):
        programme = f"{at.base}id/programme/{programme}"
    return Conditions(
        region=resolving.place(landscape, region, "region") if region else None,
        country=tuple(resolving.place(landscape, c, "country") for c in asked.country or ()),
        kind=tuple(asked.kind or ()),
        sme=asked.sme,
        cluster=(
            resolving.entry(landscape, cluster, "Cluster", "cluster", at.base) if cluster else None
        ),
        bbox=lookups.box(asked.bbox),
        trl=asked.trl,
        programme=programme,
        running=asked.running,
    )


@dataclass(frozen=True)
class Shown:
    """How a ranking is shown: the page, what was asked for beside it, and as which SPARQL."""

    page: Page
    asked: Ranked
    sparql: str = ""


def answer(
    matching: Matching,
    found: Found,
    shown: Shown,
    conditions: Conditions,
    asked: Mapping[str, Any],
    look_up: Callable[[Conditions], Found],
) -> Answer:
    """Return the page of a ranking; `look_up` asks again with other conditions.

    Raises:
        ParameterError: `whynot` names no organisation of the release.
    """
    landscape, ranking, page = matching.landscape, found.ranking, shown.page
    explain, whynot = shown.asked.explain, shown.asked.whynot
    full = explain == "full"
    listed = [
        ranked(matching, found, row)
        | ({} if explain == "none" else {"explanation": ranking.explanation(row, full=full)})
        for row in ranking.best(page.limit, page.begin).tolist()
    ]
    iris = landscape.column("concept", "iri")
    understood = [
        {"id": iris[m.concept], "label": m.label, "match": round(m.score, 3)} for m in found.meant
    ]
    query = {**asked, **conditions.named()}
    query = {k: v for k, v in query.items() if v not in (None, [], "")}
    more: dict[str, Any] = {"understood": understood}
    if found.text and found.text != asked.get("q"):
        more["sought"] = found.text
    if relax := found.relax:
        more["relax"] = relax
    if not len(ranking):
        misses = alternatives.near_misses(conditions, look_up)
        more["near_misses"] = [_near_miss(matching, miss) for miss in misses]
        more["perhaps"] = _perhaps(matching, asked)
    if whynot:
        more["whynot"] = _why_not(matching, found, whynot, page.at.base)
    facets = items.organisation_facets(landscape, ranking.found)
    if shown.asked.lang == "de":
        facets["country"] = [f | {"label": in_german(f["label"])} for f in facets["country"]]
    return Answer(len(ranking), listed, facets, query, more, shown.sparql)


def _perhaps(matching: Matching, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what may be meant where nothing is found: technologies, or the one that seeks.

    An organisation that is known from other sources may have its projects under another name.
    """
    landscape = matching.landscape
    if asked.get("q"):
        found = concepts.find(matching, asked["q"], _PERHAPS)
        return _named(landscape, "concept", [m.concept for m in found if m.score >= _NEAR])
    seed = landscape.rows("organisation").get(asked.get("organisation") or "")
    if seed is None:
        return []
    name = landscape.column("organisation", "label")[seed] or ""
    near = [n for n in concepts.organisations(matching, name) if n.score >= _SAME_NAME]
    experienced = [n.row for n in near if n.row != seed and landscape.experience[n.row]]
    return _named(landscape, "organisation", experienced[:_PERHAPS])


def _named(landscape: Landscape, table: str, rows: list[int]) -> list[dict[str, Any]]:
    iris, labels = landscape.column(table, "iri"), landscape.column(table, "label")
    return [{"id": iris[n], "label": labels[n]} for n in rows]


def ranked(matching: Matching, found: Found, row: int) -> dict[str, Any]:
    """Return what is shown of a ranked organisation, with its score."""
    score = round(found.ranking.score(row), 6)
    return items.organisation(matching.landscape, row) | {"score": score}


def _near_miss(matching: Matching, miss: NearMiss) -> dict[str, Any]:
    best = miss.found.ranking.best(_BEST_OF_MISSES).tolist()
    listed = [ranked(matching, miss.found, row) for row in best]
    return {"without": list(miss.without), "total": len(miss.found.ranking), "items": listed}


def _why_not(matching: Matching, found: Found, named: str, base: str) -> dict[str, Any]:
    iri = resolving.organisation(matching, named, "whynot", base)
    row = matching.landscape.row("organisation", iri)
    label = matching.landscape.column("organisation", "label")[row]
    return {"id": iri, "label": label} | alternatives.why_not(found, row)
