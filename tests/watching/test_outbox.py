"""Deliveries wait, keep their order, and are given up at last."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from kg.cli import app
from kg.tokens import Tokens
from kg.watching import outbox
from kg.watching.comparing import Observed, Row
from kg.watching.history import following
from kg.watching.outbox import Outcome, Patience
from kg.watching.outgoing import Allowed, Origin
from kg.watching.searches import Question, Search, Searches, Webhook
from kg.watching.signing import new_secret
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Little

AT_ONCE = Patience(first=0.0, most=0.0)


class Answers:
    """A receiver that gives these statuses, then 200; it keeps what came."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses = statuses
        self.came: list[str] = []
        self.url = ""


@contextmanager
def receiving(*statuses: int, retry_after: str = "") -> Iterator[Answers]:
    answers = Answers(list(statuses))

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answers.came.append(self.headers["webhook-id"])
            self.send_response(answers.statuses.pop(0) if answers.statuses else 200)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    answers.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def searches(tmp_path: Path) -> Searches:
    return Searches(Workspace(tmp_path))


def watched(searches: Searches, url: str, sizes: list[int], since: int = 1) -> Search:
    """Keep a search whose answer has so many rows in each release, from 1 on."""
    hook = Webhook(url, new_secret(), since)
    question = Question("query", "things", {})
    search = searches.create("owner", "", question, 1, "2026-01-01T00:00:00+00:00", hook)
    history = searches.history(search)
    for number, size in enumerate(sizes, 1):
        rows = {str(n): Row(str(n), None, str(n), {"n": n}) for n in range(size)}
        moment = f"2026-01-{number:02}T00:00:00+00:00"
        history.append(following(history.last(), number, moment, Observed(rows)))
    return search


def allowed(url: str) -> Allowed:
    return Allowed(frozenset([Origin("http", "127.0.0.1", int(url.rpartition(":")[2]))]), True)


def states(searches: Searches, search: Search) -> list[tuple[int, int, str]]:
    return [(d.release, d.part, d.state) for d in outbox.queued(searches.deliveries(search))]


def test_each_release_goes_out_once_in_order(searches: Searches) -> None:
    """A large release in parts; the ids say which it is."""
    with receiving() as answers:
        search = watched(searches, answers.url, [0, 1, 1201, 1201, 1202])
        first = outbox.deliver(searches, allowed(answers.url), AT_ONCE)
        second = outbox.deliver(searches, allowed(answers.url), AT_ONCE)

    ids = [(2, 1), (3, 1), (3, 2), (3, 3), (5, 1)]
    assert answers.came == [f"msg_{search.id}_{release}_{part}" for release, part in ids]
    assert (first, second) == (Outcome(delivered=5), Outcome())
    counted = {"pending": 0, "delivered": 5, "dead": 0, "failure": None}
    assert outbox.counts(searches.deliveries(search)) == counted
    assert all(not d.body for d in outbox.queued(searches.deliveries(search)))


def test_what_was_before_the_webhook_is_not_sent(searches: Searches) -> None:
    with receiving() as answers:
        search = watched(searches, answers.url, [0, 1, 2], since=2)
        outbox.deliver(searches, allowed(answers.url), AT_ONCE)

    assert answers.came == [f"msg_{search.id}_3_1"]


def test_later_ones_wait_for_earlier_ones(searches: Searches) -> None:
    """A subscriber never hears of the end before the beginning."""
    with receiving(500, 302, 404) as answers:
        search = watched(searches, answers.url, [0, 1, 2])
        for _ in range(4):
            outbox.deliver(searches, allowed(answers.url), AT_ONCE)

    names = [name.rpartition("_")[0].rpartition("_")[2] for name in answers.came]
    assert names == ["2", "2", "2", "2", "3"]
    assert states(searches, search) == [(2, 1, "delivered"), (3, 1, "delivered")]


def test_a_failure_waits(searches: Searches) -> None:
    with receiving(500) as answers:
        search = watched(searches, answers.url, [0, 1])
        failed = outbox.deliver(searches, allowed(answers.url), Patience(first=3600))
        again = outbox.deliver(searches, allowed(answers.url), Patience(first=3600))

    assert (failed, again) == (Outcome(failed=1), Outcome())
    shown = outbox.counts(searches.deliveries(search))
    assert shown["failure"] == "The receiver answered 500"
    assert shown["pending"] == 1


def test_waiting_doubles_and_has_a_most() -> None:
    patience = Patience(first=10, most=100)
    for attempts, longest in [(1, 10), (2, 20), (4, 80), (5, 100), (1000, 100)]:
        waits = [patience.wait(attempts, None) for _ in range(50)]
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(set(waits)) > 1, "all would come back at the same moment"
    assert patience.wait(1, 60) == 60
    assert patience.wait(1, 10**9) == 100


def test_who_asks_for_time_gets_it(searches: Searches) -> None:
    with receiving(503, retry_after="1000") as answers:
        search = watched(searches, answers.url, [0, 1])
        outbox.deliver(searches, allowed(answers.url), Patience(first=0.0))
    (delivery,) = outbox.queued(searches.deliveries(search))

    assert delivery.due - delivery.queued >= 1000


@pytest.mark.parametrize(("status", "patience"), [(410, AT_ONCE), (500, Patience(0, 0, dead=0))])
def test_what_cannot_arrive_is_given_up(
    searches: Searches, status: int, patience: Patience
) -> None:
    """The one after it is tried all the same, and nothing dead is sent again."""
    with receiving(status) as answers:
        search = watched(searches, answers.url, [0, 1, 2])
        outcome = outbox.deliver(searches, allowed(answers.url), patience)
        outbox.deliver(searches, allowed(answers.url), patience)

    assert outcome == Outcome(delivered=1, dead=1)
    assert states(searches, search) == [(2, 1, "dead"), (3, 1, "delivered")]
    assert len(answers.came) == 2


def test_a_host_that_is_not_allowed_any_more_gets_nothing(searches: Searches) -> None:
    with receiving() as answers:
        search = watched(searches, answers.url, [0, 1])
        outcome = outbox.deliver(searches, Allowed(), AT_ONCE)

    assert outcome == Outcome(failed=1)
    assert answers.came == []
    assert "OutgoingError" in outbox.counts(searches.deliveries(search))["failure"]


def test_a_half_written_queue_is_completed(searches: Searches) -> None:
    """Who is killed while a release is put into the outbox has left out its first part."""
    with receiving() as answers:
        search = watched(searches, answers.url, [0, 1400])
        folder = searches.deliveries(search)
        outbox.queue(folder, search, searches.history(search), 0.0)
        (folder / "2-1.json").unlink()
        (folder / "2-2.json").unlink()
        outbox.deliver(searches, allowed(answers.url), AT_ONCE)

    assert [name.rpartition("_")[2] for name in answers.came] == ["1", "2", "3"]


def test_a_damaged_delivery_leaves_other_searches_alone(searches: Searches) -> None:
    with receiving() as answers:
        damaged, sound = (watched(searches, answers.url, [0, 1]) for _ in range(2))
        outbox.queue(searches.deliveries(damaged), damaged, searches.history(damaged), 0.0)
        (searches.deliveries(damaged) / "2-1.json").write_text("{")
        outcome = outbox.deliver(searches, allowed(answers.url), AT_ONCE)

    assert outcome == Outcome(delivered=1, failed=1)
    assert answers.came == [f"msg_{sound.id}_2_1"]


def test_one_process_delivers(searches: Searches) -> None:
    with outbox.delivering(searches.top) as first, outbox.delivering(searches.top) as second:
        assert (first, second) == (True, False)
    with outbox.delivering(searches.top) as third:
        assert third


def test_a_search_that_goes_meanwhile_takes_its_deliveries_along(searches: Searches) -> None:
    with receiving() as answers:
        search = watched(searches, answers.url, [0, 1])
        searches.delete(search)
        outcome = outbox._deliver(searches, search, allowed(answers.url), AT_ONCE)

    assert outcome == Outcome()
    assert answers.came == []


def test_receipts_go_with_what_is_remembered(searches: Searches) -> None:
    with receiving() as answers:
        search = watched(searches, answers.url, [0, 1])
        outbox.deliver(searches, allowed(answers.url), AT_ONCE)
        other = replace(search, question=Question("query", "things", {"prefix": ("x",)}))
        searches.save(other)
        outbox.deliver(searches, allowed(answers.url), AT_ONCE)

    assert states(searches, other) == []


def test_the_command_delivers(little: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    """`atlas deliver` asks the releases that came, and sends what they bring."""
    tokens = Tokens(little.workspace)
    owner = tokens.holder(f"Bearer {tokens.create('rita', 'reader')}").id
    little.publish({"1": "a"})
    searches = Searches(little.workspace)
    organisation = "https://w3id.org/cluster-atlas/id/organisation/1"
    with receiving() as answers:
        question = Question("query", "partners-of", {"organisation": (organisation,)})
        hook = Webhook(answers.url, new_secret(), 1)
        search = searches.create(owner, "", question, 1, "2026-01-01T00:00:00+00:00", hook)
        rows = {"x": Row("x", None, "x", {})}
        history = searches.history(search)
        for number, answer in enumerate([Observed(), Observed(rows)], 1):
            moment = f"2026-01-{number:02}T00:00:00+00:00"
            history.append(following(history.last(), number, moment, answer))
        monkeypatch.setenv("ATLAS_WEBHOOK_HOSTS", answers.url)
        monkeypatch.setenv("ATLAS_WEBHOOK_PRIVATE", "true")
        command = ["--home", str(little.workspace.home), "--json", "deliver"]
        result = CliRunner().invoke(app, command)
        tried = CliRunner().invoke(app, [*command, "--test", search.id])

    assert json.loads(result.stdout) == {"delivered": 1, "failed": 0, "given_up": 0}
    assert answers.came[0] == f"msg_{search.id}_2_1"
    assert json.loads(tried.stdout)["delivered"] is True
    assert answers.came[1:] == [json.loads(tried.stdout)["id"]]
    assert CliRunner().invoke(app, [*command, "--test", "none"]).exit_code == 1
