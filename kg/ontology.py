"""The ontology: the Turtle files of the folder ontology/, read as one graph.

How it is read:

1. Every `*.ttl` of the folder is rebased (kg.terms.rebase) and parsed; the graph is their union.
   `atlas.ttl` holds our own terms, `technologies.ttl` the technology scheme, `align-*.ttl` what
   ties our terms to other vocabularies, one file for each.
2. A term is an IRI that some file types as a class, property, datatype, individual, concept or
   concept scheme (OWL 2 Mapping to RDF Graphs, section 3.1.2, and SKOS, sections 3 and 4).
3. As statement rows the graph carries the file and the line on which the subject begins.  Blank
   nodes become IRIs named after their canonical labels (RDF Dataset Canonicalization, RDFC-1.0),
   so the same files give the same rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    parse,
)

from kg.errors import OntologyError
from kg.identifiers import Identifiers
from kg.statements import BLANK, IRI, LITERAL, Statement, literal_columns
from kg.terms import DEFAULT_BASE, OWL, RDF_TYPE, RDFS, SKOS, ontology_namespace, rebase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

type Node = NamedNode | BlankNode | Literal
