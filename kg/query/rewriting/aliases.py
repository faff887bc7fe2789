"""Projections of groups that use what they name: `SELECT (COUNT(*) AS ?n) (?n * 2 AS ?m)`.

The standard lets an expression use the variables of those before it (SPARQL 1.1, section 16.1.2);
the engine refuses that when it makes groups. Written instead: the expression in the place of its
variable. Where that could change the answer, because the expression has another value each time,
or could not be written, nothing is changed, and the engine refuses the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.query.syntax import grouped, name_of

if TYPE_CHECKING:
    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node

_FRESH: Final = frozenset(["RAND", "UUID", "STRUUID", "BNODE"])


class Aliases:
    """The rule for projections."""

    def __init__(self, text: str, tree: Node) -> None:
        self._text = text
        selects = [tree, *tree.within("select")]
        self._grouped = {id(s.one("projection")) for s in selects if grouped(s)}

    def write(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for a projection of groups that uses its own names; else None."""
        if id(node) not in self._grouped:
            return None
        known: dict[str, str] = {}
        items = []
        changed = False
        for item in node.parts:
            written = writer.write(item)
            if item.kind == "alias":
                value, variable = item.parts
                expression = writer.write(value)
                if self._uses(value, known):
                    changed = True
                    expression = self._substituted(writer, value, known)
                written = f"({expression} AS {writer.write(variable)})"
                if not _fresh(value):
                    known[name_of(self._text, variable)] = f"({expression})"
            items.append(written)
        return " ".join([node.tag, *items]) if changed else None

    def _uses(self, node: Node, known: dict[str, str]) -> bool:
        """Tell whether an expression uses a name for which its expression can be written."""
        used = [var for var in node.within("var") if name_of(self._text, var) in known]
        kept = [
            holder
            for holder in node.walk()
            if holder.kind in {"exists", "aggregate"} or holder.tag == "BOUND"
        ]
        blocked = {id(var) for holder in kept for var in holder.within("var")}
        return bool(used) and not any(id(var) in blocked for var in used)

    def _substituted(self, writer: Writer, node: Node, known: dict[str, str]) -> str:
        if node.kind == "var":
            return known.get(name_of(self._text, node), writer.write(node))
        if not node.parts or node.kind in {"exists", "aggregate"}:
            return writer.write(node)
        pieces = []
        position = node.start
        for part in node.parts:
            pieces += [self._text[position : part.start], self._substituted(writer, part, known)]
            position = part.end
        return "".join(pieces) + self._text[position : node.end]


def _fresh(node: Node) -> bool:
    """Tell whether an expression has another value each time."""
    return any(call.tag in _FRESH for call in node.walk())
