"""Patterns that share no variable: cartesian products (SPARQL 1.1, section 18.5, Join).

1. The parts of a group are its triples one by one and its other patterns as a whole.
2. Two parts belong together when they share a variable; BIND ties what it uses to what it binds.
   What is bound around EXISTS and OPTIONAL is one part more.
3. A part that has one solution at most, or begins at a known thing, multiplies nothing; nor does
   BIND by itself.
4. Two groups of parts that are left over multiply each other. If a FILTER speaks of both, the pairs
   are compared, but they are made first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kg.query.syntax import grouped, in_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.analysis.reading import Reading
    from kg.analysis.remarks import Remark
    from kg.analysis.vocabulary import Vocabulary
    from kg.query.syntax import Node


@dataclass
class Part:
    """Parts that share variables: where they begin, and which names they have.

    `few` if one of them holds the number of solutions down; `multiplies` if one has solutions of
    its own.
    """

    node: Node
    names: set[str]
    few: bool
    multiplies: bool = True
    labels: set[str] = field(default_factory=set)

    def touches(self, other: Part) -> bool:
        """Tell whether both share a variable or a blank node."""
        return bool(self.names & other.names or self.labels & other.labels)

    def join(self, other: Part) -> None:
        """Take another part in."""
        if other.node.start < self.node.start:
            self.node = other.node
        self.names |= other.names
        self.labels |= other.labels
        self.few = self.few or other.few
        self.multiplies = self.multiplies or other.multiplies


def remarks(reading: Reading, vocabulary: Vocabulary) -> Iterator[Remark]:
    """Yield a remark for each group that multiplies."""
    for top in reading.tree.every("group"):
        yield from _Products(reading, vocabulary).group(top, set())


class _Products:
    def __init__(self, reading: Reading, vocabulary: Vocabulary) -> None:
        self._reading = reading
        self._vocabulary = vocabulary

    def group(self, group: Node, around: set[str]) -> Iterator[Remark]:
        """Look at a group and those inside; `around` are the variables bound around it."""
        yield from self._judge(group, around)
        here = in_scope(self._reading.text, group) | around
        for part in group.parts:
            correlated = here if part.kind in {"optional", "filter"} else set()
            for inner in _groups(part):
                yield from self.group(inner, correlated)

    def _judge(self, group: Node, around: set[str]) -> Iterator[Remark]:
        joined: list[Part] = []
        if around:
            joined.append(Part(group, set(around), few=False))
        for part in self._parts(group):
            touching = [other for other in joined if other.touches(part)]
            for other in touching:
                joined.remove(other)
                part.join(other)
            joined.append(part)
        many = [part for part in joined if part.multiplies and not part.few and part.names]
        if len(many) > 1:
            one, other = sorted(many, key=lambda part: part.node.start)[:2]
            yield self._product(group, one, other)

    def _product(self, group: Node, one: Part, other: Part) -> Remark:
        code = "cartesian-product"
        for test in group.every("filter"):
            names = self._reading.names([test])
            if names & one.names and names & other.names:
                code = "filter-join"
        values = {"one": _listed(one.names), "other": _listed(other.names)}
        return self._reading.remark(code, other.node, **values)

    def _parts(self, group: Node) -> Iterator[Part]:
        for node in group.parts:
            if node.kind == "triples":
                for statement in node.parts:
                    yield self._statement(statement)
            elif node.kind == "alias":
                names = self._reading.names([node])
                yield Part(node, names, few=False, multiplies=False)
            elif node.kind not in {"filter", "minus"}:
                yield Part(node, in_scope(self._reading.text, node), few=_single(node))

    def _statement(self, node: Node) -> Part:
        labels = {self._reading.source(n) for n in node.walk() if n.kind == "bnode"}
        names = self._reading.names([node])
        few = node.parts[0].kind in {"iri", "literal"} or any(map(self._selects, node.parts))
        return Part(node, names, few, labels=labels)

    def _selects(self, pair: Node) -> bool:
        """Tell whether a constant value singles one thing out, as an identifier does."""
        if pair.kind != "pair" or pair.parts[0].tag != "simple":
            return False
        verb, value = pair.parts[0].parts[0], pair.parts[1]
        if verb.kind != "iri" or value.kind not in {"iri", "literal"}:
            return False
        term = self._reading.term(value)
        iri = self._reading.iri(verb)
        return term is not None and self._vocabulary.single(iri, term)


def _groups(node: Node) -> Iterator[Node]:
    """Yield the groups right below a node."""
    for part in node.parts:
        if part.kind == "group":
            yield part
        else:
            yield from _groups(part)


def _single(node: Node) -> bool:
    """Tell whether a pattern has one solution at most."""
    if node.kind == "values":
        return len(node.every("row")) <= 1
    if node.kind == "select":
        keyed = any(part.tag == "GROUP" for part in node.every("modifier"))
        return grouped(node) and not keyed
    if node.kind in {"union", "group"} and len(node.parts) == 1:
        return _single(node.parts[0])
    return False


def _listed(names: set[str]) -> str:
    return ", ".join(f"?{name}" for name in sorted(names))
