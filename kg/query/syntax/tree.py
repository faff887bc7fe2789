"""The tree of a query: nodes that know which part of the text they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, eq=False)
class Node:
    """A part of a query: `text[start:end]`.

    | kind | tag | parts |
    |---|---|---|
    | query | form in capitals | prologue, then dataset, projection, template, group, modifier… |
    | select (a sub-query) | SELECT | as of a query |
    | dataset | NAMED or nothing | iri |
    | projection | DISTINCT, REDUCED or nothing | star, or var…, alias… |
    | alias (also bind) | | expression, var |
    | group | | triples, filter, alias, values, union, optional, minus, graph; or one select |
    | union | | group… (one of them: a group in a group) |
    | optional, minus | | group |
    | graph, service | | var or iri, group |
    | triples | | statement… |
    | statement | | subject, pair… |
    | pair | | path, object… |
    | annotated | | object, reifier…, annotation… (instead of an object) |
    | annotation | | pair… |
    | reified | | subject, path, object, perhaps reifier |
    | reifier | | var, iri or bnode, or nothing |
    | tripleterm | | subject, path, object |
    | anonymous | | pair… |
    | collection | | object… |
    | path | `simple`: IRI, `a`, variable | alternative, sequence, inverse, repeat, negated, … |
    | repeat | `*`, `+` or `?` | one path |
    | filter | | expression |
    | expression | | its variables, iris, calls, aggregates, exists, in the order of the text |
    | exists | NOT or nothing | group |
    | aggregate | its name | expression |
    | call | its name | expression… |
    | values | | var…, row… |
    | row | | iri, literal, tripleterm, undef |
    | modifier | GROUP, HAVING, ORDER, LIMIT, OFFSET | alias, expression… |
    | var, iri, literal, bnode, star, undef | | |
    """

    kind: str
    start: int
    end: int
    tag: str = ""
    parts: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this node and everything below it, in the order of the text."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def every(self, kind: str) -> list[Node]:
        """Return the direct parts of a kind."""
        return [part for part in self.parts if part.kind == kind]

    def one(self, kind: str) -> Node | None:
        """Return the first direct part of a kind."""
        return next((part for part in self.parts if part.kind == kind), None)

    def within(self, kind: str) -> list[Node]:
        """Return every node of a kind below this one."""
        return [node for node in self.walk() if node.kind == kind and node is not self]
