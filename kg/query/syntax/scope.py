"""Which variables a pattern binds, and what that forbids (SPARQL 1.1, sections 18.2.1 and 19.6).

1. BIND and `AS` bind a variable that is new to the group, or to the query's pattern.
2. A projection names every variable once; with GROUP BY or an aggregate it holds only what the
   groups have: their keys, aggregates, and what is computed from these.
3. A blank node label stands in one basic graph pattern only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.query.tokens import syntax_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.errors import QuerySyntaxError
    from kg.query.syntax.tree import Node


def name_of(text: str, node: Node) -> str:
    """Return the name of a variable without its `?` or `$`."""
    return text[node.start + 1 : node.end]


def in_scope(text: str, node: Node) -> set[str]:
    """Return the names of the variables that a pattern can bind."""
    match node.kind:
        case "triples" | "var":
            return {name_of(text, var) for var in node.walk() if var.kind == "var"}
        case "alias":
            return {name_of(text, node.parts[-1])} if node.parts[-1].kind == "var" else set()
        case "values":
            return {name_of(text, var) for var in node.every("var")}
        case "group" | "union" | "optional" | "graph" | "service":
            return set().union(*(in_scope(text, part) for part in node.parts))
        case "select":
            return projected(text, node)
    return set()


def projected(text: str, select: Node) -> set[str]:
    """Return the names of the variables that a SELECT has in its solutions."""
    projection = select.one("projection")
    if projection is None or projection.one("star"):
        return _bound(text, select)
    return set().union(*(in_scope(text, part) for part in projection.parts))


def _bound(text: str, select: Node) -> set[str]:
    """Return the variables of a query's pattern and of its VALUES."""
    parts = [part for part in select.parts if part.kind in {"group", "values"}]
    return set().union(*(in_scope(text, part) for part in parts))


def check(text: str, tree: Node) -> None:
    """Check the scopes of a whole query.

    Raises:
        QuerySyntaxError: a rule is broken: at which token.
    """
    labels: dict[str, int] = {}
    for node in tree.walk():
        if node.kind == "group":
            _check_group(text, node)
            _check_labels(text, node, labels)
        elif node.tag == "SELECT" and node.kind in {"query", "select"}:
            _check_projection(text, node)


def _error(text: str, node: Node, reason: str) -> QuerySyntaxError:
    return syntax_error(text, node.start, text[node.start : node.end], reason)


def _check_group(text: str, group: Node) -> None:
    seen: set[str] = set()
    for part in group.parts:
        if part.kind == "alias" and in_scope(text, part) & seen:
            reason = "BIND needs a variable that the group has not used before"
            raise _error(text, part.parts[-1], reason)
        seen |= in_scope(text, part)


def _check_labels(text: str, group: Node, labels: dict[str, int]) -> None:
    """Check blank node labels; filters do not end a basic graph pattern, other patterns do."""
    pattern = group.start
    for part in group.parts:
        if part.kind == "triples":
            for label in part.within("bnode"):
                name = text[label.start : label.end]
                if labels.setdefault(name, pattern) != pattern:
                    reason = "the label stands in another basic graph pattern already"
                    raise _error(text, label, reason)
        elif part.kind != "filter":
            pattern = part.end


def _check_projection(text: str, select: Node) -> None:
    projection = select.one("projection")
    if projection is None:
        return
    keys = _keys(text, select)
    star = projection.one("star")
    if star is not None:
        if keys is not None:
            raise _error(text, star, "with GROUP BY the variables have to be named")
        return
    bound = _bound(text, select)
    known: set[str] = set()
    for part in projection.parts:
        _check_item(text, part, keys, bound, known)
        known |= in_scope(text, part)


def _check_item(
    text: str, part: Node, keys: set[str] | None, bound: set[str], known: set[str]
) -> None:
    if part.kind == "alias" and in_scope(text, part) & (bound | known):
        raise _error(text, part.parts[-1], "AS needs a variable that is not in use")
    if keys is None:
        return
    used = [part] if part.kind == "var" else list(_outside_aggregates(part.parts[0]))
    for var in used:
        if name_of(text, var) not in keys | known:
            reason = "it is neither a key of GROUP BY nor inside an aggregate"
            raise _error(text, var, reason)


def _outside_aggregates(node: Node) -> Iterator[Node]:
    """Yield the variables of an expression that are not inside an aggregate or EXISTS."""
    for part in node.parts:
        if part.kind == "var":
            yield part
        elif part.kind not in {"aggregate", "exists"}:
            yield from _outside_aggregates(part)


def grouped(select: Node) -> bool:
    """Tell whether a SELECT makes groups: by GROUP BY, or by an aggregate alone."""
    if any(part.tag == "GROUP" for part in select.every("modifier")):
        return True
    holders = [part for part in select.parts if part.kind in {"projection", "modifier"}]
    return any(_aggregates(holder) for holder in holders)


def _aggregates(node: Node) -> bool:
    return any(
        part.kind == "aggregate" or (part.kind != "exists" and _aggregates(part))
        for part in node.parts
    )


def _keys(text: str, select: Node) -> set[str] | None:
    """Return the names of the variables that a group has; None if there are no groups."""
    if not grouped(select):
        return None
    keys: set[str] = set()
    for modifier in select.every("modifier"):
        if modifier.tag == "GROUP":
            for part in modifier.parts:
                keys |= in_scope(text, part)
    return keys
