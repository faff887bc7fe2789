"""A query without one of its parts: which parts could empty an answer, and the query without them.

A part is a triple (each object of each verb by itself), a FILTER or one side of an `&&` in it, a
BIND, a MINUS, a variable of VALUES, or the name of a GRAPH. Without it, the others stay as they
are. What stands in OPTIONAL removes nothing and is left alone; so is a triple with a collection in
it, which is dropped as a whole.

Blank nodes `[ … ]` are written as variables, so that their triples can be dropped one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.query.tokens import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from kg.analysis.reading import Reading
    from kg.query.syntax import Node

_NOTHING: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """A part that can be dropped: its number, its kind, its text and the place of it."""

    number: int
    kind: str
    text: str
    start: int


class Pattern:
    """The pattern of a query, from which parts can be dropped."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._text = reading.text
        self._fresh = 0
        self._parts: list[Part] = []
        self._dropped: AbstractSet[int] = _NOTHING
        self._next = 0
        self.without(_NOTHING)
        self.parts: tuple[Part, ...] = tuple(self._parts)

    def without(self, dropped: AbstractSet[int]) -> str:
        """Return the pattern `{ … }` without some parts, the VALUES behind the query included."""
        self._parts, self._next, self._fresh, self._dropped = [], 0, 0, dropped
        tree = self._reading.tree
        top = tree.one("group")
        if top is not None:
            written = self._group(top)
        else:
            triples = (t for node in tree.every("template") for t in self._triples_in(node))
            written = f"{{ {' '.join(triples)} }}"
        behind = " ".join(self._write(node) for node in tree.every("values"))
        return f"{{ {written} {behind} }}" if behind else written

    def _keep(self, kind: str, text: str, start: int) -> bool:
        """Count a part; tell whether it stays."""
        number = self._next
        self._next += 1
        self._parts.append(Part(number, kind, text, start))
        return number not in self._dropped

    def _source(self, node: Node) -> str:
        return self._reading.source(node)

    # Patterns

    def _group(self, group: Node) -> str:
        return f"{{ {' '.join(self._write(part) for part in group.parts)} }}"

    def _write(self, node: Node) -> str:
        write = {
            "triples": lambda: " ".join(self._triples(node)),
            "filter": lambda: self._filter(node),
            "values": lambda: self._values(node),
            "union": lambda: " UNION ".join(self._group(group) for group in node.parts),
            "graph": lambda: self._graph(node),
            "select": lambda: self._select(node),
            "alias": lambda: self._whole("bind", node),
            "minus": lambda: self._whole("minus", node),
        }.get(node.kind)
        return self._source(node) if write is None else write()

    def _whole(self, kind: str, node: Node) -> str:
        source = self._source(node)
        return source if self._keep(kind, source, node.start) else ""

    def _graph(self, node: Node) -> str:
        name, group = node.parts
        shown = f"GRAPH {self._source(name)}"
        kept = name.kind == "var" or self._keep("graph", shown, node.start)
        return f"{shown} {self._group(group)}" if kept else self._group(group)

    def _select(self, node: Node) -> str:
        """Write a sub-query: its head and modifiers as they are."""
        inner = node.one("group")
        if inner is None:
            return self._source(node)
        head, tail = self._text[node.start : inner.start], self._text[inner.end : node.end]
        return head + self._group(inner) + tail

    # Triples

    def _triples_in(self, node: Node) -> Iterator[str]:
        for block in node.every("triples"):
            yield from self._triples(block)

    def _triples(self, block: Node) -> Iterator[str]:
        for statement in block.parts:
            if any(node.kind in _WHOLE for node in statement.walk()):
                source = self._source(statement)
                if self._keep("triple", source, statement.start):
                    yield f"{source} ."
            else:
                yield from self._statement(statement)

    def _statement(self, statement: Node) -> Iterator[str]:
        subject, *pairs = statement.parts
        name, inner = self._term(subject)
        yield from inner
        yield from self._pairs(name, pairs, statement.start)

    def _pairs(self, subject: str, pairs: list[Node], first: int) -> Iterator[str]:
        """Write the triples of a subject; the first one's place is that of the statement."""
        for pair in pairs:
            path, *objects = pair.parts
            for number, node in enumerate(objects):
                value, inner = self._term(node)
                start = first if first >= 0 else node.start if number else pair.start
                first = -1
                text = f"{subject} {self._source(path)} {value}"
                if self._keep("triple", text, start):
                    yield f"{text} ."
                yield from inner

    def _term(self, node: Node) -> tuple[str, Iterator[str]]:
        """Return how a term is written, and the triples that `[ … ]` holds."""
        if node.kind != "anonymous":
            return self._source(node), iter(())
        self._fresh += 1
        name = f"?blank_{self._fresh}_"
        return name, self._pairs(name, node.parts, -1)

    # Filters and values

    def _filter(self, node: Node) -> str:
        kept = []
        for start, end in _conjuncts(self._text[node.start : node.end]):
            found = self._text[node.start + start : node.start + end]
            place = node.start + end - len(found.lstrip())
            source = found.strip()
            if self._keep("filter", f"FILTER({source})", place):
                kept.append(f"FILTER({source})")
        return " ".join(kept)

    def _values(self, node: Node) -> str:
        names, rows = node.every("var"), node.every("row")
        kept = [self._keep("values", f"VALUES {self._source(name)}", name.start) for name in names]
        if not any(kept):
            return ""
        written = (
            " ".join(
                self._source(term) if keep else "UNDEF"
                for term, keep in zip(row.parts, kept, strict=True)
            )
            for row in rows
        )
        head = " ".join(map(self._source, names))
        return f"VALUES ({head}) {{ {' '.join(f'({row})' for row in written)} }}"


_WHOLE: Final = frozenset({"collection", "reified", "annotated"})
"""What makes a statement several triples that are not looked at one by one."""


def _conjuncts(source: str) -> list[tuple[int, int]]:
    """Return the places of what a FILTER demands at once: the sides of `&&` in its brackets.

    An expression with `||` beside the `&&` is one demand, and so is one without outer brackets.
    """
    tokens = tokenize(source)[1:-1]  # without FILTER and the end
    whole = [(tokens[0].start, tokens[-1].end)]
    if tokens[0].text != "(":
        return whole
    depth = 0
    bounds = [tokens[0].end]
    for token in tokens:
        depth += (token.text in {"(", "{"}) - (token.text in {")", "}"})
        if depth == 1 and token.text == "||":
            return whole
        if depth == 1 and token.text == "&&":
            bounds += [token.start, token.end]
    bounds.append(tokens[-1].start)
    return list(zip(bounds[::2], bounds[1::2], strict=True))
