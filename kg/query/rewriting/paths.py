"""Property paths of which the engine loses solutions.

Alternatives. `?s p|q ?o` has a solution for each way from ?s to ?o (SPARQL 1.1, section 18.4: the
union of both), of which the engine drops the duplicates. Written instead: the triples once for each
alternative, in a UNION; a join distributes over it. Inside `*`, `+` and `?` nothing changes, there
the standard itself has no duplicates. `!(p|^q)` is an alternative of `!p` and `!^q`.

Paths of length zero. `T p* ?o` has the solution ?o = T even if the graph knows no T; the engine has
none. Written instead: a UNION with that solution, for the case that T is not in the graph. In a
sequence this holds for its ends alone (section 18.2.2.4 joins its steps over variables, and between
variables only what the graph knows is at distance zero): `T p*/q* ?o` has no such solution,
`T p*/q* T` has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from kg.errors import QueryRefusedError
from kg.query.syntax import grouped
from kg.query.tokens import place

if TYPE_CHECKING:
    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node

_MOST: Final = 64
"""Branches that a group of triples may be written as."""

_NOWHERE: Final = "<urn:cluster-atlas:nowhere>"
"""A predicate that no graph has: with `?` it finds out whether a graph knows a term."""

_CONSTANT: Final = frozenset(["iri", "literal"])


@dataclass(frozen=True)
class Way:
    """One way to take a path: its text, its steps, and whether it can have the length zero."""

    text: str
    nullable: bool
    steps: int = 1

    def skips(self, subject: Node, target: Node) -> bool:
        """Tell whether it leads from one end to the other without the graph."""
        fixed = (subject.kind in _CONSTANT) + (target.kind in _CONSTANT)
        return self.nullable and self.steps <= fixed


def ways(text: str, path: Node) -> list[Way]:
    """Return the alternatives of a path, each without alternatives outside of repetitions."""
    match path.kind:
        case "path" | "alternative":
            return [way for part in path.parts for way in ways(text, part)]
        case "sequence":
            chosen = product(*(ways(text, part) for part in path.parts))
            return [_after_each_other(one) for one in chosen]
        case "inverse":
            inner = ways(text, path.parts[0])
            return [Way(f"^({way.text})", way.nullable, way.steps) for way in inner]
        case "repeat":
            return [Way(f"({text[path.start : path.end]})", nullable(path))]
        case "negated":
            return _negated(text, path)
    return [Way(text[path.start : path.end], nullable=False)]


def _after_each_other(chosen: tuple[Way, ...]) -> Way:
    text = "/".join(way.text for way in chosen)
    return Way(text, all(way.nullable for way in chosen), sum(way.steps for way in chosen))


def _negated(text: str, path: Node) -> list[Way]:
    inverse = [part for part in path.parts if part.kind == "inverse"]
    direct = [part for part in path.parts if part.kind != "inverse"]
    if not inverse or not direct:
        return [Way(text[path.start : path.end], nullable=False)]
    return [
        Way("!(" + "|".join(text[p.start : p.end] for p in parts) + ")", nullable=False)
        for parts in (direct, inverse)
    ]


def count_ways(path: Node) -> int:
    """Return how many ways there are, without making them."""
    match path.kind:
        case "path" | "inverse":
            return count_ways(path.parts[0])
        case "alternative":
            return sum(count_ways(part) for part in path.parts)
        case "sequence":
            return prod(count_ways(part) for part in path.parts)
        case "negated":
            return len({part.kind for part in path.parts}) or 1
    return 1


def nullable(path: Node) -> bool:
    """Tell whether a path can have the length zero."""
    match path.kind:
        case "path" | "inverse":
            return nullable(path.parts[0])
        case "alternative":
            return any(nullable(part) for part in path.parts)
        case "sequence":
            return all(nullable(part) for part in path.parts)
        case "repeat":
            return path.tag in "*?" or nullable(path.parts[0])
    return False


@dataclass(frozen=True)
class Skip:
    """A triple that may hold without the graph."""

    subject: Node
    path: Node
    target: Node


class Paths:
    """The rules for triples and for the paths in them."""

    def __init__(self, text: str, tree: Node) -> None:
        self._text = text
        self._uncounted = uncounted(tree)
        self._labels = [self._of(node) for node in tree.within("bnode")]
        self._written: dict[int, str] = {}

    def write(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for a block of triples; None if the engine is right about it."""
        counted = node.start not in self._uncounted
        points = self._alternatives(node) if counted else []
        skips = self._skips(node)
        if not points and not skips:
            return None
        self._check(node, points, skips)
        branches = []
        for chosen in product(*([way.text for way in ways(self._text, p)] for p in points)):
            self._written = dict(zip((p.start for p in points), chosen, strict=True))
            for skipped in product((False, True), repeat=len(skips)):
                taken = [skip for skip, taken in zip(skips, skipped, strict=True) if taken]
                if all(self._allowed(skip, points, counted=counted) for skip in taken):
                    branches.append(self._branch(writer, node, taken))
        self._written = {}
        return " UNION ".join(branches)

    def write_path(self, _writer: Writer, node: Node) -> str | None:
        """Return the way of a path that the branch being written takes."""
        return self._written.get(node.start)

    def _of(self, node: Node) -> str:
        return self._text[node.start : node.end]

    def _alternatives(self, block: Node) -> list[Node]:
        return [path for path in block.within("path") if count_ways(path) > 1]

    def _skips(self, block: Node) -> list[Skip]:
        """Return the triples that hold without the graph, if their path has the length zero."""
        return [
            Skip(statement.parts[0], pair.parts[0], target)
            for statement in block.every("statement")
            for pair in statement.every("pair")
            for target in pair.parts[1:]
            if _reaches(statement, target)
            and skippable(self._text, statement.parts[0], pair.parts[0], target)
        ]

    def _allowed(self, skip: Skip, points: list[Node], *, counted: bool) -> bool:
        """Tell whether the way that is being written can have the length zero."""
        if not counted or skip.path not in points:
            return True
        written = self._written[skip.path.start]
        way = next(way for way in ways(self._text, skip.path) if way.text == written)
        return way.skips(skip.subject, skip.target)

    def _check(self, block: Node, points: list[Node], skips: list[Skip]) -> None:
        """Refuse what would be written too often, or not rightly."""
        many = any(count_ways(skip.path) > _MOST for skip in skips)
        if many or prod(count_ways(path) for path in points) * 2 ** len(skips) > _MOST:
            reason = "the alternatives of these paths are too many; write them as UNION"
            raise self._refusal(block, reason)
        for label in block.within("bnode"):
            inside = sum(self._of(other) == self._of(label) for other in block.within("bnode"))
            outside = self._labels.count(self._of(label)) - inside
            if outside or (inside > 1 and any(label in (s.subject, s.target) for s in skips)):
                raise self._refusal(label, "write a variable instead of this blank node")

    def _refusal(self, node: Node, reason: str) -> QueryRefusedError:
        line, column = place(self._text, node.start)
        token = self._of(node).split(maxsplit=1)[0]
        detail = (
            f"Line {line}, column {column}: the engine would lose solutions of the paths here; "
            f"{reason}"
        )
        return QueryRefusedError(detail, line=line, column=column, token=token)

    def _branch(self, writer: Writer, block: Node, skips: list[Skip]) -> str:
        with writer.copy():
            written = [
                self._statement(writer, statement, skips) for statement in block.every("statement")
            ]
            triples = " . ".join(statement for statement in written if statement)
            return f"{{ {triples}{' .' if triples else ''} {' '.join(map(self._skip, skips))} }}"

    def _statement(self, writer: Writer, statement: Node, skips: list[Skip]) -> str:
        """Return a statement without the triples that are skipped."""
        subject = statement.parts[0]
        gone = {(skip.path.start, skip.target.start) for skip in skips}
        if not any(skip.subject is subject for skip in skips):
            return writer.plain(statement)
        pairs = []
        for pair in statement.every("pair"):
            path, *targets = pair.parts
            kept = [writer.write(t) for t in targets if (path.start, t.start) not in gone]
            if kept:
                pairs.append(f"{writer.write(path)} {', '.join(kept)}")
        return f"{writer.write(subject)} {' ; '.join(pairs)}" if pairs else ""

    def _skip(self, skip: Skip) -> str:
        """Return what holds instead of a triple whose path has the length zero."""
        fixed, other = skip.subject, skip.target
        if fixed.kind not in _CONSTANT:
            fixed, other = other, fixed
        term = self._of(fixed)
        unknown = f"FILTER NOT EXISTS {{ {term} {_NOWHERE}? {term} }}"
        if other.kind == "var":
            return f"VALUES {self._of(other)} {{ {term} }} {unknown}"
        if other.kind in _CONSTANT:
            return f"FILTER(sameTerm({term}, {self._of(other)})) {unknown}"
        return unknown


def skippable(text: str, subject: Node, path: Node, target: Node) -> bool:
    """Tell whether a triple may hold without the graph."""
    fixed = subject.kind in _CONSTANT or target.kind in _CONSTANT
    if not fixed or not nullable(path):
        return False
    if count_ways(path) > _MOST:
        return True  # it is refused where it is written
    return any(way.skips(subject, target) for way in ways(text, path))


def _reaches(statement: Node, target: Node) -> bool:
    """Tell whether a term that no graph knows can stand at both ends of a triple.

    Where a bracket says more of one end, it cannot: what is said there needs a graph.
    """
    ends = (statement.parts[0], target)
    brackets = [end for end in ends if end.kind in {"anonymous", "collection"}]
    alone = len(statement.parts) == 2 and len(statement.parts[1].parts) == 2  # noqa: PLR2004
    return all(not end.parts and (end is target or alone) for end in brackets)


def may_skip(text: str, block: Node) -> bool:
    """Tell whether a triple of a block may hold without the graph."""
    return any(
        skippable(text, statement.parts[0], pair.parts[0], target)
        for statement in block.every("statement")
        for pair in statement.every("pair")
        for target in pair.parts[1:]
    )


def uncounted(tree: Node) -> set[int]:
    """Return where the blocks of triples begin of which duplicate solutions do not matter.

    Those in EXISTS and MINUS; all of them if the query asks for a graph, for yes or no, or for
    distinct solutions. Sub-queries, and numbers of solutions (LIMIT, OFFSET, aggregates), count.
    """
    selects = tree.within("select")
    found: set[int] = set()
    if not selects and not _counts(tree):
        found |= {block.start for block in tree.within("triples")}
    for holder in [*tree.within("exists"), *tree.within("minus")]:
        if not holder.within("select"):
            found |= {block.start for block in holder.within("triples")}
    return found


def _counts(tree: Node) -> bool:
    """Tell whether the number of equal solutions can show in the answer of a query."""
    if grouped(tree):
        return True
    if tree.tag == "SELECT":
        projection = tree.one("projection")
        return projection is None or not projection.tag
    cut = any(modifier.tag in {"LIMIT", "OFFSET"} for modifier in tree.every("modifier"))
    template = tree.one("template")
    fresh = template is not None and any(
        node.kind in {"bnode", "anonymous", "collection"} for node in template.walk()
    )
    return cut or fresh
