"""BNODE of a label: a node for each solution and label (SPARQL 1.1, section 17.4.2.9).

The engine makes one node of a label for all solutions. Written instead is a label of which no other
solution has the same, made of a new UUID; where several calls of one projection have to share it,
the pattern makes it:

    SELECT (BNODE(?a) AS ?x) (BNODE(?b) AS ?y) { P }
    SELECT (BNODE(SHA256(CONCAT(?_, SHA256(?a)))) AS ?x) … { P BIND(STRUUID() AS ?_) }

Several calls that are not in one projection are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.errors import QueryRefusedError
from kg.query.syntax import grouped
from kg.query.tokens import place

if TYPE_CHECKING:
    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node

_SOLUTION: Final = "?cluster_atlas_solution"
_NEW: Final = "STRUUID()"


class Labels:
    """The rules for calls of BNODE, and for the pattern below a projection that has several."""

    def __init__(self, text: str, tree: Node) -> None:
        """Find the calls.

        Raises:
            QueryRefusedError: they cannot be written so that equal labels are the same node.
        """
        calls = [call for call in tree.within("call") if call.tag == "BNODE" and call.parts]
        self._shared: Node | None = None
        if len(calls) > 1:
            self._shared = _projecting(tree, calls)
            if self._shared is None:
                raise _refusal(text, calls[1])

    def write(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for a call; None if it is no call of a label."""
        if node.tag != "BNODE" or not node.parts:
            return None
        solution = _NEW if self._shared is None else _SOLUTION
        # A hash is an error of anything but a plain string, as BNODE is, and fit for a label.
        return f"BNODE(SHA256(CONCAT({solution}, SHA256({writer.write(node.parts[0])}))))"

    def write_group(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for the pattern below the projection; None for other groups."""
        if node is not self._shared:
            return None
        pattern = writer.plain(node).removesuffix("}")
        if node.one("select") is not None:
            pattern = f"{{ {pattern} }}"
        return f"{pattern} BIND({_NEW} AS {_SOLUTION}) }}"


def _projecting(tree: Node, calls: list[Node]) -> Node | None:
    """Return the pattern of the SELECT whose projection has all the calls, if it can share."""
    for select in [tree, *tree.within("select")]:
        projection, group = select.one("projection"), select.one("group")
        if projection is not None and not grouped(select):
            found = [call for call in projection.within("call") if call in calls]
            if len(found) == len(calls) and not projection.within("exists"):
                return group
    return None


def _refusal(text: str, call: Node) -> QueryRefusedError:
    line, column = place(text, call.start)
    detail = (
        f"Line {line}, column {column}: BNODE of the same label twice would not be the same "
        "blank node; bind it to a variable once and use that"
    )
    return QueryRefusedError(detail, line=line, column=column, token="BNODE")  # noqa: S106
