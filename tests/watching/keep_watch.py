"""Keeps watch over a workspace until it is killed: asks new releases, and delivers.

    python keep_watch.py HOME HOST

It says so with a line when it begins. Waiting is short, so that a test need not wait.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import THINGS

from kg import asof
from kg.asof import Archive
from kg.identifiers import Identifiers
from kg.query.limits import Limits
from kg.savedqueries.definition import read
from kg.store import Serving
from kg.terms import DEFAULT_BASE
from kg.watching import outbox
from kg.watching.asking import QueryAsker
from kg.watching.following import follow
from kg.watching.outgoing import Allowed, Origin
from kg.watching.searches import Searches
from kg.workspace import Workspace

PATIENCE = outbox.Patience(first=0.02, most=0.1)


async def keep_watch(workspace: Workspace, allowed: Allowed) -> None:
    """Follow and deliver, again and again."""
    searches = Searches(workspace)
    archive = Archive(workspace, Serving(workspace))
    queries = {"things": read("things", THINGS)}
    async with QueryAsker(queries, archive, Identifiers(DEFAULT_BASE), Limits()) as asker:
        while True:
            for search in searches.every():
                history, kept = searches.history(search), asof.kept(workspace)
                await follow(history, search.question, kept, search.since, asker.observe)
            with outbox.delivering(searches.top) as mine:
                if mine:
                    outbox.deliver(searches, allowed, PATIENCE)
            await asyncio.sleep(0.02)


def main() -> None:
    origin = Origin("http", "127.0.0.1", int(sys.argv[2]))
    print("watching", flush=True)  # noqa: T201
    allowed = Allowed(frozenset([origin]), private=True)
    asyncio.run(keep_watch(Workspace(Path(sys.argv[1])), allowed))


if __name__ == "__main__":
    main()
