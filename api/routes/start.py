"""`/`: where people begin; and `/sparql/table`: the answer to a SPARQL query as a page."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from api import pages, questions, rankings
from api.linked import LanguageQuery, readable, visit
from api.pages import Alternate
from api.representations import HTML, negotiate
from api.tables import table
from kg import catalogue, savedqueries
from kg.errors import AtlasError, TooLargeError
from kg.query.request import Acceptable, QueryRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.responses import Response

    from api.linked import Visit
    from kg.query.pool import QueryPool
    from kg.savedqueries import SavedQuery
    from kg.settings import Settings

_LARGEST: Final = 1024 * 1024
_FORMATS: Final = (
    ("csv", "CSV", "text/csv"),
    ("json", "JSON", "application/sparql-results+json"),
    ("turtle", "Turtle", "text/turtle"),
)

QueryText = Annotated[str, Query(description="A SPARQL 1.1 query.")]


def build_router(settings: Settings) -> APIRouter:
    """Return the router; the start page names every saved query."""
    router = APIRouter()
    queries = savedqueries.discover(settings.base)

    @readable(router, "/", include_in_schema=False)
    def start(request: Request, lang: LanguageQuery = None) -> Response:
        """Show people what there is; lead programs to the catalogue."""
        to = visit(request)
        if negotiate(request.headers.get("accept", "")) is not HTML:
            return RedirectResponse(to.local("/catalog"), 303, {"Vary": "Accept"})
        return pages.answer(
            to, "start.html", lambda chosen: _start(to, queries, chosen), lang, vary=["Accept"]
        )

    @readable(router, "/sparql/table", include_in_schema=False)
    async def asked(request: Request, query: QueryText, lang: LanguageQuery = None) -> Response:
        """Show the answer to a query, or why there is none."""
        to = visit(request)
        told = await _told(to, request.app.state.queries, query)
        status = told["fault"].status if told["fault"] else 200
        other = [
            Alternate(title, media_type, to.local("/sparql", query=query, format=name))
            for name, title, media_type in _FORMATS
        ]
        page = pages.answer(
            to,
            "answer.html",
            lambda chosen: _shown(to, told, chosen),
            lang,
            alternates=other,
            status=status,
        )
        page.headers["Cache-Control"] = "no-store"
        del page.headers["ETag"], page.headers["Last-Modified"]
        return page

    return router


def _start(to: Visit, queries: Mapping[str, SavedQuery], chosen: str) -> dict[str, Any]:
    return {
        "title": catalogue.TITLE[chosen],
        "description": catalogue.DESCRIPTION[chosen],
        "rankings": rankings.summaries(to, chosen),
        "questions": questions.summaries(to, queries, chosen),
    }


async def _told(to: Visit, pool: QueryPool, query: str) -> dict[str, Any]:
    """Return the answer as `results`, a document as `text`, or the `fault`."""
    found: dict[str, Any] = {"query": query, "results": None, "text": None, "fault": None}
    request = QueryRequest(query, acceptable=Acceptable("json", "json", "turtle"))
    try:
        answer = await pool.evaluate(request, partial(_left, to.request))
    except AtlasError as error:
        return found | {"fault": error}
    try:
        body = answer.body if answer.body is not None else await _whole(answer.pieces())
    except AtlasError as error:
        return found | {"fault": error}
    finally:
        pool.close(answer)
    if answer.head.media_type.startswith("application/sparql-results"):
        return found | {"results": json.loads(body)}
    return found | {"text": body.decode()}


async def _left(request: Request) -> None:
    """Return when the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _whole(pieces: AsyncIterator[bytes]) -> bytes:
    """Return a long answer.

    Raises:
        TooLargeError: it is too long to be read on a page.
    """
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > _LARGEST:
            detail = f"The answer is longer than {_LARGEST} bytes; take a file of it, or set LIMIT"
            raise TooLargeError(detail, limit=_LARGEST)
    return bytes(body)


def _shown(to: Visit, told: Mapping[str, Any], chosen: str) -> dict[str, Any]:
    results = told["results"] or {}
    bindings = results.get("results", {}).get("bindings")
    columns = results.get("head", {}).get("vars", [])
    found = None if bindings is None else table(to, columns, bindings, chosen)
    return {**told, "result": found, "truth": results.get("boolean")}
