"""`/organisations`: organisations by name; `/organisations/{key}`: one with its projects."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api import equivalents, lookups, reasons
from api.forms import Answer
from api.linked import readable
from api.lookups import RESPONSES, CursorQuery, FormQuery, LimitQuery
from kg.errors import ParameterError
from kg.matching import Matching, concepts, items, resolving
from kg.matching.landscape import Landscape

router = APIRouter(tags=["organisations"])

KeyPath = Annotated[str, Path(description="The key of the organisation (its PIC), or its IRI.")]
NameQuery = Annotated[str, Query(alias="q", max_length=500, description="A name, or part of one.")]
_NAMED = 50
_FIELDS = 20
_LIKE = 0.3
_LIKENESS = "likeness of the words to the name, rare words more"
_HAVING = 0.25
_WITHIN = "0.25 if the name is less like it, but has every word within"


@readable(router, "/organisations", "Organisations by name", responses=RESPONSES)
def list_organisations(
    request: Request,
    name: NameQuery,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List up to 50 organisations with a name like the one given, and all that have it in theirs.

    The likest come first, then those that have every word somewhere in their name, by projects.

    Raises:
        ParameterError: the name is empty.
    """
    if not name.strip():
        raise ParameterError("Give a name, or part of one", parameter="q")
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        like = [n for n in concepts.organisations(matching, name, _NAMED) if n.score >= _LIKE]
        found = [*like, *_having(matching, name, {n.row for n in like})]
        listed = []
        for n in found[shown.begin : shown.begin + shown.limit]:
            item = items.organisation(matching.landscape, n.row) | {"score": round(n.score, 6)}
            said = reasons.named(shown.at, item["id"], n.name)
            why = ("name", n.score, _LIKENESS) if n.score >= _LIKE else ("part", n.score, _WITHIN)
            item["explanation"] = [reasons.term(*why, n.name, said)]
            listed.append(item)
        facets = items.organisation_facets(matching.landscape, [n.row for n in found])
        base, kind = shown.at.base, "Organisation"
        sparql = equivalents.things(base, kind, "rdfs:label", name, shown.limit)
        more = {"complete": len(like) < _NAMED}
        return Answer(len(found), listed, facets, {"q": name}, more, sparql)

    return lookups.respond(shown, form, "organisations", make)


def _having(matching: Matching, name: str, known: set[int]) -> list[concepts.Named]:
    """Return the organisations that have every word in their name, but for those known already."""
    labels = matching.landscape.column("organisation", "label")
    rows = concepts.having(matching, name).tolist()
    return [concepts.Named(n, _HAVING, labels[n]) for n in rows if n not in known]


@readable(
    router, "/organisations/{key:path}", "An organisation and its projects", responses=RESPONSES
)
def show_organisation(
    request: Request,
    key: KeyPath,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """Show an organisation: its own data in `about`, its projects as items, the newest first.

    Raises:
        NotFoundError: the release has no such organisation; it names those called nearly so.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        landscape = matching.landscape
        row = resolving.known_organisation(matching, key, shown.at.base)
        projects = landscape.projects.row(row)
        begun = landscape.days("project", "start_date")[projects]
        rows = projects[np.lexsort((projects, -begun))].tolist()
        listed = [
            items.project(landscape, n) for n in rows[shown.begin : shown.begin + shown.limit]
        ]
        about = _about(landscape, row)
        sparql = equivalents.related(shown.at.base, about["id"], "participatesIn", shown.limit)
        statuses = landscape.column("project", "status")
        facets = {"status": items.value_facet(statuses[n] for n in rows)}
        query = {"organisation": about["id"]}
        return Answer(len(rows), listed, facets, query, {"about": about}, sparql)

    return lookups.respond(shown, form, "organisation", make)


def _about(landscape: Landscape, row: int) -> dict[str, Any]:
    """Return what is said of an organisation, with what it works on and how many it worked with."""
    about = items.organisation(landscape, row)
    about["types"] = landscape.column("organisation", "classes")[row] or []
    about["coordinates"] = int(landscape.coordinated[row])
    met = landscape.members.gathered(landscape.projects.row(row)) > 0
    about["partners"] = max(int(met.sum()) - 1, 0)
    worked = landscape.profile.row(row)
    telling = sorted(worked, key=lambda c: (-worked[c] * landscape.information[c], c))
    iris, labels = landscape.column("concept", "iri"), landscape.column("concept", "label")
    about["technologies"] = [
        {"id": iris[c], "label": labels[c], "projects": int(worked[c])} for c in telling[:_FIELDS]
    ]
    about["masters"] = [iris[c] for c in landscape.masters.row(row).tolist()]
    chosen = landscape.pairs("entry_organisation", "object") == row
    entries = landscape.column("entry", "iri")
    about["entries"] = [
        entries[n] for n in landscape.pairs("entry_organisation", "subject")[chosen].tolist()
    ]
    return about
