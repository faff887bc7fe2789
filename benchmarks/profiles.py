"""A thousand profiles submitted by eight clients while queries run: none lost, none twice.

Over HTTP, on a copy of the workspace of ATLAS_HOME (without one, of the shipped sample). Every
tenth submission is sent twice under the same key, as a client does that got no answer, and a
curator accepts one after the other meanwhile. In the end each profile that was answered for is in
the queue or in a release, once, and each accepted one is found by SPARQL.
`ATLAS_BENCH_PROFILES` (1,000) says how many.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import httpx

from benchmarks.measure import table

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER: Final = int(os.environ.get("ATLAS_BENCH_PROFILES", "1000"))
CLIENTS: Final = 8
TWICE: Final = 10
ACCEPTED: Final = 20
_PAGE: Final = 100
_QUERY: Final = "ASK {{ ?s ?p {} }}"


def _atlas(home: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "kg.cli", "--home", str(home), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _workspace(folder: Path) -> Path:
    home = folder / "home"
    if given := os.environ.get("ATLAS_HOME"):
        shutil.copytree(given, home, symlinks=True)
    else:
        _atlas(home, "demo", "--no-serve")
    return home


@contextmanager
def _serving(home: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "kg.cli", "--home", str(home), "--json", "serve"]
    unlimited = {**os.environ, "ATLAS_PROFILE_RATE": "0"}  # all clients have one address
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, env=unlimited
    ) as server:
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        yield json.loads(server.stdout.readline())["url"]
        server.terminate()


def _profile(number: int) -> dict[str, Any]:
    return {
        "type": "Company",
        "legalName": f"Profile Number {number} GmbH",
        "country": "DE",
        "region": "DE144",
        "city": "Ulm",
        "homepage": f"https://company-{number}.example/",
        "masters": ["photonics"],
    }


class Trial:
    """What the clients share: the server, what it answered for, and what went wrong."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=300)
        self.curator = {"Authorization": f"Bearer {token}"}
        self.answered: dict[int, str] = {}
        self.accepted: list[str] = []
        self.seconds: list[float] = []
        self.taken: list[float] = []
        self.queries = self.failed = 0
        self.over = threading.Event()

    def submit(self, number: int) -> None:
        """Submit a profile, some of them twice."""
        key = {"Idempotency-Key": f"profile-number-{number}"}
        for _ in range(2 if number % TWICE == 0 else 1):
            begin = time.perf_counter()
            answer = self.client.post("/profiles", json=_profile(number), headers=key)
            self.seconds.append(time.perf_counter() - begin)
            if answer.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
                self.failed += 1
                print(answer.status_code, answer.text[:300], flush=True)
                return
            told = answer.json()["id"]
            self.failed += self.answered.setdefault(number, told) != told

    def ask(self) -> None:
        """Ask queries until the submissions are over."""
        while not self.over.is_set():
            query = _QUERY.format(self.queries)
            answer = self.client.get("/sparql", params={"query": query})
            self.queries += 1
            self.failed += answer.status_code != HTTPStatus.OK

    def accept(self) -> None:
        """Accept some profiles, one after the other, as they come."""
        while len(self.accepted) < ACCEPTED:
            waiting = [i for i in list(self.answered.values()) if i not in self.accepted]
            if not waiting:
                time.sleep(0.05)
                continue
            begin = time.perf_counter()
            answer = self.client.post(f"/profiles/{waiting[0]}/acceptance", headers=self.curator)
            self.taken.append(time.perf_counter() - begin)
            self.failed += answer.status_code != HTTPStatus.OK
            self.accepted.append(waiting[0])

    def kept(self) -> list[dict[str, Any]]:
        """Return every profile that the server keeps."""
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            asked = {"limit": _PAGE, "after": after}
            page = self.client.get("/profiles", params=asked, headers=self.curator).json()
            found += page["profiles"]
            after = page["next"]
        return found

    def published(self, iris: list[str]) -> int:
        """Return how many things the current release describes."""
        values = " ".join(f"<{iri}>" for iri in iris)
        query = f"SELECT DISTINCT ?s {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"
        answer = self.client.get("/sparql", params={"query": query, "format": "json"})
        return len(answer.json()["results"]["bindings"])


def main() -> None:
    """Measure and print the table."""
    with TemporaryDirectory() as folder:
        home = _workspace(Path(folder))
        token = _atlas(home, "token", "create", "trial", "--role", "curator").split()[-1]
        with _serving(home) as url:
            trial = Trial(url, token)
            others = [threading.Thread(target=f) for f in (trial.ask, trial.ask, trial.accept)]
            for thread in others:
                thread.start()
            begin = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                list(clients.map(trial.submit, range(NUMBER)))
            seconds = time.perf_counter() - begin
            others[-1].join()
            trial.over.set()
            for thread in others[:-1]:
                thread.join()
            kept = trial.kept()
            iris = [p["iri"] for p in kept if p["state"] == "published"]
            found = trial.published(iris)
    ids, answered = [p["id"] for p in kept], set(trial.answered.values())
    rows: list[list[object]] = [
        ["profiles answered for", len(answered)],
        ["lost", len(answered - set(ids))],
        ["kept twice, or never answered for", len(ids) - len(answered & set(ids))],
        ["accepted, and found in the release", f"{len(trial.accepted)}, {found}"],
        ["requests that failed", trial.failed],
        ["profiles/s", round(NUMBER / seconds, 1)],
        ["submission, p50 ms", round(1000 * statistics.median(trial.seconds), 1)],
        ["acceptance, first, s", round(trial.taken[0], 2)],
        ["acceptance, p50 s", round(statistics.median(trial.taken), 2)],
        ["queries answered meanwhile", trial.queries],
    ]
    table(["measured", "value"], rows)


if __name__ == "__main__":
    main()
