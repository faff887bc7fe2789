"""What an expression looks at in a term, as SQL: each part by itself, made when it is asked for.

| facet | SQL type | NULL unless |
|---|---|---|
| id | BIGINT | the term has a number at hand |
| kind | UTINYINT | (the `Class`) |
| lex | VARCHAR | (text of the term, as STR gives it) |
| lower | VARCHAR | a text in small letters; lex but for the final form of sigma |
| datatype | VARCHAR | a literal |
| language | VARCHAR | a literal; empty without tag |
| number | integer of 10^-scale | an integer or decimal |
| double | DOUBLE | a number |
| boolean | BOOLEAN | a boolean |
| moment | BIGINT | a date or dateTime (microseconds since 1970), a gYear (the year) |
| zoned | BOOLEAN | a date or dateTime |

Every facet is NULL where the expression is unbound or in error: the third truth value of section
17.2 is SQL's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.canonical import canonical
from kg.columns.ids import (
    DATATYPES,
    Class,
    first,
)
from kg.sparql.context import quoted
from kg.sparql.errors import NotCompilable
from kg.sparql.relation import Column, Number, Relation
from kg.sparql.temporal import literal_class, moment, zoned

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.algebra import Term

Classes = frozenset[Class]

EXACT: Final = frozenset({Class.INTEGER, Class.DECIMAL})
NUMERIC: Final = EXACT | {Class.DOUBLE, Class.FLOAT}
TEXT: Final = frozenset({Class.STRING, Class.LANG})
MOMENTS: Final = frozenset({Class.DATE, Class.DATE_TIME, Class.YEAR})
RANKED_TEXT: Final = frozenset({Class.BLANK, Class.IRI, Class.STRING, Class.LANG})
INLINE: Final = frozenset({Class.INTEGER, Class.DECIMAL, Class.BOOLEAN, Class.DATE})
NO_LITERAL: Final = frozenset({Class.BLANK, Class.IRI})
NAMELESS: Final = frozenset({Class.COMPARABLE, Class.UNKNOWN, Class.ILL_TYPED, Class.BEYOND})
ALL: Final = frozenset(Class)
SCALE: Final = 18
_DAY: Final = 86_400_000_000
_WHOLE: Final = re.compile("-?[0-9]{1,19}")


@dataclass
class Value:
    """An expression: the classes that it may have, whether it may be in error, and its facets.

    `text_of` is the column whose text the value is; `sigma_free` says that it is a constant in
    small letters, none of which has another form at the end of a word.
    """

    classes: Classes
    nullable: bool
    makers: dict[str, Callable[[], str]]
    exact: Callable[[], Number] | None = None
    constant: Term | None = None
    column: Column | None = None
    text_of: Column | None = None
    sigma_free: bool = False
    made: dict[str, str] = field(default_factory=dict)
    made_number: Number | None = None

    def has(self, facet: str) -> bool:
        """Whether a facet is at hand."""
        return facet in self.makers

    def get(self, facet: str) -> str:
        """Return the SQL of a facet, the typed NULL if no class of the value has it."""
        if facet not in self.made:
            maker = self.makers.get(facet)
            self.made[facet] = maker() if maker else f"CAST(NULL AS {_TYPES[facet]})"
        return self.made[facet]

    @property
    def number(self) -> Number:
        """The exact number."""
        if self.made_number is None:
            self.made_number = self.exact() if self.exact else Number("CAST(NULL AS HUGEINT)", 0)
        return self.made_number

    def within(self, classes: Classes) -> bool:
        """Whether the value can have no other than these classes."""
        return self.classes <= classes

    def only(self, facet: str, classes: Classes) -> str:
        """Return a facet that is NULL for every other class than these."""
        if self.within(classes):
            return self.get(facet)
        if not self.classes & classes:
            return f"CAST(NULL AS {_TYPES[facet]})"
        return f"CASE WHEN {self.is_in(classes)} THEN {self.get(facet)} END"

    def is_in(self, classes: Classes) -> str:
        """Return the SQL condition that the value has one of these classes; NULL in error."""
        if self.within(classes) or not self.classes & classes:
            truth = "TRUE" if self.within(classes) else "FALSE"
            return f"CASE WHEN {self.bound} THEN {truth} END" if self.nullable else truth
        listed = ", ".join(str(int(kind)) for kind in sorted(self.classes & classes))
        return f"{self.get('kind')} IN ({listed})"

    @property
    def bound(self) -> str:
        """SQL condition that the value is neither unbound nor in error; never NULL."""
        if not self.nullable:
            return "TRUE"
        return f"({self._witness()} IS NOT NULL)"

    def _witness(self) -> str:
        """Return the cheapest facet that is NULL only in error."""
        if "id" in self.makers:
            return self.get("id")
        if self.exact is not None and self.within(EXACT):
            return self.number.sql
        if self.within(NUMERIC) and "double" in self.makers:
            return self.get("double")
        if self.classes == {Class.BOOLEAN}:
            return self.get("boolean")
        return self.get("lex" if "lex" in self.makers else "kind")

    def refuse(self, classes: Classes, what: str) -> None:
        """Refuse an expression on classes whose values the columns do not calculate with.

        Raises:
            NotCompilable: the value may have one of these classes.
        """
        if self.classes & classes:
            names = ", ".join(sorted(kind.name.lower() for kind in self.classes & classes))
            raise NotCompilable(f"{what} of values that may be {names} is not compiled")


_TYPES: Final = {
    "id": "BIGINT",
    "kind": "UTINYINT",
    "lex": "VARCHAR",
    "lower": "VARCHAR",
    "datatype": "VARCHAR",
    "language": "VARCHAR",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "moment": "BIGINT",
    "zoned": "BOOLEAN",
}


def kind_of(bound: str, kind: Class, *, nullable: bool) -> str:
    """Return the kind of a value that has one class."""
    return f"CASE WHEN {bound} THEN {int(kind)} END" if nullable else str(int(kind))


def scaled_double(number: Number) -> str:
    """Return an exact number as a double."""
    double = f"CAST({number.sql} AS DOUBLE)"
    return double if number.scale == 0 else f"({double} / 1e{number.scale})"


def rescaled(number: Number, scale: int) -> str:
    """Return an exact number as an integer of 10^-scale, which is at least its own."""
    if scale == number.scale:
        return number.sql
    factor = 10 ** (scale - number.scale)
    if _WHOLE.fullmatch(number.sql):
        return f"CAST({int(number.sql) * factor} AS HUGEINT)"
    return f"(CAST({number.sql} AS HUGEINT) * {factor})"


def number_text(number: Number) -> str:
    """Return an exact number's canonical text."""
    if number.scale == 0:
        return f"CAST({number.sql} AS VARCHAR)"
    power = f"CAST({10**number.scale} AS HUGEINT)"
    return f"atlas_scaled_text({number.sql}, {number.scale}, {power})"


def datatype_of(value: Value) -> Callable[[], str]:
    """Return the maker of the datatype of a value whose classes all have one by name."""

    def make() -> str:
        named = sorted(value.classes & set(DATATYPES))
        if len(value.classes) == 1 and named:
            iri = quoted(DATATYPES[named[0]])
            return f"CASE WHEN {value.bound} THEN {iri} END" if value.nullable else iri
        cases = " ".join(f"WHEN {int(kind)} THEN {quoted(DATATYPES[kind])}" for kind in named)
        return f"CASE {value.get('kind')} {cases} END" if cases else "CAST(NULL AS VARCHAR)"

    return make


def language_of(value: Value) -> Callable[[], str]:
    """Return the maker of the language of a value that has no language-tagged class."""

    def make() -> str:
        literal = value.is_in(ALL - NO_LITERAL)
        return "''" if literal == "TRUE" else f"CASE WHEN {literal} THEN '' END"

    return make


def completed(value: Value) -> Value:
    """Add the facets that follow from the others."""
    makers = value.makers
    makers.setdefault("datatype", datatype_of(value))
    makers.setdefault("language", language_of(value))
    if len(value.classes) == 1:
        (kind,) = value.classes
        makers.setdefault("kind", lambda: kind_of(value.bound, kind, nullable=value.nullable))
    if value.exact is not None:
        makers.setdefault("double", lambda: scaled_double(value.number))
    return value


def error() -> Value:
    """Return the value of an expression that is always in error."""
    return completed(Value(frozenset(), nullable=True, makers={"lex": lambda: "NULL::VARCHAR"}))


def boolean(sql: str, *, nullable: bool = True) -> Value:
    """Return a truth value."""
    makers = {"boolean": lambda: sql, "lex": lambda: f"CAST({sql} AS VARCHAR)"}
    makers["id"] = lambda: f"({first(Class.BOOLEAN)} + CAST({sql} AS BIGINT))"
    return completed(Value(frozenset({Class.BOOLEAN}), nullable, makers))


def string(sql: str, *, nullable: bool = True, kind: Class = Class.STRING) -> Value:
    """Return a computed string, or an IRI."""
    return completed(Value(frozenset({kind}), nullable, {"lex": lambda: sql}))


def exact(number: Number, kind: Class, *, nullable: bool = True) -> Value:
    """Return a computed integer or decimal."""
    makers = {"lex": lambda: number_text(number)}
    return completed(Value(frozenset({kind}), nullable, makers, exact=lambda: number))


def double(sql: str, *, nullable: bool = True, kind: Class = Class.DOUBLE) -> Value:
    """Return a computed double or float."""
    text = sql if kind is Class.DOUBLE else f"CAST({sql} AS FLOAT)"
    makers = {"double": lambda: sql, "lex": lambda: f"atlas_double_text({text})"}
    return completed(Value(frozenset({kind}), nullable, makers))


def constant(relation: Relation, term: Term) -> Value:
    """Return a constant of the query."""
    number = relation.context.number(term)
    if isinstance(term, NamedNode):
        value = string(quoted(term.value), nullable=False, kind=Class.IRI)
    else:
        value = literal_value(canonical(term))
    value.makers["id"] = lambda: str(number)
    value.constant = term
    return value


def literal_value(term: Literal) -> Value:
    """Return the value of a literal in the store's form."""
    datatype, lex = term.datatype.value, term.value
    makers: dict[str, Callable[[], str]] = {
        "lex": lambda: quoted(lex),
        "datatype": lambda: quoted(datatype),
        "language": lambda: quoted(term.language or ""),
    }
    kind = literal_class(term)
    if kind in NUMERIC:
        makers["double"] = lambda: _double(lex, kind)
    if kind in EXACT:
        number = Number(str(int(lex.replace(".", ""))), len(lex.partition(".")[2]))
        return completed(Value(frozenset({kind}), False, makers, exact=lambda: number))
    if kind is Class.BOOLEAN:
        makers["boolean"] = lex.upper
    if kind in MOMENTS:
        makers |= _moments(lex, kind)
    return completed(Value(frozenset({kind}), nullable=False, makers=makers))


def _double(lex: str, kind: Class) -> str:
    text = f"CAST({quoted(lex)} AS {'FLOAT' if kind is Class.FLOAT else 'DOUBLE'})"
    return f"CAST({text} AS DOUBLE)" if kind is Class.FLOAT else text


def _moments(lex: str, kind: Class) -> dict[str, Callable[[], str]]:
    return {"moment": lambda: str(moment(lex, kind)), "zoned": lambda: str(zoned(lex)).upper()}


def either_exact(number: Number, kind: str, *, nullable: bool = True) -> Value:
    """Return a number that is an integer or a decimal, as its kind says."""
    makers = {"kind": lambda: kind, "lex": lambda: number_text(number)}
    return completed(Value(EXACT, nullable, makers, exact=lambda: number))


def struct(value: Value) -> str:
    """Return a value as a struct, NULL in error."""
    parts = (
        f"{{'k': CAST({value.get('kind')} AS UTINYINT), 'l': {value.get('lex')},"
        f" 'd': coalesce({value.get('datatype')}, ''),"
        f" 'g': coalesce({value.get('language')}, '')}}"
    )
    if not value.classes:
        return "CAST(NULL AS STRUCT(k UTINYINT, l VARCHAR, d VARCHAR, g VARCHAR))"
    return f"CASE WHEN {value.bound} THEN {parts} END" if value.nullable else parts
