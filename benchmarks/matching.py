"""Look-ups of competences and partners at 8 clients, beside the same questions as plain SPARQL.

Measured over HTTP, 8 clients each: the product's look-ups, the product's SPARQL endpoint, and
`oxigraph serve-read-only` over the same store. Look-ups are asked with names of technologies in
four languages and with organisations by chance (fixed seed), each once; and once more. The SPARQL
asks what it can: who took part in most projects whose text holds a word, and who shares most
partners with an organisation; it neither stems, translates nor explains. Beside the latency stands
the processor time of the server and its processes for each look-up, which other work on the
machine changes less.

The workspace is the one of ATLAS_HOME; without one the full download is loaded first (`imports`).
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from benchmarks.imports import build, inputs, load
from benchmarks.measure import table
from kg.matching.index import read_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = 8
EACH = 40
_BASE = "https://w3id.org/cluster-atlas/"
LANGUAGES = ("en", "de", "fr", "it")
PATIENCE = 60
_PIECE = 256 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
SEEDS = ["999984059", "998872439", "916274126", "999977463"]
_ABOUT = """PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
SELECT ?organisation (COUNT(DISTINCT ?project) AS ?n) WHERE {{
  ?project atlas:objective ?text . FILTER(CONTAINS(LCASE(?text), "{word}"))
  ?organisation atlas:participatesIn ?project }}
GROUP BY ?organisation ORDER BY DESC(?n) LIMIT 20"""
_COMMON = """PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
SELECT ?candidate (COUNT(DISTINCT ?common) AS ?n) WHERE {{
  <{seed}> atlas:participatesIn/atlas:hasParticipant ?common .
  ?common atlas:participatesIn/atlas:hasParticipant ?candidate }}
GROUP BY ?candidate ORDER BY DESC(?n) LIMIT 20"""


def _ready(home: Path) -> Path:
    """Return a workspace with a release: the one given, or a new one of the full download."""
    given = os.environ.get("ATLAS_HOME")
    if given:
        return Path(given)
    for name, paths in inputs():
        load(home, name, paths)
    build(home)
    return home


@contextmanager
def _serving(home: Path) -> Iterator[tuple[str, int]]:
    """Serve a workspace and yield the address and the process."""
    command = [
        sys.executable,
        "-m",
        "kg.cli",
        "--home",
        str(home),
        "--json",
        "serve",
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        yield json.loads(process.stdout.readline())["url"], process.pid
        process.terminate()


@contextmanager
def _oxigraph(store: Path) -> Iterator[str | None]:
    """Serve a store with `oxigraph serve-read-only` and yield the address, or None without it."""
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    command = [program, "serve-read-only", "--location", str(store), "--bind", address]
    command.append("--union-default-graph")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://{address}"
        process.terminate()


class _Connection:
    """A connection that looks at nothing of an answer but its status and where it ends.

    Clients and server share the processors: what a client spends on reading would be measured.
    """

    def __init__(self, host: str) -> None:
        name, _, port = host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=120)
        self._fields = f" HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n\r\n".encode()

    def get(self, path: str) -> bool:
        """Ask for a path, take the whole answer, and tell whether it was one."""
        self._socket.sendall(b"GET " + path.encode() + self._fields)
        answer = bytearray()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._received()
        length = _LENGTH.search(answer, 0, end)
        if length:
            missing = end + 4 + int(length[1]) - len(answer)
            while missing > 0:
                missing -= len(self._received())
        else:
            while not answer.endswith(b"\r\n0\r\n\r\n"):
                answer += self._received()
        return answer.startswith(b"HTTP/1.1 200 ")

    def _received(self) -> bytes:
        if piece := self._socket.recv(_PIECE):
            return piece
        raise ConnectionError("The server has closed the connection")


def _timed(url: str, paths: list[str], each: int, clients: int = CLIENTS) -> list[float]:
    """Return the milliseconds of each request of some clients, who ask one after the other."""
    host = urlsplit(url).netloc
    taken: list[float] = []

    def client(number: int) -> None:
        connection = _Connection(host)
        for turn in range(each):
            begin = time.perf_counter()
            if connection.get(paths[(number * each + turn) % len(paths)]):
                taken.append(1000 * (time.perf_counter() - begin))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def _questions(home: Path, number: int) -> tuple[list[str], list[str]]:
    """Return needs and organisations by chance: names of technologies, and who takes part."""
    tables = read_tables(home / "current" / "text")
    choice = random.Random(4)  # noqa: S311 - the same questions each time
    columns = (tables["label"][name].to_pylist() for name in ("text", "language"))
    labels = sorted(
        {text for text, language in zip(*columns, strict=True) if language in LANGUAGES}
    )
    iris = tables["organisation"]["iri"].to_pylist()
    taking_part = sorted(set(tables["participation"]["organisation"].to_pylist()))
    seeds = choice.sample(taking_part, min(number, len(taking_part)))
    return choice.sample(labels, min(number, len(labels))), [iris[n] for n in seeds]


def _processes(process: int) -> list[int]:
    """Return a process and those below it (proc(5), task/children)."""
    below = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [process, *(each for child in below for each in _processes(int(child)))]


def _used(process: int) -> float:
    """Return the milliseconds of processor time of a process and those below (proc(5), stat)."""
    total = 0
    for each in _processes(process):
        stat = Path(f"/proc/{each}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        total += int(stat[11]) + int(stat[12])
    return 1000 * total / os.sysconf("SC_CLK_TCK")


def _warm(url: str, process: int, paths: list[str]) -> None:
    """Ask at 8 clients until the processes for look-ups are there and ready."""
    for _ in range(PATIENCE):
        _timed(url, paths, 4)
        time.sleep(1)
        commands = (Path(f"/proc/{p}/cmdline").read_bytes() for p in _processes(process))
        if sum(b"lookupprocess" in c for c in commands) and _timed(url, paths, 1):
            time.sleep(5)
            return


def _row(name: str, taken: list[float], used: float | str = "") -> list[object]:
    if len(taken) < 2:
        return [name, len(taken), "none answered", "", ""]
    middle, high = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    return [name, len(taken), middle, high, used]


def _measured(url: str, process: int, name: str, paths: list[str], clients: int) -> list[object]:
    before = _used(process)
    taken = _timed(url, paths, len(paths) // clients, clients)
    used = (_used(process) - before) / max(len(taken), 1)
    return _row(f"{name}, {clients} clients", taken, used)


def main() -> None:
    """Measure and print the table."""
    words = ["photonic", "laser", "hydrogen", "battery"]
    about = [f"query={quote(_ABOUT.format(word=w))}" for w in words]
    common = [f"query={quote(_COMMON.format(seed=f'{_BASE}id/organisation/{s}'))}" for s in SEEDS]
    rows: list[list[object]] = []
    with TemporaryDirectory() as folder:
        home = _ready(Path(folder))
        with _serving(home) as (url, process):
            needs, seeds = _questions(home, 3 * EACH * CLIENTS)
            competences = [f"/competences?{urlencode({'q': q})}" for q in needs]
            partners = [f"/partners?{urlencode({'organisation': s})}" for s in seeds]
            first, many, alone = (
                slice(n * EACH * CLIENTS, (n + 1) * EACH * CLIENTS) for n in range(3)
            )
            _warm(url, process, competences[first] + partners[first])
            for name, paths in (("/competences", competences), ("/partners", partners)):
                rows.append(_measured(url, process, f"{name} new", paths[many], CLIENTS))
                rows.append(_measured(url, process, f"{name} asked before", paths[many], CLIENTS))
                rows.append(_measured(url, process, f"{name} new", paths[alone][:EACH], 1))
            for name, queries in (("competences", about), ("partners", common)):
                taken = _timed(url, [f"/sparql?{query}" for query in queries], 1)
                rows.append(_row(f"{name} as SPARQL, atlas, {CLIENTS} clients", taken))
        with _oxigraph(home / "current" / "store") as other:
            for name, queries in (("competences", about), ("partners", common)):
                asked = [f"/query?{query}" for query in queries]
                taken = _timed(other, asked, 1) if other else []
                rows.append(_row(f"{name} as SPARQL, oxigraph serve, {CLIENTS} clients", taken))
    table(["question", "answers", "p50 ms", "p95 ms", "server CPU ms"], rows)


if __name__ == "__main__":
    main()
