"""The columns of a relation as values.

A native column is the facet that it holds; a struct has its own parts; a term that is held as a
number gets its facets from the number where it can, from the tables `other` and `dictionary`
where it must.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.ids import DATATYPES, DECIMAL_DIGITS, TAG_BITS, Class
from kg.sparql.context import quoted
from kg.sparql.errors import NotCompilable
from kg.sparql.facets import (
    EXACT,
    INLINE,
    MOMENTS,
    NAMELESS,
    NUMERIC,
    RANKED_TEXT,
    SCALE,
    Value,
    boolean,
    completed,
    constant,
    double,
    either_exact,
    exact,
    kind_of,
    literal_value,
    number_text,
    rescaled,
    scaled_double,
    string,
)
from kg.sparql.relation import Column, Number, Relation
from kg.sparql.temporal import literal_class

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY: Final = 86_400_000_000
# Classes whose terms have no row in `other`, or may have none.
_UNRANKED: Final = RANKED_TEXT | INLINE


def of_column(relation: Relation, column: Column) -> Value:
    """Return the value of a variable that a relation has."""
    if column.term is not None and not column.nullable:
        return replace(constant(relation, column.term), column=column)
    if column.form == "id":
        return _stored(relation, column)
    value = _OF_FORM[column.form](column)
    value.column = column
    return value


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
    makers["double"] = lambda: (
        f"CASE WHEN {sql}.k IN ({kinds}) THEN TRY_CAST({sql}.l AS DOUBLE) END"
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
        alias = self.relation.lookup("dictionary", self.column.sql, certain=self.certain and inside)
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
                else literal_value(term)
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
            if isinstance(term, Literal) and literal_class(term) in EXACT:
                cases.append(
                    f"WHEN {-1 - index} THEN {rescaled(literal_value(term).number, SCALE)}"
                )
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
        return (
            f"CASE WHEN {self.tag} = {int(Class.DATE)} THEN {day} ELSE {self.other('moment')} END"
        )

    def zoned(self) -> str:
        if not self.column.ranked:
            return self.guarded(Class.DATE, "FALSE")
        tag_is_date = f"{self.tag} = {int(Class.DATE)}"
        return f"CASE WHEN {tag_is_date} THEN FALSE ELSE {self.other('zoned')} END"
