"""`/update`: the update operation of the SPARQL 1.1 Protocol (section 2.2).

`state.writer` carries it out: on the workspace an accepted update becomes a release, in scratch
mode it changes the store in memory.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import loaders
from api import protocol
from api.authorisation import require
from api.endpoints import HEADERS, Endpoint
from kg.errors import ParameterError
from kg.query.request import Dataset
from kg.tokens import Tokens
from kg.updates import Updates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI
    from starlette.datastructures import State
    from starlette.types import Receive, Scope, Send

    from kg.updates import Outcome, Writer

DIRECT: Final = "application/sparql-update"
SECONDS: Final = 120.0

_OF_QUERIES: Final = ("query", "default-graph-uri", "named-graph-uri")
_FOLLOWS: Final = 5.0
_VISIBLE: Final = "".join(chr(code) for code in range(0x20, 0x7F))


async def _update(scope: Scope, receive: Receive, send: Send) -> None:
    state: State = scope["app"].state
    headers = protocol.headers_of(scope["headers"])
    media_type = protocol.body_type(headers, DIRECT)
    holder = await require(state, headers, "curator")
    parameters = protocol.parameters_of(scope["query_string"], "query string")
    body = await protocol.read_body(receive, state.settings.update_bytes, SECONDS)
    if media_type == DIRECT:
        if "update" in parameters:
            raise ParameterError("The update stands in the body and in the query string")
        parameters["update"] = [protocol.utf8(body, "body")]
    else:
        for name, values in protocol.parameters_of(body, "form").items():
            parameters.setdefault(name, []).extend(values)
    text, dataset = _asked(parameters)
    writer: Writer = state.writer
    outcome = await asyncio.to_thread(writer.update, text, dataset, holder)
    await (await done(state, outcome))(scope, receive, send)


def _asked(parameters: dict[str, list[str]]) -> tuple[str, Dataset]:
    for name in _OF_QUERIES:
        if name in parameters:
            detail = f"{name!r} belongs to the query operation; this one takes 'update'"
            raise ParameterError(detail, parameter=name)
    text = protocol.single(parameters, "update")
    if text is None:
        raise ParameterError("The parameter 'update' is missing", parameter="update")
    default = protocol.graphs(parameters, "using-graph-uri")
    named = protocol.graphs(parameters, "using-named-graph-uri")
    return text, Dataset(default, named)


async def done(state: State, outcome: Outcome, location: str | None = None) -> Response:
    """Return the answer to what was written, once queries see it."""
    headers = {**HEADERS, "Cache-Control": "no-store"}
    if location:
        headers["Location"] = location
    if outcome.not_loaded:
        headers["X-Not-Loaded"] = quote(", ".join(outcome.not_loaded), safe=_VISIBLE)
    if outcome.release is None:
        return Response(status_code=201 if outcome.fresh else 204, headers=headers)
    await seen(state, outcome.release)
    headers["X-Release"] = str(outcome.release)
    content = {"release": outcome.release, "added": outcome.added, "removed": outcome.removed}
    return JSONResponse(content, 201 if outcome.fresh else 200, headers)


async def seen(state: State, release: int) -> None:
    """Wait until queries run on a release, so that who writes reads it.

    The pool itself looks for releases from time to time; there is no event to wait for.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + _FOLLOWS
    while not (state.queries.release or "").startswith(f"{release}-") and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


router = APIRouter(tags=["SPARQL"])
router.routes.append(Route("/update", Endpoint(_update, ("POST",)), include_in_schema=False))


@router.post(
    "/update",
    summary="Change the graph with a SPARQL update",
    responses={
        200: {"description": "The change is published: release, statements added and removed."},
        400: {"description": "No update, or none that is carried out: line, column and token."},
        401: {"description": "No token, or none that is known."},
        403: {"description": "The token's role is not curator."},
        408: {"description": "The body of the request does not come."},
        413: {"description": "The body of the request is larger than is read."},
        415: {"description": "The body is neither a form nor an update."},
        422: {"description": "Rules would be broken: `findings` lists them. Nothing has changed."},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                DIRECT: {"schema": {"type": "string"}},
                protocol.FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["update"],
                        "properties": {
                            name: {"type": "string"}
                            for name in ("update", "using-graph-uri", "using-named-graph-uri")
                        },
                    }
                },
            },
        },
        "security": [{"Bearer": []}],
    },
)
def update() -> None:
    """Apply the update as a whole or not at all; needs a curator's token."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Let the workspace be written to by who has a token."""
    state = app.state
    sources = {name: loaders.find(name) for name in loaders.names()}
    state.tokens = Tokens(state.workspace)
    state.writer = Updates(state.workspace, state.settings, sources)
    yield
