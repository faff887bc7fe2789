"""EXISTS whose pattern meets variables of the solution that it is asked about.

The standard substitutes the solution into the pattern (SPARQL 1.1, section 18.6), into what a
`SELECT *` inside sees too; the engine hides it from there. Written instead: the group of that
SELECT, for which EXISTS is the same. A variable that BIND or AS makes anew inside although it has a
value outside cannot be substituted; the engine lets it have both values, so it is refused, as the
syntax of SPARQL 1.2 does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.errors import QueryRefusedError
from kg.query.syntax import in_scope, name_of, projected
from kg.query.tokens import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node

_TRANSPARENT: Final = frozenset(["group", "union", "optional", "graph"])


class Existence:
    """The rule for sub-queries inside EXISTS."""

    def __init__(self, text: str, tree: Node) -> None:
        self._text = text
        self._inside = {id(s) for e in tree.within("exists") for s in e.within("select")}

    def write(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for a sub-query; None if it stays."""
        projection, group = node.one("projection"), node.one("group")
        if id(node) not in self._inside or projection is None or group is None:
            return None
        if projection.one("star") is None or node.every("modifier") or node.every("values"):
            return None
        return writer.write(group)


def check_assignments(text: str, tree: Node) -> None:
    """Refuse what is made anew inside EXISTS although it has a value outside.

    Raises:
        QueryRefusedError: where, and what to write instead.
    """
    _check(text, tree, set())


def _check(text: str, node: Node, outer: set[str]) -> None:
    match node.kind:
        case "group" | "select" | "query":
            here = set().union(*(in_scope(text, part) for part in node.parts))
            # The filters of an optional group see what is outside of it as well.
            outer = outer | here
        case "exists":
            for var in _made(text, node.parts[0]):
                if name_of(text, var) in outer:
                    raise _refusal(text, var)
    for part in node.parts:
        _check(text, part, outer)


def _made(text: str, node: Node) -> Iterator[Node]:
    """Yield the variables that BIND and AS make, as far as the pattern shows them."""
    if node.kind == "alias" and node.parts[-1].kind == "var":
        yield node.parts[-1]
    elif node.kind == "select":
        shown = projected(text, node)
        made = (var for part in node.parts for var in _made(text, part))
        yield from (var for var in made if name_of(text, var) in shown)
    elif node.kind in _TRANSPARENT or node.kind == "projection":
        for part in node.parts:
            yield from _made(text, part)


def _refusal(text: str, var: Node) -> QueryRefusedError:
    line, column = place(text, var.start)
    name = text[var.start : var.end]
    detail = (
        f"Line {line}, column {column}: {name} has a value outside of this EXISTS already; give "
        "the new one another name and compare both in a FILTER"
    )
    return QueryRefusedError(detail, line=line, column=column, token=name)
