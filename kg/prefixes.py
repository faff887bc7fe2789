"""The prefixes in which Cluster Atlas writes RDF and which its queries may rely on."""

from __future__ import annotations

from typing import Final

from kg import terms
from kg.terms import ontology_namespace

_FOREIGN: Final = {
    "dcat": terms.DCAT,
    "dcterms": terms.DCTERMS,
    "eu-country": terms.COUNTRY,
    "eurio": "http://data.europa.eu/s66#",
    "euroscivoc": terms.EUROSCIVOC,
    "foaf": terms.FOAF,
    "geo": "http://www.opengis.net/ont/geosparql#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "ldes": "https://w3id.org/ldes#",
    "nuts": terms.NUTS,
    "org": "http://www.w3.org/ns/org#",
    "owl": terms.OWL,
    "prov": terms.PROV,
    "rdf": terms.RDF,
    "rdfs": terms.RDFS,
    "schema": terms.SCHEMA,
    "sh": terms.SH,
    "skos": terms.SKOS,
    "spdx": "http://spdx.org/rdf/terms#",
    "tree": "https://w3id.org/tree#",
    "vann": "http://purl.org/vocab/vann/",
    "void": terms.VOID,
    "xsd": terms.XSD,
}


def prefixes(base: str) -> dict[str, str]:
    """Return the namespace of each prefix, by prefix in alphabetical order."""
    own = {"atlas": ontology_namespace(base), "graph": base + "graph/"}
    return dict(sorted({**own, **_FOREIGN}.items()))


def prologue(base: str) -> str:
    """Return the prefixes as the prologue of a SPARQL query (SPARQL 1.1, production [4])."""
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in prefixes(base).items())


def shortened(iri: str, base: str) -> str:
    """Return an IRI with its prefix for people to read, or as it is when none fits."""
    fitting = [(n, p) for n, p in prefixes(base).items() if iri.startswith(p) and iri != p]
    if not fitting:
        return iri
    name, namespace = max(fitting, key=lambda pair: len(pair[1]))
    return f"{name}:{iri[len(namespace) :]}"


def sort_prefixes(turtle: bytes) -> bytes:
    """Return a beginning of Turtle or TriG with its prefixes in order; serializers shuffle them."""
    lines = turtle.split(b"\n")
    end = next((n for n, one in enumerate(lines) if not one.startswith(b"@prefix")), len(lines))
    return b"\n".join(sorted(lines[:end]) + lines[end:])
