"""`/projects`: projects by text; `/projects/{key}`: one with its participants."""

# ruff: noqa: TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api import equivalents, lookups, mentions, reasons
from api.forms import Answer, Page
from api.linked import readable
from api.lookups import RESPONSES, CursorQuery, FormQuery, LimitQuery
from kg.errors import ParameterError
from kg.matching import Matching, competences, concepts, items, resolving, translation

router = APIRouter(tags=["projects"])

KeyPath = Annotated[str, Path(description="The key of the project (its grant number), or its IRI.")]
TextQuery = Annotated[
    str, Query(alias="q", max_length=10_000, description="What the projects are about.")
]

_SPARQL: Final = """{prologue}SELECT ?project (SAMPLE(?called) AS ?title) (SUM(?said) AS ?words)
WHERE {{
  {said}
  ?project atlas:title ?called .
}}
GROUP BY ?project ORDER BY DESC(?words) ?project LIMIT {limit}"""
_BM25: Final = "BM25 of title, objective and keywords, as a share of the best project's"


@readable(router, "/projects", "Projects about a text", responses=RESPONSES)
def list_projects(
    request: Request,
    text: TextQuery,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List the projects about a text, best first; words of the text are marked.

    Raises:
        ParameterError: the text is empty.
    """
    if not text.strip():
        raise ParameterError("Say what the projects are about", parameter="q")
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        meant = concepts.meant(matching, text)
        english = translation.sought(matching, text, meant)
        every = matching.landscape.size("project")
        rows, shares = competences.about_projects(matching, english, meant, None, every)
        labels = matching.landscape.column("concept", "label")
        marker = matching.projects.marker(english, *(labels[m.concept] or "" for m in meant))
        listed = []
        for n in range(shown.begin, min(shown.begin + shown.limit, len(rows))):
            item = items.project(matching.landscape, int(rows[n]))
            item["score"] = round(float(shares[n]), 6)
            item["highlight"] = marker.piece(matching.told(int(rows[n])))
            said = reasons.named(shown.at, item["id"], item["title"] or "")
            share = float(shares[n])
            item["explanation"] = [reasons.term("text", share, _BM25, item["highlight"], said)]
            listed.append(item)
        facets = {"status": items.value_facet(_statuses(matching, rows.tolist()))}
        more = {"sought": english} if english != text else {}
        sparql = _sparql(shown, mentions.words(matching, english, meant))
        return Answer(len(rows), listed, facets, {"q": text}, more, sparql)

    return lookups.respond(shown, form, "projects", make)


def _sparql(shown: Page, words: list[str]) -> str:
    """Return a SPARQL query for the projects with any of some words, those with most first."""
    if not words:
        return ""
    return _SPARQL.format(
        prologue=equivalents.PROLOGUE.format(ontology=f"{shown.at.base}ontology#"),
        said="\n  ".join(mentions.lines("?project", words)),
        limit=shown.limit,
    )


def _statuses(matching: Matching, rows: list[int]) -> list[str | None]:
    statuses = matching.landscape.column("project", "status")
    return [statuses[n] for n in rows]


@readable(router, "/projects/{key:path}", "A project and its participants", responses=RESPONSES)
def show_project(
    request: Request,
    key: KeyPath,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """Show a project: its own data in `about`, its participants as items.

    Raises:
        NotFoundError: the release has no such project.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        landscape = lookups.matching(shown.at).landscape
        row = resolving.known(landscape, "project", "project", key, shown.at.base)
        about = items.project(landscape, row)
        labels = landscape.column("concept", "label")
        iris = landscape.column("concept", "iri")
        fields = landscape.topics.row(row).tolist()
        about["technologies"] = [{"id": iris[n], "label": labels[n]} for n in fields]
        members = landscape.members.row(row).tolist()
        listed = [
            items.organisation(landscape, n)
            for n in members[shown.begin : shown.begin + shown.limit]
        ]
        facets = items.organisation_facets(landscape, members)
        sparql = equivalents.related(shown.at.base, about["id"], "hasParticipant", shown.limit)
        query = {"project": about["id"]}
        return Answer(len(members), listed, facets, query, {"about": about}, sparql)

    return lookups.respond(shown, form, "project", make)
