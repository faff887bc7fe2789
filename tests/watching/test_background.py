"""A server keeps watch by itself."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from api.app import create_app
from api.routes import searches as routes
from kg.settings import Settings
from kg.tokens import Tokens
from kg.watching.comparing import Observed, Row
from kg.watching.history import following
from kg.watching.outgoing import Allowed
from kg.watching.searches import Question, Searches, Webhook
from kg.watching.signing import new_secret

if TYPE_CHECKING:
    import pytest
    from conftest import Little

ORGANISATION = "https://w3id.org/cluster-atlas/id/organisation/1"


def test_releases_are_followed_and_webhooks_served(
    little: Little, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop of `atlas serve`: a new release is asked, what waits is sent, strangers are gone."""
    monkeypatch.setattr(routes, "_EVERY", 0.02)
    came = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            came.set()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    url = f"http://127.0.0.1:{server.server_port}"
    tokens = Tokens(little.workspace)
    owner = tokens.holder(f"Bearer {tokens.create('rita', 'reader')}").id
    little.publish({"1": "a"})
    kept = Searches(little.workspace)
    question = Question("query", "partners-of", {"organisation": (ORGANISATION,)})
    hook = Webhook(url, new_secret(), 1)
    search = kept.create(owner, "", question, 1, "2026-01-01T00:00:00+00:00", hook)
    stranger = kept.create("revoked", "", question, 1, "2026-01-01T00:00:00+00:00")
    history = kept.history(search)
    for number, rows in enumerate([{}, {"x": Row("x", None, "x", {})}], 1):
        moment = f"2026-01-{number:02}T00:00:00+00:00"
        history.append(following(history.last(), number, moment, Observed(rows)))
    little.publish({"1": "b"})
    little.publish({"1": "c"})

    async def run() -> None:
        settings = Settings(home=little.workspace.home, webhook_hosts=url, webhook_private=True)
        app = create_app(settings, little.workspace)
        app.state.webhooks = Allowed.by(settings)
        task = asyncio.create_task(routes._keep_watch(app))
        async with asyncio.timeout(60):
            while not came.is_set() or history.releases()[-1] < 3:  # noqa: ASYNC110 - files tell
                await asyncio.sleep(0.02)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(run())
    finally:
        server.shutdown()
        server.server_close()

    assert kept.every() == [search]
    assert stranger not in kept.every()
    assert [(s.release, bool(s.failure)) for s in history.steps()] == [(2, False), (3, True)]
