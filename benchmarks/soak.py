"""What heavy queries leave behind: nothing. Over HTTP, on one server, one after another.

`ATLAS_BENCH_SOAK` (100) queries that each want some 50 GB, of the columns and of the store by
turns: every one is answered 507, and no process, descriptor or memory is left. Beside four endless
queries: how long after a client hangs up its worker is gone, and how long after its limit an
endless query ends. `ATLAS_BENCH_TRIPLES` (300,000) is the size of the graph, and 256 MiB the memory
of a query.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.endpoint import ENDLESS, SERVER, Peer, free_port, overrun, prepare, until_ready
from benchmarks.measure import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUERIES: Final = int(os.environ.get("ATLAS_BENCH_SOAK", "100"))
GREEDY: Final = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f"
ENGINES: Final = ("columns", "oxigraph")
MEMORY: Final = 256
TIMES: Final = 10


class Held(NamedTuple):
    """What a server and the processes below it hold."""

    processes: int
    descriptors: int
    megabytes: float


def tree(pid: int) -> list[int]:
    """Return a process and those below it, zombies apart."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    found += tree(int(child))
    return found


def held(pid: int) -> Held:
    """Return what a server holds now; of memory what is its own (PSS) in MB."""
    pids = tree(pid)
    sizes = [
        int(line.split()[1])
        for each in pids
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    ]
    descriptors = sum(len(list(Path(f"/proc/{each}/fd").iterdir())) for each in pids)
    return Held(len(pids), descriptors, sum(sizes) / 1024)


@contextlib.contextmanager
def serving(home: Path) -> Iterator[tuple[Peer, int]]:
    """Run a server; yield where it answers, and its process."""
    peer = Peer("atlas", free_port(), "/sparql")
    command = [sys.executable, "-c", SERVER, str(home / "workspace"), str(peer.port)]
    environment = os.environ | {"ATLAS_QUERY_MEMORY": str(MEMORY)}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            asyncio.run(until_ready(peer))
            yield peer, process.pid
        finally:
            process.terminate()


async def status(peer: Peer, query: str, engine: str = "auto") -> int:
    """Return the status of a query's answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
    target = f"{peer.target(query)}&timeout=120&engine={engine}"
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(None, 2)[1])


async def settled(pid: int, before: Held) -> Held:
    """Return what is held once as many processes are there as before, or after ten seconds."""
    now = held(pid)
    for _ in range(100):
        if now.processes == before.processes:
            return now
        await asyncio.sleep(0.1)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            now = held(pid)
    return now


async def greedy(peer: Peer, pid: int) -> list[list[object]]:
    """Ask what takes too much memory, again and again; return rows about what is left."""
    for number in range(10):  # what is opened at first stays open
        await status(peer, f"{GREEDY} # first {number}", ENGINES[number % 2])
    await asyncio.sleep(2)
    before = held(pid)
    times: list[float] = []
    refused = 0
    for number in range(QUERIES):
        begin = time.perf_counter()
        refused += await status(peer, f"{GREEDY} # {number}", ENGINES[number % 2]) == 507
        times.append(time.perf_counter() - begin)
    after = await settled(pid, before)
    return [
        ["queries that want 50 GB", "", QUERIES, ""],
        ["answered 507", "", refused, QUERIES],
        ["seconds of one", "p50", statistics.median(times), ""],
        ["seconds of one", "max", max(times), ""],
        ["processes", "before, after", before.processes, after.processes],
        ["descriptors", "before, after", before.descriptors, after.descriptors],
        ["memory of all", "MB before, after", before.megabytes, after.megabytes],
    ]


async def leave(peer: Peer, pid: int) -> float:
    """Return the milliseconds from a client's hanging up to the end of its worker."""
    before = await steady(pid)
    _, writer = await asyncio.open_connection("127.0.0.1", peer.port)
    query = f"{ENDLESS} # {time.time_ns()}"
    writer.write(f"GET {peer.target(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await until(lambda: len(tree(pid)) > before)  # it is heavy by then, and has a spare
    begin = time.perf_counter()
    writer.transport.abort()
    await until(lambda: len(tree(pid)) <= before)
    return (time.perf_counter() - begin) * 1000


async def steady(pid: int) -> int:
    """Return how many processes there are once none has come or gone for a while."""
    seen = [0]
    while len(seen) < 20 or len(set(seen[-20:])) > 1:
        await asyncio.sleep(0.05)
        seen.append(len(tree(pid)))
    return seen[-1]


async def until(condition: Callable[[], bool]) -> None:
    """Return when a condition holds; it is about other processes, which tell nobody."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def beside_endless(peer: Peer, pid: int) -> list[list[object]]:
    """Return rows about what ends beside four endless queries."""
    before = await steady(pid)
    tasks = [asyncio.create_task(status(peer, f"{ENDLESS} # {n}")) for n in range(4)]
    await until(lambda: len(tree(pid)) >= before + 4)
    gone = [await leave(peer, pid) for _ in range(TIMES)]
    after = [await overrun(peer) for _ in range(TIMES)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return [
        ["worker gone after its client", f"ms, worst of {TIMES}", max(gone), 1000],
        ["endless query after its limit", f"ms, worst of {TIMES}", max(after), 200],
    ]


def main() -> None:
    """Print two tables; the last column is what is expected, or what is there afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(home)
        with serving(home) as (peer, pid):
            header = ["measured", "unit", "found", "against"]
            table(header, asyncio.run(greedy(peer, pid)))
            print()
            table(header, asyncio.run(beside_endless(peer, pid)))


if __name__ == "__main__":
    main()
