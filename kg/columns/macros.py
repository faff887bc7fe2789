"""Calculation that SQL does not have, as DuckDB macros kept in the columns' own file.

A decimal is a 128-bit integer with a number of fraction digits that is known when the query is
compiled, 18 at most: the store's own range. What leaves the range is NULL, which is how an
expression's error is written (SPARQL 1.1, section 17.2).
"""

from __future__ import annotations

from typing import Final

from kg.columns.ids import OFFSET, TAG_BITS

# Long division, three digits at a time: the remainder chain keeps every step inside 128 bits.
_DIGITS_AT_ONCE: Final = 3
_ONE: Final = "1000000000000000000"


def long_division(digits: int, a: str = "a", b: str = "b") -> str:
    """Return SQL for the quotient of a and b in 10^-18, so many digits at a time."""
    remainder = f"(abs({a}) % abs({b}))"
    quotient = f"(abs({a}) // abs({b}))"
    for _ in range(18 // digits):
        quotient = f"({quotient} * {10**digits} + ({remainder} * {10**digits}) // abs({b}))"
        remainder = f"(({remainder} * {10**digits}) % abs({b}))"
    return f"CASE WHEN {b} = 0 THEN NULL ELSE sign({a}) * sign({b}) * {quotient} END"


def _division() -> str:
    """Return SQL for the same, in one step where the dividend leaves room for 18 digits more.

    A list of one element gives the operands names: a macro writes them wherever they are used.
    """
    room = (2**127 - 1) // 10**18
    return (
        f"list_transform([{{'a': a, 'b': b}}], lambda x: CASE WHEN abs(x.a) <= {room} AND x.b <> 0"
        f" THEN (x.a * {_ONE}) // x.b ELSE {long_division(_DIGITS_AT_ONCE, 'x.a', 'x.b')} END)[1]"
    )


_DIGITS = "replace(split_part(ltrim(t, '-'), 'e', 1), '.', '')"
_EXPONENT = "TRY_CAST(split_part(t, 'e', 2) AS INTEGER)"
_EXPANDED = (
    f"CASE WHEN {_EXPONENT} < 0 THEN '0.' || repeat('0', -{_EXPONENT} - 1) || {_DIGITS}"
    f" ELSE rpad({_DIGITS}, {_EXPONENT} + 1, '0') END"
)

MACROS: Final = {
    # Quotient of two integers of the same scale, in units of 10^-18, truncated as the store does.
    "atlas_quotient(a, b)": f"TRY({_division()})",
    # Product of two numbers of units, split into whole and fraction so that no step overflows.
    "atlas_product(a, b)": (
        "TRY(sign(a) * sign(b) * ("
        f"(abs(a) // {_ONE}) * abs(b) + (abs(a) % {_ONE}) * (abs(b) // {_ONE})"
        f" + ((abs(a) % {_ONE}) * (abs(b) % {_ONE})) // {_ONE}))"
    ),
    # Numbers as text, in the store's form: no exponent, no trailing zeros.
    "atlas_scaled_text(u, s, p)": (
        "CASE WHEN u < 0 THEN '-' ELSE '' END || CAST(abs(u) // p AS VARCHAR)"
        " || CASE WHEN abs(u) % p = 0 THEN ''"
        " ELSE '.' || rtrim(lpad(CAST(abs(u) % p AS VARCHAR), s, '0'), '0') END"
    ),
    "atlas_expand(t)": (
        "CASE WHEN contains(t, 'e') THEN"
        f" (CASE WHEN t[1] = '-' THEN '-' ELSE '' END) || ({_EXPANDED})"
        " WHEN t[-2:] = '.0' THEN t[:-3] ELSE t END"
    ),
    "atlas_double_text(x)": (
        "CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN (CASE WHEN x > 0 THEN 'INF' ELSE '-INF'"
        " END) ELSE atlas_expand(CAST(x AS VARCHAR)) END"
    ),
    # The 59 bits of a term's number that are its value.
    "atlas_value(id)": f"((id & {(1 << TAG_BITS) - 1}) - {OFFSET})",
}


def create_statements(schema: str) -> list[str]:
    """Return the statements that put the macros into a schema."""
    return [f"CREATE MACRO {schema}.{head} AS {body}" for head, body in MACROS.items()]
