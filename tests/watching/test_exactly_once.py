"""Every subscriber sees every change once, whatever fails on the way.

A process keeps watch over a workspace and is killed at random, again and again. The receiver is
down half of the time: it refuses connections, fails, or takes a delivery and breaks off before it
says so. It knows a delivery by its id, as the rules of webhooks have it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from kg.watching import outbox
from kg.watching.searches import Question, Search, Searches, Webhook
from kg.watching.signing import new_secret, verify

if TYPE_CHECKING:
    from conftest import Little

PROGRAM = Path(__file__).with_name("keep_watch.py")
SUBSCRIBERS = 5


class Subscribers:
    """What the receivers have seen: by path the deliveries by id, and how often each one came."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.seen: dict[str, dict[str, bytes]] = defaultdict(dict)
        self.attempts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.random = random.Random(4)  # noqa: S311 - the same failures each time
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Check a delivery as its receiver does, and keep it by its id."""
        name = headers["webhook-id"]
        timestamp, signature = headers["webhook-timestamp"], headers["webhook-signature"]
        verify(self.secrets[path], name, timestamp, body, signature, time.time())
        self.attempts[name] += 1
        if self.seen[path].setdefault(name, body) != body:
            self.faults.append(f"{name} came with another body")

    def open(self) -> None:
        """Listen, always on the same port."""
        everyone = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mood = everyone.random.random()
                if mood >= 0.25:
                    headers = {k.lower(): v for k, v in self.headers.items()}
                    everyone.take(self.path, headers, body)
                if mood >= 0.5:
                    self.send_response(204)
                    self.end_headers()
                elif mood < 0.25:
                    self.send_response(500)
                    self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Receiver)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def subscribe(searches: Searches, everyone: Subscribers) -> list[Search]:
    made = []
    for number in range(SUBSCRIBERS):
        secret, path = new_secret(), f"/{number}"
        everyone.secrets[path] = secret
        hook = Webhook(f"http://127.0.0.1:{everyone.port}{path}", secret, 1)
        parameters = {"prefix": (f"n{number}",)}
        question = Question("query", "things", parameters)
        made.append(searches.create("owner", "", question, 1, "2026-01-01", hook))
    return made


def names(release: int) -> dict[str, str]:
    """Return what a release holds: for each subscriber other things come, change and go."""
    held = {}
    for number in range(SUBSCRIBERS):
        most = 700 if number == 0 else 20
        for thing in range(release * 5, most + release * 3):
            held[f"{number}-{thing}"] = f"n{number} {thing} {release if thing % 7 == 0 else ''}"
    return held


def expected(before: int, after: int, number: int) -> set[tuple[str, str]]:
    mine = [
        {k: v for k, v in names(r).items() if k.startswith(f"{number}-")} for r in (before, after)
    ]
    old, new = mine
    return {
        *(("new", k) for k in new.keys() - old.keys()),
        *(("gone", k) for k in old.keys() - new.keys()),
        *(("changed", k) for k in old.keys() & new.keys() if old[k] != new[k]),
    }


def done(searches: Searches, made: list[Search], release: int) -> bool:
    for search in made:
        last = searches.history(search).last()
        if last is None or last.release < release:
            return False
        deliveries = outbox.queued(searches.deliveries(search))
        through = any(d.release == release for d in deliveries)
        if not through or any(d.state != "delivered" for d in deliveries):
            return False
    return True


def watch(little: Little, everyone: Subscribers) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(PROGRAM), str(little.workspace.home), str(everyone.port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_after_three_releases_everybody_has_seen_every_change_once(little: Little) -> None:
    everyone, chance = Subscribers(), random.Random(1)  # noqa: S311 - the same times each time
    everyone.open()
    little.publish(names(1))
    searches = Searches(little.workspace)
    made = subscribe(searches, everyone)
    release, kills, up = 1, 0, True
    end = time.monotonic() + 120
    while time.monotonic() < end and not (release == 4 and done(searches, made, 4)):
        process = watch(little, everyone)
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(chance.randrange(2, 12)):
            time.sleep(0.1)
            if chance.random() < 0.5:
                (everyone.close if up else everyone.open)()
                up = not up
        if release < 4 and kills % 2 == 0:
            release = little.publish(names(release + 1)).number
        process.kill()
        process.wait()
        process.stdout.close()
        kills += 1
    if up:
        everyone.close()

    assert done(searches, made, 4)
    assert everyone.faults == []
    assert kills >= 5
    for number in range(SUBSCRIBERS):
        bodies = [json.loads(body)["data"] for body in everyone.seen[f"/{number}"].values()]
        seen = Counter(
            (body["before"], body["release"], c["change"], c["id"].rpartition("/")[2])
            for body in bodies
            for c in body["changes"]
        )
        wanted = {
            (step - 1, step, kind, key)
            for step in (2, 3, 4)
            for kind, key in expected(step - 1, step, number)
        }

        assert set(seen) == wanted
        assert set(seen.values()) == {1}
    assert max(everyone.attempts.values()) > 1, "nothing failed, so nothing was shown"
