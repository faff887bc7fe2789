"""SHACL property paths as values (SHACL, section 2.3.1).

A path is read from a shapes graph, written back as RDF for a report, and shown as the text that
SPARQL 1.1 uses for property paths (section 9.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from kg.terms import RDF, SH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.shacl.nodes import ShapesGraph
    from kg.shacl.shapes import Term


@dataclass(frozen=True)
class Predicate:
    """One step along a predicate (2.3.1.1)."""

    iri: str


@dataclass(frozen=True)
class Inverse:
    """The path walked from its end (2.3.1.4)."""

    path: Path


@dataclass(frozen=True)
class Sequence:
    """One path after the other (2.3.1.2)."""

    steps: tuple[Path, ...]


@dataclass(frozen=True)
class Alternative:
    """Any of the paths (2.3.1.3)."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class ZeroOrMore:
    """The path any number of times, not at all included (2.3.1.5)."""

    path: Path


@dataclass(frozen=True)
class OneOrMore:
    """The path at least once (2.3.1.6)."""

    path: Path


@dataclass(frozen=True)
class ZeroOrOne:
    """The path once or not at all (2.3.1.7)."""

    path: Path


Path: TypeAlias = Predicate | Inverse | Sequence | Alternative | ZeroOrMore | OneOrMore | ZeroOrOne

_UNARY: dict[str, type[Inverse | ZeroOrMore | OneOrMore | ZeroOrOne]] = {
    "inversePath": Inverse,
    "zeroOrMorePath": ZeroOrMore,
    "oneOrMorePath": OneOrMore,
    "zeroOrOnePath": ZeroOrOne,
}


def read_path(graph: ShapesGraph, node: Term, shape: Term, above: tuple[Term, ...] = ()) -> Path:
    """Return the path that `node` describes; `shape` is named in errors.

    A node that is a list is a sequence whatever else it carries: so the test suite of the
    recommendation has it (path-strange-001 and -002).

    Raises:
        ShapeError: the node is no well-formed path (2.3.1).
    """
    if node.is_iri and node.value != RDF + "nil":
        return Predicate(node.value)
    if node in above or not node.is_blank:
        raise graph.fault(shape, "sh:path must be an IRI or a path expression", node)
    inner = (*above, node)
    if graph.one(node, RDF + "first", shape) is not None:
        return Sequence(_members(graph, node, shape, inner))
    alternative = graph.one(node, SH + "alternativePath", shape)
    if alternative is not None:
        return Alternative(_members(graph, alternative, shape, inner))
    for name, kind in _UNARY.items():
        operand = graph.one(node, SH + name, shape)
        if operand is not None:
            return kind(read_path(graph, operand, shape, inner))
    raise graph.fault(
        shape, "sh:path must be a predicate, a list, or one of the six path expressions", node
    )


def _members(
    graph: ShapesGraph, head: Term, shape: Term, above: tuple[Term, ...]
) -> tuple[Path, ...]:
    members = graph.list(head, shape, "sh:path")
    if len(members) < 2:  # noqa: PLR2004 - "at least 2 members", 2.3.1.2 and 2.3.1.3
        raise graph.fault(shape, "a list in sh:path must have at least two members", head)
    return tuple(read_path(graph, member, shape, above) for member in members)


def pushed(path: Path, *, inverted: bool = False) -> Path:  # noqa: PLR0911 - one per form
    """Return an equivalent path in which only predicates are inverted."""
    match path:
        case Predicate():
            return Inverse(path) if inverted else path
        case Inverse(inner):
            return pushed(inner, inverted=not inverted)
        case Sequence(steps):
            ordered = reversed(steps) if inverted else steps
            return Sequence(tuple(pushed(step, inverted=inverted) for step in ordered))
        case Alternative(paths):
            return Alternative(tuple(pushed(each, inverted=inverted) for each in paths))
        case ZeroOrMore(inner):
            return ZeroOrMore(pushed(inner, inverted=inverted))
        case OneOrMore(inner):
            return OneOrMore(pushed(inner, inverted=inverted))
        case ZeroOrOne(inner):
            return ZeroOrOne(pushed(inner, inverted=inverted))


def predicates(path: Path) -> Iterator[str]:
    """Yield the IRIs of all predicates of a path."""
    match path:
        case Predicate(iri):
            yield iri
        case Sequence(members) | Alternative(members):
            for member in members:
                yield from predicates(member)
        case _:
            yield from predicates(path.path)


def text(path: Path) -> str:
    """Return the path as SPARQL 1.1 writes it, IRIs in full; a lone predicate is its bare IRI."""
    return path.iri if isinstance(path, Predicate) else _expression(path)


def _expression(path: Path) -> str:  # noqa: PLR0911 - one per form of path
    match path:
        case Predicate(iri):
            return f"<{iri}>"
        case Inverse(inner):
            return f"^{_operand(inner)}"
        case Sequence(steps):
            return "/".join(_operand(step) for step in steps)
        case Alternative(paths):
            return "|".join(_operand(each) for each in paths)
        case ZeroOrMore(inner):
            return f"{_operand(inner)}*"
        case OneOrMore(inner):
            return f"{_operand(inner)}+"
        case ZeroOrOne(inner):
            return f"{_operand(inner)}?"


def _operand(path: Path) -> str:
    expression = _expression(path)
    return expression if isinstance(path, Predicate) else f"({expression})"
