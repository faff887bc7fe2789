"""Triple terms, reified triples and their reifiers: what SPARQL 1.2 adds to the triples of 1.1.

Where a triple term stands decides what may be in it: anything that a triple has, in a pattern; no
blank node, in an expression; no variable either, in VALUES. Reified triples have plain verbs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.query.syntax import terms

if TYPE_CHECKING:
    from kg.query.syntax.cursor import Cursor
    from kg.query.syntax.tree import Node


def at_triple_term(cursor: Cursor) -> bool:
    """Tell whether a triple term is next."""
    return cursor.at("<<(")


def triple_term(cursor: Cursor) -> Node:
    """Read a triple term of a pattern: `<<( subject verb object )>>`."""
    with cursor.nested(), cursor.node("tripleterm") as node:
        cursor.expect("<<(")
        node.parts = [_inner(cursor), verb(cursor), _inner(cursor)]
        cursor.expect(")>>")
    return node


def of_an_expression(cursor: Cursor) -> Node:
    """Read a triple term of an expression, whose subject is an IRI or a variable."""
    with cursor.nested(), cursor.node("tripleterm") as node:
        cursor.expect("<<(")
        if not cursor.at_kind("var") and not terms.at_iri(cursor):
            cursor.fail_strictly("in an expression the subject is an IRI or a variable")
        node.parts += [terms.var_or_iri(cursor), verb(cursor)]
        if at_triple_term(cursor):
            node.parts.append(of_an_expression(cursor))
        elif cursor.at_kind("bnode") or not terms.at_term(cursor):
            cursor.fail("an IRI, a literal, a variable or a triple term was expected")
        else:
            node.parts.append(terms.term(cursor))
        cursor.expect(")>>")
    return node


def of_data(cursor: Cursor) -> Node:
    """Read a triple term of VALUES, which has neither variables nor blank nodes."""
    with cursor.nested(), cursor.node("tripleterm") as node:
        cursor.expect("<<(")
        node.parts.append(terms.iri(cursor))
        if cursor.at_kind("var"):
            cursor.fail("an IRI was expected")
        node.parts.append(verb(cursor))
        if at_triple_term(cursor):
            node.parts.append(of_data(cursor))
        elif terms.at_literal(cursor):
            node.parts.append(terms.literal(cursor))
        else:
            node.parts.append(terms.iri(cursor))
        cursor.expect(")>>")
    return node


def verb(cursor: Cursor) -> Node:
    """Read a verb that is no path [78]."""
    with cursor.node("path", "simple") as node:
        if cursor.token.text == "a":
            node.parts.append(terms.leaf("iri", cursor.take()))
        else:
            node.parts.append(terms.var_or_iri(cursor))
    return node


def at_reified(cursor: Cursor) -> bool:
    """Tell whether a reified triple is next."""
    return cursor.at("<<")


def reified(cursor: Cursor) -> Node:
    """Read a reified triple: `<< subject verb object ~ reifier >>`, its reifier may be left out."""
    with cursor.nested(), cursor.node("reified") as node:
        cursor.expect("<<")
        node.parts = [_inner(cursor, reifying=True), verb(cursor), _inner(cursor, reifying=True)]
        if cursor.at("~"):
            node.parts.append(reifier(cursor))
        cursor.expect(">>")
    return node


def reifier(cursor: Cursor) -> Node:
    """Read `~` and the term that reifies, if one is named."""
    with cursor.node("reifier") as node:
        cursor.expect("~")
        if cursor.at_kind("var", "bnode") or terms.at_iri(cursor):
            node.parts.append(terms.term(cursor))
        elif cursor.at("["):
            node.parts.append(_anonymous(cursor))
    return node


def _inner(cursor: Cursor, *, reifying: bool = False) -> Node:
    """Read a term inside a triple term or a reified triple."""
    if at_triple_term(cursor):
        return triple_term(cursor)
    if reifying and at_reified(cursor):
        return reified(cursor)
    if cursor.at("["):
        return _anonymous(cursor)
    if not terms.at_term(cursor):
        cursor.fail("a variable, an IRI, a literal or a blank node was expected")
    return terms.term(cursor)


def _anonymous(cursor: Cursor) -> Node:
    with cursor.node("anonymous") as node:
        cursor.expect("[")
        cursor.expect("]")
    return node
