"""SHACL-SPARQL declarations: constraints in SPARQL and declared components (sections 5 and 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.shacl.components import boolean, texts
from kg.shacl.shapes import NOT_HANDED_ON, Constraint, Query
from kg.terms import RDF_TYPE, RDFS, SH, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.errors import ShapeError
    from kg.shacl.nodes import ShapesGraph
    from kg.shacl.shapes import Shape, Term

SPARQL: Final = SH + "SPARQLConstraintComponent"
_ALWAYS: Final = ("this", *NOT_HANDED_ON)
_RESERVED: Final = frozenset({*_ALWAYS, "path", "PATH", "value"})
# The local name: the longest NCName at the end of the IRI, as far as SPARQL takes it (6.2.1).
_LOCAL_NAME: Final = re.compile(r"[^\W\d]\w*$")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a declared component: the variable and the predicate that gives its value."""

    name: str
    predicate: str
    optional: bool


@dataclass(frozen=True)
class Component:
    """A declared constraint component and its parameters."""

    node: Term
    parameters: tuple[Parameter, ...]


def components(graph: ShapesGraph) -> tuple[Component, ...]:
    """Return the components that a shapes graph declares itself, those of SHACL Core left out.

    Raises:
        ShapeError: a parameter is not well-formed (section 6.2.1).
    """
    kinds, todo = {SH + "ConstraintComponent"}, [SH + "ConstraintComponent"]
    while todo:
        below = {each.value for each in graph.subjects(RDFS + "subClassOf", todo.pop())} - kinds
        kinds |= below
        todo += sorted(below)
    nodes = sorted({node for kind in kinds for node in graph.subjects(RDF_TYPE, kind)})
    declared = (Component(node, _parameters(graph, node)) for node in nodes)
    return tuple(
        each
        for each in declared
        if any(not parameter.predicate.startswith(SH) for parameter in each.parameters)
    )


def _parameters(graph: ShapesGraph, component: Term) -> tuple[Parameter, ...]:
    found = []
    for node in graph.values(component, SH + "parameter"):
        path = graph.one(node, SH + "path", component)
        if path is None or not path.is_iri:
            raise graph.fault(component, "sh:parameter must have an IRI as sh:path", node)
        local = _LOCAL_NAME.search(path.value)
        if local is None or local[0] in _RESERVED:
            raise graph.fault(component, "a parameter must have a name of its own", path)
        optional = graph.one(node, SH + "optional", component)
        is_optional = optional is not None and boolean(graph, component, "optional", optional)
        found.append(Parameter(local[0], path.value, is_optional))
    return tuple(sorted(found, key=lambda each: each.predicate))


def read_queries(
    graph: ShapesGraph, shape: Shape, declared: tuple[Component, ...]
) -> Iterator[Constraint]:
    """Yield what SPARQL decides of a shape: its sh:sparql and the components it has values for.

    Raises:
        ShapeError: a constraint, a validator or a query is not well-formed.
    """
    for node in graph.values(shape.node, SH + "sparql"):
        off = graph.one(node, SH + "deactivated", shape.node)
        if off is None or not boolean(graph, shape.node, "deactivated", off):
            yield _constraint(graph, shape, SPARQL, node, "select", {})
    for component in declared:
        for given in _given(graph, shape, component):
            yield from _component(graph, shape, component, given)


def _given(graph: ShapesGraph, shape: Shape, component: Component) -> Iterator[dict[str, Term]]:
    """Yield the values of the parameters for each constraint that they declare (section 6.3)."""
    values = {each.name: graph.values(shape.node, each.predicate) for each in component.parameters}
    if any(not values[each.name] for each in component.parameters if not each.optional):
        return
    several = [name for name, found in values.items() if len(found) > 1]
    if several and len(values) > 1:
        detail = f"a component with several parameters takes one value of each, ${several[0]} has"
        raise graph.fault(shape.node, detail, *values[several[0]])
    for each in next(iter(values.values())) if several else [None]:
        given = {name: found[0] for name, found in values.items() if found}
        if given:
            yield {several[0]: each} if each is not None else given


def _component(
    graph: ShapesGraph, shape: Shape, component: Component, given: dict[str, Term]
) -> Iterator[Constraint]:
    """Yield the constraint with the validator that section 6.2.3 chooses; without one, none."""
    special = "nodeValidator" if shape.path is None else "propertyValidator"
    for name, kind in ((special, "select"), ("validator", "ask")):
        validators = graph.values(component.node, SH + name)
        if validators:
            scripts = [each for each in validators if graph.values(each, SH + "jsFunctionName")]
            usable = [each for each in validators if each not in scripts]
            if not usable:
                raise graph.fault(shape.node, "SHACL-JS is not supported", component.node)
            names = tuple(each.name for each in component.parameters)
            yield _constraint(
                graph, shape, component.node.value, usable[0], kind, given, names=names
            )
            return


def _constraint(
    graph: ShapesGraph,
    shape: Shape,
    component: str,
    node: Term,
    kind: str,
    given: Mapping[str, Term],
    *,
    names: tuple[str, ...] = (),
) -> Constraint:
    # Shapes in SHACL Core need no parser of SPARQL, which takes as long as the rest to take in.
    from kg.shacl import queries  # noqa: PLC0415

    if node.is_literal:
        raise graph.fault(shape.node, "a constraint in SPARQL must be a node", node)
    text = graph.one(node, SH + kind, shape.node)
    if text is None or text.datatype != XSD_STRING:
        detail = f"a constraint in SPARQL must have one query as sh:{kind}, an xsd:string"
        raise graph.fault(shape.node, detail, text if text is not None else node)
    asked = kind == "ask"
    bound = (*_ALWAYS, *(("value",) if asked else ()), *names)
    prefixes = queries.prefixes(graph, shape.node, node)
    try:
        written = queries.with_path(prefixes + text.value, shape.path)
        query = Query(written, asked, tuple(sorted(given.items())), bound)
        queries.check(query)
    except queries.QueryError as error:
        raise _fault(graph, shape, kind, error) from error
    messages = texts(graph, shape.node, node, SH + "message")
    return Constraint(component, node=node, messages=messages, query=query)


def _fault(graph: ShapesGraph, shape: Shape, kind: str, error: Exception) -> ShapeError:
    return graph.fault(shape.node, f"the query of sh:{kind} is not well-formed: {error}")
