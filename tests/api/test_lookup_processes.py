"""Look-ups are answered by processes as they are by the server, whatever happens to these."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

from api import lookuppool
from api.app import create_app
from api.server import configure
from kg.settings import Settings
from kg.workspace import Workspace, point, read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.lookuppool import LookUpPool

LONG_WAY = {"If-None-Match": '"of something else"'}
PHOTONICS = "/competences?q=photonics"
SECONDS = 5


class Served:
    """A server in a thread of this process, with one process for look-ups."""

    def __init__(self, home: Path) -> None:
        self.home = home
        settings = Settings(home=home, lookup_processes=1, query_timeout=SECONDS)
        app = create_app(settings, Workspace(home))
        self._state = app.state
        self._new = (n / 1000 for n in range(2000))
        self._server = uvicorn.Server(configure(app, port=0, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        wait_until(lambda: self._server.started)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)

    @property
    def pids(self) -> list[int]:
        """The processes for look-ups that are ready."""
        pool: LookUpPool = self._state.lookups
        return pool.pids

    def ready(self) -> int:
        """Ask two things at a time until there is a process for look-ups, and return its id."""

        def asked() -> bool:
            with ThreadPoolExecutor(2) as both:
                urls = (f"/competences?q=energy&sme_weight={next(self._new)}" for _ in range(2))
                list(both.map(self.client.get, urls))
            return bool(self.pids)

        wait_until(asked)
        return self.pids[0]

    def end_idle(self) -> None:
        """Have the pool look, in its event loop, whether anybody has asked of late."""
        pool: LookUpPool = self._state.lookups
        self._server.servers[0].get_loop().call_soon_threadsafe(pool.end_idle)

    def stop(self) -> None:
        """End the server and what it has started."""
        self.client.close()
        self._server.should_exit = True
        self._thread.join()


def wait_until(condition: Any) -> None:
    """Wait until a condition holds; fail when it never does."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it never came true")


@pytest.fixture(scope="module")
def served(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a copy of the sample's release."""
    home = tmp_path_factory.mktemp("lookups")
    shutil.copytree(sample_home / "releases", home / "releases")
    point(home / "current", home / "releases" / "1")
    found = Served(home)
    yield found
    found.stop()


@pytest.mark.parametrize(
    "path",
    [
        PHOTONICS,
        "/competences?q=Lasertechnick&country=DE&limit=3&format=csv",
        "/competences?q=Wasserstoffspeicherung",
        "/competences?q=laser&limit=none",
        "/competences?q=laser&limit=0&hidden=2&sme=perhaps&trl=12&explain=some&sme_weight=",
        "/competences?q=laser&sme=on&running=0&limit=%205&sme_weight=nan&bbox=-180,-90,180,90",
        "/competences?q=laser&kind=PRC&kind=REC&country=DE&country=AT&explain=full",
        "/competences?q=laser&q=photonics",
        "/competences?q=laser&colour=red&hiden=1",
        f"/competences?q={'x' * 10_001}",
        "/partners?q=laser&past=only&topic=HORIZON-CL4-2021-DIGITAL-EMERGING-01-07&hidden=0.6",
        "/partners?q=laser&past=never",
        "/partners?organisation=999984059",
        "/partners?organisation=nobody-of-this-name",
        "/partners?",
    ],
)
def test_a_process_answers_as_the_server_does(served: Served, path: str) -> None:
    """Status, fields and body are the same."""
    served.ready()
    passed_on, here = served.client.get(path), served.client.get(path, headers=LONG_WAY)

    assert passed_on.content == here.content
    assert passed_on.status_code == here.status_code
    fields = [{k: v for k, v in r.headers.items() if k != "date"} for r in (passed_on, here)]
    assert fields[0] == fields[1]
    assert "date" in passed_on.headers


def test_requests_that_follow_one_another_on_a_connection_keep_their_order(served: Served) -> None:
    """Also where those in between are answered by others."""
    served.ready()
    paths = ["/competences?q=laser", "/health", "/partners?organisation=999984059", PHOTONICS]

    several = [served.client.get(path).json() for path in paths * 2]

    assert several[:4] == several[4:]
    assert [s.get("query", {}).get("q") for s in several[:4]] == ["laser", None, None, "photonics"]


def test_many_clients_wait_for_one_process(served: Served) -> None:
    """Each gets the answer to its own question."""
    served.ready()
    words = [f"laser {n}" for n in range(24)]

    with ThreadPoolExecutor(12) as clients:
        answers = clients.map(
            lambda word: httpx.get(
                f"{served.client.base_url}/competences", params={"q": word}, timeout=60
            ),
            words,
        )

    assert [a.json()["query"]["q"] for a in answers] == words


def test_a_switch_of_the_release_is_one_for_the_process_too(served: Served) -> None:
    """The first look-up after the switch is answered from the new release."""
    served.ready()
    before = served.client.get(PHOTONICS)
    second = served.home / "releases" / "2"
    shutil.copytree(served.home / "releases" / "1", second)
    write_manifest(second, read_manifest(second) | {"release": 2, "digest": "another"})
    point(served.home / "current", second)

    after = served.client.get(PHOTONICS)

    assert [r.headers["x-release"] for r in (before, after)] == ["1", "2"]
    assert after.json()["items"] == before.json()["items"]


def test_what_was_answered_is_answered_again_without_a_process(served: Served) -> None:
    """As long as release and day are the same."""
    process = served.ready()
    first = served.client.get("/competences?q=optics")
    os.kill(process, signal.SIGSTOP)
    again = served.client.get("/competences?q=optics")
    os.kill(process, signal.SIGCONT)

    assert again.status_code == 200
    assert again.content == first.content


def test_a_look_up_that_takes_too_long_is_ended_with_its_process(served: Served) -> None:
    """The client is told, and the next look-up is answered."""
    process = served.ready()
    os.kill(process, signal.SIGSTOP)

    late = served.client.get("/competences?q=battery")

    assert late.status_code == 504
    assert late.json()["title"] == "Time limit reached"
    assert served.client.get(PHOTONICS).status_code == 200
    wait_until(lambda: not Path(f"/proc/{process}").exists())


def test_when_a_process_dies_its_look_up_is_answered_all_the_same(served: Served) -> None:
    """And another process takes its place."""
    process = served.ready()
    os.kill(process, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as client:
        waiting = client.submit(served.client.get, "/partners?organisation=999984059&limit=7")
        time.sleep(0.5)
        os.kill(process, signal.SIGKILL)

    assert len(waiting.result().json()["items"]) == 7
    assert served.ready() != process


def test_processes_end_when_nobody_asks_for_long(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And begin again when somebody does."""
    process = served.ready()
    with monkeypatch.context() as patched:
        patched.setattr(lookuppool, "_IDLE", 0.0)
        served.end_idle()
        wait_until(lambda: not Path(f"/proc/{process}").exists())

    assert served.client.get(PHOTONICS).status_code == 200
    assert served.ready() != process


def test_no_process_outlives_the_server(served: Served) -> None:
    """Those for look-ups end with it."""
    process = served.ready()
    served.stop()

    assert not Path(f"/proc/{process}").exists()
