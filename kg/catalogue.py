"""The catalogue of a release: what it holds and where to fetch it, in VoID and in DCAT-AP 3.

- VoID (W3C note, 2011): counts, class and property partitions, a subset per graph, linksets.
- DCAT-AP 3.0 (SEMIC): the catalogue, a dataset for the release and one for each graph, and the
  distributions with size, checksum, media type and licence; the SPARQL endpoint as a data service.

The words of the EU's authority tables stand where DCAT-AP asks for them (file types, themes,
frequency, languages). There are no blank nodes.

`{base}dataset` is the dataset, whatever its release; documents and files are at `site`, the address
by which the reader came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from kg import asof, distribution, statistics
from kg.quads import link, moment, number, text, typed
from kg.terms import (
    DCAT,
    DCTERMS,
    FOAF,
    RDF_TYPE,
    RDFS,
    RDFS_LABEL,
    VOID,
    XSD,
    ontology_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyoxigraph import Quad

    from kg.distribution import Distribution, DumpFile
    from kg.source import Source
    from kg.statistics import Counts
    from kg.store import OpenRelease

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
SPDX: Final = "http://spdx.org/rdf/terms#"
_AUTHORITY: Final = "http://publications.europa.eu/resource/authority/"
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
_FILE_TYPES: Final = {"nq": "RDF_N_QUADS", "ttl": "RDF_TURTLE", "parquet": "PARQUET"}
_FEATURES: Final = ("N-Triples", "N-Quads", "Turtle", "TriG", "JSON-LD", "RDF_XML")
_SYNTAXES: Final = "http://www.w3.org/ns/formats/"

OWN_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
"""The licence of what we add: conclusions, provenance and the ontology as data."""

TITLE: Final = {"en": "Cluster Atlas", "de": "Cluster-Atlas"}
DESCRIPTION: Final = {
    "en": "Technologies and competences, organisations and clusters, programmes, calls and "
    "projects, offers and requests of the European innovation landscape.",
    "de": "Technologien und Kompetenzen, Organisationen und Cluster, Programme, Aufrufe und "
    "Projekte, Angebote und Gesuche der europäischen Innovationslandschaft.",
}
OWN_GRAPHS: Final = {
    "inferred": {"en": "Conclusions", "de": "Schlussfolgerungen"},
    "provenance": {"en": "Provenance", "de": "Herkunft"},
    "ontology": {"en": "Ontology", "de": "Ontologie"},
}
"""The graphs that are no source's."""

_KEYWORDS: Final = {
    "en": ("clusters", "innovation", "research projects", "technologies", "cooperation"),
    "de": ("Cluster", "Innovation", "Forschungsprojekte", "Technologien", "Kooperation"),
}


@dataclass(frozen=True)
class Catalogue:
    """A release with its distribution, its sources by name, and the address of the server."""

    opened: OpenRelease
    distribution: Distribution
    sources: Mapping[str, Source]
    base: str
    site: str

    @property
    def dataset(self) -> str:
        """The IRI of the dataset."""
        return f"{self.base}dataset"

    @property
    def release(self) -> str:
        """The IRI of the release."""
        return f"{self.base}release/{self.opened.number}"

    @property
    def graphs(self) -> list[str]:
        """The graphs of the release."""
        return list(self.distribution.statistics().graphs)

    def source(self, graph: str) -> Source | None:
        """Return the source that fills a graph, None for our own graphs."""
        return self.sources.get(graph.removeprefix(f"{self.base}graph/"))

    def title(self, graph: str) -> Mapping[str, str]:
        """Return the title of a graph by language."""
        name = graph.removeprefix(f"{self.base}graph/")
        source = self.source(graph)
        return source.title if source else OWN_GRAPHS.get(name, {"en": name})

    def licence(self, graph: str) -> str:
        """Return the licence of a graph."""
        source = self.source(graph)
        return source.licence if source else OWN_LICENCE

    def url(self, file: DumpFile) -> str:
        """Return where a file is."""
        return f"{self.site}/dumps/{self.opened.number}/{quote(file.name)}"

    def files(self, graph: str | None) -> list[DumpFile]:
        """Return the files of a graph, or those of the whole release."""
        return [file for file in self.distribution.files if file.graph == graph]


def void(catalogue: Catalogue) -> Iterator[Quad]:
    """Yield the VoID description."""
    this, counted = catalogue.dataset, catalogue.distribution.statistics()
    document = f"{catalogue.site}/.well-known/void"
    yield link(document, RDF_TYPE, VOID + "DatasetDescription")
    yield link(document, FOAF + "primaryTopic", this)
    yield link(this, RDF_TYPE, VOID + "Dataset")
    yield from _titles(this, TITLE, DESCRIPTION)
    yield from _version(catalogue, this)
    yield from _access(catalogue, this)
    yield from _sizes(this, counted.whole)
    yield number(this, VOID + "entities", counted.entities)
    yield from _partitions(this, "class", "entities", counted.classes)
    yield from _partitions(this, "property", "triples", counted.properties)
    for graph, counts in counted.graphs.items():
        yield from _subset(catalogue, this, graph, counts)
    for linkset in counted.linksets:
        yield from _linkset(this, linkset)


def _access(catalogue: Catalogue, this: str) -> Iterator[Quad]:
    yield link(this, FOAF + "homepage", f"{catalogue.site}/catalog")
    yield text(this, VOID + "uriSpace", f"{catalogue.base}id/")
    yield link(this, VOID + "sparqlEndpoint", f"{catalogue.site}/sparql")
    yield from _described_service(f"{catalogue.site}/sparql")
    yield link(this, VOID + "uriLookupEndpoint", f"{catalogue.site}/about?iri=")
    yield link(this, VOID + "vocabulary", ontology_namespace(catalogue.base))
    for name in _FEATURES:
        yield link(this, VOID + "feature", _SYNTAXES + name)
    for file in catalogue.files(None):
        if file.form in distribution.RDF:
            yield link(this, VOID + "dataDump", catalogue.url(file))


def _described_service(endpoint: str) -> Iterator[Quad]:
    """Yield what leads to the service description, which the endpoint itself answers with."""
    service = f"{endpoint}#service"
    yield link(service, RDF_TYPE, SD + "Service")
    yield link(service, SD + "endpoint", endpoint)
    yield link(service, RDFS + "seeAlso", endpoint)


def _sizes(this: str, counts: Counts) -> Iterator[Quad]:
    yield number(this, VOID + "triples", counts.triples)
    yield number(this, VOID + "distinctSubjects", counts.subjects)
    yield number(this, VOID + "distinctObjects", counts.objects)
    yield number(this, VOID + "properties", counts.properties)
    yield number(this, VOID + "classes", counts.classes)


def _partitions(this: str, kind: str, measure: str, sizes: Mapping[str, int]) -> Iterator[Quad]:
    for iri, size in sizes.items():
        part = f"{this}?{kind}={quote(iri, safe='')}"
        yield link(this, f"{VOID}{kind}Partition", part)
        yield link(part, VOID + kind, iri)
        yield number(part, VOID + measure, size)


def _subset(catalogue: Catalogue, this: str, graph: str, counts: Counts) -> Iterator[Quad]:
    yield link(this, VOID + "subset", graph)
    yield link(graph, RDF_TYPE, VOID + "Dataset")
    yield from _titles(graph, catalogue.title(graph))
    yield link(graph, DCTERMS + "license", catalogue.licence(graph))
    source = catalogue.source(graph)
    if source:
        yield link(graph, DCTERMS + "source", source.homepage)
    yield from _sizes(graph, counts)
    for file in catalogue.files(graph):
        yield link(graph, VOID + "dataDump", catalogue.url(file))


def _linkset(this: str, linkset: statistics.Linkset) -> Iterator[Quad]:
    name = f"{this}?links={linkset.target}&property={quote(linkset.predicate, safe='')}"
    target = f"{this}?target={linkset.target}"
    yield link(this, VOID + "subset", name)
    yield link(name, RDF_TYPE, VOID + "Linkset")
    yield link(name, VOID + "subjectsTarget", this)
    yield link(name, VOID + "objectsTarget", target)
    yield link(name, VOID + "linkPredicate", linkset.predicate)
    yield number(name, VOID + "triples", linkset.triples)
    yield link(target, RDF_TYPE, VOID + "Dataset")
    yield text(target, VOID + "uriSpace", statistics.TARGETS[linkset.target])


def dcat(catalogue: Catalogue) -> Iterator[Quad]:
    """Yield the DCAT-AP description."""
    this, dataset = f"{catalogue.base}catalog", catalogue.dataset
    yield link(this, RDF_TYPE, DCAT + "Catalog")
    yield from _titles(this, TITLE, DESCRIPTION)
    yield from _published(catalogue, this)
    yield from _version(catalogue, this)
    yield link(this, FOAF + "homepage", f"{catalogue.site}/catalog")
    for language in ("ENG", "DEU"):
        yield link(this, DCTERMS + "language", f"{_AUTHORITY}language/{language}")
    for one in (dataset, *catalogue.graphs):
        yield link(this, DCAT + "dataset", one)
    yield from _dataset(catalogue)
    for graph in catalogue.graphs:
        yield from _graph_dataset(catalogue, graph)
    yield from _service(catalogue, this)


def _published(catalogue: Catalogue, this: str) -> Iterator[Quad]:
    publisher = f"{catalogue.base}catalog#publisher"
    yield link(this, DCTERMS + "publisher", publisher)
    yield link(publisher, RDF_TYPE, FOAF + "Agent")
    yield text(publisher, FOAF + "name", TITLE["en"])


def _version(catalogue: Catalogue, this: str) -> Iterator[Quad]:
    created = asof.created(catalogue.opened.release)
    yield moment(this, DCTERMS + "modified", created)
    yield text(this, DCAT + "version", str(catalogue.opened.number))
    yield link(this, DCAT + "hasCurrentVersion", catalogue.release)
    yield text(catalogue.release, DCAT + "version", str(catalogue.opened.number))
    yield moment(catalogue.release, DCTERMS + "issued", created)
    yield text(catalogue.release, RDFS_LABEL, f"Release {catalogue.opened.number}", "en")


def _dataset(catalogue: Catalogue) -> Iterator[Quad]:
    this = catalogue.dataset
    yield link(this, RDF_TYPE, DCAT + "Dataset")
    yield from _titles(this, TITLE, DESCRIPTION)
    yield from _published(catalogue, this)
    yield from _version(catalogue, this)
    yield link(this, DCTERMS + "identifier", this)
    for theme in ("TECH", "ECON"):
        yield link(this, DCAT + "theme", f"{_AUTHORITY}data-theme/{theme}")
    yield link(this, DCTERMS + "accrualPeriodicity", f"{_AUTHORITY}frequency/IRREG")
    yield link(
        this,
        DCTERMS + "spatial",
        "http://publications.europa.eu/resource/authority/continent/EUROPE",
    )
    yield link(this, DCAT + "landingPage", f"{catalogue.site}/catalog")
    yield link(this, DCTERMS + "conformsTo", f"{catalogue.base}ontology")
    for language, words in _KEYWORDS.items():
        for word in words:
            yield text(this, DCAT + "keyword", word, language)
    for graph in catalogue.graphs:
        yield link(this, DCTERMS + "hasPart", graph)
    licences = sorted({catalogue.licence(graph) for graph in catalogue.graphs})
    for file in catalogue.files(None):
        yield from _distribution(catalogue, this, file, licences)


def _graph_dataset(catalogue: Catalogue, graph: str) -> Iterator[Quad]:
    source = catalogue.source(graph)
    yield link(graph, RDF_TYPE, DCAT + "Dataset")
    yield from _titles(graph, catalogue.title(graph), source.description if source else {})
    yield from _version(catalogue, graph)
    yield link(graph, DCTERMS + "isPartOf", catalogue.dataset)
    yield link(graph, DCTERMS + "license", catalogue.licence(graph))
    if source:
        publisher = f"{catalogue.base}catalog#publisher-{quote(source.name)}"
        yield link(graph, DCTERMS + "source", source.homepage)
        yield link(graph, DCAT + "landingPage", source.homepage)
        yield link(graph, DCTERMS + "publisher", publisher)
        yield link(publisher, RDF_TYPE, FOAF + "Agent")
        yield text(publisher, FOAF + "name", source.publisher)
    else:
        yield from _published(catalogue, graph)
    for file in catalogue.files(graph):
        yield from _distribution(catalogue, graph, file, [catalogue.licence(graph)])


def _distribution(
    catalogue: Catalogue, dataset: str, file: DumpFile, licences: list[str]
) -> Iterator[Quad]:
    url = catalogue.url(file)
    this, checksum = f"{url}#distribution", f"{url}#sha256"
    yield link(dataset, DCAT + "distribution", this)
    yield link(this, RDF_TYPE, DCAT + "Distribution")
    yield text(this, DCTERMS + "title", file.name)
    yield link(this, DCAT + "accessURL", url)
    yield link(this, DCAT + "downloadURL", url)
    yield typed(this, DCAT + "byteSize", str(file.size), XSD + "nonNegativeInteger")
    yield link(this, DCAT + "mediaType", _MEDIA_TYPES + distribution.FORMATS[file.form])
    if file.compressed:
        yield link(this, DCAT + "compressFormat", _MEDIA_TYPES + "application/gzip")
    yield link(this, DCTERMS + "format", f"{_AUTHORITY}file-type/{_FILE_TYPES[file.form]}")
    yield link(this, SPDX + "checksum", checksum)
    yield link(checksum, RDF_TYPE, SPDX + "Checksum")
    yield link(checksum, SPDX + "algorithm", SPDX + "checksumAlgorithm_sha256")
    yield typed(checksum, SPDX + "checksumValue", file.sha256, XSD + "hexBinary")
    for licence in licences:
        yield link(this, DCTERMS + "license", licence)


def _service(catalogue: Catalogue, parent: str) -> Iterator[Quad]:
    this = f"{catalogue.base}catalog#sparql"
    yield link(parent, DCAT + "service", this)
    yield link(this, RDF_TYPE, DCAT + "DataService")
    yield from _titles(this, {"en": "SPARQL endpoint", "de": "SPARQL-Endpunkt"})
    yield link(this, DCAT + "endpointURL", f"{catalogue.site}/sparql")
    yield link(this, DCAT + "endpointDescription", f"{catalogue.site}/docs")
    yield link(this, DCAT + "endpointDescription", f"{catalogue.site}/sparql")
    yield link(this, DCTERMS + "conformsTo", "https://www.w3.org/TR/sparql11-protocol/")
    yield link(this, DCAT + "servesDataset", catalogue.dataset)


def _titles(
    this: str, title: Mapping[str, str], description: Mapping[str, str] | None = None
) -> Iterator[Quad]:
    for language, words in title.items():
        yield text(this, DCTERMS + "title", words, language)
    for language, words in (description or {}).items():
        yield text(this, DCTERMS + "description", words, language)
