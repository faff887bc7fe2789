"""The rules of calls: what a consortium must be, each a SHACL file of the folder `consortia/`.

1. A file has one node shape for `team:Team`, with a label and a description; each property shape
   that it gathers is a condition, with a name, a message for when it is not met, and a hint.
2. A condition that asks for n values (`sh:minCount`, `sh:qualifiedMinCount`) is copied for every
   smaller number. How many of the copies a team meets is the level that it has reached, so that
   two of three centres are seen to be more than one.
3. A condition with the severity `sh:Warning` is something to look into; a team without it is
   eligible all the same.

The team that is validated is described with `team:` terms (kg.trade.teams has them).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph
import rdflib
from rdflib import RDFS, SH, URIRef

from kg.errors import ParameterError, ShapeError
from kg.shacl import parse_shapes
from kg.shacl.nodes import node_of, term_of_pyoxigraph
from kg.terms import DCTERMS, rebase
from kg.trade.teams import team_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.shacl import Shapes

FOLDER: Final = Path(__file__).parent / "consortia"
_COUNTS: Final = (SH.qualifiedMinCount, SH.minCount)


@dataclass(frozen=True)
class Condition:
    """A condition of a rule: how many of something it asks for, and its texts by language."""

    iri: str
    needed: int
    warning: bool
    names: Mapping[str, str]
    messages: Mapping[str, str]
    hints: Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    """A rule with its conditions.

    `classes` are those of organisations that it asks for, `terms` those of a team, both by name.
    """

    name: str
    iri: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    source: str
    conditions: tuple[Condition, ...]
    classes: frozenset[str]
    terms: frozenset[str]
    shapes: Shapes


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the rules: the files of the folder."""
    return sorted(path.stem for path in folder.glob("*.ttl"))


def read(name: str, base: str, folder: Path = FOLDER) -> Rule:
    """Return a rule.

    Raises:
        ParameterError: there is none of that name.
        ShapeError: its file is not Turtle, not SHACL or not one node shape with conditions.
    """
    if name not in names(folder):
        allowed = names(folder)
        detail = f"There is no rule {name!r}; there are {', '.join(allowed)}"
        raise ParameterError(detail, parameter="rule", allowed=allowed)
    path = folder / f"{name}.ttl"
    graph = _graph(path, base)
    top = _top(graph, path, base)
    hint = URIRef(f"{base}ontology#hint")
    found = [p for p in graph.objects(top, SH.property) if isinstance(p, URIRef)]
    read_ones = (_condition(graph, p, hint) for p in found)
    conditions = tuple(sorted(read_ones, key=lambda c: (c.warning, c.iri)))
    _expand(graph, top, conditions)
    return Rule(
        name,
        str(top),
        _texts(graph, top, RDFS.label),
        _texts(graph, top, RDFS.comment),
        str(graph.value(top, URIRef(DCTERMS + "source")) or ""),
        conditions,
        _classes(graph, base),
        _terms(graph, base),
        parse_shapes(graph, base),
    )


def level_shape(condition: str, level: int) -> str:
    """Return the IRI of a condition's copy that asks for `level` values."""
    return f"{condition}/{level}"


def _graph(path: Path, base: str) -> rdflib.Graph:
    graph = rdflib.Graph()
    try:
        text = rebase(path.read_text(encoding="utf-8"), base)
        for quad in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE):
            graph.add(tuple(node_of(term_of_pyoxigraph(node)) for node in quad.triple))  # type: ignore[arg-type]
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ShapeError(f"{path.name} is not Turtle: {error}", file=path.name) from error
    return graph


def _top(graph: rdflib.Graph, path: Path, base: str) -> URIRef:
    team = URIRef(f"{team_namespace(base)}Team")
    found = [s for s in graph.subjects(SH.targetClass, team) if isinstance(s, URIRef)]
    if len(found) != 1 or not list(graph.objects(found[0], SH.property)):
        detail = (
            f"{path.name}: one node shape with sh:targetClass team:Team and conditions expected"
        )
        raise ShapeError(detail, file=path.name)
    return found[0]


def _condition(graph: rdflib.Graph, shape: URIRef, hint: URIRef) -> Condition:
    return Condition(
        str(shape),
        max(1, *(_count(graph, shape, name) for name in _COUNTS)),
        graph.value(shape, SH.severity) == SH.Warning,
        _texts(graph, shape, SH.name),
        _texts(graph, shape, SH.message),
        _texts(graph, shape, hint),
    )


def _count(graph: rdflib.Graph, shape: URIRef, name: URIRef) -> int:
    return int(str(graph.value(shape, name) or 0))


def _texts(graph: rdflib.Graph, node: URIRef, name: URIRef) -> dict[str, str]:
    values = graph.objects(node, name)
    return {v.language or "": str(v) for v in values if isinstance(v, rdflib.Literal)}


def _expand(graph: rdflib.Graph, top: URIRef, conditions: tuple[Condition, ...]) -> None:
    """Add the copies of conditions that ask for less."""
    for condition in conditions:
        shape = URIRef(condition.iri)
        for level in range(1, condition.needed):
            copy = URIRef(level_shape(condition.iri, level))
            graph.add((top, SH.property, copy))
            for name, value in list(graph.predicate_objects(shape)):
                counted = rdflib.Literal(level) if name in _COUNTS else value
                graph.add((copy, name, counted))


def _classes(graph: rdflib.Graph, base: str) -> frozenset[str]:
    ontology = f"{base}ontology#"
    asked = (str(value) for value in graph.objects(None, SH["class"]))
    return frozenset(c.removeprefix(ontology) for c in asked if c.startswith(ontology))


def _terms(graph: rdflib.Graph, base: str) -> frozenset[str]:
    """Return the terms of a team that the rule looks at: only these need to be said of it."""
    namespace = team_namespace(base)
    return frozenset(
        str(value).removeprefix(namespace)
        for value in graph.objects()
        if isinstance(value, URIRef) and value.startswith(namespace)
    )
