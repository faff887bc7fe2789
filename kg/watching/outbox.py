"""The outbox: what goes to webhooks, on disk until it has arrived or is given up.

1. What a release changed becomes deliveries of at most `MOST_CHANGES` changes, each a file that is
   never made twice: `<release>-<part>.json`. The first part is written last, so that its file says
   that all parts are there. Its id is a function of search, release and part.
2. A delivery is sent until the receiver answers 2xx. Who is killed between the answer and writing
   it down sends it again, with the same id and body: by the id the receiver knows it.
3. After a failure it waits: twice as long each time, up to six hours, by a random part less. After
   some days, or when the receiver says that it is gone (410), it is dead and kept as such.
4. Deliveries of one search go in their order; later ones wait for earlier ones.
5. One process delivers at a time (flock).
6. Whoever sets up a receiver can have a delivery sent that tells of nothing (`tried`).
"""

from __future__ import annotations

import fcntl
import http.client
import json
import logging
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

from kg.errors import WorkspaceError
from kg.watching import files, outgoing, signing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.watching.history import History, Step
    from kg.watching.outgoing import Allowed, Reply
    from kg.watching.searches import Search, Searches, Webhook

MOST_CHANGES: Final = 500
_AT_ONCE: Final = 8
_LOGGER: Final = logging.getLogger(__name__)
_RANDOM: Final = secrets.SystemRandom()

State = Literal["pending", "delivered", "dead"]


@dataclass(frozen=True)
class Patience:
    """How long to wait before a delivery is tried again, and when to give up; in seconds."""

    first: float = 10.0
    most: float = 6 * 3600.0
    dead: float = 5 * 86400.0

    def wait(self, attempts: int, asked: int | None) -> float:
        """Return how long to wait after so many attempts, or as long as the receiver asked."""
        longest = min(self.most, self.first * 2 ** min(attempts - 1, 40))
        return max(_RANDOM.uniform(longest / 2, longest), min(asked or 0, self.most))


@dataclass(frozen=True)
class Delivery:
    """A delivery; `due` is when it is to be tried, `body` is empty once it needs none."""

    id: str
    release: int
    part: int
    state: State
    queued: float
    due: float
    body: str
    attempts: int = 0
    told: str = ""

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.release}-{self.part}.json"

    def content(self) -> bytes:
        """Return what its file holds."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Outcome:
    """What a round of deliveries did: how many arrived, failed and were given up."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.delivered + other.delivered, self.failed + other.failed, self.dead + other.dead
        )


def queued(folder: Path) -> list[Delivery]:
    """Return the deliveries of a search, in their order, whatever their state.

    Raises:
        WorkspaceError: a file is damaged.
    """
    found = (_read(path) for path in folder.glob("[0-9]*.json"))
    return sorted((d for d in found if d is not None), key=lambda d: (d.release, d.part))


def _read(path: Path) -> Delivery | None:
    try:
        return Delivery(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise WorkspaceError(f"{path} is damaged: {error}", place=str(path)) from None


def queue(folder: Path, search: Search, history: History, now: float) -> None:
    """Put what is remembered and not yet queued into the outbox; drop receipts that have no use.

    Raises:
        WorkspaceError: a file is damaged, or the disk is full.
    """
    if search.webhook is None:
        return
    known = history.releases()
    for release in known:
        if release > search.webhook.since and not (folder / f"{release}-1.json").exists():
            step = history.step(release)
            if step is not None and step.changes:
                files.folder(folder)
                for delivery in reversed(list(_deliveries(search, step, now))):
                    files.create(folder / delivery.name, delivery.content())
    for delivery in queued(folder):
        # As long as a release is remembered, its receipt says that it need not be sent again.
        if delivery.state != "pending" and delivery.release not in known:
            (folder / delivery.name).unlink(missing_ok=True)


def _deliveries(search: Search, step: Step, now: float) -> Iterator[Delivery]:
    parts = -(-len(step.changes) // MOST_CHANGES)
    for part in range(1, parts + 1):
        changes = step.changes[(part - 1) * MOST_CHANGES : part * MOST_CHANGES]
        body = {
            "type": "search.changed",
            "timestamp": step.created,
            "data": {
                "search": search.id,
                "release": step.release,
                "before": step.before,
                "part": part,
                "parts": parts,
                "complete": step.complete,
                "changes": [change.entry() for change in changes],
            },
        }
        text = json.dumps(body, ensure_ascii=False)
        name = f"msg_{search.id}_{step.release}_{part}"
        yield Delivery(name, step.release, part, "pending", now, now, text)


def counts(folder: Path) -> dict[str, Any]:
    """Return how many deliveries of a search are in each state, and what the last failure was.

    Raises:
        WorkspaceError: a file is damaged.
    """
    every = queued(folder)
    states: tuple[State, ...] = ("pending", "delivered", "dead")
    found: dict[str, Any] = {s: sum(d.state == s for d in every) for s in states}
    failures = [d.told for d in every if d.told and d.state != "delivered"]
    return {**found, "failure": failures[-1] if failures else None}


@contextmanager
def delivering(top: Path) -> Iterator[bool]:
    """Be the one who delivers while the block runs; False if another process is."""
    files.folder(top)
    descriptor = os.open(top / "deliver.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def tried(search: Search, webhook: Webhook, allowed: Allowed) -> Delivery:
    """Send a delivery to a webhook that tells of no change, and return what has become of it.

    It is signed like any other and never tried again; its type is `search.test`.
    """
    now = time.time()
    body = {
        "type": "search.test",
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "data": {"search": search.id, "title": search.title},
    }
    name = f"msg_{search.id}_test_{secrets.token_hex(8)}"
    text = json.dumps(body, ensure_ascii=False)
    delivery = Delivery(name, webhook.since, 0, "pending", now, now, text)
    return _attempted(webhook, delivery, allowed, Patience())


def deliver(searches: Searches, allowed: Allowed, patience: Patience) -> Outcome:
    """Queue what is new and send what is due, once; the caller is the one who delivers.

    A search whose files are damaged or cannot be written is left out, and the log says so.
    """
    hooked = [search for search in searches.every() if search.webhook is not None]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        done = threads.map(lambda search: _served(searches, search, allowed, patience), hooked)
        return sum(done, Outcome())


def _served(searches: Searches, search: Search, allowed: Allowed, patience: Patience) -> Outcome:
    try:
        return _deliver(searches, search, allowed, patience)
    except WorkspaceError as error:
        _LOGGER.error("nothing is delivered for %s: %s", search.id, error.detail)  # noqa: TRY400
        return Outcome(failed=1)


def _deliver(searches: Searches, search: Search, allowed: Allowed, patience: Patience) -> Outcome:
    if search.webhook is None:
        return Outcome()
    folder, outcome = searches.deliveries(search), Outcome()
    with suppress(FileNotFoundError):  # the search was deleted meanwhile
        queue(folder, search, searches.history(search), time.time())
        for delivery in queued(folder):
            if delivery.state != "pending":
                continue
            if delivery.due > time.time():
                break
            after = _attempted(search.webhook, delivery, allowed, patience)
            files.replace(folder / delivery.name, after.content())
            outcome += _outcome(after)
            if after.state == "pending":
                break
    return outcome


def _outcome(delivery: Delivery) -> Outcome:
    if delivery.state == "pending":
        return Outcome(failed=1)
    return Outcome(delivered=1) if delivery.state == "delivered" else Outcome(dead=1)


def _attempted(
    webhook: Webhook, delivery: Delivery, allowed: Allowed, patience: Patience
) -> Delivery:
    """Send a delivery and return what has become of it."""
    attempts, asked = delivery.attempts + 1, None
    try:
        reply = _send(webhook, delivery, allowed)
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            return replace(delivery, state="delivered", attempts=attempts, body="", told="")
        told, asked = f"The receiver answered {reply.status}", reply.retry_after
        if reply.status == HTTPStatus.GONE:
            return replace(delivery, state="dead", attempts=attempts, told=told)
    except (outgoing.OutgoingError, OSError, http.client.HTTPException) as error:
        told = f"{type(error).__name__}: {error}"[:300]
    now = time.time()
    if now - delivery.queued >= patience.dead:
        return replace(delivery, state="dead", attempts=attempts, told=told)
    due = now + patience.wait(attempts, asked)
    return replace(delivery, attempts=attempts, due=due, told=told)


def _send(webhook: Webhook, delivery: Delivery, allowed: Allowed) -> Reply:
    body, timestamp = delivery.body.encode(), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Cluster-Atlas",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signing.sign(webhook.secret, delivery.id, timestamp, body),
    }
    return outgoing.post(allowed, webhook.url, headers, body)
