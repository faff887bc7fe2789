"""VoID and DCAT-AP say what there is, in numbers that can be counted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyoxigraph import Dataset, NamedNode
from rdflib import DCAT, DCTERMS, FOAF, RDF, VOID, Graph, Literal, Namespace, URIRef
from rdflib.term import BNode, Node

if TYPE_CHECKING:
    import httpx

BASE = "https://w3id.org/cluster-atlas/"
DATASET = URIRef(f"{BASE}dataset")
VERSION = URIRef("http://www.w3.org/ns/dcat#version")
SPDX = Namespace("http://spdx.org/rdf/terms#")
TYPE = NamedNode(str(RDF.type))


@pytest.fixture
def void(client: httpx.Client) -> Graph:
    return Graph().parse(data=client.get("/.well-known/void").content, format="turtle")


@pytest.fixture
def dcat(client: httpx.Client) -> Graph:
    return Graph().parse(data=client.get("/catalog").content, format="turtle")


def number(graph: Graph, subject: Node, predicate: URIRef) -> int:
    (value,) = graph.objects(subject, predicate)
    assert isinstance(value, Literal)
    return int(value)


def test_the_whole_is_counted(void: Graph, quads: tuple[Dataset, Dataset]) -> None:
    triples = {(q.subject, q.predicate, q.object) for q in quads[1]}

    assert number(void, DATASET, VOID.triples) == len(triples)
    assert number(void, DATASET, VOID.distinctSubjects) == len({t[0] for t in triples})
    assert number(void, DATASET, VOID.distinctObjects) == len({t[2] for t in triples})
    assert number(void, DATASET, VOID.properties) == len({t[1] for t in triples})
    assert number(void, DATASET, VOID.classes) == len({t[2] for t in triples if t[1] == TYPE})
    own = {t[0] for t in triples if str(t[0]).startswith(f"<{BASE}id/")}
    assert number(void, DATASET, VOID.entities) == len(own)


def test_properties_and_classes_are_counted(void: Graph, quads: tuple[Dataset, Dataset]) -> None:
    triples = {(q.subject, q.predicate, q.object) for q in quads[1]}
    properties = {
        str(void.value(part, VOID.property)): number(void, part, VOID.triples)
        for part in void.objects(DATASET, VOID.propertyPartition)
    }
    classes = {
        str(void.value(part, VOID["class"])): number(void, part, VOID.entities)
        for part in void.objects(DATASET, VOID.classPartition)
    }

    assert sum(properties.values()) == len(triples)
    assert properties == {p.value: sum(t[1] == p for t in triples) for p in {t[1] for t in triples}}
    typed = [(t[0], t[2]) for t in triples if t[1] == TYPE]
    assert classes == {
        str(c)[1:-1]: len({s for s, o in typed if o == c}) for c in {o for _, o in typed}
    }


def test_graphs_are_subsets_with_counts_licences_and_dumps(
    void: Graph, quads: tuple[Dataset, Dataset]
) -> None:
    for name in ("landscape", "ontology", "inferred", "provenance", "euroscivoc"):
        graph = URIRef(f"{BASE}graph/{name}")
        size = sum(str(q.graph_name) == f"<{graph}>" for q in quads[1])
        assert (DATASET, VOID.subset, graph) in void
        assert number(void, graph, VOID.triples) == size
        assert list(void.objects(graph, DCTERMS.license))
        assert len(list(void.objects(graph, VOID.dataDump))) == 2


def test_links_to_other_datasets_are_counted(void: Graph) -> None:
    sets = {
        str(void.value(one, VOID.linkPredicate)).rpartition("#")[2]: one
        for one in void.subjects(RDF.type, VOID.Linkset)
    }

    assert set(sets) == {"country", "masters"}
    assert number(void, sets["masters"], VOID.triples) == 1
    target = void.value(sets["masters"], VOID.objectsTarget)
    assert str(void.value(target, VOID.uriSpace)) == "http://data.europa.eu/8mn/euroscivoc/"


def test_the_catalogue_has_what_dcat_ap_requires(dcat: Graph) -> None:
    """DCAT-AP 3.0: the mandatory and the most used recommended properties of each class."""
    (catalog,) = dcat.subjects(RDF.type, DCAT.Catalog)
    for required in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.dataset):
        assert list(dcat.objects(catalog, required))
    datasets = set(dcat.subjects(RDF.type, DCAT.Dataset))
    assert datasets == set(dcat.objects(catalog, DCAT.dataset))
    assert len(datasets) == 6
    for dataset in datasets:
        for required in (DCTERMS.title, DCTERMS.publisher, DCTERMS.modified, DCAT.distribution):
            assert list(dcat.objects(dataset, required)), (dataset, required)
    for agent in set(dcat.objects(None, DCTERMS.publisher)):
        assert (agent, RDF.type, FOAF.Agent) in dcat
        assert list(dcat.objects(agent, FOAF.name))
    (service,) = dcat.subjects(RDF.type, DCAT.DataService)
    assert str(dcat.value(service, DCAT.endpointURL)).endswith("/sparql")


def test_distributions_are_what_is_served(client: httpx.Client, dcat: Graph) -> None:
    distributions = list(dcat.subjects(RDF.type, DCAT.Distribution))
    for one in distributions:
        url = str(dcat.value(one, DCAT.downloadURL))
        answer = client.get(url)
        checksum = dcat.value(one, SPDX.checksum)
        assert checksum is not None
        assert dcat.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        assert f'"{dcat.value(checksum, SPDX.checksumValue)}"'.lower() == answer.headers["ETag"]
        assert number(dcat, one, DCAT.byteSize) == len(answer.content)
        assert list(dcat.objects(one, DCTERMS.license))
        assert str(dcat.value(one, DCAT.mediaType)).startswith("https://www.iana.org/assignments/")
        assert str(dcat.value(one, DCTERMS["format"])).startswith("http://publications.europa.eu/")

    assert len(distributions) == 13


@pytest.mark.parametrize("path", ["/.well-known/void", "/catalog"])
@pytest.mark.parametrize("form", ["ttl", "jsonld", "nt", "rdf", "trig", "nq"])
def test_every_syntax_is_served(client: httpx.Client, path: str, form: str) -> None:
    answer = client.get(path, params={"format": form})

    assert answer.status_code == 200
    assert answer.headers["X-Release"] == "2"
    assert "Vary" not in answer.headers


@pytest.mark.parametrize("graph", ["void", "dcat"])
def test_nothing_is_a_blank_node(graph: str, request: pytest.FixtureRequest) -> None:
    found: Graph = request.getfixturevalue(graph)

    assert not [node for triple in found for node in triple if isinstance(node, BNode)]


def test_the_release_is_the_same_everywhere(client: httpx.Client, void: Graph, dcat: Graph) -> None:
    assert str(void.value(DATASET, VERSION)) == "2"
    assert str(dcat.value(DATASET, VERSION)) == "2"
    old = client.get("/.well-known/void?release=1")
    graph = Graph().parse(data=old.content, format="turtle")
    assert old.headers["X-Release"] == str(graph.value(DATASET, VERSION)) == "1"


def test_the_dataset_and_its_releases_dereference(client: httpx.Client) -> None:
    for path in ("/dataset", "/release/1", "/graph/landscape"):
        answer = client.get(path, headers={"Accept": "text/turtle"})
        assert answer.status_code == 303
        assert client.get(answer.headers["Location"]).status_code == 200
    assert client.get("/release/9").status_code == 404


def test_the_catalogue_is_signposted(client: httpx.Client) -> None:
    link = client.get("/catalog", headers={"Accept": "text/html"}).headers["Link"]

    assert 'rel="item"; type="application/gzip"' in link
    assert '</.well-known/void>; rel="describedby"' in link
    assert f'<{DATASET}>; rel="cite-as"' in link


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ["The whole release", "Class"]), ("de", ["Die ganze Ausgabe", "Klasse"])],
)
def test_the_page_has_the_files_of_the_whole_too(
    client: httpx.Client, lang: str, words: list[str]
) -> None:
    page = client.get("/catalog", params={"lang": lang, "format": "html"}).text

    for word in words:
        assert f">{word}</th>" in page
    for end in ("nq.gz", "ttl.gz", "parquet"):
        assert f"/dumps/2/cluster-atlas-2.{end}" in page
    counted = [n for n in page.split('class="number">')[1:] if "," in n.partition("<")[0]]
    assert counted == []
