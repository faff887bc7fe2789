"""An answer that cannot be completed makes every client report an error, in every format."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import httpx
import pytest
import requests

from kg.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
TRIPLES = "CONSTRUCT { ?a ?b ?x } { ?a ?b ?c . ?d ?e ?f . BIND(CONCAT(STR(?d), STR(?f)) AS ?x) }"
FORMATS = {
    **dict.fromkeys(["json", "xml", "csv", "tsv"], ROWS),
    **dict.fromkeys(["turtle", "ntriples", "jsonld", "rdfxml", "nquads", "trig"], TRIPLES),
}
KILLS = int(os.environ.get("ATLAS_SOAK", "8"))


def url(endpoint: str, name: str, timeout: str = "0.25") -> str:
    return f"{endpoint}?format={name}&timeout={timeout}&query={quote(FORMATS[name])}"


def curl(*arguments: str) -> int:
    command = ["curl", "--silent", "--output", "/dev/null", "--max-time", "60", *arguments]
    return subprocess.run(command, check=False).returncode


@pytest.mark.parametrize("name", FORMATS)
def test_curl_reports_it(endpoint: str, name: str) -> None:
    """18: transfer closed with outstanding data; 56: the connection was reset."""
    assert curl(url(endpoint, name)) in {18, 56}


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_curl_reports_it_of_compressed_answers(endpoint: str, coding: str) -> None:
    """The coding changes nothing about the broken chunk."""
    assert curl("--header", f"Accept-Encoding: {coding}", url(endpoint, "json")) in {18, 56}


@pytest.mark.parametrize("name", FORMATS)
def test_requests_raises(endpoint: str, name: str) -> None:
    """Neither a short body nor an empty one."""
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(url(endpoint, name), timeout=60)


@pytest.mark.parametrize("name", FORMATS)
def test_httpx_raises(endpoint: str, name: str) -> None:
    """Neither a short body nor an empty one."""
    with pytest.raises(httpx.TransportError):
        httpx.get(url(endpoint, name), timeout=60)


def test_an_old_client_gets_a_status_instead(endpoint: str) -> None:
    """HTTP/1.0 cannot tell a broken ending from an end: what is too long for it is refused."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        subprocess.run(
            ["curl", "--silent", "--http1.0", "--fail", url(endpoint, "json", "20")],
            check=True,
            capture_output=True,
        )

    assert caught.value.returncode == 22


def test_an_old_client_gets_an_answer_that_can_be_kept(endpoint: str) -> None:
    """With its length."""
    query = quote("SELECT * { ?s ?p ?o }")
    result = subprocess.run(
        ["curl", "--silent", "--http1.0", "--include", f"{endpoint}?format=csv&query={query}"],
        check=True,
        capture_output=True,
    )
    head, _, body = result.stdout.partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head.lower()
    length = re.search(rb"content-length: (\d+)", head.lower())
    assert length is not None
    assert int(length[1]) == len(body)


def workers(server: int) -> list[int]:
    """Return the processes that the zygote of a server has made.

    The server may have another child for a while, which completes the release.
    """
    [zygote] = [n for n in _children(server) if b"kg.query.zygote" in _command(n)]
    return _children(zygote)


def _command(pid: int) -> bytes:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_killed_workers_break_the_answer(endpoint: str, server: subprocess.Popen[bytes]) -> None:
    """At ATLAS_SOAK (10) random moments; the client gets an error status or a broken answer."""
    chance = random.Random(7)  # noqa: S311 - the moments need not be secret
    for _ in range(KILLS):
        results: list[int] = []
        target = url(endpoint, "csv", "30")
        thread = threading.Thread(target=lambda: results.append(curl("--fail", target)))  # noqa: B023
        thread.start()
        time.sleep(chance.uniform(0.02, 0.25))
        while thread.is_alive():
            for pid in workers(server.pid):
                os.kill(pid, signal.SIGKILL)
            thread.join(0.2)

        assert results[0] in {18, 22, 56}


@pytest.fixture
def slow_reader(endpoint: str) -> Iterator[socket.socket]:
    """A client that has asked for endless rows and reads nothing."""
    parts = urlsplit(url(endpoint, "json", "1"))
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as client:
        client.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        yield client


def test_a_client_that_reads_nothing_is_cut_off(
    slow_reader: socket.socket, server: subprocess.Popen[bytes]
) -> None:
    """The server does not wait to send what is buffered: its side of the connection is gone."""
    inode = _peer(server.pid, slow_reader)

    wait(lambda: _peer(server.pid, slow_reader) != inode)


def _peer(pid: int, client: socket.socket) -> str | None:
    """Return the inode of the server's end of a connection, None when it holds none."""
    port, local = client.getsockname()[1], client.getpeername()[1]
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{local:04X}") and fields[2].endswith(f":{port:04X}"):
            return fields[9]
    return None


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "waited for in vain"
        time.sleep(0.02)


def test_a_client_that_hangs_up_frees_its_worker(
    endpoint: str, server: subprocess.Popen[bytes]
) -> None:
    """The worker of the query that nobody waits for is gone."""
    wait(lambda: len(workers(server.pid)) == Settings().query_workers)
    before = set(workers(server.pid))
    query = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{endpoint}?query={query}&timeout=60", timeout=0.5)

    wait(lambda: not before <= set(workers(server.pid)))
