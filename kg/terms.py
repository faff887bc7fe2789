"""Namespaces and the checks on RDF terms that everybody shares.

Standards: RDF 1.1 Concepts (IRIs in section 3.2, literals in section 3.3), RFC 3987.
"""

from __future__ import annotations

import re
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, parse

DEFAULT_BASE: Final = "https://w3id.org/cluster-atlas/"

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SH: Final = "http://www.w3.org/ns/shacl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
SKOSXL: Final = "http://www.w3.org/2008/05/skos-xl#"
PROV: Final = "http://www.w3.org/ns/prov#"
DCTERMS: Final = "http://purl.org/dc/terms/"
DCAT: Final = "http://www.w3.org/ns/dcat#"
VOID: Final = "http://rdfs.org/ns/void#"
SCHEMA: Final = "https://schema.org/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
EUROSCIVOC: Final = "http://data.europa.eu/8mn/euroscivoc/"
NUTS: Final = "http://data.europa.eu/nuts/code/"
NACE: Final = "http://data.europa.eu/ux2/nace2.1/"
COUNTRY: Final = "http://publications.europa.eu/resource/authority/country/"

RDF_TYPE: Final = RDF + "type"
RDF_LANG_STRING: Final = RDF + "langString"
RDFS_LABEL: Final = RDFS + "label"
XSD_STRING: Final = XSD + "string"
XSD_INTEGER: Final = XSD + "integer"
XSD_DECIMAL: Final = XSD + "decimal"
XSD_BOOLEAN: Final = XSD + "boolean"
XSD_DATE: Final = XSD + "date"
XSD_DATE_TIME: Final = XSD + "dateTime"

# RFC 3987 allows more than this refuses only in the ASCII range: these never occur in an IRI
# (SPARQL 1.1, IRIREF production [139]); a scheme must come first.
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")


def ontology_namespace(base: str) -> str:
    """Return the namespace of our own terms, the prefix `atlas:`."""
    return base + "ontology#"


def is_iri(text: str) -> bool:
    """Tell whether `text` is an absolute IRI that Turtle and SPARQL can write between < and >."""
    return _IRI.fullmatch(text) is not None


def resolved(reference: str, base: str) -> str:
    """Return a reference against a base (RFC 3986, section 5), whatever its scheme.

    The parser of Turtle does it; Python's drops empty fragments and knows few schemes.

    Raises:
        ValueError: it cannot be resolved.
    """
    document = f"<{reference}> <a:a> <a:a> ."
    try:
        (quad,) = parse(document, format=RdfFormat.TURTLE, base_iri=base)
    except SyntaxError as error:
        raise ValueError(f"<{reference}> is no reference: {error}") from error
    return quad.subject.value if isinstance(quad.subject, NamedNode) else reference


def rebase(text: str, base: str) -> str:
    """Return `text` with the default base IRI replaced by the configured one.

    The files in ontology/, shapes/ and queries/ are written with the default base.
    """
    return text if base == DEFAULT_BASE else text.replace(DEFAULT_BASE, base)
