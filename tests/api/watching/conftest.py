"""The application over a copy of the sample that is written to, and tokens for it."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.app import create_app
from kg.settings import Settings
from kg.tokens import Tokens
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

PREFIXES = """PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX offer: <https://w3id.org/cluster-atlas/id/offer/>
PREFIX organisation: <https://w3id.org/cluster-atlas/id/organisation/>
"""


@dataclass(frozen=True)
class Atlas:
    """The application, and who may do what there."""

    app: FastAPI
    home: Path
    runner: asyncio.Runner
    client: httpx.AsyncClient
    reader: str
    curator: str

    def ask(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        """Return the answer to a request."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.runner.run(self.client.request(method, path, headers=headers, **more))

    def keep(self, **search: Any) -> dict[str, Any]:
        """Keep a search of the reader's."""
        answer = self.ask("POST", "/searches", self.reader, json=search)
        assert answer.status_code == 201, answer.text
        kept: dict[str, Any] = answer.json()
        return kept

    def update(self, text: str) -> int:
        """Publish a change; return the number of the release."""
        headers = {"Content-Type": "application/sparql-update"}
        answer = self.ask(
            "POST", "/update", self.curator, content=PREFIXES + text, headers=headers, timeout=120
        )
        assert answer.status_code == 200, answer.text
        return int(answer.json()["release"])


@pytest.fixture(scope="session")
def atlas(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atlas]:
    """Return the application over a copy of the sample."""
    home = tmp_path_factory.mktemp("watching") / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    tokens = Tokens(Workspace(home))
    reader, curator = tokens.create("rita", "reader"), tokens.create("anna", "curator")
    settings = Settings(
        home=home, webhook_hosts="hooks.test,http://127.0.0.1:1", webhook_private=True
    )
    app = create_app(settings, Workspace(home))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(app.router.lifespan_context(app)))
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://atlas", timeout=120)
        yield Atlas(app, home, runner, client, reader, curator)
        runner.run(client.aclose())
        runner.run(stack.aclose())
