"""A harvester's walk: from /.well-known/void to every dump and every thing, in every form."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import VOID, Graph, URIRef
from rdflib.term import BNode

from kg.description import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")

BASE = "https://w3id.org/cluster-atlas/"
FORMS = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "text/html": None,
}
STEP = 250
"""Of the sample's subjects every one after so many is dereferenced in every form."""


@pytest.fixture(scope="module")
def sample(
    sample_home: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], Any]
) -> Iterator[httpx.Client]:
    """Return a client of a server over a copy of the shipped sample."""
    home = tmp_path_factory.mktemp("walk") / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    with serve(home) as site:
        yield site.client


@pytest.fixture(scope="module")
def sample_dump(sample: httpx.Client) -> set[Quad]:
    """Return what the harvester has got of the sample."""
    return harvested(sample)


def harvested(client: httpx.Client) -> set[Quad]:
    """Return the quads of all dumps that VoID names; those of the graphs make up the whole."""
    void = Graph().parse(data=client.get("/.well-known/void").content, format="turtle")
    (whole,) = dumps(void, URIRef(f"{BASE}dataset"), ".nq.gz")
    parts = [u for graph in void.objects(None, VOID.subset) for u in dumps(void, graph, ".nq.gz")]
    found = read(client, whole)

    assert set().union(*(read(client, part) for part in parts)) == found
    return found


def dumps(void: Graph, dataset: Any, ending: str) -> list[str]:
    return [str(u) for u in void.objects(dataset, VOID.dataDump) if str(u).endswith(ending)]


def read(client: httpx.Client, url: str) -> set[Quad]:
    content = gzip.decompress(client.get(url).content)
    return set(parse(content, format=RdfFormat.N_QUADS))


def path_of(iri: str) -> str:
    """Return where a server asks for an IRI: ours by its own path, any other through /about."""
    own = iri.startswith((f"{BASE}id/", f"{BASE}.well-known/genid/", f"{BASE}import/"))
    if own and "#" not in iri:
        return "/" + iri.removeprefix(BASE)
    return "/about?iri=" + iri.replace("%", "%25").replace("#", "%23").replace("&", "%26")


def described(client: httpx.Client, iri: str) -> set[Quad]:
    """Return what the N-Quads documents about a thing say that it is the subject of."""
    headers = {"Accept": "application/n-quads"}
    answer = client.get(path_of(iri), headers=headers, follow_redirects=True)
    assert answer.status_code == 200, iri
    quads = set(parse(answer.content, format=RdfFormat.N_QUADS))
    return {quad for quad in quads if quad.subject == NamedNode(iri)}


def test_things_together_are_the_dump(client: httpx.Client) -> None:
    """Of the small release, every single one."""
    dump = harvested(client)
    subjects = {value(quad.subject) for quad in dump}

    assert set().union(*(described(client, iri) for iri in subjects)) == dump


def test_the_sample_is_what_its_things_say(sample: httpx.Client, sample_dump: set[Quad]) -> None:
    subjects = sorted({value(quad.subject) for quad in sample_dump})[:: STEP // 5]
    chosen = {NamedNode(iri) for iri in subjects}

    found = set().union(*(described(sample, iri) for iri in subjects))
    assert found == {quad for quad in sample_dump if quad.subject in chosen}


def walk(client: httpx.Client, subjects: list[str]) -> dict[tuple[str, str], str]:
    """Dereference each subject in each form, parse it, and return the entity tags."""
    tags = {}
    for iri in subjects:
        seen = set()
        for media_type, name in FORMS.items():
            headers = {"Accept": media_type}
            answer = client.get(path_of(iri), headers=headers, follow_redirects=True)
            assert answer.status_code == 200, (iri, media_type)
            assert answer.headers["X-Release"] == "1"
            if name:
                graph = Graph().parse(data=answer.content, format=name)
                assert not [n for triple in graph for n in triple if isinstance(n, BNode)]
                seen.add(frozenset(t for t in graph if "127.0.0.1" not in str(t[0])))
            tags[iri, media_type] = answer.headers["ETag"]
        assert len(seen) == 1, iri
    return tags


def test_every_form_of_the_sample_is_read_and_the_second_walk_is_free(
    sample: httpx.Client, sample_dump: set[Quad]
) -> None:
    subjects = {value(quad.subject) for quad in sample_dump}
    things = sorted(iri for iri in subjects if iri.startswith(f"{BASE}id/"))

    tags = walk(sample, things[::STEP])

    for (iri, media_type), tag in tags.items():
        headers = {"Accept": media_type, "If-None-Match": tag}
        again = sample.get(path_of(iri), headers=headers, follow_redirects=True)
        assert again.status_code == 304
        assert again.content == b""
