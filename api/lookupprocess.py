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
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import uvicorn
import uvloop
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
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
    from collections.abc import Awaitable, Callable

    from kg.matching import Matching

ROUTES: Final = ("competences", "partners")
READY: Final = "/ready"
_NEVER: Final = 10**8


def create_app(settings: Settings) -> FastAPI:
    """Return an application that has the look-ups alone."""
    share = settings.cache_bytes // max(settings.lookup_processes, 1)
    settings = settings.model_copy(update={"cache_bytes": share})
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.workspace = Workspace(settings.home)
    app.state.serving = Serving(app.state.workspace)
    app.add_middleware(CrossOrigin)
    problems.install(app)
    for name in ROUTES:
        for route in importlib.import_module(f"api.routes.{name}").router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                app.get(route.path, response_class=Response)(_at_once(route.endpoint))
    app.add_route(READY, _ready)
    return app


def _at_once(answer: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """Return a route's function as one that needs no thread: here is one request at a time."""

    @wraps(answer)
    async def answered(*given: Any, **named: Any) -> Response:
        return answer(*given, **named)

    return answered


def _ready(request: Request) -> Response:
    """Open the release, and keep the collector from looking at it again and again."""
    prepare(lookups.matching(lookups.page(request, None, 1).at))
    gc.collect()
    gc.freeze()
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


async def _serve(app: FastAPI, channel: socket.socket) -> None:
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
