"""The other engines, each in a process of its own that can be stopped.

Oxigraph in memory and on disk answers over a pipe, `oxigraph serve` and Virtuoso over HTTP, as
their users reach them. What is not installed is named and left out.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from urllib.parse import urlencode

import pyoxigraph as ox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection

LIMIT: Final = float(os.environ.get("ATLAS_BENCH_LIMIT", "60"))
_JSON: Final = "application/sparql-results+json"
_START: Final = 120.0


_QUICK: Final = 1.0


class Told(NamedTuple):
    """How long an answer took, and the answer, None if it took too long or failed."""

    seconds: float
    data: bytes | None


class Peer(Protocol):
    """An engine to compare with."""

    def once(self, text: str) -> Told:
        """Ask once."""

    def close(self) -> None:
        """Stop the process."""


def ask(peer: Peer, text: str) -> Told:
    """Return the best of three times that a query took, one if it is slow, and the answer."""
    best = Told(LIMIT, None)
    for _ in range(3):
        told = peer.once(text)
        if told.data is None:
            return told
        best = min(best, told, key=lambda each: each.seconds)
        if told.seconds > LIMIT / 10:
            break
    return best


def in_turn(peers: Mapping[str, Peer], text: str) -> dict[str, Told]:
    """Return the best of nine times of each peer, asked in turn, so that all meet the same noise.

    Who takes a second is not asked again.
    """
    best = {name: peer.once(text) for name, peer in peers.items()}
    for _ in range(8):
        for name, peer in peers.items():
            if best[name].data is not None and best[name].seconds < _QUICK:
                best[name] = min(best[name], peer.once(text), key=lambda each: each.seconds)
    return best


# In a process ------------------------------------------------------------------------------------


def oxigraph(pipe: Connection, quads: str, store: str | None) -> None:
    """Answer queries from the other end, from a file in memory or a store: how long, the JSON."""
    opened = ox.Store.read_only(store) if store else ox.Store()
    if store is None:
        opened.bulk_load(path=quads, format=ox.RdfFormat.N_QUADS)
    pipe.send("ready")
    while True:
        text = pipe.recv()
        begin = time.perf_counter()
        results = opened.query(text, use_default_graph_as_union=True)
        data = results.serialize(format=ox.QueryResultsFormat.JSON)
        pipe.send((time.perf_counter() - begin, data))


class InProcess:
    """A process that runs `serve(pipe, *arguments)`, and is killed by a query over the limit."""

    def __init__(
        self, serve: Callable[..., None], *arguments: str | None, limit: float = LIMIT
    ) -> None:
        self._serve, self._arguments, self._limit = serve, arguments, limit
        self._start()

    def _start(self) -> None:
        self._pipe, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=self._serve, args=(there, *self._arguments), daemon=True
        )
        self._process.start()
        self._pipe.recv()

    def once(self, text: str) -> Told:
        """Ask once; a process that does not answer in time is replaced."""
        self._pipe.send(text)
        if not self._pipe.poll(self._limit):
            self._process.kill()
            self._start()
            return Told(self._limit, None)
        return Told(*self._pipe.recv())

    def close(self) -> None:
        """Stop the process."""
        self._process.kill()


# Over HTTP ---------------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Endpoint:
    """A SPARQL endpoint of a process that was started for it."""

    def __init__(self, command: list[str], port: int, path: str, cwd: Path) -> None:
        self._port, self._path = port, path
        self._command, self._cwd = command, cwd
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=self._cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        begin = time.monotonic()
        while self._process.poll() is None and time.monotonic() - begin < _START:
            if self.once("ASK {}").data is not None:
                return
            time.sleep(0.2)
        raise RuntimeError(f"{self._command[0]} did not start within {_START:g} seconds")

    def once(self, text: str) -> Told:
        """Ask once, over a connection of its own."""
        body = urlencode({"query": text})
        headers = {"Accept": _JSON, "Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LIMIT)
        begin = time.perf_counter()
        try:
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            self.close()
            self._start()
            return Told(LIMIT, None)
        except OSError:
            return Told(LIMIT, None)
        finally:
            connection.close()
        return Told(time.perf_counter() - begin, data if response.status == 200 else None)

    def close(self) -> None:
        """Stop the process and wait for its end."""
        self._process.terminate()
        self._process.wait()


def oxigraph_server(store: Path) -> Endpoint | None:
    """Return `oxigraph serve` on a store, None where it is not installed."""
    beside = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    binary = beside or shutil.which("oxigraph")
    if binary is None:
        return None
    port = free_port()
    command = [binary, "serve-read-only", "--location", str(store), "--bind", f"127.0.0.1:{port}"]
    return Endpoint([*command, "--union-default-graph"], port, "/query", store.parent)


_INI: Final = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = {sql}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
DirsAllowed = {folder}, {quads}
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = {http}
[SPARQL]
ResultSetMaxRows = 10000000
MaxQueryCostEstimationTime = 0
MaxQueryExecutionTime = 0
DefaultQuery = ASK {{}}
"""


def virtuoso(quads: Path, folder: Path) -> Endpoint | None:
    """Return Virtuoso with a file loaded, None where Debian's virtuoso-opensource is missing.

    Raises:
        RuntimeError: it does not start, or does not load the file.
    """
    binary, client = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    if binary is None or client is None:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    sql, port = free_port(), free_port()
    ini = folder / "virtuoso.ini"
    ini.write_text(_INI.format(folder=folder, quads=quads.parent, sql=sql, http=port))
    command = [binary, "-f", "+configfile", str(ini)]
    server = Endpoint(command, port, "/sparql", folder)
    # Its own triples about itself would be counted with the others.
    load = "DELETE FROM DB.DBA.RDF_QUAD; "
    load += (
        f"ld_dir('{quads.parent}', '{quads.name}', 'urn:x-bench'); rdf_loader_run(); checkpoint;"
    )
    loaded = subprocess.run(
        [client, str(sql), "dba", "dba", f"exec={load}"], capture_output=True, check=False
    )
    if loaded.returncode:
        raise RuntimeError(f"Virtuoso did not load {quads}: {loaded.stderr.decode()}")
    return server
