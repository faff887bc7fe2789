"""Atom feeds of what is new, changed or gone with each release.

- `/queries/<name>/feed` is the feed of a saved query with the parameters in the address.
- `/feeds/<name>` is the feed of somebody's search; its address is a secret, for feed readers cannot
  send a token.

Both are archived feeds (RFC 5005, section 4): `archive=` names an older document of one. They are
in English or German, by `lang=` or Accept-Language.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from starlette.requests import Request  # noqa: TC002 - FastAPI reads annotations when it starts

from api import pages
from api.linked import LanguageQuery, readable, unchanged, visit
from api.watching import feed_path, title_of, watching
from kg import asof
from kg.errors import NotFoundError, ParameterError
from kg.watching import atom

if TYPE_CHECKING:
    from kg.watching.history import History

router = APIRouter(tags=["feeds"])

ArchiveQuery = Annotated[
    str | None, Query(description="An older document; a feed's `prev-archive` has it.")
]
NamePath = Annotated[str, Path(description="A saved query.")]
FeedPath = Annotated[str, Path(description="The name that the search was given for its feed.")]

_ARCHIVE: Final = "archive"
_LANGUAGE: Final = "lang"
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The newest entries, the newest first", "content": {atom.MEDIA_TYPE: {}}},
    304: {"description": "The client has the document already"},
    404: {"description": "No such feed, or nothing at that place of it"},
}
_OF_QUERIES: Final[dict[int | str, dict[str, Any]]] = {
    **_ANSWERS,
    400: {"description": "A parameter is not as the query expects; `candidates` may help"},
    503: {"description": "Too many feeds at once, or nothing is published"},
}


@readable(
    router,
    "/queries/{name}/feed",
    "What changes in the answer to a saved query, as a feed",
    responses=_OF_QUERIES,
)
async def of_query(
    request: Request, name: NamePath, archive: ArchiveQuery = None, lang: LanguageQuery = None
) -> Response:
    """Tell with each release which rows are new, changed or gone, of at most 10,000.

    The query's own parameters are given as for its answer; `limit` is none of them here.

    Raises:
        NotFoundError: there is no such query, or nothing in that archive.
        ParameterError: a parameter is missing, unknown or means several things.
        BusyError: too many feeds are being made.
    """
    watched = watching(request.app)
    given: dict[str, list[str]] = {}
    for parameter, value in request.query_params.multi_items():
        if parameter not in {_ARCHIVE, _LANGUAGE}:
            given.setdefault(parameter, []).append(value)
    question = await asyncio.to_thread(watched.query, name, given)
    history = await asyncio.to_thread(watched.read_queries.history, question)
    await watched.follow(question, history, 0)
    to = visit(request)
    opened, summary = to.opened, watched.saved(name).summary[pages.language(to, lang)]
    title = await asyncio.to_thread(title_of, summary, question, opened)
    identity = f"queries/{name}/feed/{question.key}"
    said = (identity, title, feed_path(question))
    return await _answer(request, history, said, archive, lang)


@readable(router, "/feeds/{name}", "What changes in the answer to a search", responses=_ANSWERS)
async def of_search(
    request: Request, name: FeedPath, archive: ArchiveQuery = None, lang: LanguageQuery = None
) -> Response:
    """Tell with each release what is new, changed or gone in a search of somebody's.

    Raises:
        NotFoundError: there is no such feed, or nothing in that archive.
        BusyError: too many feeds are being made.
    """
    watched = watching(request.app)
    search = await asyncio.to_thread(watched.searches.with_feed, name)
    history = watched.searches.history(search)
    await watched.follow(search.question, history, search.since)
    identity = f"searches/{search.id}/{search.question.key}"
    said = (identity, search.title, f"/feeds/{name}")
    answer = await _answer(request, history, said, archive, lang)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


async def _answer(
    request: Request,
    history: History,
    said: tuple[str, str, str],
    archive: str | None,
    lang: str | None,
) -> Response:
    """Return a document of a feed; `said` are the feed's id below the base, title and path."""
    to = visit(request)
    identity, title, path = said
    begun, language = asof.created(to.opened.release), pages.language(to, lang)
    address = to.site + path
    if lang:
        address += f"{'&' if '?' in path else '?'}{_LANGUAGE}={language}"
    feed = atom.Feed(to.base + identity, title, address, begun, to.site, to.base, language)
    body, moment = await asyncio.to_thread(_written, feed, history, archive)
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        "Last-Modified": asof.http_date(moment),
        "Cache-Control": "public, no-cache",
        "X-Release": str(to.opened.number),
        "Content-Language": language,
        **({} if lang else {"Vary": "Accept-Language"}),
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
    }
    if unchanged(request, headers):
        return Response(None, 304, headers)
    return Response(body, 200, headers, f"{atom.MEDIA_TYPE}; charset=utf-8")


def _written(feed: atom.Feed, history: History, archive: str | None) -> tuple[bytes, datetime]:
    """Return a document and when what it tells last changed."""
    if archive is None:
        return atom.document(feed, history), atom.updated(feed, history)
    place = atom.Place.read(archive)
    if place is None:
        detail = f"{archive!r} is no archive; a feed's prev-archive link names one"
        raise ParameterError(detail, parameter=_ARCHIVE)
    found = atom.archived(history, place)
    if found is None:
        raise NotFoundError(f"There is nothing in the archive {archive}", archive=archive)
    return atom.archive(feed, place, found), datetime.fromisoformat(found.step.created)
