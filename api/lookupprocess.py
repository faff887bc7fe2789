"""A process that answers look-ups, one after the other, beside the serving process.

It is started by `api.lookuppool` with its channel (a socket) as the first argument and the process
to die with as the second; the settings come as JSON on standard input. On the channel it speaks
HTTP/1.1 as the server does, with the routes below and one more: `/ready` opens the release and
answers when a look-up needs no more preparation.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, Final, cast

import uvicorn
import uvloop
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api import lookups, problems
from api.crossorigin import CrossOrigin
from kg.matching import competences, items, partners
from kg.query.limits import die_with_parent
from kg.settings import Settings
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pydantic import BaseModel
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

    from kg.matching import Matching

ROUTES: Final = ("competences", "partners")
READY: Final = "/ready"
_NEVER: Final = 10**8
_THINGS: Final = 50_000
"""How many things are made before the collector looks for those that hold each other."""


def create_app(settings: Settings) -> Starlette:
    """Return an application that has the look-ups alone.

    FastAPI looks for each of some twenty parameters, given or not, which takes longer than many a
    ranking: here those that are given are read, by the same model.
    """
    share = settings.cache_bytes // max(settings.lookup_processes, 1)
    settings = settings.model_copy(update={"cache_bytes": share})
    app = Starlette(routes=[*_routes(), Route(READY, _ready)])
    app.state.settings = settings
    app.state.workspace = Workspace(settings.home)
    app.state.serving = Serving(app.state.workspace)
    app.add_middleware(CrossOrigin)
    problems.install(app)
    return app


def _routes() -> Iterator[Route]:
    """Yield the routes of the look-ups, which need no threads: here is one request at a time."""
    for name in ROUTES:
        for route in importlib.import_module(f"api.routes.{name}").router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                yield Route(route.path, _answering(route))


def _answering(route: APIRoute) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request by a route's function, its parameters read as FastAPI does."""
    read = parameters(route)

    async def answer(request: Request) -> Response:
        request.scope["route"] = route
        response: Response = route.endpoint(request, **read(request.query_params))
        return response

    return answer


def parameters(route: APIRoute) -> Callable[[QueryParams], dict[str, Any]]:
    """Return what reads the parameters of a route; it raises RequestValidationError."""
    (field,) = route.dependant.query_params
    model = cast("type[BaseModel]", field.field_info.annotation)
    many = {f.alias or n for n, f in model.model_fields.items() if lookups.many(f.annotation)}

    def read(given: QueryParams) -> dict[str, Any]:
        values = {name: given.getlist(name) if name in many else given[name] for name in given}
        try:
            return {field.name: model.model_validate(values)}
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise RequestValidationError(
                [{**fault, "loc": ("query", *fault["loc"])} for fault in faults]
            ) from error

    return read


def _ready(request: Request) -> Response:
    """Open the release, and keep the collector from looking at it again and again."""
    prepare(lookups.matching(lookups.page(request, None, 1).at))
    gc.collect()
    gc.freeze()
    # An answer is made of thousands of things that all go when it is sent.
    gc.set_threshold(_THINGS)
    return Response(b"ready", media_type="text/plain")


def prepare(matching: Matching) -> None:
    """Make what is made with the first question of each kind, for the next ones to be quick."""
    landscape = matching.landscape
    found = [competences.look_up(matching, competences.Need("Wasserstoffspeicherung"))]
    for iri in landscape.column("organisation", "iri")[:1]:
        found += [partners.look_up(matching, partners.Search(iri, text)) for text in ("", "energy")]
    for each in found:
        items.organisation_facets(landscape, each.ranking.found)
        for row in each.ranking.best(1).tolist():
            items.organisation(landscape, row)
            each.ranking.explanation(row)


async def _serve(app: Starlette, channel: socket.socket) -> None:
    """Answer on the channel until it is closed."""
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_NEVER,
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    closed: asyncio.Future[None] = loop.create_future()
    await loop.connect_accepted_socket(_protocol(config, state, closed), channel)
    await closed


def _protocol(
    config: uvicorn.Config, state: ServerState, closed: asyncio.Future[None]
) -> Callable[[], HttpToolsProtocol]:
    class Channel(HttpToolsProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            closed.set_result(None)

    return lambda: Channel(config, state, {})


def main() -> None:
    """Answer on the channel whose descriptor is the first argument."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the serving process decides when this one ends
    settings = Settings.model_validate_json(sys.stdin.buffer.read())
    channel = socket.socket(fileno=descriptor)
    channel.setblocking(False)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(create_app(settings), channel))


if __name__ == "__main__":
    main()
