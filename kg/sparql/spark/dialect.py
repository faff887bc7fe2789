"""DuckDB's SQL written as Spark's.

The compiler writes one SQL. sqlglot knows most of what Spark names differently; what it means
differently is changed in the syntax tree before:

| DuckDB | Spark |
|---|---|
| macros | their bodies: Spark sorts by no function of SQL |
| 128-bit integers | DECIMAL(38, 0) |
| `//` on them | a division that leaves no remainder; `div` would give 64 bits |
| sum of integers | the same in 38 digits; it would have 64 bits |
| sign | a CASE; it would be a double |
| row | struct |
| regexp_full_match | RLIKE with both ends |
| groups in replacements | `$1` |
| TRY, TRY_CAST | errors are NULL throughout (`spark.sql.ansi.enabled` is false) |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp

from kg.columns.macros import MACROS, long_division
from kg.sparql.errors import NotCompilable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BIG: Final = "DECIMAL(38, 0)"
_BIGGEST: Final = frozenset({exp.DataType.Type.INT128, exp.DataType.Type.UINT128})

# Java writes 1.0E10 where DuckDB writes 1e10.
_TEXT: Final = "lower(CAST(x AS STRING))"
_DIGITS: Final = f"replace(split_part(ltrim('-', {_TEXT}), 'e', 1), '.', '')"
_EXPONENT: Final = f"CAST(split_part({_TEXT}, 'e', 2) AS INT)"
_DOUBLE_TEXT: Final = (
    "CASE WHEN isnan(x) THEN 'NaN' WHEN x = double('infinity') THEN 'INF'"
    " WHEN x = double('-infinity') THEN '-INF'"
    f" WHEN contains({_TEXT}, 'e') THEN (CASE WHEN x < 0 THEN '-' ELSE '' END) ||"
    f" (CASE WHEN {_EXPONENT} < 0"
    f" THEN rtrim('0', '0.' || repeat('0', -{_EXPONENT} - 1) || {_DIGITS})"
    f" WHEN length({_DIGITS}) <= {_EXPONENT} + 1 THEN rpad({_DIGITS}, {_EXPONENT} + 1, '0')"
    f" ELSE substring({_DIGITS}, 1, {_EXPONENT} + 1) || '.' ||"
    f" substring({_DIGITS}, {_EXPONENT} + 2) END)"
    f" WHEN endswith({_TEXT}, '.0') THEN substring({_TEXT}, 1, length({_TEXT}) - 2)"
    f" ELSE {_TEXT} END"
)


def parsed(sql: str) -> exp.Expression:
    """Return the syntax tree of a statement of the compiler, its macros written out."""
    return _without_macros(sqlglot.parse_one(sql, read="duckdb"))


def written(tree: exp.Expression) -> str:
    """Return a syntax tree as Spark's SQL."""
    changed = tree.copy()
    for kind, change in _CHANGES.items():
        # Inner ones first, so that what is put around them holds them as changed.
        for node in reversed(list(changed.find_all(kind))):
            node.replace(change(node))
    return str(changed.sql("spark"))


def _without_macros(tree: exp.Expression) -> exp.Expression:
    """Return a statement with the bodies of macros in their places: Spark sorts by no function."""
    calls = [call for call in tree.find_all(exp.Anonymous) if call.name in _MACROS]
    for call in reversed(calls):
        names, body = _MACROS[call.name]
        values = dict(zip(names, call.expressions, strict=True))
        call.replace(exp.paren(_filled(body, values)))
    return tree


def _filled(body: exp.Expression, values: dict[str, exp.Expression]) -> exp.Expression:
    def value(node: exp.Expression) -> exp.Expression:
        known = isinstance(node, exp.Column) and values.get(node.name)
        return exp.paren(known.copy()) if known else node

    return body.copy().transform(value)


def _macros() -> Iterator[tuple[str, tuple[list[str], exp.Expression]]]:
    own = {
        # Two steps instead of six: Spark writes the parts of an expression out wherever they stand.
        "atlas_quotient": sqlglot.parse_one(long_division(9), read="duckdb"),
        "atlas_double_text": sqlglot.parse_one(_DOUBLE_TEXT, read="spark"),
    }
    for head, body in MACROS.items():
        name, _, parameters = head.rstrip(")").partition("(")
        names = [parameter.strip() for parameter in parameters.split(",")]
        yield name, (names, own.get(name) or sqlglot.parse_one(body, read="duckdb"))


_MACROS: Final = dict(_macros())


def _type(node: exp.DataType) -> exp.Expression:
    return exp.DataType.build(_BIG) if node.this in _BIGGEST else node


def _whole_division(node: exp.IntDiv) -> exp.Expression:
    """Return a division of 128-bit integers that has no remainder left to divide."""
    a, b = exp.paren(node.this.copy()), exp.paren(node.expression.copy())
    big = exp.cast(a, _BIG)
    rest = exp.Paren(this=exp.Sub(this=big, expression=exp.Mod(this=a.copy(), expression=b)))
    return exp.cast(exp.Div(this=rest, expression=b.copy()), _BIG)


def _sign(node: exp.Sign) -> exp.Expression:
    """Return the sign as an integer, where Spark's own is a double."""
    value = node.this
    case = exp.case().when(exp.GT(this=value.copy(), expression=exp.Literal.number(0)), "1")
    case = case.when(exp.LT(this=value.copy(), expression=exp.Literal.number(0)), "-1")
    return exp.cast(case.else_("0"), "DECIMAL(1, 0)")


def _sum(node: exp.Sum) -> exp.Expression:
    """Sum whole numbers in 128 bits, as DuckDB does by itself; the compiler says which are."""
    outer = node.find_ancestor(exp.Cast)
    if outer is not None and outer.to.this in _BIGGEST | {exp.DataType.Type.DECIMAL}:
        distinct = isinstance(node.this, exp.Distinct)
        inner = node.this.expressions[0] if distinct else node.this
        inner.replace(exp.cast(inner.copy(), _BIG))
    return node


def _call(node: exp.Anonymous) -> exp.Expression:
    name = node.name.upper()
    if name == "ROW":
        return exp.Anonymous(this="struct", expressions=node.expressions)
    if name == "LIST_SUM":
        raise NotCompilable("SUM(DISTINCT) over several classes of numbers is not there on Spark")
    return node


def _full_match(node: exp.RegexpFullMatch) -> exp.Expression:
    whole = exp.Literal.string(f"^(?:{node.expression.name})$")
    return exp.RegexpLike(this=node.this.copy(), expression=whole)


def _replacement(node: exp.RegexpReplace) -> exp.Expression:
    r"""Return a replacement whose groups are written $1 and not \1."""
    new = node.args["replacement"]
    if isinstance(new, exp.Literal):
        text = _GROUP.sub(r"$\1", new.name.replace("$", r"\$"))
        new.replace(exp.Literal.string(text))
    return node


_GROUP: Final = re.compile(r"\\([0-9])")
_CHANGES: Final[dict[type[exp.Expression], Callable[..., exp.Expression]]] = {
    exp.Sum: _sum,
    exp.IntDiv: _whole_division,
    exp.Sign: _sign,
    exp.Anonymous: _call,
    exp.RegexpFullMatch: _full_match,
    exp.RegexpReplace: _replacement,
    exp.DataType: _type,
}
