"""The shapes: the Turtle files of the folder shapes/, read as one shapes graph.

1. Every `*.ttl` of the folder is rebased (kg.terms.rebase) and parsed; the graph is their union.
   The file name is the registration: there is no list of shapes anywhere else.
2. A rule is a shape with an IRI and a message: one fault, with its severity, its messages and the
   hint for its fix by language. Shapes without a message only gather rules under a target.

Vocabulary: SHACL, W3C Recommendation 20 July 2017; `atlas:hint` is our own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pyoxigraph
import rdflib

from kg.errors import ShapeError
from kg.shacl import paths
from kg.shacl.nodes import node_of, term_of_pyoxigraph
from kg.shacl.parse import parse_shapes
from kg.terms import DEFAULT_BASE, SH, rebase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kg.shacl.shapes import Shape, Shapes, Targets, Text

FOLDER: Final = Path(__file__).resolve().parent.parent / "shapes"


class Rule(NamedTuple):
    """One rule, as a reference page shows it.

    `file` is the shape file without its ending; `targets` are the classes whose members and the
    properties whose subjects or objects are looked at; `path` is the property path, None where a
    rule is about the node as a whole; the texts are by language.
    """

    iri: str
    file: str
    severity: str
    targets: tuple[str, ...]
    path: str | None
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    messages: Mapping[str, str]
    hints: Mapping[str, str]


def files(folder: Path = FOLDER) -> list[Path]:
    """Return the shape files of a folder in the order of their names.

    Raises:
        ShapeError: there is none.
    """
    found = sorted(folder.glob("*.ttl"))
    if not found:
        raise ShapeError(f"{folder} holds no Turtle file (*.ttl)", place=str(folder))
    return found


def read(folder: Path = FOLDER, base: str = DEFAULT_BASE) -> rdflib.Graph:
    """Return the shapes of a folder as one graph, every lexical form as it is written.

    Raises:
        ShapeError: there is no shape file, or one is not Turtle.
    """
    graph = rdflib.Graph()
    for file in files(folder):
        _add(graph, file, base)
    return graph


def rules(folder: Path = FOLDER, base: str = DEFAULT_BASE) -> list[Rule]:
    """Return every rule of a folder, in the order of files and then of IRIs.

    Raises:
        ShapeError: there is no shape file, one is not Turtle, or a shape is not well-formed.
    """
    return [rule for file in files(folder) for rule in _rules(file, base)]


def _add(graph: rdflib.Graph, file: Path, base: str) -> None:
    try:
        text = rebase(file.read_text(encoding="utf-8"), base)
        for quad in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE):
            graph.add(tuple(node_of(term_of_pyoxigraph(node)) for node in quad.triple))  # type: ignore[arg-type]
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ShapeError(f"{file.name} is not Turtle: {error}", file=file.name) from error


def _rules(file: Path, base: str) -> Iterator[Rule]:
    graph = rdflib.Graph()
    _add(graph, file, base)
    shapes = parse_shapes(graph, base)
    for key, shape in sorted(shapes.by_key.items()):
        if shape.node.is_iri and shape.messages:
            yield Rule(
                iri=key,
                file=file.stem,
                severity=shape.severity,
                targets=_targets(shapes, shape),
                path=paths.text(shape.path) if shape.path else None,
                names=_texts(graph, shape, "name"),
                descriptions=_texts(graph, shape, "description"),
                messages=_by_language(shape.messages),
                hints=_by_language(shape.hints),
            )


def _targets(shapes: Shapes, rule: Shape) -> tuple[str, ...]:
    """Return what the rule, or a shape that gathers it, is aimed at."""
    aimed = [s for s in shapes.targeted if s is rule or rule.key in s.properties]
    found = (iri for s in aimed for iri in _iris(s.targets))
    return tuple(sorted(found))


def _iris(targets: Targets) -> tuple[str, ...]:
    return (*targets.classes, *targets.subjects_of, *targets.objects_of)


def _texts(graph: rdflib.Graph, shape: Shape, name: str) -> dict[str, str]:
    values = graph.objects(node_of(shape.node), rdflib.URIRef(SH + name))
    return {v.language or "": str(v) for v in values if isinstance(v, rdflib.Literal)}


def _by_language(texts: Iterable[Text]) -> dict[str, str]:
    return {text.language: text.text for text in texts}
