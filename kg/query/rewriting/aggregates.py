"""Aggregates whose value the engine has differently.

GROUP_CONCAT has a plain string (SPARQL 1.1, section 18.5.1.7), the engine keeps a shared language.

COUNT leaves out the errors of its group (section 18.5.1.2), of which the engine makes an error as a
whole, variables without a value apart. Written instead: how often an expression has a value at all,
or how many distinct ones, without the one that stands for the errors.

    COUNT(e)           SUM(COALESCE(IF(ISBLANK(e), 1, 1), 0))
    COUNT(DISTINCT e)  (COUNT(DISTINCT COALESCE(e, <error>))
                        - COALESCE(MAX(COALESCE(IF(ISBLANK(e), 0, 0), 1)), 0))
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node
    from kg.query.tokens import Token

_ERROR: Final = "<urn:cluster-atlas:error>"
_DISTINCT: Final = re.compile(r"\s*\w+\s*\(\s*DISTINCT\b", re.IGNORECASE)


def counts_expressions(tokens: Sequence[Token]) -> bool:
    """Tell from the tokens whether COUNT has more than a variable or `*` somewhere."""
    for number, token in enumerate(tokens):
        if token.upper == "COUNT":
            inside = [t for t in tokens[number + 2 : number + 5] if t.upper != "DISTINCT"]
            if len(inside) > 1 and inside[1].text != ")":
                return True
    return False


def write(writer: Writer, node: Node) -> str | None:
    """Return what to write for an aggregate; None if the engine is right about it."""
    if node.tag == "GROUP_CONCAT":
        return f"STR({writer.plain(node)})"
    if node.tag != "COUNT" or not node.parts:
        return None
    (counted,) = node.parts
    if [(part.kind, part.start, part.end) for part in counted.parts] == [
        ("var", counted.start, counted.end)
    ]:
        return None
    expression = writer.write(counted)
    if not _DISTINCT.match(writer.text, node.start):
        return f"SUM(COALESCE(IF(ISBLANK({expression}), 1, 1), 0))"
    return (
        f"(COUNT(DISTINCT COALESCE({expression}, {_ERROR}))"
        f" - COALESCE(MAX(COALESCE(IF(ISBLANK({expression}), 0, 0), 1)), 0))"
    )
