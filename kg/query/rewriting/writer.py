"""Writing a tree back to text, some of its nodes differently."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kg.query.syntax import Node

    Rule = Callable[["Writer", Node], str | None]

LONGEST: Final = 1_000_000
"""Characters that a rewritten query may have; copies multiply."""


class Writer:
    """Writes nodes as they stand, except those for which a rule returns another text.

    `suffix` is appended to blank node labels, so that copies of a pattern have their own.
    """

    def __init__(self, text: str, rules: Mapping[str, Rule]) -> None:
        self.text = text
        self.suffix = ""
        self._rules = rules
        self._copies = 0

    def write(self, node: Node) -> str:
        """Return the text of a node."""
        rule = self._rules.get(node.kind)
        written = None if rule is None else rule(self, node)
        return self.plain(node) if written is None else written

    def plain(self, node: Node) -> str:
        """Return the text of a node whose parts are written by the rules, but not itself."""
        if node.kind == "bnode":
            return self.text[node.start : node.end] + self.suffix
        pieces: list[str] = []
        position = node.start
        for part in node.parts:
            pieces += [self.text[position : part.start], self.write(part)]
            position = part.end
        return "".join(pieces) + self.text[position : node.end]

    @contextmanager
    def copy(self) -> Iterator[None]:
        """Have everything that is written in the block labelled apart from other copies."""
        before = self.suffix
        self._copies += 1
        self.suffix = f"{before}_{self._copies}"
        yield
        self.suffix = before
