"""Which variables a pattern or expression has (SPARQL 1.1, section 18.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.sparql.algebra import (
    Aggregate,
    Bgp,
    Call,
    Exists,
    Extend,
    Filter,
    Graph,
    Join,
    LeftJoin,
    Minus,
    Select,
    Triple,
    Union,
    Values,
    Var,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.sparql.algebra import Expression, Pattern


def triple_variables(triple: Triple) -> Iterator[Var]:
    """Yield the variables of a triple pattern, in their order."""
    for node in (triple.subject, triple.predicate, triple.object):
        if isinstance(node, Var):
            yield node


def in_scope(pattern: Pattern) -> dict[Var, None]:  # noqa: PLR0911 - one for each kind
    """Return the variables that may be bound in a pattern's solutions, in order of appearance."""
    match pattern:
        case Bgp(triples):
            return dict.fromkeys(var for triple in triples for var in triple_variables(triple))
        case Join(left, right) | LeftJoin(left, right) | Union(left, right):
            return in_scope(left) | in_scope(right)
        case Filter(_, inner) | Minus(inner, _):
            return in_scope(inner)
        case Graph(name, inner):
            return in_scope(inner) | ({name: None} if isinstance(name, Var) else {})
        case Extend(inner, variable, _):
            return in_scope(inner) | {variable: None}
        case Values(variables, _):
            return dict.fromkeys(variables)
        case Select(projection=projection):
            return dict.fromkeys(variable for variable, _ in projection)


def mentioned(expression: Expression) -> Iterator[Var]:
    """Yield the variables of an expression; inside EXISTS, all those of its pattern."""
    match expression:
        case Var():
            yield expression
        case Call(_, args):
            for arg in args:
                yield from mentioned(arg)
        case Aggregate(argument=argument) if argument is not None:
            yield from mentioned(argument)
        case Exists(pattern):
            yield from mentioned_in(pattern)


def mentioned_in(pattern: Pattern) -> Iterator[Var]:
    """Yield every variable of a pattern that EXISTS would substitute, filters included.

    What a sub-SELECT does not project is another variable of the same name.
    """
    match pattern:
        case Join(left, right) | Union(left, right) | Minus(left, right):
            yield from mentioned_in(left)
            yield from mentioned_in(right)
        case LeftJoin(left, right, condition):
            yield from mentioned_in(left)
            yield from mentioned_in(right)
            if condition is not None:
                yield from mentioned(condition)
        case Filter(condition, inner):
            yield from mentioned(condition)
            yield from mentioned_in(inner)
        case Extend(inner, variable, expression):
            yield from mentioned_in(inner)
            yield variable
            yield from mentioned(expression)
        case Graph(name, inner):
            yield from mentioned_in(inner)
            if isinstance(name, Var):
                yield name
        case _:
            yield from in_scope(pattern)


def existing(expression: Expression | None) -> Iterator[Pattern]:
    """Yield the patterns of EXISTS in an expression."""
    match expression:
        case Exists(pattern):
            yield pattern
        case Call(_, args):
            for arg in args:
                yield from existing(arg)


def aggregates(expression: Expression) -> Iterator[Aggregate]:
    """Yield the aggregates of an expression."""
    match expression:
        case Aggregate():
            yield expression
        case Call(_, args):
            for arg in args:
                yield from aggregates(arg)


def outside_aggregates(expression: Expression) -> Iterator[Var]:
    """Yield the variables of an expression that stand in no aggregate."""
    match expression:
        case Var():
            yield expression
        case Call(_, args):
            for arg in args:
                yield from outside_aggregates(arg)
