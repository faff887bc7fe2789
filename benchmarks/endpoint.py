"""The SPARQL endpoint beside `oxigraph serve-read-only` on an equal checkpoint, in one run.

Point queries that are new and that repeat, at 1, 8 and 32 clients; `ASK` beside four endless
queries; 100,000 rows as JSON, from our columns and from our store; and how long after its limit an
endless query ends. wrk asks if it is installed, else a client of our own.
`ATLAS_BENCH_TRIPLES` (300,000) is the size of the graph, `ATLAS_BENCH_SECONDS` (5) the length of
each measurement. Ratios are ours to the peer's: rates are better above 1, times below.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyoxigraph as ox

from benchmarks.generate import write
from benchmarks.measure import table
from kg.columns.building import build_from_nquads
from kg.matching import build_index
from kg.terms import DEFAULT_BASE
from kg.workspace import Workspace, new_folder, point, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRIPLES = int(os.environ.get("ATLAS_BENCH_TRIPLES", "300000"))
SECONDS = int(os.environ.get("ATLAS_BENCH_SECONDS", "5"))
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
EXPORT = "SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 100000"
LIMIT = 20.0
EXPORTS = 5
PACE = 100
SERVER = """
import socket, sys, uvicorn
from pathlib import Path
from api.app import create_app
from api.server import configure
from kg.settings import Settings
from kg.workspace import Workspace
settings = Settings(home=Path(sys.argv[1]))
config = configure(create_app(settings, Workspace(settings.home)), port=int(sys.argv[2]),
                   log_level="error", access_log=False)
uvicorn.Server(config).run()
"""
_SCRIPT = """
local subjects, n = {{}}, 0
for line in io.lines("{subjects}") do subjects[#subjects + 1] = line end
math.randomseed({seed})
request = function()
  n = n + 1
  local fresh = {fresh} and "%20%23" .. {seed} .. "-" .. math.random(1, 1e9) or ""
  local subject = subjects[{fresh} and math.random(#subjects) or n % 200 + 1]
  return wrk.format("GET", "{path}?query=SELECT%20*%20%7B%20%3C" .. subject ..
    "%3E%20%3Fp%20%3Fo%20%7D" .. fresh)
end
"""


@dataclass(frozen=True)
class Peer:
    """A server that runs: its name, port and path."""

    name: str
    port: int
    path: str

    def target(self, query: str) -> str:
        """Return the request target of a query."""
        return f"{self.path}?query={quote(query, safe='')}"


def prepare(home: Path) -> tuple[Path, list[str]]:
    """Publish a generated graph; return a checkpoint of its store and some of its subjects."""
    workspace = Workspace(home / "workspace")
    lines = home / "quads.nq"
    write(TRIPLES, lines)
    with new_folder(workspace.releases / "1") as folder:
        store = ox.Store(str(folder / "store"))
        store.bulk_load(path=lines, format=ox.RdfFormat.N_QUADS)
        store.optimize()
        store.flush()
        store.backup(str(home / "checkpoint"))
        found = store.query(
            "SELECT DISTINCT ?s { ?s ?p ?o } LIMIT 20000", use_default_graph_as_union=True
        )
        if not isinstance(found, ox.QuerySolutions):
            raise TypeError(found)
        subjects = [str(row["s"])[1:-1] for row in found]
        del store
        build_from_nquads(lines, folder / "columns")
        build_index(folder, DEFAULT_BASE, 1024)
        write_manifest(folder, {"release": 1, "digest": "bench", "quads": TRIPLES, "graphs": {}})
    point(workspace.current, workspace.releases / "1")
    return home / "checkpoint", [subject for subject in subjects if ":" in subject]


@contextlib.contextmanager
def serving(home: Path, checkpoint: Path) -> Iterator[list[Peer]]:
    """Run both servers."""
    peers = [Peer("atlas", free_port(), "/sparql"), Peer("oxigraph", free_port(), "/query")]
    oxigraph = str(Path(sys.executable).with_name("oxigraph"))
    ours = [sys.executable, "-c", SERVER, str(home / "workspace"), str(peers[0].port)]
    theirs = [oxigraph, "serve-read-only", "--location", str(checkpoint), "--union-default-graph"]
    theirs += ["--bind", f"127.0.0.1:{peers[1].port}"]
    processes = [subprocess.Popen(c, stderr=subprocess.DEVNULL) for c in (ours, theirs)]
    try:
        for peer in peers:
            asyncio.run(until_ready(peer))
        yield peers
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


async def until_ready(peer: Peer) -> None:
    """Return when a server answers."""
    for _ in range(200):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await Connection.ask(peer, "ASK {}")
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"{peer.name} does not answer")


class Connection:
    """One keep-alive connection that reads whole responses."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.first_byte = 0.0

    @classmethod
    async def ask(cls, peer: Peer, query: str) -> int:
        """Ask one query on a connection of its own; return the bytes of the body."""
        connection = await cls(peer).open()
        try:
            return await connection.get(query)
        finally:
            connection.close()

    async def open(self) -> Connection:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._peer.port)
        return self

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def get(self, query: str, parameters: str = "") -> int:
        """Return the bytes of the answer's body; `parameters` are others of the request."""
        target = self._peer.target(query) + parameters
        accept = "application/sparql-results+json"
        self._writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode())
        begin = time.perf_counter()
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        self.first_byte = time.perf_counter() - begin
        length = re.search(rb"content-length: (\d+)", head)
        if length:
            return len(await self._reader.readexactly(int(length[1])))
        total = 0
        while size := int(await self._reader.readline(), 16):
            total += len(await self._reader.readexactly(size + 2)) - 2
        await self._reader.readline()
        return total


def rate(peer: Peer, subjects: Path, clients: int, *, fresh: bool) -> tuple[float, float]:
    """Return point queries a second and their p99 in milliseconds."""
    if shutil.which("wrk") is None:
        return asyncio.run(_own_rate(peer, subjects.read_text().split(), clients, fresh=fresh))
    script = subjects.with_suffix(".lua")
    seed = time.time_ns() % 1_000_000_000
    text = _SCRIPT.format(subjects=subjects, seed=seed, fresh=str(fresh).lower(), path=peer.path)
    script.write_text(text)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", "-s", str(script)]
    command.append(f"http://127.0.0.1:{peer.port}")
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", shown)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", shown)
    if per_second is None or slowest is None:
        raise RuntimeError(shown)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[slowest[2]]
    return float(per_second[1]), float(slowest[1]) * scale


async def _own_rate(
    peer: Peer, subjects: list[str], clients: int, *, fresh: bool
) -> tuple[float, float]:
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    async def one(number: int) -> None:
        connection = await Connection(peer).open()
        while time.perf_counter() < end:
            note = f" # {number} {time.time_ns()}" if fresh else ""
            begin = time.perf_counter()
            subject = subjects[len(times) % (len(subjects) if fresh else 200)]
            await connection.get(f"SELECT * {{ <{subject}> ?p ?o }}{note}")
            times.append(time.perf_counter() - begin)
        connection.close()

    await asyncio.gather(*map(one, range(clients)))
    return len(times) / SECONDS, _p99(times)


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] * 1000


async def asks(peer: Peer, query: str) -> list[float]:
    """Return the seconds of a small query sent at a steady pace, whatever the answers take."""
    idle: list[Connection] = [await Connection(peer).open() for _ in range(8)]
    times: list[float] = []

    async def one(number: int, due: float) -> None:
        connection = idle.pop() if idle else await Connection(peer).open()
        await connection.get(f"{query} # {number} {time.time_ns()}")
        times.append(time.perf_counter() - due)
        idle.append(connection)

    begin = time.perf_counter()
    tasks = []
    for number in range(PACE * SECONDS):
        due = begin + number / PACE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    return times


async def asks_beside_endless(peer: Peer, query: str) -> list[float]:
    """Return the same while four endless queries run."""
    connections = [await Connection(peer).open() for _ in range(4)]
    running = [asyncio.create_task(c.get(f"{ENDLESS} # {i}")) for i, c in enumerate(connections)]
    await asyncio.sleep(1)
    times = await asks(peer, query)
    for task, connection in zip(running, connections, strict=True):
        task.cancel()
        connection.close()
    await asyncio.gather(*running, return_exceptions=True)
    return times


async def export(peer: Peer, parameters: str = "") -> tuple[float, float]:
    """Return MB/s and milliseconds to the first byte of many rows."""
    connection = await Connection(peer).open()
    begin = time.perf_counter()
    size = await connection.get(f"{EXPORT} # {time.time_ns()}", parameters)
    seconds = time.perf_counter() - begin
    connection.close()
    return size / seconds / 1e6, connection.first_byte * 1000


async def overrun(peer: Peer) -> float:
    """Return the milliseconds that an endless query runs on after its limit of one second."""
    begin = time.perf_counter()
    limited = Peer(peer.name, peer.port, peer.path)
    reader, writer = await asyncio.open_connection("127.0.0.1", limited.port)
    target = f"{limited.target(ENDLESS)}&timeout=1"
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()
    return (time.perf_counter() - begin - 1) * 1000


def _row(name: str, unit: str, both: list[float]) -> list[object]:
    return [name, unit, *both, both[0] / both[1]]


def _exports(peers: list[Peer]) -> Iterator[list[object]]:
    """Yield rows about exports, from the columns and from the store; the peer has the store."""
    asked = [(peers[0], ""), (peers[0], "&engine=oxigraph"), (peers[1], "")]
    runs: list[list[tuple[float, float]]] = [[] for _ in asked]
    for _ in range(EXPORTS):
        for (peer, parameters), found in zip(asked, runs, strict=True):
            found.append(asyncio.run(export(peer, parameters)))
    *ours, theirs = [[statistics.median(r[i] for r in found) for i in (0, 1)] for found in runs]
    for name, figures in zip(("columns", "store"), ours, strict=True):
        for index, unit in enumerate(("MB/s", "first byte ms")):
            row = [figures[index], theirs[index]]
            yield _row(f"100,000 rows as JSON, {name}", unit, row)


def _rows(peers: list[Peer], subjects: Path) -> Iterator[list[object]]:
    for fresh in (True, False):
        for clients in (1, 8, 32):
            found = [rate(peer, subjects, clients, fresh=fresh) for peer in peers]
            name = f"point queries, {'new' if fresh else 'repeated'}, {clients} clients"
            yield _row(name, "1/s", [one[0] for one in found])
            yield _row(name, "p99 ms", [one[1] for one in found])
    yield from _exports(peers)
    measured: list[tuple[str, Callable[[list[float]], float]]] = [
        ("p50 ms", lambda times: statistics.median(times) * 1000),
        ("p99 ms", _p99),
    ]
    small = {"ASK": "ASK { FILTER(1 = 1) }"}
    small["point query"] = f"SELECT * {{ <{subjects.read_text().split()[0]}> ?p ?o }}"
    quiet = {n: [asyncio.run(asks(peer, query)) for peer in peers] for n, query in small.items()}
    busy = {n: [asyncio.run(asks_beside_endless(peers[0], q))] for n, q in small.items()}
    after = [asyncio.run(overrun(peers[0])) for _ in range(5)]
    # The peer's endless queries cannot be ended: it comes last, and is asked but once.
    busy["ASK"].append(asyncio.run(asks_beside_endless(peers[1], small["ASK"])))
    for unit, figure in measured:
        for name, times in quiet.items():
            yield _row(f"{name}, nothing beside", unit, [figure(each) for each in times])
        yield _row("ASK beside 4 endless", unit, [figure(each) for each in busy["ASK"]])
        beside = figure(busy["point query"][0])
        yield ["point query beside 4 endless", unit, beside, "-", "-"]
    yield ["endless query after its limit, worst of 5", "ms", max(after), "-", "-"]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        checkpoint, subjects = prepare(home)
        names = home / "subjects.txt"
        names.write_text("\n".join(quote(subject, safe=":/#?&=.-_~") for subject in subjects))
        with serving(home, checkpoint) as peers:
            rows = list(_rows(peers, names))
    table(["measured", "unit", "atlas", "oxigraph", "ratio"], rows)


if __name__ == "__main__":
    main()
