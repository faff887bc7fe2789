"""What an expression looks at in a term, as SQL: each part by itself, made when it is asked for.

| facet | SQL type | NULL unless |
|---|---|---|
| id | BIGINT | the term has a number at hand |
| kind | UTINYINT | (the `Class`) |
| lex | VARCHAR | (text of the term, as STR gives it) |
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

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.canonical import canonical
from kg.columns.ids import (
    DATATYPES,
    DECIMAL_DIGITS,
    OTHER_TAG,
    TAG_BITS,
    Class,
    first,
    inline,
)
from kg.sparql.context import quoted
from kg.sparql.errors import NotCompilable
from kg.sparql.relation import Column, Number, Relation

if TYPE_CHECKING:
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


@dataclass
class Value:
    """An expression: the classes that it may have, whether it may be in error, and its facets."""

    classes: Classes
    nullable: bool
    makers: dict[str, Callable[[], str]]
    exact: Callable[[], Number] | None = None
    constant: Term | None = None
    column: Column | None = None
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
    return f"(CAST({number.sql} AS HUGEINT) * {10 ** (scale - number.scale)})"


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
        value = _literal(canonical(term))
    value.makers["id"] = lambda: str(number)
    value.constant = term
    return value


def _literal(term: Literal) -> Value:
    datatype, lex = term.datatype.value, term.value
    makers: dict[str, Callable[[], str]] = {
        "lex": lambda: quoted(lex),
        "datatype": lambda: quoted(datatype),
        "language": lambda: quoted(term.language or ""),
    }
    kind, exact_value = constant_class(term), None
    if kind in EXACT:
        digits = lex.partition(".")[2]
        scale = len(digits)
        exact_value = lambda: Number(str(int(lex.replace(".", ""))), scale)  # noqa: E731
    if kind in NUMERIC:
        makers["double"] = lambda: _double(lex, kind)
    if kind is Class.BOOLEAN:
        makers["boolean"] = lambda: lex.upper()
    if kind in MOMENTS:
        makers |= _moments(lex, kind)
    return completed(Value(frozenset({kind}), nullable=False, makers=makers, exact=exact_value))


def _double(lex: str, kind: Class) -> str:
    text = f"CAST({quoted(lex)} AS {'FLOAT' if kind is Class.FLOAT else 'DOUBLE'})"
    return f"CAST({text} AS DOUBLE)" if kind is Class.FLOAT else text


def _moments(lex: str, kind: Class) -> dict[str, Callable[[], str]]:
    from kg.sparql.temporal import moment, zoned

    return {"moment": lambda: str(moment(lex, kind)), "zoned": lambda: str(zoned(lex)).upper()}


def constant_class(term: Literal) -> Class:
    """Return the class of a literal in the store's form, as `other` in the columns has it."""
    from kg.sparql.temporal import literal_class

    return literal_class(term)


def of_column(relation: Relation, column: Column) -> Value:
    """Return the value of a variable that a relation has."""
    if column.form == "id":
        return _stored(relation, column)
    value = _OF_FORM[column.form](column)
    value.column = column
    return value


def either_exact(number: Number, kind: str, *, nullable: bool = True) -> Value:
    """Return a number that is an integer or a decimal, as its kind says."""
    makers = {"kind": lambda: kind, "lex": lambda: number_text(number)}
    return completed(Value(EXACT, nullable, makers, exact=lambda: number))


def _number(column: Column) -> Value:
    number = Number(f"{column.sql}.n", column.scale)
    return either_exact(number, f"{column.sql}.k", nullable=column.nullable)


def _native(column: Column) -> Value:
    (kind,) = column.classes
    sql, nullable = column.sql, column.nullable
    if kind in EXACT:
        return exact(Number(sql, column.scale), kind, nullable=nullable)
    if kind in NUMERIC:
        return double(sql, nullable=nullable, kind=kind)
    if kind is Class.BOOLEAN:
        return boolean(sql, nullable=nullable)
    return string(sql, nullable=nullable, kind=kind)


def _term(column: Column) -> Value:
    """Return the value of a struct; numbers and moments are read from its text again."""
    sql, classes = column.sql, column.classes
    makers: dict[str, Callable[[], str]] = {
        "kind": lambda: f"{sql}.k",
        "lex": lambda: f"{sql}.l",
        "datatype": lambda: f"nullif({sql}.d, '')",
        "language": lambda: f"CASE WHEN {sql}.k > {int(Class.IRI)} THEN {sql}.g END",
        "boolean": lambda: f"CASE WHEN {sql}.k = {int(Class.BOOLEAN)} THEN {sql}.l = 'true' END",
    }
    makers["moment"] = makers["zoned"] = _no_moment
    kinds = ", ".join(str(int(kind)) for kind in sorted(NUMERIC))
    makers["double"] = (
        lambda: f"CASE WHEN {sql}.k IN ({kinds}) THEN TRY_CAST({sql}.l AS DOUBLE) END"
    )
    return Value(classes, column.nullable, makers, exact=lambda: _struct_number(sql))


def _no_moment() -> str:
    raise NotCompilable("The instant of a computed date is not compiled")


_OF_FORM: Final[dict[str, Callable[[Column], Value]]] = {
    "native": _native,
    "number": _number,
    "term": _term,
}


def _struct_number(sql: str) -> Number:
    fraction = f"split_part({sql}.l, '.', 2)"
    power = f"CAST('1' || repeat('0', {SCALE} - length({fraction})) AS HUGEINT)"
    units = f"TRY(CAST(replace({sql}.l, '.', '') AS HUGEINT) * {power})"
    return Number(f"CASE WHEN {sql}.k IN (5, 6) THEN {units} END", SCALE)


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


# Stored terms ------------------------------------------------------------------------------------


def _stored(relation: Relation, column: Column) -> Value:
    sql, classes = column.sql, column.classes
    stored = _Stored(relation, column)
    makers: dict[str, Callable[[], str]] = {
        "id": lambda: sql,
        "lex": lambda: stored.with_local("lex", stored.lex()),
        "kind": lambda: stored.with_local("kind", stored.kind()),
    }
    if classes & NUMERIC:
        makers["double"] = lambda: stored.with_local("double", stored.double())
    if Class.BOOLEAN in classes:
        makers["boolean"] = lambda: stored.guarded(Class.BOOLEAN, f"(({sql} & 1) = 1)")
    if classes & MOMENTS:
        makers["moment"] = lambda: stored.with_local("moment", stored.moment())
        makers["zoned"] = lambda: stored.with_local("zoned", stored.zoned())
    if Class.LANG in classes:
        makers["language"] = lambda: stored.with_local("language", stored.language())
    if classes & NAMELESS:
        makers["datatype"] = lambda: stored.with_local("datatype", stored.datatype())
    value = Value(classes, column.nullable, makers, column=column)
    if classes & EXACT:
        value.exact = stored.number
    return completed(value)


@dataclass
class _Stored:
    """The facets of a variable that is held as a number."""

    relation: Relation
    column: Column

    @property
    def tag(self) -> str:
        return f"({self.column.sql} >> {TAG_BITS})"

    @property
    def certain(self) -> bool:
        return not self.column.nullable and not self.column.local

    def guarded(self, kind: Class, sql: str) -> str:
        """Return SQL on inline values of a class, NULL for the others."""
        if self.column.classes == {kind} and not self.column.ranked and not self.column.local:
            return sql
        return f"CASE WHEN {self.tag} = {int(kind)} THEN {sql} END"

    def other(self, column: str) -> str:
        """Return a column of `other`, NULL for numbers without tag 9."""
        always = self.certain and self.column.ranked and not self.column.classes & _UNRANKED
        alias = self.relation.lookup("other", self.column.sql, certain=always)
        return f"{alias}.{column}"

    def text(self, column: str) -> str:
        """Return a column of `dictionary`, NULL for numbers that are their own value."""
        inside = not self.column.classes & INLINE
        alias = self.relation.lookup(
            "dictionary", self.column.sql, certain=self.certain and inside
        )
        return f"{alias}.{column}"

    def with_local(self, facet: str, sql: str) -> str:
        """Put the facets of constants that the release does not have before the others."""
        if not self.column.local:
            return sql
        cases = []
        for index, term in enumerate(self.relation.context.local):
            value = (
                string(quoted(term.value), nullable=False, kind=Class.IRI)
                if isinstance(term, NamedNode)
                else _literal(term)
            )
            cases.append(f"WHEN {-1 - index} THEN {value.get(facet)}")
        return f"CASE {self.column.sql} {' '.join(cases)} ELSE {sql} END" if cases else sql

    def kind(self) -> str:
        if len(self.column.classes) == 1:
            (kind,) = self.column.classes
            bound = f"({self.column.sql} IS NOT NULL)"
            return kind_of(bound, kind, nullable=self.column.nullable)
        if not self.column.ranked:
            return self.tag
        return f"coalesce({self.other('class')}, {self.tag})"

    def lex(self) -> str:
        if self.column.lex is not None:
            return self.column.lex
        branches = [
            (kind, sql) for kind, sql in self._texts().items() if kind in self.column.classes
        ]
        ranked = self.column.classes - INLINE or self.column.ranked
        if len(self.column.classes) == 1 and branches and not ranked and not self.column.local:
            return branches[0][1]
        cases = " ".join(f"WHEN {int(kind)} THEN {sql}" for kind, sql in branches)
        tail = self.text("lex") if ranked else "NULL"
        return f"CASE {self.tag} {cases} ELSE {tail} END" if cases else tail

    def _texts(self) -> dict[Class, str]:
        value = f"atlas_value({self.column.sql})"
        return {
            Class.INTEGER: f"CAST({value} AS VARCHAR)",
            Class.DECIMAL: number_text(Number(value, DECIMAL_DIGITS)),
            Class.BOOLEAN: f"CAST(({self.column.sql} & 1) = 1 AS VARCHAR)",
            Class.DATE: f"CAST(DATE '1970-01-01' + CAST({value} AS INTEGER) AS VARCHAR)",
        }

    def language(self) -> str:
        if self.column.classes == {Class.LANG}:
            return self.text("language")
        tag = self.text("language")
        literal = f"WHEN {self.tag} > {int(Class.IRI)} THEN ''"
        return f"CASE WHEN {self.tag} = {int(Class.LANG)} THEN {tag} {literal} END"

    def datatype(self) -> str:
        cases = " ".join(
            f"WHEN {int(kind)} THEN {quoted(iri)}"
            for kind, iri in DATATYPES.items()
            if kind in self.column.classes and kind <= Class.DATE
        )
        tail = self.text("datatype")
        return f"CASE {self.tag} {cases} ELSE {tail} END" if cases else tail

    def number(self) -> Number:
        if self.column.number is not None:
            return self.column.number
        value = f"atlas_value({self.column.sql})"
        exact_classes = self.column.classes & EXACT
        if self.column.ranked or self.column.local:
            return self._mixed_number(value)
        if exact_classes == {Class.INTEGER}:
            return Number(self.guarded(Class.INTEGER, value), 0)
        if exact_classes == {Class.DECIMAL}:
            return Number(self.guarded(Class.DECIMAL, value), DECIMAL_DIGITS)
        whole = f"CAST({value} AS HUGEINT) * {10**DECIMAL_DIGITS}"
        cases = f"WHEN {int(Class.INTEGER)} THEN {whole} WHEN {int(Class.DECIMAL)} THEN {value}"
        return Number(f"CASE {self.tag} {cases} END", DECIMAL_DIGITS)

    def _mixed_number(self, value: str) -> Number:
        big = f"CAST({value} AS HUGEINT)"
        cases = (
            f"WHEN {int(Class.INTEGER)} THEN {big} * {10**SCALE}"
            f" WHEN {int(Class.DECIMAL)} THEN {big} * {10 ** (SCALE - DECIMAL_DIGITS)}"
        )
        tail = f" ELSE {self.other('units')}" if self.column.ranked else ""
        sql = f"CASE {self.tag} {cases}{tail} END"
        if self.column.local:
            sql = self._local_number(sql)
        return Number(sql, SCALE)

    def _local_number(self, sql: str) -> str:
        cases = []
        for index, term in enumerate(self.relation.context.local):
            if isinstance(term, Literal) and constant_class(term) in EXACT:
                cases.append(f"WHEN {-1 - index} THEN {rescaled(_literal(term).number, SCALE)}")
        return f"CASE {self.column.sql} {' '.join(cases)} ELSE {sql} END" if cases else sql

    def double(self) -> str:
        exact_sql = None
        if self.column.classes & EXACT:
            exact_sql = scaled_double(self.number())
        if not self.column.ranked:
            return exact_sql or "CAST(NULL AS DOUBLE)"
        stored = self.other("dbl")
        return f"coalesce({stored}, {exact_sql})" if exact_sql else stored

    def moment(self) -> str:
        day = f"atlas_value({self.column.sql}) * {_DAY}"
        if Class.DATE not in self.column.classes:
            return self.other("moment")
        if not self.column.ranked:
            return self.guarded(Class.DATE, day)
        return f"CASE WHEN {self.tag} = {int(Class.DATE)} THEN {day} ELSE {self.other('moment')} END"

    def zoned(self) -> str:
        if not self.column.ranked:
            return self.guarded(Class.DATE, "FALSE")
        tag_is_date = f"{self.tag} = {int(Class.DATE)}"
        return f"CASE WHEN {tag_is_date} THEN FALSE ELSE {self.other('zoned')} END"


# Classes whose terms have no row in `other`, or may have none.
_UNRANKED: Final = RANKED_TEXT | INLINE

