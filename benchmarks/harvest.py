"""A harvester's walk over the sample: every thing in every form, beside the dump; then once more.

From `/.well-known/void` to the dump, from its subjects to every document. The N-Quads documents
together are to be the dump; each form is read by rdflib, and says the same as the others, without a
blank node. The second walk sends the entity tags of the first. Then some things change, and what
`/changes` says makes the harvester's copy the new release. `ATLAS_BENCH_STEP` (1) takes every so
many things, `ATLAS_BENCH_WALKERS` (2) is how many processes walk.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit

from pyoxigraph import Quad, RdfFormat, parse
from rdflib import Graph
from rdflib.term import BNode, Node

from benchmarks.endpoint import free_port
from benchmarks.measure import table
from kg.description import value
from kg.tokens import Tokens
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BASE: Final = "https://w3id.org/cluster-atlas/"
STEP: Final = int(os.environ.get("ATLAS_BENCH_STEP", "1"))
WALKERS: Final = int(os.environ.get("ATLAS_BENCH_WALKERS", "2"))
NQUADS: Final = "application/n-quads"
FORMS: Final = {
    NQUADS: "nquads",
    "application/trig": "trig",
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "text/html": None,
}
"""Each form by its media type, as rdflib calls it; nobody reads the page but as a page."""

CONTEXT: Final = "/context.jsonld"
UPDATE: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
DELETE { ?cluster rdfs:label ?label }
INSERT { ?cluster rdfs:label "Another name"@en }
WHERE { ?cluster a atlas:Cluster ; rdfs:label ?label }
"""


class Site(NamedTuple):
    """A server that runs: its port and its workspace."""

    port: int
    home: Path


@dataclass
class Walked:
    """What one walker has seen: statements, entity tags by document, and what was wrong."""

    quads: set[str] = field(default_factory=set)
    tags: list[tuple[str, str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Client:
    """One connection that follows redirects on its own host."""

    def __init__(self, port: int) -> None:
        self.site = f"http://127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._context = b""

    def get(self, path: str, headers: dict[str, str]) -> tuple[int, bytes, str]:
        """Return status, body and entity tag."""
        for _ in range(4):
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
            body = answer.read()
            if answer.status not in {301, 302, 303, 307, 308}:
                break
            target = urlsplit(answer.headers["Location"])
            path = target.path + (f"?{target.query}" if target.query else "")
        return answer.status, body, answer.headers.get("ETag", "")

    def in_context(self, document: bytes) -> bytes:
        """Return a JSON-LD document with the context that it names, which is fetched once."""
        if not self._context:
            _, whole, _ = self.get(CONTEXT, {})
            self._context = whole.strip().removeprefix(b"{").removesuffix(b"}").strip()
        named = f'"@context": "{self.site}{CONTEXT}"'.encode()
        return document.replace(named, self._context, 1)


def path_of(iri: str) -> str:
    """Return where a server asks for an IRI: ours by its own path, any other through /about."""
    if iri.startswith((f"{BASE}id/", f"{BASE}import/")) and "#" not in iri:
        return "/" + iri.removeprefix(BASE)
    return "/about?iri=" + quote(iri, safe="")


def walk(port: int, things: Sequence[str]) -> Walked:
    """Dereference each thing in every form."""
    client, seen = Client(port), Walked()
    for iri in things:
        said = {}
        for media_type, form in FORMS.items():
            status, body, tag = client.get(path_of(iri), {"Accept": media_type})
            seen.tags.append((iri, media_type, tag))
            said[media_type] = read(client, body, form) if status == 200 else None
            if said[media_type] is None:
                seen.wrong.append(f"{iri} as {media_type}: {status}")
            elif media_type == NQUADS:
                quads = parse(body, format=RdfFormat.N_QUADS)
                seen.quads.update(str(quad) for quad in quads if value(quad.subject) == iri)
        if len({about for about in said.values() if about}) > 1:
            seen.wrong.append(f"{iri}: the forms differ")
    return seen


def read(client: Client, body: bytes, form: str | None) -> frozenset[tuple[Node, ...]] | None:
    """Return what a document says of things other than itself; None if it cannot be read.

    Of a page it is nothing. A blank node is a fault.
    """
    if form is None:
        return frozenset() if body.startswith(b"<!doctype html>") else None
    if form == "json-ld":
        body = client.in_context(body)
    if form in {"nquads", "trig"}:
        # What rdflib reads slowly with its graphs it reads without.
        quads = parse(body, format=RdfFormat.N_QUADS if form == "nquads" else RdfFormat.TRIG)
        lines = dict.fromkeys(f"{q.subject} {q.predicate} {q.object} .\n" for q in quads)
        body, form = "".join(lines).encode(), "nt"
    graph = Graph().parse(data=body, format=form)
    if any(isinstance(node, BNode) for triple in graph for node in triple):
        return None
    return frozenset(triple for triple in graph if not str(triple[0]).startswith(client.site))


def again(port: int, tags: Sequence[tuple[str, str, str]]) -> int:
    """Return how many documents are answered 304, without a body, to their tags."""
    client, unchanged = Client(port), 0
    for iri, media_type, tag in tags:
        headers = {"Accept": media_type, "If-None-Match": tag}
        status, body, _ = client.get(path_of(iri), headers)
        unchanged += status == 304 and body == b""
    return unchanged


def dump(port: int) -> set[Quad]:
    """Return the quads of the dump of everything, as VoID names it."""
    client = Client(port)
    _, body, _ = client.get("/.well-known/void", {"Accept": "text/turtle"})
    whole = (
        Graph()
        .parse(data=body, format="turtle")
        .query(
            "SELECT ?file { ?set <http://rdfs.org/ns/void#dataDump> ?file"
            " FILTER(STRENDS(STR(?file), '.nq.gz'))"
            f" FILTER(?set = <{BASE}dataset>) }}"
        )
    )
    (file,) = (str(row[0]) for row in whole)  # type: ignore[index]
    _, body, _ = client.get(urlsplit(file).path, {})
    return set(parse(gzip.decompress(body), format=RdfFormat.N_QUADS))


def measure(site: Site) -> Iterator[list[object]]:
    """Walk twice, follow a change, and yield the rows of the table."""
    copy = dump(site.port)
    every = sorted({value(quad.subject) for quad in copy})[::STEP]
    chosen = {str(quad) for quad in copy if STEP == 1 or value(quad.subject) in set(every)}
    begin = time.perf_counter()
    with ProcessPoolExecutor(WALKERS, get_context("spawn")) as pool:
        shares = [every[n::WALKERS] for n in range(WALKERS)]
        parts = list(pool.map(partial(walk, site.port), shares))
        middle = time.perf_counter()
        tags = [tag for part in parts for tag in part.tags]
        free = sum(pool.map(partial(again, site.port), [tags[n::WALKERS] for n in range(WALKERS)]))
    end = time.perf_counter()
    found = set().union(*(part.quads for part in parts))
    wrong = [each for part in parts for each in part.wrong]
    for each in islice(wrong, 10):
        print(each)
    yield ["things", len(every), ""]
    yield ["statements, in the dump and in documents", len(found), len(chosen)]
    yield ["statements in one of them alone", len(found ^ chosen), 0]
    yield ["documents", len(tags), len(FORMS) * len(every)]
    yield ["documents that are missing, not read or differ", len(wrong), 0]
    yield ["documents a second, parsed", len(tags) / (middle - begin), ""]
    yield ["answered 304 on the second walk", free, len(tags)]
    yield ["a second", len(tags) / (end - middle), ""]
    yield from follow(site, copy)


def follow(site: Site, copy: set[Quad]) -> Iterator[list[object]]:
    """Change something, bring the copy up to date by the patch alone, and yield rows about it."""
    token = Tokens(Workspace(site.home)).create("harvest", "curator")
    client = http.client.HTTPConnection("127.0.0.1", site.port, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
    client.request("POST", "/update", UPDATE, headers)
    answer = client.getresponse()
    answer.read()
    yield ["status of an update", answer.status, ""]
    _, patch, _ = Client(site.port).get("/changes/1/2", {})
    changes = [line for line in patch.decode().splitlines() if line[:2] in {"A ", "D "}]
    for line in changes:
        copy ^= set(parse(line[2:], format=RdfFormat.N_QUADS))
    yield ["statements that came or went", len(changes), ""]
    yield ["statements wrong in the copy, after /changes", len(copy ^ dump(site.port)), 0]


@contextlib.contextmanager
def serving_sample() -> Iterator[Site]:
    """Publish the shipped sample and serve it."""
    atlas = str(Path(sys.executable).with_name("atlas"))
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ATLAS_HOME": folder, "ATLAS_PORT": str(port)}
        command = [atlas, "demo", "--no-serve"]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        command = [atlas, "serve"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None  # noqa: S101 - a pipe was asked for
            server.stdout.readline()
            try:
                yield Site(port, Path(folder))
            finally:
                server.terminate()


def main() -> None:
    """Print the table; the last column is what is expected."""
    with serving_sample() as site:
        rows = list(measure(site))
    table(["measured", "found", "expected"], rows)


if __name__ == "__main__":
    main()
