"""EXISTS and NOT EXISTS (SPARQL 1.1, section 8.1) as joins.

Section 18.6 defines them by substituting the outer solution into the inner pattern. That is a semi-
or anti-join on the shared variables wherever these are certainly bound by the inner pattern itself;
a filter at its top may also see outer variables. Everything else, where substitution and join
differ, is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.sparql.algebra import (
    Bgp,
    Extend,
    Filter,
    Graph,
    Join,
    LeftJoin,
    Minus,
    Select,
    Union,
    Values,
)
from kg.sparql.errors import NotCompilable
from kg.sparql.evaluate import Scope
from kg.sparql.graphs import GRAPH
from kg.sparql.joins import shared, sub_selected
from kg.sparql.projection import keys
from kg.sparql.scope import in_scope, mentioned, mentioned_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.sparql.algebra import Exists, Expression, Pattern, Var
    from kg.sparql.compiler import Compiler
    from kg.sparql.relation import Relation


def exists_join(compiler: Compiler, outer: Relation, pattern: Pattern, *, negated: bool) -> None:
    """Restrict a relation to the solutions for which a pattern has (no) solution."""
    inner, conditions = _correlated(compiler, outer, pattern)
    outer.attach_all("ANTI" if negated else "SEMI", inner, conditions)


def exists_condition(
    compiler: Compiler, outer: Relation, pattern: Pattern, *, negated: bool
) -> str:
    """Return EXISTS as a condition, for places inside a larger expression."""
    inner, conditions = _correlated(compiler, outer, pattern)
    inner.conditions.extend(conditions)
    return f"{'NOT ' if negated else ''}EXISTS (SELECT 1{inner.body()})"


def _correlated(
    compiler: Compiler, outer: Relation, pattern: Pattern
) -> tuple[Relation, list[str]]:
    filters, pattern = _outer_filters(pattern, set(outer.columns))
    _check(pattern, set(outer.columns))
    inner = sub_selected(compiler.relation(pattern))
    conditions = [_agreement(outer, inner, variable) for variable in shared(outer, inner)]
    scope = Scope((inner, outer), _no_exists)
    conditions += [scope.condition(condition) for condition in filters]
    return inner, conditions


def _no_exists(_call: Exists, _scope: Scope) -> str:
    raise NotCompilable("EXISTS within EXISTS that sees outer variables is not compiled")


def _agreement(outer: Relation, inner: Relation, variable: Var) -> str:
    a, b = outer.columns[variable], inner.columns[variable]
    if b.nullable:
        raise NotCompilable(f"EXISTS that may leave the outer ?{variable.name} unbound")
    one, two = keys(outer, a, inner, b)
    return f"({a.sql} IS NULL OR {one} = {two})" if a.nullable else f"{one} = {two}"


def _outer_filters(pattern: Pattern, outer: set[Var]) -> tuple[list[Expression], Pattern]:
    """Take the filters off a pattern's top that see outer variables which it does not bind."""
    taken: list[Expression] = []
    kept: list[Expression] = []
    while isinstance(pattern, Filter):
        condition, pattern = pattern.condition, pattern.pattern
        unbound = set(mentioned(condition)) - set(in_scope(pattern))
        (taken if unbound & outer else kept).append(condition)
    for condition in reversed(kept):
        pattern = Filter(condition, pattern)
    return taken, pattern


def _check(pattern: Pattern, outer: set[Var]) -> None:
    seen = set(mentioned_in(pattern)) & outer - {GRAPH}
    if not seen <= set(in_scope(pattern)):
        raise NotCompilable("EXISTS that sees outer variables inside a nested group")
    for part in _parts(pattern):
        match part:
            case Minus(_, right) if set(mentioned_in(right)) & outer:
                raise NotCompilable("MINUS inside EXISTS with outer variables is not compiled")
            case Extend(_, variable, _) if variable in outer:
                raise NotCompilable("BIND of an outer variable inside EXISTS is not compiled")
            case LeftJoin(left, right, _) if set(mentioned_in(right)) & outer - set(in_scope(left)):
                raise NotCompilable("OPTIONAL inside EXISTS with outer variables is not compiled")
            case Select() if (part.group is not None or part.limit is not None) and seen:
                raise NotCompilable("Aggregates inside EXISTS with outer variables")
            case Select(inner, projection) if _substituted(inner, projection, outer):
                raise NotCompilable("A sub-SELECT inside EXISTS that sees or makes outer variables")


def _substituted(
    pattern: Pattern, projection: tuple[tuple[Var, Expression | None], ...], outer: set[Var]
) -> bool:
    """Whether a sub-SELECT uses an outer variable without binding it, or makes one anew."""
    made = {variable for variable, value in projection if value is not None}
    used = set(mentioned_in(pattern)) - set(in_scope(pattern))
    return bool((made | used) & outer - {GRAPH})


def _parts(pattern: Pattern) -> Iterator[Pattern]:
    """Yield a pattern and all patterns in it, filters' own ones left out."""
    yield pattern
    match pattern:
        case Join(left, right) | Union(left, right) | Minus(left, right) | LeftJoin(left, right):
            yield from _parts(left)
            yield from _parts(right)
        case Filter(_, inner) | Extend(inner) | Graph(_, inner) | Select(inner):
            yield from _parts(inner)
        case Bgp() | Values():
            return
