"""The grammar of expressions (SPARQL 1.1, productions [110] to [128])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.sparql.algebra import Aggregate, Call, Exists, Expression, Var

if TYPE_CHECKING:
    from kg.sparql.cursor import Cursor

AGGREGATES: Final = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
_COMPARISONS: Final = ("=", "!=", "<", ">", "<=", ">=")
_MOST_NESTED: Final = 120

# Built-in functions and how many arguments they take (production [121]).
BUILT_INS: Final = {
    **dict.fromkeys(("RAND", "NOW", "UUID", "STRUUID"), (0, 0)),
    **dict.fromkeys(
        [
            "STR",
            "LANG",
            "DATATYPE",
            "IRI",
            "URI",
            "ABS",
            "CEIL",
            "FLOOR",
            "ROUND",
            "STRLEN",
            "UCASE",
            "LCASE",
            "ENCODE_FOR_URI",
            "YEAR",
            "MONTH",
            "DAY",
            "HOURS",
            "MINUTES",
            "SECONDS",
            "TIMEZONE",
            "TZ",
            "MD5",
            "SHA1",
            "SHA256",
            "SHA384",
            "SHA512",
            "ISIRI",
            "ISURI",
            "ISBLANK",
            "ISLITERAL",
            "ISNUMERIC",
            "BOUND",
        ],
        (1, 1),
    ),
    **dict.fromkeys(
        [
            "LANGMATCHES",
            "CONTAINS",
            "STRSTARTS",
            "STRENDS",
            "STRBEFORE",
            "STRAFTER",
            "STRLANG",
            "STRDT",
            "SAMETERM",
        ],
        (2, 2),
    ),
    "BNODE": (0, 1),
    "SUBSTR": (2, 3),
    "REGEX": (2, 3),
    "REPLACE": (3, 4),
    "IF": (3, 3),
    "CONCAT": (0, None),
    "COALESCE": (0, None),
}


def expression(cursor: Cursor) -> Expression:
    """Read an expression [110]."""
    cursor.depth += 1
    if cursor.depth > _MOST_NESTED:
        cursor.fail("fewer nested expressions")
    result = _or(cursor)
    cursor.depth -= 1
    return result


def _or(cursor: Cursor) -> Expression:
    left = _and(cursor)
    while cursor.eat("||"):
        left = Call("||", (left, _and(cursor)))
    return left


def _and(cursor: Cursor) -> Expression:
    left = _relational(cursor)
    while cursor.eat("&&"):
        left = Call("&&", (left, _relational(cursor)))
    return left


def _relational(cursor: Cursor) -> Expression:
    left = _additive(cursor)
    if cursor.at(*_COMPARISONS):
        return Call(cursor.take().text, (left, _additive(cursor)))
    if cursor.eat_word("IN"):
        return Call("in", (left, *expression_list(cursor)))
    if cursor.at_word("NOT"):
        cursor.take()
        cursor.expect_word("IN")
        return Call("!", (Call("in", (left, *expression_list(cursor))),))
    return left


def _additive(cursor: Cursor) -> Expression:
    left = _multiplicative(cursor)
    while cursor.at("+", "-"):
        left = Call(cursor.take().text, (left, _multiplicative(cursor)))
    return left


def _multiplicative(cursor: Cursor) -> Expression:
    left = _unary(cursor)
    while cursor.at("*", "/"):
        left = Call(cursor.take().text, (left, _unary(cursor)))
    return left


def _unary(cursor: Cursor) -> Expression:
    if cursor.eat("!"):
        return Call("!", (_primary(cursor),))
    if cursor.at("-", "+"):
        sign = cursor.take().text
        if cursor.at_kind("integer", "decimal", "double"):
            number = cursor.literal()
            return Literal(sign + number.value, datatype=number.datatype)
        return Call(f"unary{sign}", (_primary(cursor),))
    return _primary(cursor)


def _primary(cursor: Cursor) -> Expression:  # noqa: PLR0911 - one for each kind
    if cursor.at("("):
        return bracketted(cursor)
    if cursor.at_kind("var"):
        return cursor.var()
    if cursor.at_iri():
        return _iri_or_call(cursor)
    if cursor.at_literal():
        return cursor.literal()
    if cursor.at("+", "-"):
        return cursor.signed_number()
    if cursor.at_kind("word"):
        return built_in(cursor)
    return cursor.fail("an expression")


def bracketted(cursor: Cursor) -> Expression:
    """Read `( expression )` [120]."""
    cursor.expect("(")
    result = expression(cursor)
    cursor.expect(")")
    return result


def _iri_or_call(cursor: Cursor) -> Expression:
    name = cursor.iri()
    return _call(cursor, name) if cursor.at("(") else name


def function_call(cursor: Cursor) -> Expression:
    """Read a call of a function named by an IRI [70]."""
    name = cursor.iri()
    if not cursor.at("("):
        cursor.fail("'('")
    return _call(cursor, name)


def _call(cursor: Cursor, name: NamedNode) -> Expression:
    if cursor.index + 1 < len(cursor.tokens) and _distinct_follows(cursor):
        cursor.fail("no DISTINCT, for this is no aggregate")
    return Call(name.value, expression_list(cursor))


def _distinct_follows(cursor: Cursor) -> bool:
    following = cursor.tokens[cursor.index + 1]
    return following.kind == "word" and following.text.upper() == "DISTINCT"


def expression_list(cursor: Cursor) -> tuple[Expression, ...]:
    """Read `( expression, … )`, possibly empty [77]."""
    cursor.expect("(")
    if cursor.eat(")"):
        return ()
    items = [expression(cursor)]
    while cursor.eat(","):
        items.append(expression(cursor))
    cursor.expect(")")
    return tuple(items)


def built_in(cursor: Cursor) -> Expression:
    """Read a call of a built-in function, an aggregate or EXISTS [121]."""
    token = cursor.take()
    name = token.text.upper()
    if name == "EXISTS":
        return Exists(cursor.group(cursor), negated=False)
    if name == "NOT" and cursor.eat_word("EXISTS"):
        return Exists(cursor.group(cursor), negated=True)
    if name in AGGREGATES:
        if not cursor.aggregates_allowed:
            cursor.fail("no aggregate in this place", token)
        return _aggregate(cursor, name)
    if name not in BUILT_INS:
        cursor.fail("an expression", token)
    return _built_in_call(cursor, name)


def _built_in_call(cursor: Cursor, name: str) -> Expression:
    place = cursor.token
    args = expression_list(cursor)
    least, most = BUILT_INS[name]
    if least is None or len(args) < least or (most is not None and len(args) > most):
        cursor.fail(f"{least} arguments of {name}", place)
    if name == "BOUND" and not isinstance(args[0], Var):
        cursor.fail("a variable", place)
    return Call({"URI": "IRI", "ISURI": "ISIRI"}.get(name, name), args)


def _aggregate(cursor: Cursor, name: str) -> Aggregate:
    """Read what follows an aggregate's name [127]; aggregates do not nest."""
    cursor.expect("(")
    distinct = cursor.eat_word("DISTINCT")
    cursor.aggregates_allowed = False
    argument = None if name == "COUNT" and cursor.eat("*") else expression(cursor)
    cursor.aggregates_allowed = True
    separator = " "
    if name == "GROUP_CONCAT" and cursor.eat(";"):
        separator = _separator(cursor)
    cursor.expect(")")
    return Aggregate(name, argument, distinct, separator)


def _separator(cursor: Cursor) -> str:
    cursor.expect_word("SEPARATOR")
    cursor.expect("=")
    if not cursor.at_kind("string"):
        cursor.fail("a string")
    return cursor.take().text


def constraint(cursor: Cursor) -> Expression:
    """Read what FILTER, HAVING and ORDER BY take without a keyword of their own [69]."""
    if cursor.at("("):
        return bracketted(cursor)
    return function_call(cursor) if cursor.at_iri() else built_in(cursor)
