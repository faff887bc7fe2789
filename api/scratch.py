"""The application of scratch mode: the SPARQL protocols over a store in memory, for this machine.

Everybody who reaches it may write, so it is bound to the loopback interface; a request that names
another host than this machine is refused, lest a web page be led here by its name (DNS rebinding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

import kg
from api import documentation, problems, servicedescription
from api.routes import graphstore, sparql, update
from kg.scratch import Scratch

if TYPE_CHECKING:
    from kg.settings import Settings

HOSTS: Final = ["localhost", "127.0.0.1", "[::1]"]


def create_scratch_app(settings: Settings) -> FastAPI:
    """Return the application over an empty store; relative IRIs are resolved by the base IRI."""
    app = FastAPI(
        title="Cluster Atlas, scratch mode", version=kg.__version__, docs_url=None, redoc_url=None
    )
    store = Scratch(settings.base)
    app.state.settings = settings
    app.state.queries = app.state.writer = store
    app.state.tokens = None
    problems.install(app)
    documentation.install(app)
    servicedescription.install(app, union=False)
    for module in (sparql, update, graphstore):
        app.include_router(module.router)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)
    return app
