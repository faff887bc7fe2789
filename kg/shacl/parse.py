"""From a shapes graph to shapes, with every syntax rule checked (SHACL, appendix A).

1. Find the nodes that are shapes: by type, target, parameter, or as the value of a parameter
   that expects shapes (section 2.1).
2. Read each: path, targets, severity, messages, and by `components` its constraints.
3. Refuse shapes that refer to themselves (section 3.4.3 leaves their meaning undefined).

Nothing is skipped in silence: a term of the SHACL namespace that is not known on a shape is an
error, and so are the rules and functions of SHACL-AF and all of SHACL-JS, each by its name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kg.errors import ShapeError
from kg.shacl import components, declared
from kg.shacl.nodes import ShapesGraph
from kg.shacl.paths import read_path
from kg.shacl.shapes import Shape, Shapes, Targets, Term
from kg.terms import RDF_TYPE, RDFS, SH

if TYPE_CHECKING:
    import rdflib

    from kg.shacl.shapes import Constraint, Text

_TARGETS: Final = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
_ADVANCED: Final = ("target", "rule", "expression", "values", "filterShape", "nodes")
_PLAIN: Final = (
    *("path", "severity", "message", "deactivated", "property", "sparql", "select", "ask"),
    *("name", "description", "order", "group", "defaultValue"),
    *("declare", "prefixes", "shapesGraph", "suggestedShapesGraph", "entailment"),
    *("namespace", "prefix", "optional", "labelTemplate", "parameter"),
    *("validator", "nodeValidator", "propertyValidator"),
)
_KNOWN: Final = frozenset({*_TARGETS, *_PLAIN, *components.PARAMETERS})


def parse_shapes(graph: rdflib.Graph, base: str = "") -> Shapes:
    """Read the shapes of a graph.

    Args:
        graph: the shapes graph, its literals as they were written (`kg.shacl.read_graph`).
        base: where the project's own ontology lives: `{base}ontology#hint` is read as the hint
            for the fix; without a base any property whose IRI ends in `ontology#hint` is.

    Returns:
        The shapes by their key; `queried` names what SPARQL decides.

    Raises:
        ShapeError: a shape is not well-formed, refers to itself, or uses SHACL-AF or SHACL-JS.
    """
    _refuse_entailment(ShapesGraph(graph))
    reader = _Reader(ShapesGraph(graph), base)
    shapes = {node.value: reader.shape(node) for node in reader.nodes()}
    for key in shapes:
        _refuse_recursion(shapes, key)
    queried = tuple(
        (shape.key, constraint.component)
        for shape in shapes.values()
        for constraint in shape.constraints
        if constraint.query and not shape.deactivated
    )
    return Shapes(by_key=shapes, graph=graph, queried=queried)


def _refuse_entailment(graph: ShapesGraph) -> None:
    """Raise when the shapes want statements that only follow (section 3.3: none are made here)."""
    for node in graph.subjects(SH + "entailment"):
        regime = graph.values(node, SH + "entailment")
        raise graph.fault(
            node, "sh:entailment is not supported, no statements are inferred", *regime
        )


def _refuse_recursion(shapes: dict[str, Shape], start: str) -> None:
    """Raise when `start` is reached again from itself through shapes that are evaluated."""
    trail: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while trail:
        way = trail.pop()
        shape = shapes[way[-1]]
        for key in () if shape.deactivated else shape.references():
            if key == start:
                cycle = " -> ".join((*way, key))
                raise _recursive(start, cycle)
            if key not in seen:
                seen.add(key)
                trail.append((*way, key))


def _recursive(start: str, cycle: str) -> ShapeError:
    detail = f"shape <{start}>: must not refer to itself, expected no recursion (found {cycle})"
    return ShapeError(detail, shape=start, cycle=cycle)


class _Reader:
    """Reads one shapes graph; keeps what is asked for again and again."""

    def __init__(self, graph: ShapesGraph, base: str) -> None:
        self.graph = graph
        self.hint = f"{base}ontology#hint" if base else "ontology#hint"
        self.components = declared.components(graph)
        self.custom = {
            parameter.predicate for each in self.components for parameter in each.parameters
        }
        self.classes = self._below(RDFS + "Class")

    def _below(self, top: str) -> frozenset[str]:
        """Return `top` and its subclasses as the shapes graph states them."""
        found, todo = {top}, [top]
        while todo:
            for sub in self.graph.subjects(RDFS + "subClassOf", todo.pop()):
                if sub.value not in found:
                    found.add(sub.value)
                    todo.append(sub.value)
        return frozenset(found)

    def nodes(self) -> list[Term]:
        """Return the nodes that are shapes (section 2.1)."""
        found: set[Term] = set()
        for kind in ("NodeShape", "PropertyShape"):
            for name in self._below(SH + kind):
                found.update(self.graph.subjects(RDF_TYPE, name))
        parameters = {SH + name for name in (*components.PARAMETERS, *_TARGETS, "property")}
        for predicate in (*parameters, SH + "sparql", *self.custom):
            found.update(self.graph.subjects(predicate))
        ignored = set(self.graph.subjects(RDF_TYPE, SH + "Parameter"))
        found -= {each for each in found if each in ignored}
        todo = list(found)
        while todo:
            for node in self._children(todo.pop()):
                if node not in found:
                    found.add(node)
                    todo.append(node)
        return sorted(found, key=lambda term: (term.value, term.kind))

    def _children(self, shape: Term) -> list[Term]:
        """Return the nodes that must be shapes because `shape` refers to them."""
        nodes = [
            value
            for name in components.SHAPE_VALUED
            for value in self.graph.values(shape, SH + name)
        ]
        for name in components.LIST_OF_SHAPES:
            for head in self.graph.values(shape, SH + name):
                nodes += self.graph.list(head, shape, f"sh:{name}")
        # A literal is found at the shape that refers to it.
        return [node for node in nodes if not node.is_literal]

    def shape(self, node: Term) -> Shape:
        """Return the shape at `node`."""
        if node.is_literal:
            raise self.graph.fault(node, "a shape must be an IRI or a blank node")
        self._check_vocabulary(node)
        path_node = self._path_node(node)
        shape = Shape(
            node=node,
            path=read_path(self.graph, path_node, node) if path_node else None,
            path_node=path_node,
            targets=self._targets(node),
            severity=self._severity(node),
            messages=components.texts(self.graph, node, node, SH + "message"),
            hints=self._hints(node),
            deactivated=self._deactivated(node),
        )
        return replace(
            shape, constraints=self._constraints(shape), properties=self._properties(node)
        )

    def _check_vocabulary(self, node: Term) -> None:
        for predicate in self.graph.predicates_of(node):
            name = predicate.removeprefix(SH)
            if name == predicate or name in _KNOWN or predicate in self.custom:
                continue
            if name in _ADVANCED:
                raise self.graph.fault(node, f"sh:{name} (SHACL-AF) is not evaluated here")
            if name == "js":
                raise self.graph.fault(node, "sh:js (SHACL-JS) is not supported")
            raise self.graph.fault(node, f"sh:{name} is no term that a shape can have")

    def _path_node(self, node: Term) -> Term | None:
        path = self.graph.one(node, SH + "path", node)
        types = {value.value for value in self.graph.values(node, RDF_TYPE)}
        if path is None and SH + "PropertyShape" in types:
            raise self.graph.fault(node, "a property shape must have exactly one sh:path")
        if path is not None and SH + "NodeShape" in types:
            raise self.graph.fault(node, "a node shape must not have sh:path", path)
        return path

    def _targets(self, node: Term) -> Targets:
        nodes = self.graph.values(node, SH + "targetNode")
        for value in nodes:
            if value.is_blank:
                raise self.graph.fault(node, "sh:targetNode must be an IRI or a literal", value)
        classes = self._iris(node, "targetClass")
        types = {value.value for value in self.graph.values(node, RDF_TYPE)}
        if types & self.classes:
            if not node.is_iri:
                raise self.graph.fault(node, "a shape that is also a class must be an IRI")
            classes = (*classes, node.value)
        return Targets(
            nodes=tuple(nodes),
            classes=tuple(sorted(set(classes))),
            subjects_of=self._iris(node, "targetSubjectsOf"),
            objects_of=self._iris(node, "targetObjectsOf"),
        )

    def _iris(self, node: Term, name: str) -> tuple[str, ...]:
        values = self.graph.values(node, SH + name)
        for value in values:
            if not value.is_iri:
                raise self.graph.fault(node, f"sh:{name} must be an IRI", value)
        return tuple(value.value for value in values)

    def _severity(self, node: Term) -> str:
        value = self.graph.one(node, SH + "severity", node)
        if value is not None and not value.is_iri:
            raise self.graph.fault(node, "sh:severity must be an IRI", value)
        return value.value if value else SH + "Violation"

    def _hints(self, node: Term) -> tuple[Text, ...]:
        found = [name for name in self.graph.predicates_of(node) if name.endswith(self.hint)]
        return tuple(
            text for name in found for text in components.texts(self.graph, node, node, name)
        )

    def _deactivated(self, node: Term) -> bool:
        value = self.graph.one(node, SH + "deactivated", node)
        return value is not None and components.boolean(self.graph, node, "deactivated", value)

    def _constraints(self, shape: Shape) -> tuple[Constraint, ...]:
        compiled = components.read_constraints(self.graph, shape)
        return (*compiled, *declared.read_queries(self.graph, shape, self.components))

    def _properties(self, node: Term) -> tuple[str, ...]:
        found = self.graph.values(node, SH + "property")
        for value in found:
            if self.graph.one(value, SH + "path", value) is None:
                raise self.graph.fault(
                    node, "a value of sh:property must be a property shape, with sh:path", value
                )
        return tuple(value.value for value in found)
