"""The application: every router of `api/routes`, one shape for errors, local documentation.

`create_app` takes what it needs and keeps it in `app.state`: `settings`, `workspace`, `serving`
(the current release). A module in `api/routes` with a `router` is part of the application; one with
a `lifespan(app)` (an asynchronous context manager) is entered when the server starts.
"""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

import kg
from api import documentation, problems, routes, servicedescription
from api.crossorigin import CrossOrigin
from kg.store import Serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import ModuleType

    from kg.settings import Settings
    from kg.workspace import Workspace


def route_modules() -> list[ModuleType]:
    """Return the modules of `api/routes`, by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(routes.__path__))
    return [importlib.import_module(f"{routes.__name__}.{name}") for name in names]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for module in route_modules():
            if hasattr(module, "lifespan"):
                await stack.enter_async_context(module.lifespan(app))
        yield


def create_app(settings: Settings, workspace: Workspace) -> FastAPI:
    """Return the application over a workspace; it opens nothing before it is started."""
    app = FastAPI(
        title="Cluster Atlas",
        version=kg.__version__,
        summary="Europe's innovation clusters, technologies, programmes and projects as a graph",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.workspace = workspace
    app.state.serving = Serving(workspace)
    app.add_middleware(CrossOrigin)
    problems.install(app)
    documentation.install(app)
    servicedescription.install(app, union=True)
    for module in route_modules():
        if hasattr(module, "build_router"):
            app.include_router(module.build_router(settings))
        elif hasattr(module, "router"):
            app.include_router(module.router)
    return app
