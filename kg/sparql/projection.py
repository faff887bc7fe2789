"""Expressions as columns, and columns of two relations brought to one form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.ids import OTHER_TAG, TAG_BITS, Class
from kg.sparql.facets import EXACT, NUMERIC, Value, rescaled, struct
from kg.sparql.relation import Column, Number, Relation
from kg.sparql.stored import of_column

if TYPE_CHECKING:
    from collections.abc import Sequence

_NATIVE: Final = NUMERIC | {Class.BOOLEAN, Class.STRING, Class.IRI}


def column_of(value: Value) -> Column:
    """Return a value as a column: by its number where it has one, else natively, else a struct."""
    if isinstance(value.constant, NamedNode | Literal):
        number = int(value.get("id"))
        ranked = number >> TAG_BITS == OTHER_TAG
        sql = f"CAST({number} AS BIGINT)"
        return Column(
            sql, "id", value.classes, ranked=ranked, local=number < 0, term=value.constant
        )
    if value.column is not None:
        return value.column
    if len(value.classes) == 1 and value.classes <= _NATIVE:
        return _native(value)
    if value.classes == EXACT:
        return _number(value)
    return Column(struct(value), "term", value.classes, nullable=value.nullable)


def _native(value: Value) -> Column:
    (kind,) = value.classes
    nullable = value.nullable
    if kind in EXACT:
        sql, scale = value.number
        return Column(f"CAST({sql} AS HUGEINT)", "native", value.classes, nullable, scale=scale)
    facet = "double" if kind in NUMERIC else "boolean" if kind is Class.BOOLEAN else "lex"
    return Column(value.get(facet), "native", value.classes, nullable)


def _number(value: Value) -> Column:
    sql, scale = value.number
    struct_sql = f"{{'k': CAST({value.get('kind')} AS UTINYINT), 'n': CAST({sql} AS HUGEINT)}}"
    if value.nullable:
        struct_sql = f"CASE WHEN {value.bound} THEN {struct_sql} END"
    return Column(struct_sql, "number", EXACT, nullable=value.nullable, scale=scale)


def unified(relations: Sequence[Relation], columns: Sequence[Column | None]) -> list[Column]:
    """Return the column of each relation in the one form that all of them can have.

    None stands for a variable that a relation does not bind.
    """
    known = [column for column in columns if column is not None]
    nullable = len(known) < len(columns) or any(column.nullable for column in known)
    classes = frozenset(kind for column in known for kind in column.classes)
    forms = {column.form for column in known}
    if forms == {"id"}:
        shape = _id_shape(known, classes, nullable=nullable)
        return [replace(shape, sql=column.sql if column else "NULL::BIGINT") for column in columns]
    if forms == {"native"} and len(classes) == 1:
        return _same_native(columns, classes, nullable=nullable)
    shape = Column("", "term", classes, nullable)
    return [
        replace(shape, sql=_as_struct(relation, column))
        for relation, column in zip(relations, columns, strict=True)
    ]


def _id_shape(known: list[Column], classes: frozenset[Class], *, nullable: bool) -> Column:
    ranked = any(column.ranked for column in known)
    local = any(column.local for column in known)
    return Column("", "id", classes, nullable, ranked, local)


def _same_native(
    columns: Sequence[Column | None], classes: frozenset[Class], *, nullable: bool
) -> list[Column]:
    scale = max(column.scale for column in columns if column)
    shape = Column("", "native", classes, nullable, scale=scale)
    result = []
    for column in columns:
        sql = "NULL"
        if column is not None:
            sql = column.sql
            if column.scale != scale:
                sql = rescaled(Number(column.sql, column.scale), scale)
        result.append(replace(shape, sql=sql))
    return result


def _as_struct(relation: Relation, column: Column | None) -> str:
    if column is None:
        return "CAST(NULL AS STRUCT(k UTINYINT, l VARCHAR, d VARCHAR, g VARCHAR))"
    return column.sql if column.form == "term" else struct(of_column(relation, column))


def keys(left: Relation, a: Column, right: Relation, b: Column) -> tuple[str, str]:
    """Return the SQL of two columns of the same term in forms that compare by `=`."""
    if a.form == b.form == "id":
        return a.sql, b.sql
    if a.form == b.form == "native" and a.classes == b.classes and a.scale == b.scale:
        return a.sql, b.sql
    return _as_struct(left, a), _as_struct(right, b)


def merged(a: Column, b: Column) -> Column:
    """Return the column of a variable that two joined relations agree on."""
    if not a.nullable and not b.nullable:
        chosen = a if a.lex or a.number or not (b.lex or b.number) else b
        classes = a.classes & b.classes or chosen.classes
        ranked, local = a.ranked and b.ranked, a.local and b.local
        if a.form == b.form == "id" and a.term is None and b.term is None:
            return replace(chosen, classes=classes, ranked=ranked, local=local)
        if b.term is not None:
            return b
        return a
    if not a.nullable or not b.nullable:
        return a if not a.nullable else b
    return replace(
        a,
        sql=f"coalesce({a.sql}, {b.sql})",
        classes=a.classes | b.classes,
        ranked=a.ranked or b.ranked,
        local=a.local or b.local,
        lex=None,
        number=None,
    )
