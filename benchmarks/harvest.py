"""A harvester's walk over the shipped sample: every thing, parsed, beside the dump; then once more.

From `/.well-known/void` to the dump, from its subjects to every document: each as N-Quads, whose
statements together are to be the dump, and each in one other form, by turns, read by rdflib. The
second walk sends the entity tags of the first. `ATLAS_BENCH_STEP` (1) takes every so many things.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from pyoxigraph import Quad, RdfFormat, parse
from rdflib import Graph
from rdflib.term import BNode

from benchmarks.endpoint import free_port
from benchmarks.measure import table
from kg.description import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BASE: Final = "https://w3id.org/cluster-atlas/"
STEP: Final = int(os.environ.get("ATLAS_BENCH_STEP", "1"))
THREADS: Final = 4
NQUADS: Final = "application/n-quads"
OTHERS: Final = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "text/html": None,
}


@dataclass
class Walked:
    """What one walker has seen: statements, entity tags by document, and what was wrong."""

    quads: set[Quad] = field(default_factory=set)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Client:
    """One connection that follows redirects on its own host."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

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


def path_of(iri: str) -> str:
    """Return where a server asks for an IRI: ours by its own path, any other through /about."""
    if iri.startswith((f"{BASE}id/", f"{BASE}import/")) and "#" not in iri:
        return "/" + iri.removeprefix(BASE)
    return "/about?iri=" + quote(iri, safe="")


def walk(port: int, things: Sequence[tuple[int, str]]) -> Walked:
    """Dereference each thing twice: as N-Quads, and in the form whose turn it is."""
    client, seen, forms = Client(port), Walked(), list(OTHERS)
    for number, iri in things:
        status, body, tag = client.get(path_of(iri), {"Accept": NQUADS})
        seen.tags[iri, NQUADS] = tag
        if status != 200:
            seen.wrong.append(f"{iri}: {status}")
            continue
        quads = parse(body, format=RdfFormat.N_QUADS)
        seen.quads.update(quad for quad in quads if value(quad.subject) == iri)
        other = forms[number % len(forms)]
        status, body, tag = client.get(path_of(iri), {"Accept": other})
        seen.tags[iri, other] = tag
        if status != 200 or not readable(body, OTHERS[other]):
            seen.wrong.append(f"{iri} as {other}: {status}")
    return seen


def readable(body: bytes, form: str | None) -> bool:
    """Tell whether rdflib reads a document, and finds no blank node in it."""
    if form is None:
        return body.startswith(b"<!doctype html>")
    graph = Graph().parse(data=body, format=form)
    return not any(isinstance(node, BNode) for triple in graph for node in triple)


def again(port: int, tags: Sequence[tuple[tuple[str, str], str]]) -> int:
    """Return how many documents are answered 304, without a body, to their tags."""
    client, unchanged = Client(port), 0
    for (iri, media_type), tag in tags:
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


def measure(port: int) -> list[list[object]]:
    """Walk twice and return the rows of the table."""
    quads = dump(port)
    every = sorted({value(quad.subject) for quad in quads})[::STEP]
    chosen = {quad for quad in quads if value(quad.subject) in set(every)} if STEP > 1 else quads
    numbered = list(enumerate(every))
    begin = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(lambda n: walk(port, numbered[n::THREADS]), range(THREADS)))
        middle = time.perf_counter()
        tags = [tag for part in parts for tag in part.tags.items()]
        free = sum(pool.map(lambda n: again(port, tags[n::THREADS]), range(THREADS)))
    end = time.perf_counter()
    found = set().union(*(part.quads for part in parts))
    wrong = [each for part in parts for each in part.wrong]
    for each in islice(wrong, 10):
        print(each)
    return [
        ["things", len(every), ""],
        ["statements, in the dump and in documents", len(found), len(chosen)],
        ["statements in one of them alone", len(found ^ chosen), 0],
        ["documents", len(tags), 2 * len(every)],
        ["documents that are missing or not read", len(wrong), 0],
        ["documents a second, parsed", len(tags) / (middle - begin), ""],
        ["answered 304 on the second walk", free, len(tags)],
        ["a second", len(tags) / (end - middle), ""],
    ]


@contextlib.contextmanager
def serving_sample() -> Iterator[int]:
    """Publish the shipped sample and serve it; yield the port."""
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
                yield port
            finally:
                server.terminate()


def main() -> None:
    """Print the table; the last column is what is expected."""
    with serving_sample() as port:
        rows = measure(port)
    table(["measured", "found", "expected"], rows)


if __name__ == "__main__":
    main()
