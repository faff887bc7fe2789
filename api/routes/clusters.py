"""`/clusters`: clusters by text, technology and place; `/clusters/{key}`: one with its members."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api import entries, equivalents, lookups
from api.entries import OrganisationQuery, TechnologyQuery, TextQuery, TypeQuery
from api.forms import Answer
from api.linked import readable
from api.lookups import (
    RESPONSES,
    BoxQuery,
    CountryQuery,
    CursorQuery,
    FormQuery,
    LimitQuery,
    RegionQuery,
)
from kg.matching import items, resolving

router = APIRouter(tags=["clusters"])

KeyPath = Annotated[str, Path(description="The key of the cluster, or its IRI.")]


@readable(router, "/clusters", "Clusters", responses=RESPONSES)
def list_clusters(
    request: Request,
    text: TextQuery = None,
    technology: TechnologyQuery = None,
    types: TypeQuery = None,
    region: RegionQuery = None,
    country: CountryQuery = None,
    organisation: OrganisationQuery = None,
    bbox: BoxQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List clusters, those that answer the text best first; `organisation` is a member."""
    return entries.respond(
        lookups.page(request, cursor, limit),
        "clusters",
        "Cluster",
        form,
        text=text,
        technology=technology,
        types=types,
        country=country,
        region=region,
        organisation=organisation,
        bbox=bbox,
    )


@readable(router, "/clusters/{key:path}", "The members of a cluster", responses=RESPONSES)
def show_cluster(
    request: Request,
    key: KeyPath,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """Show a cluster: its own data in `about`, its members as items, the most experienced first.

    Raises:
        NotFoundError: the release has no such cluster.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        landscape = lookups.matching(shown.at).landscape
        row = resolving.known(landscape, "entry", "cluster", key, shown.at.base)
        chosen = landscape.pairs("entry_organisation", "subject") == row
        members = landscape.pairs("entry_organisation", "object")[chosen]
        order = np.lexsort((members, -landscape.experience[members]))
        rows = members[order].tolist()
        listed = [
            items.organisation(landscape, n) for n in rows[shown.begin : shown.begin + shown.limit]
        ]
        about = items.entry(landscape, row)
        about["clusters"] = items.related(landscape, "entry_entry", "entry", row)
        facets = items.organisation_facets(landscape, rows)
        sparql = equivalents.related(shown.at.base, about["id"], "hasMember", shown.limit)
        query = {"cluster": about["id"]}
        return Answer(len(rows), listed, facets, query, {"about": about}, sparql)

    return lookups.respond(shown, form, "cluster", make)
