"""Connections that ask one small query after another are lent to a process beside the server."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import pytest

from kg.workspace import Workspace, new_folder, point, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL = "ASK {{ <http://example.org/s1> ?p ?o }} # {}"
OTHER = "SELECT (COUNT(*) AS ?n) { <http://example.org/s1> ?p ?o FILTER(?n != 1) }"


class Server(NamedTuple):
    """A server of its own, its workspace, and what a client does with it."""

    process: subprocess.Popen[bytes]
    workspace: Workspace
    port: int

    def tellers(self) -> list[int]:
        """Return the processes that help it."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        lines = ((int(each), Path(f"/proc/{each}/cmdline").read_bytes()) for each in children)
        return [each for each, line in lines if b"api.teller" in line]

    @contextmanager
    def clients(self, number: int) -> Iterator[list[Client]]:
        """Return clients, each with a connection of its own."""
        made = [Client(self.port) for _ in range(number)]
        yield made
        for client in made:
            client.connection.close()

    @contextmanager
    def lent(self, number: int = 4) -> Iterator[tuple[list[Client], list[Client]]]:
        """Return clients of which some have been lent: those, and the others."""
        with self.clients(number) as made:
            lent: list[Client] = []
            deadline = time.monotonic() + 120
            while not lent:
                assert time.monotonic() < deadline
                for client in made:
                    client.small(20)
                makers = {client.maker for client in made}
                lent = [each for each in made if each.maker != each.first] if makers else []
            yield lent, [each for each in made if each not in lent]


class Client:
    """One connection; `first` and `maker` are the process that answered first, and last."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.count = 0
        self.small(1)
        self.first = self.maker

    def ask(self, query: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        """Return the response to a query, read to its end."""
        self.connection.request(method, f"/sparql?query={quote(query)}", headers=headers)
        response = self.connection.getresponse()
        self.body = response.read()
        self.maker = (response.headers["X-Query-Id"] or "")[:8]
        return response

    def small(self, times: int) -> http.client.HTTPResponse:
        """Ask new small queries."""
        for _ in range(times):
            self.count += 1
            response = self.ask(SMALL.format(f"{id(self)} {self.count}"))
            assert response.status == 200
            assert b"true" in self.body
        return response


def wait(condition: Callable[[], bool]) -> None:
    """Return when a condition holds; other processes tell nobody."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def server(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose workspace may be written."""
    home = tmp_path_factory.mktemp("tellers") / "home"
    shutil.copytree(small_home, home, symlinks=True)
    workspace = Workspace(home)
    point(workspace.current, workspace.releases / "1")
    program = Path(__file__).with_name("server.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(home)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        made = Server(process, workspace, int(process.stdout.readline()))
        yield made
        process.terminate()
        process.wait(60)


def test_a_teller_answers_as_the_server_does(server: Server) -> None:
    """Status, fields and body of small queries, and whatever else the connection asks."""
    with server.lent() as (lent, stayed), server.clients(1) as [fresh]:
        assert stayed
        for query, method, headers in (
            ("SELECT * { <http://example.org/s2> ?p ?o }", "GET", {"Accept": "text/csv"}),
            ("SELECT * { <http://example.org/s3> ?p ?o }", "GET", {"Accept-Encoding": "gzip"}),
            ("SELECT * { <http://example.org/s3> ?p ?o }", "GET", {"Accept-Encoding": "gzip"}),
            (OTHER, "GET", {}),
            (OTHER, "HEAD", {}),
            ("SELECT * { ?s ?p ?o }", "GET", {"Accept": "text/csv"}),
            ("SELECT", "GET", {}),
        ):
            expected = fresh.ask(query, method, **headers)
            for client in lent:
                response = client.ask(query, method, **headers)
                assert response.status == expected.status
                assert client.body == fresh.body
                assert _lasting(response) == _lasting(expected)


def _lasting(response: http.client.HTTPResponse) -> dict[str, str]:
    varying = ("date", "x-query-id")
    return {k.lower(): v for k, v in response.headers.items() if k.lower() not in varying}


def test_what_it_does_not_answer_goes_back_for_good(server: Server) -> None:
    with server.lent() as (lent, _):
        client = lent[0]
        client.small(1)
        assert client.maker != client.first
        client.ask(OTHER)
        client.small(60)
        assert client.maker == client.first


def test_requests_in_a_row_are_answered_in_a_row(server: Server) -> None:
    """A client that sends without reading, more than anybody keeps, small queries and others."""
    with server.lent() as (lent, _):
        bare = lent[0].connection.sock
        assert isinstance(bare, socket.socket)
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asked = [SMALL.format(f"row {number}") for number in range(300)]
        asked[150] = "ASK { FILTER(1 = 2) }"
        for query in asked:
            bare.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        data = b""
        while data.count(b'"boolean":') < len(asked):
            piece = bare.recv(65536)
            assert piece, data[-500:]
            data += piece

    answers = [part.startswith(b"true") for part in data.split(b'"boolean":')[1:]]
    assert answers == [number != 150 for number in range(300)]


def test_nobody_sees_an_older_release_after_a_newer(server: Server) -> None:
    """Whichever of the processes answers."""
    with server.lent() as (lent, stayed):
        clients = [*lent, *stayed]
        _publish(server.workspace, 2)
        seen: list[str] = []
        deadline = time.monotonic() + 120
        while not seen or seen[-1] != "2" or len(seen) % 8:
            assert time.monotonic() < deadline
            seen += [client.small(1).headers["X-Release"] for client in clients]
        seen += [client.small(1).headers["X-Release"] for client in clients]

    assert sorted(seen) == seen
    with server.lent() as (lent, _):
        assert {client.small(1).headers["X-Release"] for client in lent} == {"2"}


def _publish(workspace: Workspace, number: int) -> None:
    """Publish what is current as another release."""
    with new_folder(workspace.releases / str(number)) as folder:
        shutil.copytree(workspace.current / "store", folder / "store")
        manifest = {"release": number, "digest": "test", "quads": 4002, "graphs": {}}
        write_manifest(folder, manifest)
    point(workspace.current, workspace.releases / str(number))


def test_a_teller_that_is_killed_is_replaced(server: Server) -> None:
    with server.lent():
        [teller] = server.tellers()
        subprocess.run(["kill", "-KILL", str(teller)], check=True)
        wait(lambda: server.tellers() == [])
    with server.lent():
        assert server.tellers() != [teller]


def test_it_ends_with_the_server(server: Server) -> None:
    """However that ends; it is the last of these tests."""
    with server.lent():
        [teller] = server.tellers()
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(60)
        wait(lambda: not Path(f"/proc/{teller}/fd").exists() or _zombie(teller))


def _zombie(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
