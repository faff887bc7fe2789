"""The server completes releases: columns and index of one that was made from a checkpoint.

It is done by a process of low priority, one at a time, once a release has been the current one for
a while: while profile after profile is published, only the last is worth it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from kg import completion, releases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from kg.settings import Settings
    from kg.workspace import Workspace

_EVERY: Final = 2.0
"""Seconds between two looks at the current release; one is completed when two looks see it."""

_LOG: Final = logging.getLogger(__name__)


@asynccontextmanager
async def completing(app: FastAPI) -> AsyncIterator[None]:
    """Complete releases in the background while the server runs."""
    task = asyncio.create_task(_keep_completing(app.state.workspace, app.state.settings))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_completing(workspace: Workspace, settings: Settings) -> None:
    seen: releases.Release | None = None
    failed: set[int] = set()
    while True:
        release = releases.current(workspace)
        lasting = release is not None and release == seen and release.number not in failed
        if release and lasting and completion.due(release) and not await _complete(settings):
            failed.add(release.number)
        seen = release
        await asyncio.sleep(_EVERY)


async def _complete(settings: Settings) -> bool:
    """Have the current release completed; tell whether that went well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", completion.__name__, stdin=PIPE, stderr=PIPE
    )
    try:
        _, said = await process.communicate(completion.Task.of(settings).to_json())
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode:
        _LOG.warning("The current release could not be completed: %s", said.decode().strip())
    return process.returncode == 0
