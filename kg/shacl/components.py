"""The constraint components of SHACL Core and how each is declared (section 4, appendix A).

One table says for every parameter what its value must be, how many there may be, and whether it
belongs on property shapes only; reading a shape is one walk over that table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.shacl.nodes import shorten
from kg.shacl.patterns import check_pattern
from kg.shacl.shapes import Constraint, Text
from kg.terms import RDF_LANG_STRING, SH, XSD, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.shacl.nodes import ShapesGraph
    from kg.shacl.shapes import Shape, Term


class Parameter(NamedTuple):
    """What the value of a parameter must be.

    `value` is one of iri, literal, count (an xsd:integer literal), string, boolean, any,
    iris/strings/terms/shapes (lists) and shape.
    """

    component: str
    value: str
    single: bool = False
    property_only: bool = False


def _name(local: str) -> str:
    return f"{SH}{local}ConstraintComponent"


PARAMETERS: Final[dict[str, Parameter]] = {
    "class": Parameter(_name("Class"), "iri"),
    "datatype": Parameter(_name("Datatype"), "iri", single=True),
    "nodeKind": Parameter(_name("NodeKind"), "iri", single=True),
    "minCount": Parameter(_name("MinCount"), "count", single=True, property_only=True),
    "maxCount": Parameter(_name("MaxCount"), "count", single=True, property_only=True),
    "minExclusive": Parameter(_name("MinExclusive"), "literal", single=True),
    "minInclusive": Parameter(_name("MinInclusive"), "literal", single=True),
    "maxExclusive": Parameter(_name("MaxExclusive"), "literal", single=True),
    "maxInclusive": Parameter(_name("MaxInclusive"), "literal", single=True),
    "minLength": Parameter(_name("MinLength"), "count", single=True),
    "maxLength": Parameter(_name("MaxLength"), "count", single=True),
    "pattern": Parameter(_name("Pattern"), "string", single=True),
    "flags": Parameter("", "string", single=True),
    "languageIn": Parameter(_name("LanguageIn"), "strings", single=True),
    "uniqueLang": Parameter(_name("UniqueLang"), "boolean", single=True, property_only=True),
    "equals": Parameter(_name("Equals"), "iri"),
    "disjoint": Parameter(_name("Disjoint"), "iri"),
    "lessThan": Parameter(_name("LessThan"), "iri", property_only=True),
    "lessThanOrEquals": Parameter(_name("LessThanOrEquals"), "iri", property_only=True),
    "not": Parameter(_name("Not"), "shape"),
    "and": Parameter(_name("And"), "shapes"),
    "or": Parameter(_name("Or"), "shapes"),
    "xone": Parameter(_name("Xone"), "shapes"),
    "node": Parameter(_name("Node"), "shape"),
    "qualifiedValueShape": Parameter("", "shape", single=True, property_only=True),
    # Without sh:qualifiedValueShape these declare nothing, on node shapes too (qualified-001).
    "qualifiedMinCount": Parameter(_name("QualifiedMinCount"), "count", single=True),
    "qualifiedMaxCount": Parameter(_name("QualifiedMaxCount"), "count", single=True),
    "qualifiedValueShapesDisjoint": Parameter("", "boolean", single=True),
    "closed": Parameter(_name("Closed"), "boolean", single=True),
    "ignoredProperties": Parameter("", "iris", single=True),
    "hasValue": Parameter(_name("HasValue"), "any"),
    "in": Parameter(_name("In"), "terms", single=True),
}
SHAPE_VALUED: Final = ("property", "not", "node", "qualifiedValueShape")
LIST_OF_SHAPES: Final = ("and", "or", "xone")
NODE_KINDS: Final = {
    "BlankNode": (0,),
    "IRI": (1,),
    "Literal": (2,),
    "BlankNodeOrIRI": (0, 1),
    "BlankNodeOrLiteral": (0, 2),
    "IRIOrLiteral": (1, 2),
}
_LISTS: Final = {"iris": "IRIs", "strings": "strings", "terms": "terms", "shapes": "shapes"}
_COUNT: Final = re.compile(r"\+?[0-9]+|-0+")


def read_constraints(graph: ShapesGraph, shape: Shape) -> Iterator[Constraint]:
    """Yield the core constraints of a shape.

    Raises:
        ShapeError: a parameter's value is not what appendix A of the recommendation asks for.
    """
    node = shape.node
    declared = {name: graph.values(node, SH + name) for name in PARAMETERS}
    for name, values in declared.items():
        parameter = PARAMETERS[name]
        if values:
            _check_use(graph, shape, name, declared)
        for value in values:
            _check_value(graph, node, name, value)
            if parameter.component:
                yield from _constraint(graph, shape, name, value)


def _check_use(
    graph: ShapesGraph, shape: Shape, name: str, declared: dict[str, list[Term]]
) -> None:
    parameter, values = PARAMETERS[name], declared[name]
    if parameter.property_only and shape.path is None:
        raise graph.fault(shape.node, f"sh:{name} is for property shapes, but there is no sh:path")
    if parameter.single and len(values) > 1:
        raise graph.fault(shape.node, f"sh:{name} must have at most one value", *values)


def _check_value(graph: ShapesGraph, shape: Term, name: str, value: Term) -> None:
    kind = PARAMETERS[name].value
    if kind in _LISTS:
        _check_members(graph, shape, name, value)
        return
    expected = {
        "iri": ("an IRI", value.is_iri),
        "literal": ("a literal", value.is_literal),
        "string": ("an xsd:string literal", value.datatype == XSD_STRING),
        "count": ("a whole number, xsd:integer", _is_count(value)),
        "boolean": ("an xsd:boolean literal", value.datatype == XSD + "boolean"),
        "shape": ("an IRI or a blank node", not value.is_literal),
    }.get(kind)
    if expected and not expected[1]:
        raise graph.fault(shape, f"sh:{name} must be {expected[0]}", value)


def _is_count(value: Term) -> bool:
    return value.datatype == XSD + "integer" and _COUNT.fullmatch(value.value) is not None


def _check_members(graph: ShapesGraph, shape: Term, name: str, head: Term) -> None:
    kind = PARAMETERS[name].value
    for member in graph.list(head, shape, f"sh:{name}"):
        fits = {
            "iris": member.is_iri,
            "strings": member.datatype == XSD_STRING,
            "shapes": not member.is_literal,
        }.get(kind, True)
        if not fits:
            raise graph.fault(shape, f"sh:{name} must be a list of {_LISTS[kind]}", member)


def boolean(graph: ShapesGraph, shape: Term, name: str, value: Term) -> bool:
    """Return the value of a boolean literal.

    Raises:
        ShapeError: it is none.
    """
    if value.datatype != XSD + "boolean" or value.value not in {"true", "false", "0", "1"}:
        raise graph.fault(shape, f"sh:{name} must be an xsd:boolean literal", value)
    return value.value in {"true", "1"}


def _constraint(graph: ShapesGraph, shape: Shape, name: str, value: Term) -> Iterator[Constraint]:
    component, node = PARAMETERS[name].component, shape.node
    match PARAMETERS[name].value:
        case "iri" if name == "nodeKind":
            yield _node_kind(graph, node, component, value)
        case "iri" | "literal" | "any":
            yield Constraint(component, terms=(value,))
        case "count" if name.startswith("qualified"):
            yield from _qualified(graph, shape, component, value)
        case "count":
            yield Constraint(component, number=int(value.value))
        case "string":
            yield _pattern(graph, node, component, value)
        case "strings" | "terms":
            members = graph.list(value, node, f"sh:{name}")
            yield Constraint(component, terms=tuple(members))
        case "shape":
            yield Constraint(component, shapes=(value.value,))
        case "shapes":
            members = graph.list(value, node, f"sh:{name}")
            yield Constraint(component, shapes=tuple(each.value for each in members))
        case "boolean" if name == "closed":
            if boolean(graph, node, name, value):
                yield Constraint(component, terms=_allowed(graph, node))
        case "boolean" if value.value == "true":
            # Only the term true turns sh:uniqueLang on (section 4.4.5, test uniqueLang-002).
            yield Constraint(component)


def _node_kind(graph: ShapesGraph, shape: Term, component: str, value: Term) -> Constraint:
    name = value.value.removeprefix(SH)
    if name not in NODE_KINDS:
        expected = f"sh:nodeKind must be one of {', '.join(f'sh:{kind}' for kind in NODE_KINDS)}"
        raise graph.fault(shape, expected, value)
    return Constraint(component, terms=(value,), text=name)


def _pattern(graph: ShapesGraph, shape: Term, component: str, value: Term) -> Constraint:
    flags = graph.one(shape, SH + "flags", shape)
    text = flags.value if flags else ""
    problem = check_pattern(value.value, text)
    if problem:
        expected = f"sh:pattern must be an XPath regular expression: {problem}"
        raise graph.fault(shape, expected, value)
    return Constraint(component, text=value.value, flags=text)


def _qualified(
    graph: ShapesGraph, shape: Shape, component: str, value: Term
) -> Iterator[Constraint]:
    wanted = graph.one(shape.node, SH + "qualifiedValueShape", shape.node)
    if wanted is None:
        return
    disjoint = graph.one(shape.node, SH + "qualifiedValueShapesDisjoint", shape.node)
    yield Constraint(
        component,
        number=int(value.value),
        shapes=(wanted.value,),
        siblings=_siblings(graph, shape.node, wanted)
        if disjoint and boolean(graph, shape.node, "qualifiedValueShapesDisjoint", disjoint)
        else (),
    )


def _siblings(graph: ShapesGraph, shape: Term, wanted: Term) -> tuple[str, ...]:
    """Return the sibling shapes of section 4.7.3."""
    found = {
        each.value
        for parent in graph.subjects_with(SH + "property", shape)
        for brother in graph.values(parent, SH + "property")
        for each in graph.values(brother, SH + "qualifiedValueShape")
        if each != wanted
    }
    return tuple(sorted(found))


def _allowed(graph: ShapesGraph, shape: Term) -> tuple[Term, ...]:
    """Return the predicates that a closed shape lets pass (section 4.8.1)."""
    found = {
        path
        for each in graph.values(shape, SH + "property")
        for path in graph.values(each, SH + "path")
        if path.is_iri
    }
    for head in graph.values(shape, SH + "ignoredProperties"):
        found.update(graph.list(head, shape, "sh:ignoredProperties"))
    return tuple(sorted(found))


def texts(graph: ShapesGraph, shape: Term, node: Term, predicate: str) -> tuple[Text, ...]:
    """Return the texts that `node` has for `predicate`; `shape` is named in errors.

    Raises:
        ShapeError: one is neither a string nor a text with a language.
    """
    values = graph.values(node, predicate)
    for value in values:
        if value.datatype not in (XSD_STRING, RDF_LANG_STRING):
            raise graph.fault(
                shape, f"{shorten(predicate)} must be a string or a text with language", value
            )
    return tuple(Text(value.value, value.language or "") for value in values)
