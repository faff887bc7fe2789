"""Expressions: productions [68] to [73] and [110] to [128].

The tree keeps of an expression what matters to who looks for it: variables, calls, aggregates and
EXISTS; the operators between them are passed and checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.query.syntax import terms, tripleterms

if TYPE_CHECKING:
    from kg.query.syntax.cursor import Cursor
    from kg.query.syntax.tree import Node

_ANY: Final = 1000

_ARGUMENTS: Final[dict[str, tuple[int, int]]] = {
    **dict.fromkeys(["RAND", "NOW", "UUID", "STRUUID"], (0, 0)),
    "BNODE": (0, 1),
    **dict.fromkeys(["COALESCE", "CONCAT"], (0, _ANY)),
    **dict.fromkeys(["SUBSTR", "REGEX"], (2, 3)),
    "REPLACE": (3, 4),
    "IF": (3, 3),
    **dict.fromkeys(["BOUND", "STR", "LANG", "DATATYPE", "IRI", "URI"], (1, 1)),
    **dict.fromkeys(["ABS", "CEIL", "FLOOR", "ROUND", "STRLEN", "UCASE", "LCASE"], (1, 1)),
    **dict.fromkeys(["ENCODE_FOR_URI", "YEAR", "MONTH", "DAY", "HOURS", "MINUTES"], (1, 1)),
    **dict.fromkeys(["SECONDS", "TIMEZONE", "TZ", "MD5", "SHA1", "SHA256"], (1, 1)),
    **dict.fromkeys(["SHA384", "SHA512", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL"], (1, 1)),
    "ISNUMERIC": (1, 1),
    **dict.fromkeys(["LANGMATCHES", "CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE"], (2, 2)),
    **dict.fromkeys(["STRAFTER", "STRLANG", "STRDT", "SAMETERM"], (2, 2)),
    # What SPARQL 1.2 adds
    **dict.fromkeys(["LANGDIR", "HASLANG", "HASLANGDIR", "ISTRIPLE"], (1, 1)),
    **dict.fromkeys(["SUBJECT", "PREDICATE", "OBJECT"], (1, 1)),
    **dict.fromkeys(["STRLANGDIR", "TRIPLE"], (3, 3)),
}
"""Of each built-in function the fewest and the most arguments [121]."""

_AGGREGATES: Final = frozenset(["COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"])
_COMPARISONS: Final = ("=", "!=", "<", ">", "<=", ">=")


def expression(cursor: Cursor) -> Node:
    """Read an expression [110]."""
    with cursor.node("expression") as node, cursor.nested():
        _disjunction(cursor, node)
    return node


def constraint(cursor: Cursor) -> Node:
    """Read what may follow FILTER, HAVING and ORDER BY without brackets of its own [69]."""
    with cursor.node("expression") as node, cursor.nested():
        if cursor.skip("("):
            _disjunction(cursor, node)
            cursor.expect(")")
        elif terms.at_iri(cursor):
            node.parts.append(_function(cursor))
        elif not _named(cursor, node):
            cursor.fail("an expression in brackets or a function call was expected")
    return node


def at_constraint(cursor: Cursor) -> bool:
    """Tell whether a constraint is next."""
    upper = cursor.token.upper
    known = upper in _ARGUMENTS or upper in _AGGREGATES or upper in {"EXISTS", "NOT"}
    return cursor.at("(") or terms.at_iri(cursor) or known


def _disjunction(cursor: Cursor, node: Node) -> None:
    _conjunction(cursor, node)
    while cursor.skip("||"):
        _conjunction(cursor, node)


def _conjunction(cursor: Cursor, node: Node) -> None:
    _relation(cursor, node)
    while cursor.skip("&&"):
        _relation(cursor, node)


def _relation(cursor: Cursor, node: Node) -> None:
    _sum(cursor, node)
    if cursor.skip(*_COMPARISONS):
        _sum(cursor, node)
    elif cursor.at_word("IN") or (cursor.at_word("NOT") and cursor.next.upper == "IN"):
        cursor.skip_word("NOT")
        cursor.take()
        node.parts += _arguments(cursor)


def _sum(cursor: Cursor, node: Node) -> None:
    _product(cursor, node)
    while cursor.skip("+", "-"):
        _product(cursor, node)


def _product(cursor: Cursor, node: Node) -> None:
    _unary(cursor, node)
    while cursor.skip("*", "/"):
        _unary(cursor, node)


def _unary(cursor: Cursor, node: Node) -> None:
    # A sign right before a number belongs to it: the longest token is taken.
    while not terms.at_literal(cursor) and cursor.skip("!", "+", "-"):
        pass
    _primary(cursor, node)


def _primary(cursor: Cursor, node: Node) -> None:
    if cursor.skip("("):
        with cursor.nested():
            _disjunction(cursor, node)
        cursor.expect(")")
    elif cursor.at_kind("var"):
        node.parts.append(terms.var(cursor))
    elif terms.at_literal(cursor):
        node.parts.append(terms.literal(cursor))
    elif terms.at_iri(cursor):
        node.parts.append(_function(cursor))
    elif tripleterms.at_triple_term(cursor):
        node.parts.append(tripleterms.of_an_expression(cursor))
    elif not _named(cursor, node):
        cursor.fail("an expression was expected")


def _function(cursor: Cursor) -> Node:
    """Read an IRI, and the arguments if it is called [128]."""
    with cursor.node("call") as node:
        name = terms.iri(cursor)
        if not cursor.at("("):
            return name
        node.tag = cursor.text[name.start : name.end]
        cursor.take()
        cursor.skip_word("DISTINCT")
        _rest_of_arguments(cursor, node)
    return node


def _arguments(cursor: Cursor) -> list[Node]:
    with cursor.node("call") as node:
        cursor.expect("(")
        _rest_of_arguments(cursor, node)
    return node.parts


def _rest_of_arguments(cursor: Cursor, node: Node) -> None:
    if cursor.skip(")"):
        return
    node.parts.append(expression(cursor))
    while cursor.skip(","):
        node.parts.append(expression(cursor))
    cursor.expect(")")


def _named(cursor: Cursor, node: Node) -> bool:
    """Read a built-in call, an aggregate or EXISTS if one is next; tell whether it was."""
    name = cursor.token.upper
    if name in _AGGREGATES:
        node.parts.append(_aggregate(cursor))
    elif name in _ARGUMENTS:
        node.parts.append(_call(cursor))
    elif name == "EXISTS" or (name == "NOT" and cursor.next.upper == "EXISTS"):
        node.parts.append(_exists(cursor))
    else:
        return False
    return True


def _call(cursor: Cursor) -> Node:
    token = cursor.token
    fewest, most = _ARGUMENTS[token.upper]
    with cursor.node("call", token.upper) as node:
        cursor.take()
        node.parts = _arguments(cursor)
    if not fewest <= len(node.parts) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        cursor.fail(f"it takes {wanted} arguments, not {len(node.parts)}", token)
    return node


def _aggregate(cursor: Cursor) -> Node:
    with cursor.node("aggregate", cursor.token.upper) as node:
        cursor.take()
        cursor.expect("(")
        cursor.skip_word("DISTINCT")
        if not (node.tag == "COUNT" and cursor.skip("*")):
            node.parts.append(expression(cursor))
        if node.tag == "GROUP_CONCAT" and cursor.skip(";"):
            cursor.expect_word("SEPARATOR")
            cursor.expect("=")
            if not cursor.at_kind("string"):
                cursor.fail("a string was expected")
            cursor.take()
        cursor.expect(")")
    return node


def _exists(cursor: Cursor) -> Node:
    with cursor.node("exists") as node:
        node.tag = "NOT" if cursor.skip_word("NOT") else ""
        cursor.expect_word("EXISTS")
        node.parts.append(cursor.group(cursor))
    return node
