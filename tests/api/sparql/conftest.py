"""A server of its own process over a small release."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.workspace import Workspace, new_folder, point, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = "http://example.org/"


def quads() -> Iterator[Quad]:
    """Yield two thousand subjects in one graph, and one statement in each of two others."""
    graph = NamedNode(EXAMPLE + "graph")
    for number in range(2000):
        subject = NamedNode(f"{EXAMPLE}s{number}")
        yield Quad(subject, NamedNode(EXAMPLE + "p"), Literal(f"value {number}"), graph)
        yield Quad(subject, NamedNode(EXAMPLE + "q"), NamedNode(f"{EXAMPLE}o{number % 7}"), graph)
    for value, name in (("1", "first"), ("2", "second")):
        predicate = NamedNode(EXAMPLE + "in")
        yield Quad(NamedNode(EXAMPLE + name), predicate, Literal(value), NamedNode(EXAMPLE + name))


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose release 1 holds `quads`."""
    workspace = Workspace(tmp_path_factory.mktemp("endpoint"))
    with new_folder(workspace.releases / "1") as folder:
        store = Store(str(folder / "store"))
        store.bulk_extend(quads())
        store.flush()
        del store
        manifest = {"release": 1, "digest": "test", "quads": 4002, "graphs": {}}
        write_manifest(folder, manifest)
    point(workspace.current, workspace.releases / "1")
    return workspace.home


@pytest.fixture(scope="session")
def running(small_home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The server's process and the URL of its endpoint."""
    program = Path(__file__).with_name("server.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(small_home)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}/sparql"
        _wait(url)
        yield process, url
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url, params={"query": "ASK {}"}).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the server does not answer")


@pytest.fixture(scope="session")
def server(running: tuple[subprocess.Popen[bytes], str]) -> subprocess.Popen[bytes]:
    """The process of the server."""
    return running[0]


@pytest.fixture(scope="session")
def endpoint(running: tuple[subprocess.Popen[bytes], str]) -> str:
    """The URL of the endpoint."""
    return running[1]
