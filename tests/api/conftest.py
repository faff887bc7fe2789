"""A client of the application over the sample, for the tests of look-ups."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.app import create_app
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kg.settings import Settings


@pytest.fixture(scope="session")
def ask(sample_home: Path, sample_settings: Settings) -> Iterator[Callable[..., httpx.Response]]:
    """Return a function that asks the application over the sample: path, then parameters."""
    app = create_app(sample_settings, Workspace(sample_home))
    transport = httpx.ASGITransport(app)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(app.router.lifespan_context(app)))
        client = httpx.AsyncClient(transport=transport, base_url="http://atlas")

        def get(path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
            return runner.run(client.get(path, params=params or None, headers=headers))

        yield get
        runner.run(client.aclose())
        runner.run(stack.aclose())
