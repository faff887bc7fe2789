"""Expressions over a relation, as values (SPARQL 1.1, section 17)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.columns.ids import OTHER_TAG, TAG_BITS
from kg.sparql.algebra import Aggregate, Call, Exists, Var
from kg.sparql.arithmetic import arithmetic, signed
from kg.sparql.casts import cast
from kg.sparql.errors import NotCompilable
from kg.sparql.expressions import BUILT_INS
from kg.sparql.facets import (
    EXACT,
    Value,
    boolean,
    completed,
    constant,
    error,
    rescaled,
)
from kg.sparql.functions import FUNCTIONS, iri
from kg.sparql.operators import (
    compare,
    effective_boolean,
    equal,
    logical,
    negation,
    with_position,
)
from kg.sparql.relation import Column, Number
from kg.sparql.stored import of_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.algebra import Expression
    from kg.sparql.relation import Relation

_ARITHMETIC: Final = frozenset("+-*/")
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_FACETS: Final = (
    "id",
    "kind",
    "lex",
    "datatype",
    "language",
    "double",
    "boolean",
    "moment",
    "zoned",
)
_LONGEST_SQL: Final = 60_000


@dataclass
class Scope:
    """What an expression sees: relations with their variables, aggregates, EXISTS.

    A relation that certainly binds a variable gives it: solutions that are put together agree.
    EXISTS inside sees the outer one as well.
    """

    relations: tuple[Relation, ...]
    exists: Callable[[Exists, Scope], str]
    aggregates: dict[Aggregate, Value] = field(default_factory=dict)

    @property
    def relation(self) -> Relation:
        """The innermost relation."""
        return self.relations[0]

    def value(self, expression: Expression) -> Value:
        """Return an expression's value.

        Raises:
            NotCompilable: something in it is not covered.
        """
        value = self._value(expression)
        if any(len(sql) > _LONGEST_SQL for sql in value.made.values()):
            raise NotCompilable("An expression of this size is not compiled")
        return value

    def condition(self, expression: Expression) -> str:
        """Return an expression's effective boolean value."""
        return effective_boolean(self.value(expression))

    def _value(self, expression: Expression) -> Value:
        match expression:
            case Var():
                return self._variable(expression)
            case NamedNode() | Literal():
                return with_position(self.relation, constant(self.relation, expression))
            case Exists():
                return boolean(self.exists(expression, self), nullable=False)
            case Aggregate():
                return self.aggregates[expression]
            case Call(name, args):
                return self._call(name, args)

    def _variable(self, variable: Var) -> Value:
        holders = [each for each in self.relations if variable in each.columns]
        if not holders:
            return error()
        certain = [each for each in holders if not each.columns[variable].nullable]
        if len(holders) > 1 and not certain:
            detail = f"A condition on ?{variable.name}, which both sides may leave unbound,"
            raise NotCompilable(f"{detail} is not compiled")
        relation = (certain or holders)[0]
        return of_column(relation, relation.columns[variable])

    def _call(self, name: str, args: tuple[Expression, ...]) -> Value:  # noqa: PLR0911 - one for each kind
        if name == "BOUND":
            return boolean(self.value(args[0]).bound, nullable=False)
        values = [self.value(arg) for arg in args]
        match name:
            case "&&" | "||":
                return logical(name, *values)
            case "!":
                return negation(values[0])
            case "=":
                return equal(*values)
            case "!=":
                same = equal(*values)
                return boolean(f"(NOT {same.get('boolean')})", nullable=same.nullable)
            case "in":
                return _member(values[0], values[1:])
            case "unary+" | "unary-":
                return signed(name, values[0])
            case "IF":
                return _if(*values)
            case "COALESCE":
                return _coalesce(values)
            case "IRI":
                return iri(self.relation, values[0])
        return self._function(name, values)

    def _function(self, name: str, values: list[Value]) -> Value:
        if name in _ORDER:
            return compare(name, *values)
        if name in _ARITHMETIC:
            return arithmetic(name, *values)
        if name in FUNCTIONS:
            return FUNCTIONS[name](*values)
        if name in BUILT_INS:
            raise NotCompilable(f"{name} is not compiled")
        if len(values) != 1:
            raise NotCompilable(f"The function <{name}> is not compiled")
        return cast(name, values[0])


def _member(value: Value, options: list[Value]) -> Value:
    """Return IN: the disjunction of equalities (section 17.4.1.9)."""
    if not options:
        return boolean("FALSE", nullable=False)
    tests = [equal(value, option).get("boolean") for option in options]
    return boolean(f"({' OR '.join(tests)})")


def _if(condition: Value, chosen: Value, otherwise: Value) -> Value:
    truth = effective_boolean(condition)
    return _cases([(f"({truth})", chosen), (f"(NOT {truth})", otherwise)], None, nullable=True)


def _coalesce(values: list[Value]) -> Value:
    if not values:
        return error()
    until = next((n for n, value in enumerate(values) if not value.nullable), None)
    reachable = values if until is None else values[: until + 1]
    if len(reachable) == 1:
        return reachable[0]
    branches = [(value.bound, value) for value in reachable[:-1]]
    return _cases(branches, reachable[-1], nullable=reachable[-1].nullable)


def _cases(branches: list[tuple[str, Value]], last: Value | None, *, nullable: bool) -> Value:
    """Return the value of the first branch whose condition is true, facet by facet."""
    values = [value for _, value in branches] + ([last] if last else [])
    classes = frozenset(kind for value in values for kind in value.classes)
    if not classes:
        return error()

    def joined(facet: Callable[[Value], str]) -> str:
        cases = " ".join(f"WHEN {condition} THEN {facet(value)}" for condition, value in branches)
        return f"CASE {cases}{f' ELSE {facet(last)}' if last else ''} END"

    makers = {}
    for name in _FACETS:
        if name == "id" and not all(value.has("id") or not value.classes for value in values):
            continue
        if name == "kind" or any(value.has(name) for value in values):
            makers[name] = _maker(joined, name)
    result = Value(classes, nullable, makers)
    if classes & EXACT:
        result.exact = lambda: _joined_number(values, joined)
    if "id" in makers:
        result.column = _origin(values, makers["id"])
    return completed(result)


def _maker(joined: Callable[[Callable[[Value], str]], str], name: str) -> Callable[[], str]:
    return lambda: joined(lambda value: value.get(name))


def _joined_number(values: list[Value], joined: Callable[[Callable[[Value], str]], str]) -> Number:
    scale = max(value.number.scale for value in values if value.exact)
    return Number(joined(lambda value: f"CAST({rescaled(value.number, scale)} AS HUGEINT)"), scale)


def _origin(values: list[Value], number: Callable[[], str]) -> Column:
    """Return a column that says whether ranked numbers or foreign constants may come out."""
    ranked = any(_flag(value, "ranked") for value in values)
    local = any(_flag(value, "local") for value in values)
    classes = frozenset(kind for value in values for kind in value.classes)
    return Column(number(), "id", classes, nullable=True, ranked=ranked, local=local)


def _flag(value: Value, name: str) -> bool:
    if value.constant is not None:
        number = int(value.get("id"))
        return number < 0 if name == "local" else number >> TAG_BITS == OTHER_TAG
    return value.column is not None and bool(getattr(value.column, name))
