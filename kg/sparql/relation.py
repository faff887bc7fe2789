"""A SELECT under construction: what it reads from, under which conditions, giving which variables.

Inner joins, left joins and anti-joins are written one after the other, and all conditions stand in
one WHERE: that is the algebra's own order of evaluation, and it leaves the inner joins flat for
DuckDB to order. What cannot stay flat (grouping, DISTINCT, LIMIT, UNION, the right side of
OPTIONAL) becomes a relation that reads from a sub-select.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from kg.columns.ids import Class
    from kg.sparql.algebra import Term, Var
    from kg.sparql.context import Context

Form = Literal["id", "native", "number", "term"]


class Number(NamedTuple):
    """An exact number: `sql` is an integer of 10^-`scale`."""

    sql: str
    scale: int


@dataclass(frozen=True)
class Column:
    """How a relation holds a variable.

    `form` id: the term's number. native: the value itself, of the one class there is, a decimal as
    an integer of 10^-`scale`. number: a struct of the kind and the integer of 10^-`scale`, for what
    may be an integer or a decimal. term: a struct of kind, lexical form, datatype and language.
    `ranked` says whether a number with tag 9 may occur, `local` whether a query constant that the
    release does not have; `lex` and `number` are columns that the table has beside the number;
    `term` is the one constant that every row has.
    """

    sql: str
    form: Form
    classes: frozenset[Class]
    nullable: bool = False
    ranked: bool = False
    local: bool = False
    scale: int = 0
    lex: str | None = None
    number: Number | None = None
    term: Term | None = None


@dataclass
class Relation:
    """See the module; the context is that of the whole query.

    `position` is a column that numbers the solutions of a sorted sub-select, for GROUP_CONCAT.
    """

    context: Context
    parts: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    columns: dict[Var, Column] = field(default_factory=dict)
    lookups: dict[tuple[str, str], str] = field(default_factory=dict)
    position: str | None = None

    def alias(self) -> str:
        """Return a table alias that the query does not have yet."""
        return f"t{next(self.context.aliases)}"

    def read(self, source: str) -> str:
        """Read from one more table or sub-select and return its alias."""
        alias = self.alias()
        self.parts.append(f"{'CROSS JOIN ' if self.parts else ''}{source} {alias}")
        return alias

    def attach(self, join: str, source: str, condition: str) -> str:
        """Attach a table by a LEFT, SEMI or ANTI join and return its alias.

        `condition` names the alias by `{alias}`.
        """
        alias = self.alias()
        if not self.parts:
            self.parts.append(f"(SELECT 1) {self.alias()}")
        self.parts.append(f"{join} JOIN {source} {alias} ON {condition.replace('{alias}', alias)}")
        return alias

    def attach_all(self, join: str, other: Relation, conditions: list[str]) -> None:
        """Attach all that another relation reads from by one LEFT, SEMI or ANTI join."""
        if not self.parts:
            self.parts.append(f"(SELECT 1) {self.alias()}")
        source = other.parts[0] if len(other.parts) == 1 else f"({' '.join(other.parts)})"
        condition = " AND ".join(conditions + other.conditions) or "TRUE"
        self.parts.append(f"{join} JOIN {source} ON {condition}")

    def lookup(self, table: str, number: str, *, certain: bool) -> str:
        """Return the alias of a table that is joined by `id`, once per number.

        `certain` says that each row finds a partner, so that the join may be an inner one, which
        DuckDB orders together with the others.
        """
        key = (table, number)
        if key not in self.lookups:
            if certain:
                alias = self.read(table)
                self.conditions.append(f"{alias}.id = {number}")
            else:
                alias = self.attach("LEFT", table, f"{{alias}}.id = {number}")
            self.lookups[key] = alias
        return self.lookups[key]

    def body(self) -> str:
        """Return FROM and WHERE."""
        source = f" FROM {' '.join(self.parts)}" if self.parts else ""
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return source + where

    def absorb(self, other: Relation) -> None:
        """Read from everything that another relation reads from, under its conditions too."""
        parts = list(other.parts)
        if self.parts and parts:
            parts[0] = f"CROSS JOIN {parts[0]}"
        self.parts.extend(parts)
        self.conditions.extend(other.conditions)
        self.lookups.update(other.lookups)


def projected(relation: Relation, variables: list[Var], *, distinct: bool = False) -> str:
    """Return a SELECT whose columns c0, c1 … are these variables, NULL for unknown ones."""
    items = [
        f"{relation.columns[variable].sql if variable in relation.columns else 'NULL'} AS c{index}"
        for index, variable in enumerate(variables)
    ]
    word = "SELECT DISTINCT" if distinct else "SELECT"
    return f"{word} {', '.join(items) or '1 AS c'}{relation.body()}"


def wrapped(relation: Relation, select: str, variables: list[Var]) -> Relation:
    """Return a relation that reads from a SELECT with these variables as c0, c1 and so on."""
    outer = Relation(relation.context)
    alias = outer.read(f"({select})")
    for index, variable in enumerate(variables):
        if variable in relation.columns:
            outer.columns[variable] = moved(relation.columns[variable], f"{alias}.c{index}")
    return outer


def moved(column: Column, sql: str) -> Column:
    """Return the column as another SELECT sees it, without what stood beside it."""
    return replace(column, sql=sql, lex=None, number=None)
