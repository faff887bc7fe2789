"""Look-ups while a new release has no index yet: they go on in the one before, and say so."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING

import httpx

from api.app import create_app
from kg.matching import build_index
from kg.workspace import Workspace, point

if TYPE_CHECKING:
    from pathlib import Path

    from kg.settings import Settings


def publish_again(workspace: Workspace) -> Path:
    """Make a second release, like the first but without an index, the current one."""
    first = workspace.releases / "1"
    second = shutil.copytree(first, workspace.releases / "2", ignore=shutil.ignore_patterns("text"))
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps({**manifest, "release": 2, "digest": "another"})
    (second / "manifest.json").write_text(text, encoding="utf-8")
    point(workspace.current, second)
    return second


def test_look_ups_do_not_wait_for_the_index_of_a_new_release(
    sample_home: Path, sample_settings: Settings, tmp_path: Path
) -> None:
    """The release before answers and is named, until the new one's index was built beside."""
    workspace = Workspace(tmp_path / "home")
    shutil.copytree(sample_home, workspace.home, symlinks=True)
    build_index(workspace.releases / "1", sample_settings.base)
    before, after = asyncio.run(_asked(workspace, sample_settings))

    assert (before.headers["x-release"], before.json()["release"]) == ("1", 1)
    assert (after.headers["x-release"], after.json()["release"]) == ("2", 2)
    assert before.headers["etag"] != after.headers["etag"]
    assert before.json()["items"] == after.json()["items"]
    assert not list((workspace.releases / "2").glob(".partial*"))


async def _asked(workspace: Workspace, settings: Settings) -> tuple[httpx.Response, httpx.Response]:
    """Ask when the new release has just come, and when its index is there."""
    app = create_app(settings, workspace)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://atlas") as client,
    ):
        second = publish_again(workspace)
        before = await client.get("/competences", params={"q": "Photonik"})
        await asyncio.to_thread(build_index, second, settings.base)
        return before, await client.get("/competences", params={"q": "Photonik"})
