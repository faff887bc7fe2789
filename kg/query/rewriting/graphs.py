"""GRAPH over patterns for which the engine loses the graph.

The engine hands the name of the graph down to the triple patterns. A sub-query that does not
project it, VALUES, MINUS, a GRAPH inside: none of these passes it on, so the variable stays unbound
and the pattern is evaluated once instead of once per graph. Expressions and OPTIONAL, on the other
hand, find it bound inside, where by the standard it is not yet.

The standard (SPARQL 1.1, section 18.6) evaluates the pattern in each named graph and joins each
result with the name. That is what is written instead, with the names that the dataset has:

    { GRAPH <a> { P } VALUES ?g { <a> } } UNION { GRAPH <b> { P } VALUES ?g { <b> } } …
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import QuerySolutions

from kg.errors import QueryRefusedError
from kg.query.rewriting.paths import may_skip
from kg.query.syntax import name_of
from kg.query.tokens import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.query.evaluation import Results
    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node

    Ask = Callable[[str], Results]

_LOSING: Final = frozenset(["select", "values", "minus", "graph", "service"])
_MOST: Final = 500


class Graphs:
    """The rule for GRAPH; the names of the graphs are asked for once, and only when needed."""

    def __init__(self, text: str, tree: Node, ask: Ask) -> None:
        self._text = text
        prologue = tree.parts[0]
        self._prologue = text[prologue.start : prologue.end]
        self._datasets = " ".join(text[d.start : d.end] for d in tree.every("dataset"))
        self._ask = ask
        self._names: list[str] | None = None

    def write(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for a GRAPH pattern; None if the engine is right about it."""
        name, group = node.parts
        if name.kind == "var":
            wanted = name_of(self._text, name)
            if _loses(self._text, group) or _meets(self._text, group, wanted):
                return self._union(writer, node)
            return None
        if not _loses(self._text, group):
            return None
        if self._exists(self._text[name.start : name.end]):
            return None
        return f"{{ {writer.plain(node)} FILTER(false) }}"

    def _union(self, writer: Writer, node: Node) -> str:
        name, group = node.parts
        variable = self._text[name.start : name.end]
        names = self._graphs(node)
        if not names:
            return f"{{ {writer.plain(node)} FILTER(false) }}"
        branches = []
        for graph in names:
            with writer.copy():
                pattern = writer.write(group)
            branches.append(f"{{ GRAPH {graph} {pattern} VALUES {variable} {{ {graph} }} }}")
        return " UNION ".join(branches)

    def _graphs(self, node: Node) -> list[str]:
        """Return the names of the dataset's graphs, as written in SPARQL."""
        if self._names is None:
            query = f"{self._prologue} SELECT ?g {self._datasets} {{ GRAPH ?g {{}} }}"
            solutions = self._ask(query)
            assert isinstance(solutions, QuerySolutions)  # noqa: S101 - it is a SELECT
            self._names = sorted(str(solution["g"]) for solution in solutions)
        if len(self._names) > _MOST:
            line, column = place(self._text, node.start)
            detail = (
                f"Line {line}, column {column}: GRAPH over {len(self._names)} graphs with such a "
                f"pattern is not evaluated; name at most {_MOST} of them with FROM NAMED"
            )
            raise QueryRefusedError(detail, line=line, column=column)
        return self._names

    def _exists(self, name: str) -> bool:
        return bool(self._ask(f"{self._prologue} ASK {self._datasets} {{ GRAPH {name} {{}} }}"))


def _loses(text: str, group: Node) -> bool:
    """Tell whether the engine would lose the graph somewhere in a pattern."""
    return any(
        node.kind in _LOSING or (node.kind == "triples" and may_skip(text, node))
        for node in group.walk()
    )


def _meets(text: str, node: Node, name: str) -> bool:
    """Tell whether a pattern meets the variable of the graph where it should find it unbound.

    Triples join with the name of the graph in either order.
    """
    if node.kind == "triples":
        return False
    if node.kind in {"group", "union"}:
        return any(_meets(text, part, name) for part in node.parts)
    return any(name_of(text, var) == name for var in node.within("var"))
