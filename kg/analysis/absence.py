"""NOT EXISTS and MINUS: what is slow, and what does nothing (SPARQL 1.1, section 8).

The engine evaluates NOT EXISTS once for each solution; with a join or a path inside, that is the
difference between milliseconds and minutes. MINUS is evaluated once. Both say the same when

1. a variable is shared, and every shared one is certain to be bound on both sides;
2. no expression inside uses a variable that is bound outside only.

If the second does not hold, OPTIONAL with !BOUND does, as its FILTER sees both sides, provided that
the expression stands right in the group. Where neither is certain, nothing is suggested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.query.syntax import in_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.analysis.reading import Reading
    from kg.analysis.remarks import Remark
    from kg.query.syntax import Node


def remarks(reading: Reading) -> Iterator[Remark]:
    """Yield a remark for each slow NOT EXISTS and each MINUS that removes nothing."""
    for group in [node for node in reading.tree.walk() if node.kind == "group"]:
        before: set[str] = set()
        for part in group.parts:
            if part.kind == "filter":
                yield from _tests(reading, group, part)
            elif part.kind == "minus":
                removed = in_scope(reading.text, part.parts[0])
                if before and removed and not removed & before:
                    yield reading.remark("minus-without-effect", part)
            before |= in_scope(reading.text, part)


def _tests(reading: Reading, group: Node, test: Node) -> Iterator[Remark]:
    for node in _own_tests(test):
        if node.tag == "NOT" and _joins(node.parts[0]):
            alone = test.parts[0].parts == [node] and _bare(reading, test, node)
            suggestion = _instead(reading, group, node.parts[0]) if alone else None
            yield reading.remark("not-exists-join", node, suggestion)


def _own_tests(node: Node) -> Iterator[Node]:
    for part in node.parts:
        if part.kind == "exists":
            yield part
        else:
            yield from _own_tests(part)


def _bare(reading: Reading, test: Node, node: Node) -> bool:
    """Tell whether a FILTER is nothing but this test: no operator stands beside it."""
    around = reading.text[test.start : node.start] + reading.text[node.end : test.end]
    return around.upper().replace("(", "").replace(")", "").strip() == "FILTER"


def _joins(group: Node) -> bool:
    """Tell whether a group has more than one triple, or a path."""
    pairs = group.within("pair")
    triples = sum(len(pair.parts) - 1 for pair in pairs)
    return triples > 1 or any(pair.parts[0].tag != "simple" for pair in pairs)


def _instead(reading: Reading, group: Node, tested: Node) -> str | None:
    outside = in_scope(reading.text, group)
    inside = in_scope(reading.text, tested)
    shared = outside & inside
    certain = _certain(reading, group) & _certain(reading, tested)
    if not shared or not shared <= certain:
        return None
    if not _used(reading, tested) & (outside - inside):
        return f"MINUS {reading.source(tested)}"
    deep = [part for part in tested.parts if part.kind not in {"triples", "filter"}]
    if deep or tested.within("exists"):
        return None
    found = _new_name(reading, "found")
    body = reading.source(tested)[1:-1].strip()
    return f"OPTIONAL {{ {body} BIND(true AS ?{found}) }} FILTER(!BOUND(?{found}))"


def _used(reading: Reading, group: Node) -> set[str]:
    """Return the names that the expressions of a group use."""
    return reading.names(group.within("expression"))


def _certain(reading: Reading, group: Node) -> set[str]:
    """Return the names that every solution of a group binds."""
    found: set[str] = set()
    for part in group.parts:
        if part.kind == "triples" or (part.kind == "values" and not part.within("undef")):
            found |= in_scope(reading.text, part)
        elif part.kind == "graph":
            found |= reading.names(part.parts[:1]) | _certain(reading, part.parts[1])
        elif part.kind == "union":
            found |= set.intersection(*(_certain(reading, one) for one in part.parts))
    return found


def _new_name(reading: Reading, name: str) -> str:
    taken = reading.names([reading.tree])
    while name in taken:
        name += "_"
    return name
