"""Two small releases made by hand, and a real server over them on a port of its own."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
import uvicorn
from pyoxigraph import Dataset, Literal, NamedNode, Quad, RdfFormat, parse, serialize

from api.app import create_app
from kg import publishing
from kg.releases import Release
from kg.settings import Settings
from kg.store import OpenRelease, open_release
from kg.terms import DEFAULT_BASE, RDFS_LABEL
from kg.workspace import Workspace, new_folder, point, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fastapi import FastAPI

    Publish = Callable[[Workspace, int, Iterable[Quad]], Release]

BASE = DEFAULT_BASE
HUB = NamedNode(f"{BASE}id/cluster/hub")
LANDSCAPE = NamedNode(f"{BASE}graph/landscape")
MEMBER_OF = NamedNode(f"{BASE}ontology#memberOf")
MEMBERS = 255
FIRST = Path(__file__).parent / "releases" / "first.trig"


def publish(workspace: Workspace, number: int, quads: Iterable[Quad]) -> Release:
    """Publish quads as the release with a number, one day after the one before."""
    place = workspace.releases / str(number)
    kept = set(quads)
    with workspace.writing(), new_folder(place) as folder:
        lines = folder / "quads.nq"
        serialize(sorted(kept, key=str), lines, RdfFormat.N_QUADS)
        publishing.load_store(lines, folder / "store")
        lines.unlink()
        graphs = sorted(str(quad.graph_name)[1:-1] for quad in kept)
        counts = {graph: graphs.count(graph) for graph in dict.fromkeys(graphs)}
        created = datetime(2024, 1, number, 12, tzinfo=UTC).isoformat(timespec="seconds")
        write_manifest(
            folder,
            {
                "release": number,
                "created": created,
                "digest": f"digest-{number}",
                "inputs": {"imports": []},
                "quads": len(kept),
                "graphs": counts,
            },
        )
    point(workspace.current, place)
    return Release(place)


def first_quads() -> set[Quad]:
    """Return what the first release holds: the file, and many members of one cluster."""
    found = set(parse(path=FIRST, format=RdfFormat.TRIG))
    for number in range(MEMBERS):
        member = NamedNode(f"{BASE}id/organisation/member-{number:03}")
        found.add(Quad(member, NamedNode(RDFS_LABEL), Literal(f"Member {number}"), LANDSCAPE))
        found.add(Quad(member, MEMBER_OF, HUB, LANDSCAPE))
    return found


def second_quads() -> set[Quad]:
    """Return what the second holds: a project less, another cost, a new organisation."""
    found = {q for q in first_quads() if "project/dropped" not in str(q.subject)}
    changed = NamedNode(f"{BASE}id/project/changed")
    cost = NamedNode(f"{BASE}ontology#totalCost")
    decimal = NamedNode("http://www.w3.org/2001/XMLSchema#decimal")
    found = {q for q in found if (q.subject, q.predicate) != (changed, cost)}
    found.add(Quad(changed, cost, Literal("200.25", datatype=decimal), LANDSCAPE))
    new = NamedNode(f"{BASE}id/organisation/new")
    found.add(Quad(new, NamedNode(RDFS_LABEL), Literal('New "one"\nwith lines'), LANDSCAPE))
    return found


class Site(NamedTuple):
    """A running server, a client of it, and its workspace."""

    client: httpx.Client
    workspace: Workspace
    port: int
    app: FastAPI

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(home: Path) -> Iterator[Site]:
    """Serve a workspace as `atlas serve` does, without the query processes."""
    settings = Settings(home=home, memory=512)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    app = create_app(settings, Workspace(home))
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="warning",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Site(client, Workspace(home), port, app)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a server with both releases; read only."""
    home = tmp_path_factory.mktemp("linkeddata")
    workspace = Workspace(home)
    publish(workspace, 1, first_quads())
    publish(workspace, 2, second_quads())
    with running(home) as found:
        yield found


@pytest.fixture(scope="session")
def client(site: Site) -> httpx.Client:
    """Return a client of the server with both releases."""
    return site.client


@pytest.fixture(scope="session")
def opened(site: Site) -> OpenRelease:
    """Return the second release, open for reading."""
    return open_release(Release(site.workspace.releases / "2"))


@pytest.fixture(scope="session")
def quads() -> tuple[Dataset, Dataset]:
    """Return the quads of the first and of the second release."""
    return Dataset(first_quads()), Dataset(second_quads())


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[tuple[Site, Publish]]:
    """Return a server with the first release, and what publishes further ones."""
    publish(Workspace(tmp_path), 1, first_quads())
    with running(tmp_path) as found:
        yield found, publish


@pytest.fixture(scope="session")
def serve() -> Callable[[Path], object]:
    """Return what serves a workspace as a context manager."""
    return running
