"""The built-in functions (SPARQL 1.1, section 17.4), each a function from values to a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.canonical import VALUED
from kg.columns.ids import Class
from kg.sparql import regex
from kg.sparql.arithmetic import rounding
from kg.sparql.context import quoted
from kg.sparql.errors import NotCompilable
from kg.sparql.facets import (
    ALL,
    NO_LITERAL,
    NUMERIC,
    TEXT,
    Value,
    boolean,
    completed,
    constant,
    error,
    exact,
    string,
)
from kg.sparql.letters import no_sigma
from kg.sparql.operators import same_term
from kg.sparql.relation import Number
from kg.terms import XSD_STRING, is_iri, resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.relation import Relation

_STRING: Final = frozenset({Class.STRING})
_IRI_PATTERN: Final = r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*"


def text_of(value: Value) -> str:
    """Return the text of a string argument (section 17.4.3.1.1); others are errors."""
    return value.only("lex", TEXT)


def tag_of(value: Value) -> str:
    """Return the language of a string argument."""
    return value.only("language", TEXT)


def plain_text(value: Value) -> str:
    """Return the text of an argument that must be a simple literal."""
    return value.only("lex", _STRING)


def tagged(sql: str, source: Value, *, language: str | None = None) -> Value:
    """Return a string with the language of its source, NULL where the text is NULL."""
    classes = source.classes & TEXT
    if not classes:
        return error()
    if classes == _STRING:
        return string(sql)
    tag = language or tag_of(source)
    tag = f"CASE WHEN {sql} IS NOT NULL THEN {tag} END"
    kind = (
        f"CASE WHEN {tag} = '' THEN {int(Class.STRING)} WHEN {tag} <> '' THEN {int(Class.LANG)} END"
    )
    makers = {"lex": lambda: sql, "language": lambda: tag, "kind": lambda: kind}
    return completed(Value(classes, nullable=True, makers=makers))


def integer(sql: str) -> Value:
    """Return a computed integer."""
    return exact(Number(sql, 0), Class.INTEGER)


def compatible(left: Value, right: Value) -> str:
    """Return the condition that two string arguments are compatible (section 17.4.3.1.2)."""
    if right.within(_STRING):  # or NULL, as is then what is asked of it
        return "TRUE"
    return f"({tag_of(right)} = '' OR {tag_of(right)} = {tag_of(left)})"


# Terms -------------------------------------------------------------------------------------------


def _str(value: Value) -> Value:
    """Return the text, which is looked up only if its column's numbers do not do instead."""
    makers = {"lex": lambda: value.only("lex", ALL - {Class.BLANK})}
    nullable = value.nullable or _blank(value)
    return completed(Value(_STRING, nullable, makers, text_of=value.column or value.text_of))


def _blank(value: Value) -> bool:
    return Class.BLANK in value.classes


def _lang(value: Value) -> Value:
    return string(value.get("language"))


def _datatype(value: Value) -> Value:
    return string(value.get("datatype"), kind=Class.IRI)


def _is(classes: frozenset[Class]) -> Callable[[Value], Value]:
    return lambda value: boolean(value.is_in(classes), nullable=value.nullable)


def _is_numeric(value: Value) -> Value:
    value.refuse(frozenset({Class.BEYOND}), "isNumeric")
    return boolean(value.is_in(NUMERIC), nullable=value.nullable)


def iri(relation: Relation, value: Value) -> Value:
    """Return IRI(); a computed relative one would need the base for each row."""
    if value.within(frozenset({Class.IRI})):
        return value
    if isinstance(value.constant, Literal):
        return _constant_iri(relation, value.constant)
    if relation.context.base:
        raise NotCompilable("IRI() of a string under a BASE is not compiled")
    text = value.only("lex", frozenset({Class.IRI, Class.STRING}))
    sql = f"CASE WHEN regexp_full_match({text}, {quoted(_IRI_PATTERN)}) THEN {text} END"
    return string(sql, kind=Class.IRI)


def _constant_iri(relation: Relation, term: Literal) -> Value:
    text = term.value
    if relation.context.base and not is_iri(text):
        try:
            text = resolved(text, relation.context.base)
        except ValueError:
            return error()
    if not is_iri(text) or term.datatype.value != XSD_STRING:
        return error()
    return constant(relation, NamedNode(text))


def _strdt(value: Value, datatype: Value) -> Value:
    if not isinstance(datatype.constant, NamedNode):
        raise NotCompilable("STRDT with a computed datatype is not compiled")
    name = datatype.constant.value
    if name == XSD_STRING:
        return string(plain_text(value))
    if name in VALUED or name.endswith("#langString"):
        raise NotCompilable(f"STRDT with the datatype {name} is not compiled")
    text = plain_text(value)
    makers = {
        "lex": lambda: text,
        "datatype": lambda: f"CASE WHEN {text} IS NOT NULL THEN {quoted(name)} END",
        "kind": lambda: f"CASE WHEN {text} IS NOT NULL THEN {int(Class.UNKNOWN)} END",
    }
    return completed(Value(frozenset({Class.UNKNOWN}), nullable=True, makers=makers))


def _strlang(value: Value, language: Value) -> Value:
    if not isinstance(language.constant, Literal) or not language.constant.value:
        raise NotCompilable("STRLANG with a computed language is not compiled")
    tag, text = quoted(language.constant.value.lower()), plain_text(value)
    makers = {
        "lex": lambda: text,
        "language": lambda: f"CASE WHEN {text} IS NOT NULL THEN {tag} END",
    }
    return completed(Value(frozenset({Class.LANG}), nullable=True, makers=makers))


# Strings -----------------------------------------------------------------------------------------


def _strlen(value: Value) -> Value:
    return integer(f"length({text_of(value)})")


def _ucase(value: Value) -> Value:
    """Return fn:upper-case; the sharp s has two letters there, where DuckDB keeps it."""
    return tagged(f"upper(replace({text_of(value)}, 'ß', 'SS'))", value)


def _lcase(value: Value) -> Value:
    """Return fn:lower-case with the final form of sigma."""
    text = text_of(value)
    if no_sigma(value):
        small = tagged(f"lower({text})", value)
        small.sigma_free = True
        return small
    final = f"regexp_replace(lower({text}), '(\\p{{L}})\u03c3($|\\P{{L}})', '\\1\u03c2\\2', 'g')"
    sql = f"CASE WHEN contains({text}, 'Σ') THEN {final} ELSE lower({text}) END"
    result = tagged(sql, value)
    result.makers["lower"] = lambda: f"lower({text})"
    return result


def _pair(sql: str) -> Callable[[Value, Value], Value]:
    """Return a truth about two compatible strings."""

    def apply(left: Value, right: Value) -> Value:
        text = left.get("lower") if no_sigma(right) and left.has("lower") else text_of(left)
        truth = sql.format(text, text_of(right))
        condition = compatible(left, right)
        return boolean(truth if condition == "TRUE" else f"CASE WHEN {condition} THEN {truth} END")

    return apply


def _strbefore(left: Value, right: Value) -> Value:
    text, part = text_of(left), text_of(right)
    return _split(left, right, f"substring({text}, 1, strpos({text}, {part}) - 1)")


def _strafter(left: Value, right: Value) -> Value:
    text, part = text_of(left), text_of(right)
    return _split(left, right, f"substring({text}, strpos({text}, {part}) + length({part}))")


def _split(left: Value, right: Value, found: str) -> Value:
    """Return a part of a string; without a match the simple empty one (section 17.4.3.7)."""
    text, part = text_of(left), text_of(right)
    match = f"contains({text}, {part})"
    condition = compatible(left, right)
    part_of = f"CASE WHEN {match} THEN {found} WHEN NOT {match} THEN '' END"
    sql = part_of if condition == "TRUE" else f"CASE WHEN {condition} THEN {part_of} END"
    tag = f"CASE WHEN {match} THEN {tag_of(left)} ELSE '' END"
    result = tagged(sql, left, language=tag)
    if left.classes & TEXT == {Class.LANG}:
        result.classes = TEXT
    return result


def _substr(value: Value, start: Value, size: Value | None = None) -> Value:
    """Return fn:substring for whole numbers; positions count from 1."""
    for number in (start, size):
        if number is not None and not number.within(frozenset({Class.INTEGER})):
            raise NotCompilable("SUBSTR with numbers that may not be integers is not compiled")
    begin = f"CAST({start.number.sql} // {10**start.number.scale} AS BIGINT)"
    text = text_of(value)
    low = f"greatest({begin}, 1)"
    if size is None:
        return tagged(f"substring({text}, {low})", value)
    length = f"CAST({size.number.sql} // {10**size.number.scale} AS BIGINT)"
    return tagged(f"substring({text}, {low}, greatest({begin} + {length} - {low}, 0))", value)


def _concat(*values: Value) -> Value:
    if not values:
        return string("''", nullable=False)
    texts = " || ".join(text_of(value) for value in values)
    if any(not value.classes & TEXT for value in values):
        return error()
    if any(value.within(_STRING) for value in values):
        return string(f"({texts})")
    tags = [tag_of(value) for value in values]
    same = " AND ".join(f"{tag} = {tags[0]}" for tag in tags[1:]) or "TRUE"
    result = tagged(
        f"({texts})", values[0], language=f"CASE WHEN {same} THEN {tags[0]} ELSE '' END"
    )
    result.classes = TEXT
    return result


def _langmatches(language: Value, chosen: Value) -> Value:
    """Return basic filtering (RFC 4647, section 3.3.1)."""
    if not isinstance(chosen.constant, Literal):
        raise NotCompilable("LANGMATCHES with a computed range is not compiled")
    text, wanted = f"lower({plain_text(language)})", chosen.constant.value.lower()
    if wanted == "*":
        return boolean(f"({text} <> '')")
    return boolean(f"({text} = {quoted(wanted)} OR starts_with({text}, {quoted(wanted + '-')}))")


def _constant_text(value: Value, what: str) -> str:
    if not isinstance(value.constant, Literal) or not value.within(_STRING):
        raise NotCompilable(f"A computed {what} is not compiled")
    return value.constant.value


def _regex(text: Value, pattern: Value, flags: Value | None = None) -> Value:
    chosen = _constant_text(flags, "regular expression flag") if flags else ""
    body = regex.translate(_constant_text(pattern, "regular expression"), chosen)
    return boolean(f"regexp_matches({text_of(text)}, {quoted(body)})")


def _replace(text: Value, pattern: Value, new: Value, flags: Value | None = None) -> Value:
    chosen = _constant_text(flags, "regular expression flag") if flags else ""
    body = regex.translate(_constant_text(pattern, "regular expression"), chosen)
    if regex.matches_empty(body):
        raise NotCompilable("REPLACE with a pattern that matches nothing is not compiled")
    written = regex.replacement(_constant_text(new, "replacement"), regex.groups(body))
    sql = f"regexp_replace({text_of(text)}, {quoted(body)}, {quoted(written)}, 'g')"
    return tagged(sql, text)


def _hash(name: str) -> Callable[[Value], Value]:
    return lambda value: string(f"{name}({plain_text(value)})")


# Dates -------------------------------------------------------------------------------------------

_DATED: Final = frozenset({Class.DATE, Class.DATE_TIME})
_UNDATED: Final = frozenset({Class.YEAR, Class.COMPARABLE, Class.BEYOND})


def _date_part(first: int, last: int, classes: frozenset[Class]) -> Callable[[Value], Value]:
    """Return a part of a date's text as an integer."""

    def apply(value: Value) -> Value:
        value.refuse(_UNDATED, "A part")
        text = value.only("lex", classes)
        return integer(f"CAST(substring({text}, {first}, {last - first + 1}) AS BIGINT)")

    return apply


def _seconds(value: Value) -> Value:
    value.refuse(_UNDATED, "A part")
    text = value.only("lex", frozenset({Class.DATE_TIME}))
    digits = f"regexp_extract({text}, '^.{{17}}([0-9.]+)', 1)"
    return exact(
        Number(f"CAST(CAST({digits} AS DECIMAL(10, 6)) * 1000000 AS BIGINT)", 6), Class.DECIMAL
    )


def _tz(value: Value) -> Value:
    value.refuse(_UNDATED | {Class.DATE}, "The time zone")
    text = value.only("lex", frozenset({Class.DATE_TIME}))
    return string(f"regexp_extract({text}, '(Z|[+-][0-9:]+)?$')")


FUNCTIONS: Final[dict[str, Callable[..., Value]]] = {
    "STR": _str,
    "LANG": _lang,
    "DATATYPE": _datatype,
    "ISIRI": _is(frozenset({Class.IRI})),
    "ISBLANK": _is(frozenset({Class.BLANK})),
    "ISLITERAL": _is(ALL - NO_LITERAL),
    "ISNUMERIC": _is_numeric,
    "SAMETERM": same_term,
    "STRDT": _strdt,
    "STRLANG": _strlang,
    "STRLEN": _strlen,
    "UCASE": _ucase,
    "LCASE": _lcase,
    "CONTAINS": _pair("contains({}, {})"),
    "STRSTARTS": _pair("starts_with({}, {})"),
    "STRENDS": _pair("ends_with({}, {})"),
    "STRBEFORE": _strbefore,
    "STRAFTER": _strafter,
    "SUBSTR": _substr,
    "CONCAT": _concat,
    "LANGMATCHES": _langmatches,
    "REGEX": _regex,
    "REPLACE": _replace,
    "ENCODE_FOR_URI": lambda value: string(f"url_encode({text_of(value)})"),
    "MD5": _hash("md5"),
    "SHA1": _hash("sha1"),
    "SHA256": _hash("sha256"),
    **{name: rounding(name) for name in ("ABS", "CEIL", "FLOOR", "ROUND")},
    "YEAR": _date_part(1, 4, _DATED),
    "MONTH": _date_part(6, 7, _DATED),
    "DAY": _date_part(9, 10, _DATED),
    "HOURS": _date_part(12, 13, frozenset({Class.DATE_TIME})),
    "MINUTES": _date_part(15, 16, frozenset({Class.DATE_TIME})),
    "SECONDS": _seconds,
    "TZ": _tz,
}
