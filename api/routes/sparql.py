"""`/sparql`: the SPARQL endpoint.

It is a plain ASGI application and not a function of FastAPI, for two reasons: an answer that cannot
be completed must break the connection, which the layers of a framework like to mend, and a cached
answer is to cost little more than its bytes. FastAPI knows it for the documentation alone.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.routing import Route

from api import answers, past, protocol
from api.extensions import RUN, TRANSPORT
from api.problems import problem_response
from kg import releases
from kg.errors import AtlasError, ParameterError, QueryFailedError, WorkspaceError
from kg.query.formats import GRAPHS, SOLUTIONS
from kg.query.limits import Limits
from kg.query.past import Past
from kg.query.pool import QueryPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi import FastAPI
    from starlette.datastructures import State
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.protocol import Asked
    from api.tellers import Tellers
    from kg.query.run import Answer, Run
    from kg.settings import Settings

    Headers = list[tuple[bytes, bytes]]

_LOGGER: Final = logging.getLogger(__name__)

_OLD_CLIENT_BYTES: Final = 16 * 1024 * 1024
"""What is kept for a client of HTTP/1.0, which cannot be told of a broken ending."""

_PREFLIGHT: Final[Headers] = [
    (b"allow", ", ".join(protocol.METHODS).encode()),
    (b"access-control-allow-methods", ", ".join(protocol.METHODS).encode()),
    (
        b"access-control-allow-headers",
        b"accept, accept-datetime, authorization, content-type, if-none-match",
    ),
    (b"access-control-max-age", b"86400"),
]
_SAFE: Final = frozenset({"GET", "HEAD"})


class SparqlEndpoint:
    """The query operation over the pool in `app.state.queries`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, errors included."""
        if scope["method"] == "OPTIONS":
            await _send(send, 204, [*answers.CROSS_ORIGIN, *_PREFLIGHT])
            return
        state = scope["app"].state
        try:
            asked = await protocol.read(scope, receive, state.settings.request_bytes)
            await _answer(state, scope, receive, send, asked)
        except AtlasError as error:
            await _refuse(scope, receive, send, error)


async def _answer(state: Any, scope: Scope, receive: Receive, send: Send, asked: Asked) -> None:
    if asked.query is None:
        await _without_query(scope, receive, send)
        return
    pool: QueryPool = state.queries
    told: Headers = []
    if asked.at is not None:
        release = await past.release_at(state, asked.at)
        told = past.fields(scope, asked.at, release)
        pool = await past.pool_of(state, release)
    run: Run | None = scope.get("extensions", {}).get(RUN)
    tag = answers.tag(pool.release, asked)
    if run is None and scope["method"] in _SAFE and answers.known(tag, asked):
        query = (b"x-query-id", pool.new_id().encode())
        fields = [query, *answers.CROSS_ORIGIN, *answers.validators(tag, asked), *told]
        await _send(send, 304, fields)
        return
    gone = partial(_disconnect, receive)
    begun = pool.evaluate(asked.query, gone) if run is None else pool.answer(run, gone)
    answer = await begun
    try:
        headers = answers.headers(answer, asked, safe=scope["method"] in _SAFE) + told
        headers.append((b"x-query-id", answer.id.encode()))
        if asked.lint and hasattr(state, "desk"):
            headers += await state.desk.fields(scope["app"], asked.query.text, asked.at)
        if answer.body is not None or scope["method"] == "HEAD":
            await _send(send, 200, headers, answer.body or b"")
        elif scope["http_version"] == "1.0":
            body = await _whole(answer)
            headers.append((b"content-length", str(len(body)).encode()))
            await _send(send, 200, headers, body)
        else:
            await _stream(scope, send, headers, answer)
    finally:
        pool.close(answer)


async def _without_query(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand over to the application's service description, if it has one."""
    description: ASGIApp | None = getattr(scope["app"].state, "service_description", None)
    if description is None or scope["method"] not in _SAFE:
        raise ParameterError("The parameter 'query' is missing", parameter="query")
    await description(scope, receive, send)


async def _disconnect(receive: Receive) -> None:
    """Return when the client has gone away; the request's body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _whole(answer: Answer) -> bytes:
    """Return a long answer for a client that cannot be told of a broken ending.

    Raises:
        QueryFailedError: it is too long to be kept.
    """
    body = bytearray()
    async for piece in answer.pieces():
        body += piece
        if len(body) > _OLD_CLIENT_BYTES:
            detail = f"An answer above {_OLD_CLIENT_BYTES} bytes is sent over HTTP/1.1 only"
            raise HttpVersionError(detail)
    return bytes(body)


class HttpVersionError(QueryFailedError):
    """The answer is too long for HTTP/1.0, in which a broken ending cannot be told."""

    status = 505
    title = "HTTP version not supported"


async def _stream(scope: Scope, send: Send, headers: Headers, answer: Answer) -> None:
    """Send a long answer piece by piece; break the connection if it cannot be completed."""
    transport = scope.get("extensions", {}).get(TRANSPORT)
    if answer.run is not None:
        # A send that waits for a slow reader would never see the failure.
        answer.run.aborted = transport.abort if transport else _cancel(asyncio.current_task())
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    try:
        async for piece in answer.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except AtlasError as error:
        _LOGGER.warning("query %s broken off: %s", answer.id, error.detail)
        if transport is None:
            raise BrokenAnswerError(answer.id) from error
        transport.abort()
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _cancel(task: asyncio.Task[Any] | None) -> Callable[[], None]:
    """Return what ends a task that may wait for a slow reader."""

    def cancel() -> None:
        if task is not None:
            task.cancel()

    return cancel


class BrokenAnswerError(Exception):
    """Makes the server break the connection of an answer that cannot be completed."""


async def _refuse(scope: Scope, receive: Receive, send: Send, error: AtlasError) -> None:
    """Answer with the problem; nothing has been sent so far."""
    headers = {name.decode(): value.decode() for name, value in answers.CROSS_ORIGIN}
    headers |= {"X-Query-Id": secrets.token_hex(8), "Cache-Control": "no-store", "Vary": "accept"}
    if "retry_after" in error.members:
        headers["Retry-After"] = str(error.members["retry_after"])
    if "allowed" in error.members and error.status == 405:  # noqa: PLR2004 - the status's name
        headers["Allow"] = ", ".join(error.members["allowed"])
    await problem_response(error.problem(), headers)(scope, receive, send)


async def _send(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    """Send a complete response."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


router = APIRouter(tags=["SPARQL"])
router.routes.append(Route("/sparql", SparqlEndpoint(), include_in_schema=False))

_QUERY_PARAMETERS: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "description": text, "schema": schema, "required": False}
    for name, text, schema in (
        ("query", "A SPARQL 1.1 query.", {"type": "string"}),
        (
            "default-graph-uri",
            "A graph of the default graph; else the query's FROM, else all published graphs.",
            {"type": "array", "items": {"type": "string"}},
        ),
        (
            "named-graph-uri",
            "A graph that GRAPH may name; else the query's FROM NAMED, else all published graphs.",
            {"type": "array", "items": {"type": "string"}},
        ),
        ("format", "The format, by name or media type, instead of Accept.", {"type": "string"}),
        ("timeout", "Seconds that the query may take.", {"type": "number"}),
        (
            "engine",
            "Who answers (X-Engine tells): auto lets the query decide; aggregates go to columns.",
            {"type": "string", "enum": ["auto", "columns", "oxigraph"]},
        ),
        (
            "release",
            "The number of a kept release instead of the current one; such answers never change.",
            {"type": "integer", "minimum": 1},
        ),
        (
            "lint",
            "1: say in X-Lint how many remarks there are on the query, and in Link where.",
            {"type": "string", "enum": ["1"]},
        ),
    )
]
_MOMENT: Final[dict[str, Any]] = {
    "name": "Accept-Datetime",
    "in": "header",
    "description": "Ask the release that was the newest at a moment (RFC 7089).",
    "schema": {"type": "string"},
    "required": False,
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The complete answer; if the connection breaks, it is not complete.",
        "content": {name: {} for form in (*SOLUTIONS, *GRAPHS) for name in form.types[:1]},
    },
    304: {"description": "The answer is still the one with the tag in If-None-Match."},
    400: {"description": "No query, or none that is evaluated here: line, column and token."},
    404: {"description": "The release is not kept; those that are."},
    406: {"description": "No format that the client accepts; those that there are."},
    408: {"description": "The body of the request does not come."},
    413: {"description": "The body of the request is larger than is read."},
    415: {"description": "The body is neither a form nor a query."},
    500: {"description": "The engine gave up."},
    502: {"description": "An endpoint that SERVICE asks did not answer well."},
    503: {"description": "Too many queries at once; Retry-After says when to come back."},
    504: {"description": "The time limit was reached."},
    505: {"description": "The answer is too long for HTTP/1.0."},
    507: {"description": "The memory limit was reached."},
}


@router.get(
    "/sparql",
    summary="Ask a SPARQL query",
    responses=_ANSWERS,
    openapi_extra={"parameters": [*_QUERY_PARAMETERS, _MOMENT]},
)
@router.post(
    "/sparql",
    summary="Ask a SPARQL query that is too long for a URL",
    responses=_ANSWERS,
    openapi_extra={
        "parameters": [_MOMENT],
        "requestBody": {
            "required": True,
            "content": {
                protocol.DIRECT: {"schema": {"type": "string"}},
                protocol.FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["query"],
                        "properties": {p["name"]: p["schema"] for p in _QUERY_PARAMETERS},
                    }
                },
            },
        },
    },
)
def sparql() -> None:
    """Answer in the format that Accept prefers, from one release, whole or not at all."""
    # Never called, as the others that only describe an endpoint: the route above it answers.


def limits(settings: Settings) -> Limits:
    """Return the limits that the settings name."""
    return Limits(
        timeout=settings.query_timeout,
        timeout_max=max(settings.query_timeout, settings.query_timeout_max),
        memory=settings.query_memory * 1024 * 1024,
        lane=settings.query_workers,
        heavy=settings.query_workers,
        queue=settings.query_queue,
        cache=settings.cache_bytes,
        services=tuple(each.strip() for each in settings.service.split(",") if each.strip()),
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the pool, and let it follow the workspace's current release."""
    pool = QueryPool(limits(app.state.settings), app.state.settings.base)
    app.state.queries = pool
    app.state.past = Past(limits(app.state.settings), app.state.settings.base)
    await _follow(pool, app.state)
    # What is here now stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    task = asyncio.create_task(_keep_following(pool, app.state))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if hasattr(app.state, "tellers"):
            await app.state.tellers.stop()
        await app.state.past.stop()
        await pool.stop()


async def _follow(pool: QueryPool, state: State) -> None:
    """Switch to the current release, if there is one that is not served yet."""
    release = releases.current(state.workspace)
    if release is None:
        return
    if release.name != pool.release:
        try:
            near = state.serving.current()
            store = near.store if near.release == release else None
            tellers: Tellers | None = getattr(state, "tellers", None)
            if tellers is not None:
                await tellers.rest()
            await pool.use(release.store, release.name, store)
            if tellers is not None:
                tellers.use(release.store, release.name, state.settings.base)
        except WorkspaceError as error:
            _LOGGER.error("release %s is not taken up: %s", release.name, error.detail)  # noqa: TRY400


async def _keep_following(pool: QueryPool, state: State) -> None:
    while True:
        await asyncio.sleep(_FOLLOW_SECONDS)
        await _follow(pool, state)
        await state.past.tidy()


_FOLLOW_SECONDS: Final = 0.5
