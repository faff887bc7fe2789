"""Inline data: productions [61] to [65]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.query.syntax import terms, tripleterms

if TYPE_CHECKING:
    from kg.query.syntax.cursor import Cursor
    from kg.query.syntax.tree import Node


def values(cursor: Cursor) -> Node:
    """Read VALUES and its data [61] to [65]."""
    with cursor.node("values") as node:
        cursor.expect_word("VALUES")
        if cursor.skip("("):
            while not cursor.at(")"):
                node.parts.append(terms.var(cursor))
            cursor.take()
            _rows(cursor, node)
        else:
            node.parts.append(terms.var(cursor))
            cursor.expect("{")
            while not cursor.at("}"):
                with cursor.node("row") as row:
                    row.parts.append(_datum(cursor))
                node.parts.append(row)
            cursor.take()
    return node


def _rows(cursor: Cursor, node: Node) -> None:
    width = len(node.parts)
    cursor.expect("{")
    while not cursor.at("}"):
        first = cursor.token
        with cursor.node("row") as row:
            cursor.expect("(")
            while not cursor.at(")"):
                row.parts.append(_datum(cursor))
            cursor.take()
        if len(row.parts) != width:
            cursor.fail(f"a row of {len(row.parts)} terms for {width} variables", first)
        node.parts.append(row)
    cursor.take()


def _datum(cursor: Cursor) -> Node:
    if cursor.at_word("UNDEF"):
        return terms.leaf("undef", cursor.take())
    if terms.at_literal(cursor):
        return terms.literal(cursor)
    if tripleterms.at_triple_term(cursor):
        return tripleterms.of_data(cursor)
    if not terms.at_iri(cursor):
        cursor.fail("an IRI, a literal, a triple term or UNDEF was expected")
    return terms.iri(cursor)
