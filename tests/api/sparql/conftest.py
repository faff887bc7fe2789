"""A server of its own process over a small release."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from kg.workspace import Workspace, new_folder, point, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def publish(workspace: Workspace, number: int, held: Iterable[Quad]) -> None:
    """Make a release, one day after the one before, and make it the current one."""
    with new_folder(workspace.releases / str(number)) as folder:
        store = Store(str(folder / "store"))
        store.bulk_extend(held)
        store.flush()
        size = len(store)
        del store
        created = datetime(2024, 1, number, 12, tzinfo=UTC).isoformat(timespec="seconds")
        told = {"created": created, "digest": "test", "quads": size, "graphs": {}}
        write_manifest(folder, {"release": number, **told})
    point(workspace.current, workspace.releases / str(number))


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose release 1 holds `quads`."""
    workspace = Workspace(tmp_path_factory.mktemp("endpoint"))
    publish(workspace, 1, quads())
    return workspace.home


@pytest.fixture(scope="session")
def past_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with four releases, of which each knows its number; the third is current."""
    workspace = Workspace(tmp_path_factory.mktemp("past"))
    for number in (1, 2, 4, 3):
        told = NamedNode(EXAMPLE + "number"), Literal(str(number))
        publish(workspace, number, [Quad(NamedNode(EXAMPLE + "this"), *told, DefaultGraph())])
    return workspace.home


@pytest.fixture(scope="session")
def running(small_home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The server's process and the URL of its endpoint."""
    with _running(small_home) as found:
        yield found


@pytest.fixture(scope="session")
def past_endpoint(past_home: Path) -> Iterator[str]:
    """The URL of the endpoint over four releases."""
    with _running(past_home) as found:
        yield found[1]


@contextmanager
def _running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    program = Path(__file__).with_name("server.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(home)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}/sparql"
        _wait(url)
        yield process, url
        process.terminate()
        process.wait(60)


def _wait(url: str) -> None:
    for _ in range(2400):
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
