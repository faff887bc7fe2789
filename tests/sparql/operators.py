"""The operators of SPARQL 1.1 as the letter of section 17 has them, for the engine to call.

The store's own operators depart from it: they order IRIs but no booleans, have no boolean value for
ill-typed numbers, and take a product of more digits than they keep for an error. Its queries are
written with these functions instead, and are right then.
"""

from __future__ import annotations

import math
import re
import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable

    Value = tuple[str, object, object]
    Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_NEAR: Final = timedelta(hours=14)
_EXACT: Final = ("integer", "decimal")
_INEXACT: Final = ("double", "float")
# Digits that a decimal keeps behind its point, and the first that is too large.
_DIGITS: Final = 18
_LARGEST: Final = Decimal(2**127) / 10**_DIGITS
# How far apart the results of some operations on floats may be.
_FLOAT: Final = 1e-6
_LANG: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


class _Error(Exception):
    """The error of an expression."""


def equal(left: Term, right: Term) -> bool:
    """Return `=`: an operator of section 17.3, else RDFterm-equal (section 17.4.1.7)."""
    if not isinstance(left, ox.Literal) or not isinstance(right, ox.Literal):
        return left == right
    one, two = _value(left), _value(right)
    if one is None or two is None:
        return _same(left, right)
    if one[0] != two[0]:
        return False
    return _compared(one, two) == 0 if one[0] != "lang" else left == right


def _same(left: ox.Literal, right: ox.Literal) -> bool:
    """Compare literals of which one has no known value."""
    if left == right:
        return True
    if _LANG in (left.datatype.value, right.datatype.value):
        return False
    raise _Error


def less(left: Term, right: Term) -> bool:
    """Return `<`."""
    return _order(left, right) < 0


def at_most(left: Term, right: Term) -> bool:
    """Return `<=`."""
    return _order(left, right) <= 0


def unordered(left: Term | None, right: Term | None) -> bool:
    """Whether two terms are literals neither of which is less than the other."""
    if not isinstance(left, ox.Literal) or not isinstance(right, ox.Literal):
        return False
    try:
        return _order(left, right) not in (-1, 1)
    except _Error:
        return True


def near(left: Term | None, right: Term | None) -> bool:
    """Whether two terms are inexact numbers of one datatype, equal to a float's precision."""
    if not isinstance(left, ox.Literal) or not isinstance(right, ox.Literal):
        return False
    one, two = _value(left), _value(right)
    if one is None or two is None or one[2] != two[2] or one[2] not in _INEXACT:
        return False
    return math.isclose(one[1], two[1], rel_tol=_FLOAT)  # type: ignore[arg-type]


def _order(left: Term, right: Term) -> int:
    if not isinstance(left, ox.Literal) or not isinstance(right, ox.Literal):
        raise _Error
    one, two = _value(left), _value(right)
    if one is None or two is None or one[0] != two[0]:
        raise _Error
    if one[0] == "lang" and left.language != right.language:
        raise _Error
    return _compared(one, two)


def truth(term: Term) -> bool:
    """Return the effective boolean value (section 17.2.2)."""
    if not isinstance(term, ox.Literal):
        raise _Error
    value = _value(term)
    if value is None:
        known = (*_EXACT, *_INEXACT, "boolean")
        if term.datatype.value.removeprefix(XSD) in known:
            return False
        raise _Error
    if value[0] == "number":
        return not math.isnan(value[1]) and value[1] != 0
    if value[0] in ("string", "lang", "boolean"):
        return bool(value[1])
    raise _Error


def product(left: Term, right: Term) -> ox.Literal:
    """Return `*` of decimals, rounded to the digits that are kept.

    XQuery 1.0 and XPath 2.0 Functions and Operators, section 6.2: what does not fit is truncated or
    rounded; only what is too large is an error.
    """
    if not isinstance(left, ox.Literal) or not isinstance(right, ox.Literal):
        raise _Error
    one, two = _value(left), _value(right)
    if one is None or two is None or {one[2], two[2]} - set(_EXACT) or one[0] != "number":
        raise _Error
    with localcontext(prec=60):
        found = one[1] * two[1]  # type: ignore[operator]
        if abs(found) >= _LARGEST or found == round(found, _DIGITS):
            raise _Error
        text = f"{round(found, _DIGITS):f}"
    return ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal"))


def _value(literal: ox.Literal) -> Value | None:  # noqa: PLR0911 - one for each kind
    """Return the kind of a literal, its value and what else matters; None if it has none."""
    text, datatype = literal.value, literal.datatype.value.removeprefix(XSD)
    if datatype == _LANG:
        return "lang", text, literal.language
    try:
        match datatype:
            case "string":
                return "string", text, None
            case "boolean":
                return "boolean", {"true": True, "false": False}[text], None
            case "integer" | "decimal":
                return "number", Decimal(text), datatype
            case "double" | "float":
                return "number", float(text.replace("INF", "inf")), datatype
            case "date":
                return "date", datetime.fromisoformat(f"{text[:10]}T00:00:00{text[10:]}"), None
            case "dateTime":
                return "dateTime", datetime.fromisoformat(text), None
            case "gYear":
                return "gYear", int(text), None
    except (ValueError, KeyError, InvalidOperation):
        return None
    return None


def _compared(one: Value, two: Value) -> int:
    left, right = one[1], two[1]
    if one[0] == "number":
        left, right = _promoted(one, two)
        if left != left or right != right:  # noqa: PLR0124 - NaN is like nothing
            return 2
    if isinstance(left, datetime) and isinstance(right, datetime):
        left, right = _beside(left, right)
    return (left > right) - (left < right)  # type: ignore[operator]


def _promoted(one: Value, two: Value) -> tuple[object, ...]:
    kinds = (one[2], two[2])
    if all(kind in _EXACT for kind in kinds):
        return one[1], two[1]
    values = [float(one[1]), float(two[1])]  # type: ignore[arg-type]
    if "double" not in kinds:
        values = [struct.unpack("f", struct.pack("f", value))[0] for value in values]
    return tuple(values)


def _beside(left: datetime, right: datetime) -> tuple[datetime, datetime]:
    """Return two moments of one kind; near each other it is open which is the earlier."""
    if (left.tzinfo is None) == (right.tzinfo is None):
        return left, right
    left, right = (each.replace(tzinfo=each.tzinfo or UTC) for each in (left, right))
    if abs(left - right) <= _NEAR:
        raise _Error
    return left, right


def _called(function: Callable[..., bool | ox.Literal]) -> Callable[..., ox.Literal | None]:
    def call(*arguments: Term) -> ox.Literal | None:
        try:
            found = function(*arguments)
            return ox.Literal(found) if isinstance(found, bool) else found
        except _Error:
            return None

    return call


FUNCTIONS: Final = {
    ox.NamedNode(f"t:{name}"): _called(function)
    for name, function in {
        "eq": equal,
        "lt": less,
        "le": at_most,
        "truth": truth,
        "product": product,
    }.items()
}
"""The functions by the names under which queries call them."""

# How an operation, `⟨operator¦operand¦…⟩`, is written: with the engine's operators …
OWN: Final = {
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "&&", "||"), "({1} {0} {2})"),
    **dict.fromkeys(("+", "-", "*", "/"), "({1} {0} {2})"),
    **dict.fromkeys(("IN", "NOT IN"), "({1} {0} ({2}, {3}))"),
    "!": "(!{1})",
    "truth": "{1}",
}
# … and with those of the letter.
LETTER: Final = {
    **dict.fromkeys(("+", "-", "/"), "({1} {0} {2})"),
    "*": "COALESCE({1} * {2}, <t:product>({1}, {2}))",
    "=": "<t:eq>({1}, {2})",
    "!=": "(!<t:eq>({1}, {2}))",
    "<": "<t:lt>({1}, {2})",
    "<=": "<t:le>({1}, {2})",
    ">": "<t:lt>({2}, {1})",
    ">=": "<t:le>({2}, {1})",
    "&&": "(<t:truth>({1}) && <t:truth>({2}))",
    "||": "(<t:truth>({1}) || <t:truth>({2}))",
    "!": "(!<t:truth>({1}))",
    "truth": "<t:truth>({1})",
    "IN": "(<t:eq>({1}, {2}) || <t:eq>({1}, {3}))",
    "NOT IN": "(!(<t:eq>({1}, {2}) || <t:eq>({1}, {3})))",
}
_OPERATION: Final = re.compile("⟨([^⟨⟩]*)⟩")


def written(text: str, forms: dict[str, str]) -> str:
    """Return a text with its operations in one of their forms, the inner ones first."""

    def form(match: re.Match[str]) -> str:
        name, *operands = match[1].split("¦")
        return forms[name].format(name, *operands)

    while "⟨" in text:
        text = _OPERATION.sub(form, text)
    return text
