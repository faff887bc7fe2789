"""LIMIT and OFFSET without ORDER BY (SPARQL 1.1, section 15.4): which rows come is left open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kg.query.syntax import Node, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.analysis.reading import Reading
    from kg.analysis.remarks import Remark


def remarks(reading: Reading) -> Iterator[Remark]:
    """Yield a remark for each LIMIT or OFFSET over rows without an order."""
    queries = [reading.tree, *reading.tree.within("select")]
    for query in queries:
        modifiers = {part.tag: part for part in query.every("modifier")}
        cut = modifiers.get("LIMIT") or modifiers.get("OFFSET")
        if cut is None or "ORDER" in modifiers or query.tag == "ASK" or _one_row(query, modifiers):
            continue
        suggestion = _suggestion(reading, query)
        *_, word = re.finditer(cut.tag, reading.text[: cut.start], re.IGNORECASE)
        whole = Node(cut.kind, word.start(), cut.end)
        yield reading.remark("limit-without-order", whole, suggestion, clause=cut.tag)


def _one_row(query: Node, modifiers: dict[str, Node]) -> bool:
    return query.tag == "SELECT" and grouped(query) and "GROUP" not in modifiers


def _suggestion(reading: Reading, query: Node) -> str | None:
    """Return an order over the projected variables."""
    projection = query.one("projection")
    if projection is None or projection.one("star"):
        return None
    made = [part.parts[-1] if part.kind == "alias" else part for part in projection.parts]
    return "ORDER BY " + " ".join(reading.source(var) for var in made)
