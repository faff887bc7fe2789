"""Variables that are used where nothing binds them (SPARQL 1.1, sections 17.2, 18.2.1, 18.2.4).

A FILTER sees the variables of its group; that of an OPTIONAL those on its left too; what is inside
EXISTS sees the solution that is tested. BIND sees what stands before it. Whatever else is used has
no value: a comparison with it is an error, and an error in a FILTER is false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.analysis.nearest import close
from kg.query.syntax import in_scope, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.analysis.reading import Reading
    from kg.analysis.remarks import Remark
    from kg.query.syntax import Node


def remarks(reading: Reading) -> Iterator[Remark]:
    """Yield a remark for each use of a variable that has no value there."""
    yield from _Uses(reading).query(reading.tree, set())


class _Uses:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._text = reading.text
        self._everywhere = in_scope(self._text, _whole(reading.tree))

    def query(self, node: Node, tested: set[str]) -> Iterator[Remark]:
        """Look at a query or sub-query; `tested` are the variables that EXISTS hands down."""
        bound = in_scope(self._text, _whole(node))
        for part in node.parts:
            if part.kind == "group":
                yield from self._group(part, tested, set())
            elif part.kind == "template" and node.one("group"):
                yield from self._each(part, bound, "CONSTRUCT")
            elif part.kind == "var":
                yield from self._each(part, bound, "DESCRIBE")
        yield from self._heads(node, bound | tested)

    def _heads(self, node: Node, bound: set[str]) -> Iterator[Remark]:
        """Look at projection and modifiers; each sees the names that those before it make."""
        seen = set(bound)
        for modifier in node.every("modifier"):
            if modifier.tag == "GROUP":
                yield from self._each(modifier, seen, "GROUP BY", keep=True)
        projection = node.one("projection")
        if projection is not None:
            yield from self._each(projection, seen, "SELECT", keep=True)
        for modifier in node.every("modifier"):
            if modifier.tag in {"HAVING", "ORDER"}:
                clause = {"HAVING": "HAVING", "ORDER": "ORDER BY"}[modifier.tag]
                yield from self._each(modifier, seen, clause)
                yield from self._exists(modifier, seen)

    def _each(
        self, node: Node, seen: set[str], clause: str, *, keep: bool = False
    ) -> Iterator[Remark]:
        """Look at the parts one after the other; `keep` adds the names that they make."""
        for part in node.parts or [node]:
            made = part.parts[-1] if part.kind == "alias" and part.parts[-1:] else None
            for var in _outside_exists(part):
                if var is not made or part.parts[-1].kind != "var":
                    yield from self._unseen(var, seen, clause)
            if keep:
                seen |= in_scope(self._text, part)

    def _unseen(self, var: Node, seen: set[str], clause: str) -> Iterator[Remark]:
        name = name_of(self._text, var)
        if name in seen:
            return
        code = "out-of-scope" if name in self._everywhere else "unbound-variable"
        found = close(name, seen)
        suggestion = f"?{found[0]}" if found and code == "unbound-variable" else None
        shown = self._reading.source(var)
        yield self._reading.remark(code, var, suggestion, variable=shown, clause=clause)

    # Groups

    def _group(self, group: Node, tested: set[str], left: set[str]) -> Iterator[Remark]:
        """Look at a group: `left` is what a FILTER right in it sees of what is on its left."""
        scope = in_scope(self._text, group)
        before: set[str] = set()
        for part in group.parts:
            if part.kind == "filter":
                seen = scope | tested | left
                yield from self._each(part, seen, "FILTER")
                yield from self._exists(part, seen)
            elif part.kind == "alias":
                yield from self._bind(part, before | tested, scope)
                yield from self._exists(part, before | tested)
            elif part.kind == "select":
                yield from self.query(part, tested)
            else:
                yield from self._inner(part, tested, before)
            before |= in_scope(self._text, part)

    def _inner(self, part: Node, tested: set[str], before: set[str]) -> Iterator[Remark]:
        left = set(before) if part.kind == "optional" else set()
        if part.kind == "graph":
            left = self._reading.names(part.parts[:1])
        for group in part.every("group"):
            yield from self._group(group, tested, left)

    def _bind(self, part: Node, before: set[str], scope: set[str]) -> Iterator[Remark]:
        for var in _outside_exists(part.parts[0]):
            name = name_of(self._text, var)
            if name in scope and name not in before:
                shown = self._reading.source(var)
                yield self._reading.remark("bound-too-late", var, variable=shown)
            else:
                yield from self._unseen(var, before, "BIND")

    def _exists(self, node: Node, seen: set[str]) -> Iterator[Remark]:
        for part in node.parts:
            if part.kind == "exists":
                yield from self._group(part.parts[0], seen, set())
            else:
                yield from self._exists(part, seen)


def _whole(node: Node) -> Node:
    """Return what binds the variables of a query: its patterns and its VALUES."""
    kinds = {"group", "values"} if node.one("group") else {"template", "values"}
    made = type(node)("group", node.start, node.end)
    for part in node.parts:
        if part.kind in kinds:
            made.parts += part.parts if part.kind == "template" else [part]
    return made


def _outside_exists(node: Node) -> Iterator[Node]:
    """Yield the variables of an expression; those inside EXISTS have a scope of their own."""
    if node.kind == "var":
        yield node
    elif node.kind != "exists":
        for part in node.parts:
            yield from _outside_exists(part)
