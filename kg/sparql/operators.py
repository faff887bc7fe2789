"""The operators of section 17.3: logic and comparison.

1. `&&`, `||` and `!` are SQL's own, for NULL is the error (section 17.2).
2. `=` between terms whose numbers differ exactly when they are unequal compares the numbers.
   Otherwise it goes by families of classes that have an operator in common: within a family the
   operator decides; different families are unequal; where one side has a datatype that no operator
   knows, the same term is equal and any other literal without a language an error (17.4.1.7).
3. `<` is an error between families. Strings that both have ranks compare by rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.ids import Class, inline
from kg.sparql.facets import (
    ALL,
    EXACT,
    INLINE,
    NO_LITERAL,
    NUMERIC,
    TEXT,
    Value,
    boolean,
    error,
    rescaled,
    struct,
)
from kg.sparql.letters import no_sigma
from kg.terms import XSD_DECIMAL, XSD_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.relation import Number, Relation

_FAMILIES: Final = {
    "number": NUMERIC,
    "string": frozenset({Class.STRING}),
    "lang": frozenset({Class.LANG}),
    "boolean": frozenset({Class.BOOLEAN}),
    "date": frozenset({Class.DATE}),
    "dateTime": frozenset({Class.DATE_TIME}),
    "year": frozenset({Class.YEAR}),
    "iri": frozenset({Class.IRI}),
    "blank": frozenset({Class.BLANK}),
}
_STRANGE: Final = frozenset({Class.UNKNOWN, Class.ILL_TYPED})
# What carries a language is of no other datatype, known or not.
_UNTAGGED: Final = ALL - NO_LITERAL - {Class.LANG}
_UNCOMPARED: Final = frozenset({Class.BEYOND})
# Families whose members are equal exactly when they are the same term.
_TERM_EQUAL: Final = frozenset({"string", "lang", "boolean", "iri", "blank", "year"})
_FOURTEEN_HOURS: Final = 14 * 3600 * 1_000_000


def effective_boolean(value: Value) -> str:
    """Return the effective boolean value (section 17.2.2); NULL is an error."""
    if value.classes == {Class.BOOLEAN}:
        return value.get("boolean")
    cases = []
    for kinds, truth in _truths(value):
        if value.within(kinds):
            return f"({truth})"
        if value.classes & kinds:
            cases.append(f"WHEN {value.is_in(kinds)} THEN {truth}")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS BOOLEAN)"


def _truths(value: Value) -> list[tuple[frozenset[Class], str]]:
    value.refuse(_UNCOMPARED, "The truth value")
    classes = value.classes
    truths = []
    if Class.BOOLEAN in classes:
        truths.append((frozenset({Class.BOOLEAN}), value.get("boolean")))
    if classes & TEXT:
        truths.append((TEXT, f"{value.get('lex')} <> ''"))
    if classes & EXACT:
        truths.append((EXACT, f"{value.number.sql} <> 0"))
    if classes & (NUMERIC - EXACT):
        number = value.get("double")
        truths.append((NUMERIC - EXACT, f"({number} <> 0 AND NOT isnan({number}))"))
    if Class.ILL_TYPED in classes:
        truths.append((frozenset({Class.ILL_TYPED}), "FALSE"))
    return truths


def logical(name: str, left: Value, right: Value) -> Value:
    """Return `&&` or `||`."""
    word = "AND" if name == "&&" else "OR"
    sql = f"({effective_boolean(left)} {word} {effective_boolean(right)})"
    return boolean(sql)


def negation(value: Value) -> Value:
    """Return `!`."""
    return boolean(f"(NOT {effective_boolean(value)})", nullable=True)


# Equality ----------------------------------------------------------------------------------------


def equal(left: Value, right: Value) -> Value:
    """Return `=`."""
    if not left.classes or not right.classes:
        return error()
    nullable = left.nullable or right.nullable
    if left.has("id") and right.has("id") and _equal_by_number(left, right):
        return boolean(f"({left.get('id')} = {right.get('id')})", nullable=nullable)
    for value in (left, right):
        value.refuse(_UNCOMPARED, "Equality")
    if Class.COMPARABLE in left.classes and Class.COMPARABLE in right.classes:
        left.refuse(frozenset({Class.COMPARABLE}), "Equality")
    return boolean(_equal_by_family(left, right))


def _equal_by_number(left: Value, right: Value) -> bool:
    """Whether no two terms of these classes are equal without being the same, or in error."""
    if (left.classes | right.classes) - _PLAIN:
        return False
    numbers = (left.classes & NUMERIC) | (right.classes & NUMERIC)
    if not (left.classes & NUMERIC and right.classes & NUMERIC):
        numbers = frozenset()
    dates = Class.DATE in left.classes and Class.DATE in right.classes
    return len(numbers) <= 1 and not (dates and (_may_be_ranked(left) or _may_be_ranked(right)))


_PLAIN: Final = NO_LITERAL | TEXT | EXACT | {Class.BOOLEAN, Class.DATE, Class.YEAR}


def _may_be_ranked(value: Value) -> bool:
    if isinstance(value.constant, Literal):
        return inline(value.constant) is None
    return value.column is None or value.column.ranked or value.column.local


def _equal_by_family(left: Value, right: Value) -> str:
    cases = []
    shared = [
        name for name, kinds in _FAMILIES.items() if left.classes & kinds and right.classes & kinds
    ]
    for name in shared:
        kinds = _FAMILIES[name]
        same = _SAME[name](left, right)
        if left.within(kinds) and right.within(kinds):
            return same
        cases.append(f"WHEN {left.is_in(kinds)} AND {right.is_in(kinds)} THEN {same}")
    cases.extend(_strange_cases(left, right))
    unequal = f"CASE WHEN {left.bound} AND {right.bound} THEN FALSE END"
    return f"CASE {' '.join(cases)} ELSE {unequal} END" if cases else unequal


def _strange_cases(left: Value, right: Value) -> list[str]:
    if not (left.classes | right.classes) & _STRANGE:
        return []
    strange = " OR ".join(
        value.is_in(_STRANGE) for value in (left, right) if value.classes & _STRANGE
    )
    literals = f"{left.is_in(_UNTAGGED)} AND {right.is_in(_UNTAGGED)}"
    same = f"CASE WHEN {same_term(left, right).get('boolean')} THEN TRUE END"
    return [f"WHEN ({strange}) AND {literals} THEN {same}"]


def same_term(left: Value, right: Value) -> Value:
    """Return sameTerm (section 17.4.1.8)."""
    if left.has("id") and right.has("id"):
        return boolean(f"({left.get('id')} = {right.get('id')})")
    if not left.classes & right.classes:
        return boolean(f"CASE WHEN {left.bound} AND {right.bound} THEN FALSE END")
    if left.classes == right.classes and len(left.classes) == 1 and left.classes <= _ONE_TEXT:
        return boolean(f"({left.get('lex')} = {right.get('lex')})")
    return boolean(f"({struct(left)} = {struct(right)})")


_ONE_TEXT: Final = frozenset(Class) - {
    Class.LANG,
    Class.COMPARABLE,
    Class.UNKNOWN,
    Class.ILL_TYPED,
    Class.BEYOND,
}


def _same_text(left: Value, right: Value) -> str:
    if left.has("id") and right.has("id"):
        return f"({left.get('id')} = {right.get('id')})"
    if (ranks := _ranks(left, right)) is not None:
        return f"({ranks[0]} = {ranks[1]})"
    return f"({_compared(left, right)} = {_compared(right, left)})"


def _compared(value: Value, other: Value) -> str:
    """Return a text to compare, in a form that is cheaper where the other one allows it."""
    return value.get("lower" if no_sigma(other) and value.has("lower") else "lex")


def _same_lang(left: Value, right: Value) -> str:
    if left.has("id") and right.has("id"):
        return f"({left.get('id')} = {right.get('id')})"
    return (
        f"({left.get('lex')} = {right.get('lex')}"
        f" AND {left.get('language')} = {right.get('language')})"
    )


def _same_boolean(left: Value, right: Value) -> str:
    return f"({left.get('boolean')} = {right.get('boolean')})"


def _same_moment(left: Value, right: Value) -> str:
    """Return whether instants are equal; near each other that is open if one has no zone."""
    equal_moments = f"({left.get('moment')} = {right.get('moment')})"
    if left.get("zoned") == right.get("zoned") == "FALSE":
        return equal_moments
    return (
        f"CASE WHEN {left.get('zoned')} = {right.get('zoned')} THEN {equal_moments}"
        f" WHEN {_apart(left, right)} THEN FALSE END"
    )


def _apart(left: Value, right: Value) -> str:
    return f"abs({left.get('moment')} - {right.get('moment')}) > {_FOURTEEN_HOURS}"


def _same_year(left: Value, right: Value) -> str:
    return f"({left.get('moment')} = {right.get('moment')})"


def _numbers(sign: str, left: Value, right: Value) -> str:
    """Return a comparison of numbers after type promotion (section 17.3)."""
    if left.within(EXACT | _NO_NUMBER) and right.within(EXACT | _NO_NUMBER):
        return _exact_comparison(sign, left.number, right.number)
    inexact = _double_comparison(sign, left.get("double"), right.get("double"))
    if (left.classes | right.classes) & {Class.FLOAT}:
        inexact = _float_comparison(sign, left, right, inexact)
    if left.classes & EXACT and right.classes & EXACT:
        both = f"{left.is_in(EXACT)} AND {right.is_in(EXACT)}"
        exact_sql = _exact_comparison(sign, left.number, right.number)
        return f"CASE WHEN {both} THEN {exact_sql} ELSE {inexact} END"
    return inexact


_NO_NUMBER: Final = ALL - NUMERIC


def _exact_comparison(sign: str, left: Number, right: Number) -> str:
    scale = max(left.scale, right.scale)
    return f"({rescaled(left, scale)} {sign} {rescaled(right, scale)})"


def _double_comparison(sign: str, left: str, right: str) -> str:
    """Return a comparison in which NaN is neither equal to nor less than anything."""
    return f"({left} {sign} {right} AND NOT isnan({left}) AND NOT isnan({right}))"


def _float_comparison(sign: str, left: Value, right: Value, inexact: str) -> str:
    floats = [f"CAST({value.get('double')} AS FLOAT)" for value in (left, right)]
    is_float = [value.is_in(frozenset({Class.FLOAT})) for value in (left, right)]
    no_double = [f"NOT {value.is_in(frozenset({Class.DOUBLE}))}" for value in (left, right)]
    condition = f"({' OR '.join(is_float)}) AND {' AND '.join(no_double)}"
    return f"CASE WHEN {condition} THEN {_double_comparison(sign, *floats)} ELSE {inexact} END"


_SAME: Final[dict[str, Callable[[Value, Value], str]]] = {
    "number": lambda left, right: _numbers("=", left, right),
    "string": _same_text,
    "lang": _same_lang,
    "boolean": _same_boolean,
    "date": _same_moment,
    "dateTime": _same_moment,
    "year": _same_year,
    "iri": _same_text,
    "blank": _same_text,
}


# Order -------------------------------------------------------------------------------------------


def compare(sign: str, left: Value, right: Value) -> Value:
    """Return `<`, `<=`, `>` or `>=`."""
    for value in (left, right):
        value.refuse(_UNCOMPARED, "Order")
    if Class.COMPARABLE in left.classes and Class.COMPARABLE in right.classes:
        left.refuse(frozenset({Class.COMPARABLE}), "Order")
    quick = _by_number(sign, left, right) or _by_number(_MIRROR[sign], right, left)
    if quick is not None:
        return boolean(quick, nullable=left.nullable or right.nullable)
    cases = []
    for name, order in _ORDERS.items():
        kinds = _FAMILIES[name]
        if left.classes & kinds and right.classes & kinds:
            sql = order(sign, left, right)
            if left.within(kinds) and right.within(kinds):
                return boolean(sql)
            cases.append(f"WHEN {left.is_in(kinds)} AND {right.is_in(kinds)} THEN {sql}")
    return boolean(f"CASE {' '.join(cases)} END") if cases else error()


_MIRROR: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _by_number(sign: str, left: Value, right: Value) -> str | None:
    """Return a comparison of a stored term's number with a bound, where numbers order as `<`."""
    column = left.column
    if column is None or column.form != "id" or column.local or column.ranked:
        return None
    if not isinstance(right.constant, Literal):
        return None
    if left.classes == {Class.STRING} == right.classes and right.has("position"):
        return f"({left.get('id')} {_strict(sign)} {right.get(_BOUND[sign])})"
    if len(left.classes) == 1 and left.classes <= INLINE:
        bound = inline(_as_class(right.constant, left.classes))
        if bound is not None and right.classes <= _promotable(left.classes):
            return f"({left.get('id')} {sign} {bound})"
    return None


_BOUND: Final = {"<": "position", "<=": "after", ">": "after", ">=": "position"}


def _strict(sign: str) -> str:
    return "<" if sign in ("<", "<=") else ">="


def _as_class(literal: Literal, classes: frozenset[Class]) -> Literal:
    """Return an integer as the decimal that it is promoted to beside a decimal."""
    if classes == {Class.DECIMAL} and literal.datatype.value == XSD_INTEGER:
        return Literal(literal.value, datatype=NamedNode(XSD_DECIMAL))
    return literal


def _promotable(classes: frozenset[Class]) -> frozenset[Class]:
    return EXACT if classes == {Class.DECIMAL} else classes


def _text_order(sign: str, left: Value, right: Value) -> str:
    if (ranks := _ranks(left, right)) is not None:
        return f"({ranks[0]} {sign} {ranks[1]})"
    return f"({left.get('lex')} {sign} {right.get('lex')})"


def _ranks(left: Value, right: Value) -> tuple[str, str] | None:
    """Return the numbers of two terms of one class, if these order as the values' texts do."""
    a, b = left.column or left.text_of, right.column or right.text_of
    if a is None or b is None or a.classes != b.classes or a.classes not in _RANKED_ALONE:
        return None
    if any(column.form != "id" or column.local for column in (a, b)):
        return None
    return a.sql, b.sql


_RANKED_ALONE: Final = (frozenset({Class.STRING}), frozenset({Class.IRI}))


def _lang_order(sign: str, left: Value, right: Value) -> str:
    same = f"{left.get('language')} = {right.get('language')}"
    return f"CASE WHEN {same} THEN {left.get('lex')} {sign} {right.get('lex')} END"


def _boolean_order(sign: str, left: Value, right: Value) -> str:
    return f"({left.get('boolean')} {sign} {right.get('boolean')})"


def _year_order(sign: str, left: Value, right: Value) -> str:
    return f"({left.get('moment')} {sign} {right.get('moment')})"


def _moment_order(sign: str, left: Value, right: Value) -> str:
    """Return an order of instants; without a zone an instant is uncertain by 14 hours."""
    plain = f"{left.get('moment')} {sign} {right.get('moment')}"
    if left.get("zoned") == right.get("zoned") == "FALSE":
        return f"({plain})"
    known = f"{left.get('zoned')} = {right.get('zoned')} OR {_apart(left, right)}"
    return f"CASE WHEN {known} THEN {plain} END"


_ORDERS: Final[dict[str, Callable[[str, Value, Value], str]]] = {
    "number": _numbers,
    "string": _text_order,
    "lang": _lang_order,
    "boolean": _boolean_order,
    "date": _moment_order,
    "dateTime": _moment_order,
    "year": _year_order,
}


def with_position(relation: Relation, value: Value) -> Value:
    """Add to a constant string its place among the ranks, for `<` against stored strings."""
    if value.classes == {Class.STRING} and isinstance(value.constant, Literal):
        position = relation.context.dictionary.position(value.constant.value)
        after = position + (relation.context.number(value.constant) >= 0)
        value.makers["position"] = lambda: str(position)
        value.makers["after"] = lambda: str(after)
    return value
