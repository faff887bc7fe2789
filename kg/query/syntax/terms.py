"""Variables, IRIs and literals: productions [106] to [138] as far as tokens do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.query.syntax.tree import Node

if TYPE_CHECKING:
    from kg.query.syntax.cursor import Cursor
    from kg.query.tokens import Token


def leaf(kind: str, token: Token) -> Node:
    """Return the node of a single token."""
    return Node(kind, token.start, token.end)


def var(cursor: Cursor) -> Node:
    """Read a variable [108]."""
    if not cursor.at_kind("var"):
        cursor.fail("a variable was expected")
    return leaf("var", cursor.take())


def at_iri(cursor: Cursor) -> bool:
    """Tell whether an IRI is next, in full or as a prefixed name."""
    return cursor.at_kind("iri", "pname")


def iri(cursor: Cursor) -> Node:
    """Read an IRI [136]; a prefix must be declared."""
    if not at_iri(cursor):
        cursor.fail("an IRI or a prefixed name was expected")
    token = cursor.take()
    prefix = token.text.partition(":")[0] + ":"
    if token.kind == "pname" and prefix not in cursor.prefixes:
        cursor.fail(f"the prefix {prefix!r} is not declared", token)
    return leaf("iri", token)


def var_or_iri(cursor: Cursor) -> Node:
    """Read a variable or an IRI [107]."""
    return var(cursor) if cursor.at_kind("var") else iri(cursor)


def at_literal(cursor: Cursor) -> bool:
    """Tell whether a literal is next; a sign counts only with a number right behind it."""
    if cursor.at("+", "-"):
        return cursor.next.kind == "number" and cursor.next.start == cursor.token.end
    return cursor.at_kind("string", "number") or cursor.at_word("TRUE", "FALSE")


def literal(cursor: Cursor) -> Node:
    """Read a literal [129] to [134]."""
    with cursor.node("literal") as node:
        cursor.skip("+", "-")
        if cursor.take().kind == "string":
            if cursor.at_kind("lang"):
                cursor.take()
            elif cursor.skip("^^"):
                iri(cursor)
    return node


def at_term(cursor: Cursor) -> bool:
    """Tell whether a term that can stand in a triple is next, brackets apart."""
    return cursor.at_kind("var", "bnode") or at_iri(cursor) or at_literal(cursor)


def term(cursor: Cursor) -> Node:
    """Read a variable, an IRI, a literal or a blank node label [106]."""
    if cursor.at_kind("var"):
        return leaf("var", cursor.take())
    if cursor.at_kind("bnode"):
        return leaf("bnode", cursor.take())
    if at_literal(cursor):
        return literal(cursor)
    return iri(cursor)
