"""Shapes as values: what a shapes graph says, free of RDF and of SQL.

Vocabulary and meaning: SHACL, W3C Recommendation 20 July 2017, sections 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.statements import BLANK, IRI, LITERAL
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import rdflib

    from kg.shacl.paths import Path


class Term(NamedTuple):
    """An RDF term in the columns of a statement; a blank node's value is `_:label`."""

    value: str
    kind: int
    datatype: str | None = None
    language: str | None = None

    @property
    def is_blank(self) -> bool:
        """Tell whether this is a blank node."""
        return self.kind == BLANK

    @property
    def is_iri(self) -> bool:
        """Tell whether this is an IRI."""
        return self.kind == IRI

    @property
    def is_literal(self) -> bool:
        """Tell whether this is a literal."""
        return self.kind == LITERAL

    def __str__(self) -> str:
        """Return the term as Turtle writes it, IRIs in full."""
        if self.is_blank:
            return self.value
        if self.is_iri:
            return f"<{self.value}>"
        quoted = '"' + self.value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{quoted}@{self.language}" if self.language else f"{quoted}^^<{self.datatype}>"


class Text(NamedTuple):
    """A text with its language tag, empty when it has none."""

    text: str
    language: str


NOT_HANDED_ON: Final = ("shapesGraph", "currentShape")
"""Variables that may be bound beforehand but need not leave a sub-SELECT (appendix A)."""


class Query(NamedTuple):
    """A SPARQL query that decides a constraint (sections 5 and 6).

    `text` has its prefixes and path put in; `ask` tells its form. `given` are the values of
    parameters by the names of their variables, `bound` names all variables that may be bound
    before the query is evaluated.
    """

    text: str
    ask: bool
    given: tuple[tuple[str, Term], ...] = ()
    bound: tuple[str, ...] = ()


@dataclass(frozen=True)
class Constraint:
    """One declaration of a constraint component (section 4).

    `component` is the component's IRI. What it is declared with stands, by its kind, in `terms`
    (IRIs and literals), `number` (counts and lengths), `text` and `flags` (a pattern), `shapes`
    (keys of shapes) and `siblings` (those of sh:qualifiedValueShapesDisjoint). What SPARQL decides
    has a `query`; `node` is then the constraint's own node, `messages` what it says itself.
    """

    component: str
    terms: tuple[Term, ...] = ()
    number: int = 0
    text: str = ""
    flags: str = ""
    shapes: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    node: Term | None = None
    messages: tuple[Text, ...] = ()
    query: Query | None = None


@dataclass(frozen=True)
class Targets:
    """What a shape declares as its focus nodes (section 2.1.3)."""

    nodes: tuple[Term, ...] = ()
    classes: tuple[str, ...] = ()
    subjects_of: tuple[str, ...] = ()
    objects_of: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.nodes or self.classes or self.subjects_of or self.objects_of)


@dataclass(frozen=True)
class Shape:
    """A node shape, or with a `path` a property shape (sections 2.2 and 2.3)."""

    node: Term
    path: Path | None = None
    path_node: Term | None = None
    targets: Targets = Targets()
    constraints: tuple[Constraint, ...] = ()
    properties: tuple[str, ...] = ()
    severity: str = SH + "Violation"
    messages: tuple[Text, ...] = ()
    hints: tuple[Text, ...] = ()
    deactivated: bool = False

    @property
    def key(self) -> str:
        """The IRI of the shape, or `_:label`."""
        return self.node.value

    def references(self) -> Iterator[str]:
        """Yield the keys of the shapes that this one leads to while it is evaluated."""
        yield from self.properties
        for constraint in self.constraints:
            yield from constraint.shapes
            yield from constraint.siblings


@dataclass(frozen=True)
class Shapes:
    """A shapes graph that was found well-formed.

    `queried` lists, as (shape, what), everything that SPARQL decides instead of SQL; `graph` keeps
    the shapes graph for that purpose and for reports.
    """

    by_key: Mapping[str, Shape]
    graph: rdflib.Graph = field(repr=False, compare=False)
    queried: tuple[tuple[str, str], ...] = ()

    @property
    def targeted(self) -> tuple[Shape, ...]:
        """The shapes that select focus nodes by themselves, in the order of their keys."""
        return tuple(shape for _, shape in sorted(self.by_key.items()) if shape.targets)

    def __getitem__(self, key: str) -> Shape:
        """Return the shape with that IRI or `_:label`."""
        return self.by_key[key]

    def __len__(self) -> int:
        """Return how many shapes there are."""
        return len(self.by_key)

    def named(self, key: str) -> str:
        """Return the key, or for a blank node that of the nearest named shape around it."""
        around = {inner: shape.key for shape in self.by_key.values() for inner in _inside(shape)}
        name: str | None = key
        while name is not None and name.startswith("_:"):
            name = around.pop(name, None)
        return name or key


def _inside(shape: Shape) -> Iterator[str]:
    """Yield the shapes that a shape refers to, siblings left out."""
    yield from shape.properties
    for constraint in shape.constraints:
        yield from constraint.shapes
