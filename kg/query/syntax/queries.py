"""Queries: prologue, the four forms and the solution modifiers; productions [1] to [28]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.query.syntax import expressions, inlinedata, patterns, terms
from kg.query.syntax.cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.query.syntax.tree import Node
    from kg.query.tokens import Token

_FORMS: Final = ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK")


def parse(text: str, tokens: Sequence[Token]) -> Node:
    """Return the tree of a query whose codepoint escapes are resolved.

    Raises:
        QuerySyntaxError: it is no query: line, column, token and what was expected.
        QueryRefusedError: it is nested too deeply.
    """
    cursor = Cursor(text, tokens, patterns.group, sub_select)
    with cursor.node("query") as node:
        with cursor.node("prologue") as prologue:
            _prologue(cursor)
        node.parts.append(prologue)
        if not cursor.at_word(*_FORMS):
            cursor.fail(f"{', '.join(_FORMS[:-1])} or {_FORMS[-1]} was expected")
        node.tag = cursor.take().upper
        _READERS[node.tag](cursor, node)
        _modifiers(cursor, node)
        if cursor.at_word("VALUES"):
            node.parts.append(inlinedata.values(cursor))
    if not cursor.at_kind("end"):
        cursor.fail("the query is complete before this")
    return node


def _prologue(cursor: Cursor) -> None:
    while cursor.at_word("BASE", "PREFIX", "VERSION"):
        keyword = cursor.take().upper
        if keyword == "VERSION":
            if not cursor.at_kind("string") or cursor.token.text[:3] in {"'''", '"""'}:
                cursor.fail("a version between quotation marks was expected")
            cursor.take()
            continue
        if keyword == "PREFIX":
            name = cursor.take()
            if name.kind != "pname" or name.text.find(":") != len(name.text) - 1:
                cursor.fail("a prefix that ends in ':' was expected", name)
            cursor.prefixes.add(name.text)
        if not cursor.at_kind("iri"):
            cursor.fail("an IRI between '<' and '>' was expected")
        cursor.take()


def sub_select(cursor: Cursor) -> Node:
    """Read a sub-query [8]."""
    with cursor.node("select", "SELECT") as node:
        cursor.expect_word("SELECT")
        _projection(cursor, node)
        _where(cursor, node)
        _modifiers(cursor, node)
        if cursor.at_word("VALUES"):
            node.parts.append(inlinedata.values(cursor))
    return node


def _select(cursor: Cursor, node: Node) -> None:
    _projection(cursor, node)
    _datasets(cursor, node)
    _where(cursor, node)


def _projection(cursor: Cursor, node: Node) -> None:
    with cursor.node("projection") as made:
        if cursor.at_word("DISTINCT", "REDUCED"):
            made.tag = cursor.take().upper
        if cursor.at("*"):
            made.parts.append(terms.leaf("star", cursor.take()))
        else:
            while cursor.at("(") or cursor.at_kind("var"):
                made.parts.append(_item(cursor))
            if not made.parts:
                cursor.fail("'*', a variable or '(expression AS variable)' was expected")
    node.parts.append(made)


def _item(cursor: Cursor) -> Node:
    if cursor.at_kind("var"):
        return terms.var(cursor)
    with cursor.node("alias") as node:
        patterns.read_alias(cursor, node)
    return node


def _construct(cursor: Cursor, node: Node) -> None:
    if cursor.at("{"):
        node.parts.append(_template(cursor))
        _datasets(cursor, node)
        _where(cursor, node)
        return
    _datasets(cursor, node)
    cursor.expect_word("WHERE")
    node.parts.append(_template(cursor))


def _template(cursor: Cursor) -> Node:
    with cursor.node("template") as node:
        cursor.expect("{")
        if not cursor.at("}"):
            node.parts.append(patterns.triples(cursor, paths=False))
        cursor.expect("}")
    return node


def _describe(cursor: Cursor, node: Node) -> None:
    if not cursor.skip("*"):
        node.parts.append(terms.var_or_iri(cursor))
        while cursor.at_kind("var") or terms.at_iri(cursor):
            node.parts.append(terms.var_or_iri(cursor))
    _datasets(cursor, node)
    if cursor.at("{") or cursor.at_word("WHERE"):
        _where(cursor, node)


def _ask(cursor: Cursor, node: Node) -> None:
    _datasets(cursor, node)
    _where(cursor, node)


_READERS: Final = {
    "SELECT": _select,
    "CONSTRUCT": _construct,
    "DESCRIBE": _describe,
    "ASK": _ask,
}


def _datasets(cursor: Cursor, node: Node) -> None:
    while cursor.at_word("FROM"):
        with cursor.node("dataset") as made:
            cursor.take()
            made.tag = "NAMED" if cursor.skip_word("NAMED") else ""
            made.parts.append(terms.iri(cursor))
        node.parts.append(made)


def _where(cursor: Cursor, node: Node) -> None:
    cursor.skip_word("WHERE")
    node.parts.append(patterns.group(cursor))


# Solution modifiers


def _modifiers(cursor: Cursor, node: Node) -> None:
    """Read GROUP BY, HAVING, ORDER BY, then LIMIT and OFFSET in either order [18]."""
    if cursor.at_word("GROUP"):
        node.parts.append(_conditions(cursor, "GROUP"))
    if cursor.at_word("HAVING"):
        node.parts.append(_having(cursor))
    if cursor.at_word("ORDER"):
        node.parts.append(_conditions(cursor, "ORDER"))
    seen: set[str] = set()
    while cursor.at_word("LIMIT", "OFFSET") and cursor.token.upper not in seen:
        seen.add(cursor.token.upper)
        with cursor.node("modifier", cursor.take().upper) as made:
            if not cursor.at_kind("number") or not cursor.token.text.isdecimal():
                cursor.fail("a whole number was expected")
            cursor.take()
        node.parts.append(made)


def _having(cursor: Cursor) -> Node:
    with cursor.node("modifier", "HAVING") as node:
        cursor.take()
        node.parts.append(expressions.constraint(cursor))
        while expressions.at_constraint(cursor):
            node.parts.append(expressions.constraint(cursor))
    return node


def _conditions(cursor: Cursor, word: str) -> Node:
    read = _group_condition if word == "GROUP" else _order_condition
    with cursor.node("modifier", word) as node:
        cursor.take()
        cursor.expect_word("BY")
        node.parts.append(read(cursor))
        while cursor.at_kind("var") or expressions.at_constraint(cursor) or _at_order(cursor, word):
            node.parts.append(read(cursor))
    return node


def _at_order(cursor: Cursor, word: str) -> bool:
    return word == "ORDER" and cursor.at_word("ASC", "DESC")


def _group_condition(cursor: Cursor) -> Node:
    if cursor.at_kind("var"):
        return terms.var(cursor)
    if not cursor.at("("):
        return expressions.constraint(cursor)
    with cursor.node("alias") as node:
        cursor.take()
        node.parts.append(expressions.expression(cursor))
        if cursor.skip_word("AS"):
            node.parts.append(terms.var(cursor))
        cursor.expect(")")
    return node


def _order_condition(cursor: Cursor) -> Node:
    if cursor.skip_word("ASC", "DESC"):
        if not cursor.at("("):
            cursor.fail("'(' was expected")
        return expressions.constraint(cursor)
    return terms.var(cursor) if cursor.at_kind("var") else expressions.constraint(cursor)
