"""`/offers`, `/requests`, `/services`, `/events`: what is offered, sought and held."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import entries, lookups
from api.entries import OrganisationQuery, TechnologyQuery, TextQuery, TypeQuery
from api.linked import readable
from api.lookups import (
    RESPONSES,
    CountryQuery,
    CursorQuery,
    FormQuery,
    LimitQuery,
    RegionQuery,
)

router = APIRouter(tags=["listings"])

DayQuery = Annotated[date | None, Query(description="Valid, or held, on this day.")]
TrlQuery = Annotated[
    int | None, Query(ge=1, le=9, description="Covers this technology readiness level.")
]


@readable(router, "/offers", "Offers of cooperation, capacity and service", responses=RESPONSES)
def list_offers(
    request: Request,
    text: TextQuery = None,
    technology: TechnologyQuery = None,
    types: TypeQuery = None,
    region: RegionQuery = None,
    country: CountryQuery = None,
    organisation: OrganisationQuery = None,
    on: DayQuery = None,
    trl: TrlQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List offers, those that answer the text best first."""
    return entries.respond(
        lookups.page(request, cursor, limit),
        "offers",
        "Offer",
        form,
        text=text,
        technology=technology,
        types=types,
        country=country,
        region=region,
        organisation=organisation,
        on=on,
        trl=trl,
    )


@readable(router, "/requests", "Requests for cooperation, capacity, service", responses=RESPONSES)
def list_requests(
    request: Request,
    text: TextQuery = None,
    technology: TechnologyQuery = None,
    types: TypeQuery = None,
    region: RegionQuery = None,
    country: CountryQuery = None,
    organisation: OrganisationQuery = None,
    on: DayQuery = None,
    trl: TrlQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List requests, those that answer the text best first."""
    return entries.respond(
        lookups.page(request, cursor, limit),
        "requests",
        "Request",
        form,
        text=text,
        technology=technology,
        types=types,
        country=country,
        region=region,
        organisation=organisation,
        on=on,
        trl=trl,
    )


@readable(router, "/services", "Services of technology centres", responses=RESPONSES)
def list_services(
    request: Request,
    text: TextQuery = None,
    technology: TechnologyQuery = None,
    types: TypeQuery = None,
    region: RegionQuery = None,
    country: CountryQuery = None,
    organisation: OrganisationQuery = None,
    trl: TrlQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List services, those that answer the text best first."""
    return entries.respond(
        lookups.page(request, cursor, limit),
        "services",
        "Service",
        form,
        text=text,
        technology=technology,
        types=types,
        country=country,
        region=region,
        organisation=organisation,
        trl=trl,
    )


@readable(router, "/events", "Events", responses=RESPONSES)
def list_events(
    request: Request,
    text: TextQuery = None,
    types: TypeQuery = None,
    region: RegionQuery = None,
    country: CountryQuery = None,
    organisation: OrganisationQuery = None,
    on: DayQuery = None,
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List events, those that answer the text best first."""
    return entries.respond(
        lookups.page(request, cursor, limit),
        "events",
        "Event",
        form,
        text=text,
        types=types,
        country=country,
        region=region,
        organisation=organisation,
        on=on,
    )
