"""Look-ups of competences and partners at 8 clients, beside the same questions as plain SPARQL.

Measured over HTTP, 8 clients each: the product's look-ups, the product's SPARQL endpoint, and
`oxigraph serve-read-only` over the same store. The SPARQL asks what it can: who took part in most
projects whose text holds a word, and who shares most partners with an organisation; it neither
stems, translates nor explains. Beside the latency stands the processor time of the server for each
look-up, which other work on the machine hardly changes.

The workspace is the one of ATLAS_HOME; without one the full download is loaded first (`imports`).
"""

from __future__ import annotations

import http.client
import json
import os
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

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = 8
EACH = 40
_BASE = "https://w3id.org/cluster-atlas/"
NEEDS = [
    *("photonics", "Lasertechnik", "intelligence artificielle", "materiali compositi"),
    *("machine learning for predictive maintenance", "Wasserstofftechnologie", "battery recycling"),
    *("quantum computing", "Abwasserbehandlung", "additive manufacturing of metal parts"),
]
SEEDS = [
    *("999984059", "998872439", "916274126", "999977463", "999879881", "999992401"),
    *("935332783", "999974165", "999997930", "999979500"),
]
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


def _timed(url: str, paths: list[str], each: int, clients: int = CLIENTS) -> list[float]:
    """Return the milliseconds of each request of some clients, who ask one after the other."""
    host = urlsplit(url).netloc
    taken: list[float] = []

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(host, timeout=120)
        for turn in range(each):
            begin = time.perf_counter()
            connection.request("GET", paths[(number * each + turn) % len(paths)])
            answer = connection.getresponse()
            answer.read()
            if answer.status == http.HTTPStatus.OK:
                taken.append(1000 * (time.perf_counter() - begin))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def _new(paths: list[str], begin: int) -> list[str]:
    """Return the same questions with weights that none was asked with: no ranking is kept."""
    return [f"{path}&sme_weight={n / 1000}" for n in range(begin + 1, begin + 41) for path in paths]


def _used(process: int) -> float:
    """Return the milliseconds of processor time that a process has used (proc(5), stat)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _row(name: str, taken: list[float], used: float | str = "") -> list[object]:
    if len(taken) < 2:
        return [name, len(taken), "none answered", "", ""]
    middle, high = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    return [name, len(taken), middle, high, used]


def _measured(url: str, process: int, name: str, paths: list[str], clients: int) -> list[object]:
    before = _used(process)
    taken = _timed(url, paths, EACH, clients)
    used = (_used(process) - before) / max(len(taken), 1)
    return _row(f"{name}, {clients} clients", taken, used)


def main() -> None:
    """Measure and print the table."""
    competences = [f"/competences?{urlencode({'q': q})}" for q in NEEDS]
    partners = [f"/partners?{urlencode({'organisation': s})}" for s in SEEDS]
    words = ["photonic", "laser", "hydrogen", "battery"]
    about = [f"query={quote(_ABOUT.format(word=w))}" for w in words]
    common = [
        f"query={quote(_COMMON.format(seed=f'{_BASE}id/organisation/{s}'))}" for s in SEEDS[:4]
    ]
    rows: list[list[object]] = []
    with TemporaryDirectory() as folder:
        home = _ready(Path(folder))
        with _serving(home) as (url, process):
            _timed(url, competences + partners, len(competences + partners), 1)
            for name, paths in (("/competences", competences), ("/partners", partners)):
                rows.append(_measured(url, process, f"{name} asked before", paths, CLIENTS))
                rows.append(_measured(url, process, f"{name} new", _new(paths, 0), CLIENTS))
                rows.append(_measured(url, process, f"{name} new", _new(paths, 50), 1))
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
