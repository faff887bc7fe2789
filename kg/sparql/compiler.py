"""Patterns to relations, and a query to one SELECT (SPARQL 1.1, section 18)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kg.columns.canonical import canonical
from kg.columns.ids import OTHER_TAG, TAG_BITS, Class
from kg.sparql.algebra import (
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
    Union,
    Values,
    Var,
)
from kg.sparql.basic import basic
from kg.sparql.correlation import exists_condition, exists_join
from kg.sparql.errors import NotCompilable
from kg.sparql.evaluate import Scope
from kg.sparql.graphs import GRAPH, Active, default, every, graph_list, named
from kg.sparql.grouping import grouped
from kg.sparql.joins import agreement, join, left_join, minus, union
from kg.sparql.paths import Seeds
from kg.sparql.projection import column_of, merged
from kg.sparql.relation import Column, Relation, projected, wrapped
from kg.sparql.scope import aggregates, mentioned
from kg.sparql.sorting import sort_terms
from kg.sparql.temporal import literal_class
from kg.sparql.uniqueness import unique

if TYPE_CHECKING:
    from kg.sparql.algebra import Expression, Pattern, Term
    from kg.sparql.context import Context

_IRI = frozenset({Class.IRI})


@dataclass(frozen=True)
class Compiler:
    """Compiles patterns for one active graph."""

    context: Context
    active: Active

    def relation(self, pattern: Pattern, given: dict[Var, Seeds] | None = None) -> Relation:  # noqa: PLR0911 - one for each kind
        """Return the relation of a pattern's solutions.

        `given` are values that some variables will be joined with; they only narrow paths.

        Raises:
            NotCompilable: something in it is not covered.
        """
        match pattern:
            case Bgp():
                return basic(self.context, self.active, pattern, given)
            case Join(left, right):
                return self._join(left, right, given)
            case LeftJoin(left, right, condition):
                return self._left_join(left, right, condition, given)
            case Filter():
                return self._filter(pattern, given)
            case Union(left, right):
                return union([self.relation(left, given), self.relation(right, given)])
            case Minus(left, right):
                return minus(self.relation(left, given), self.relation(right))
            case Graph(name, inner):
                return self._graph(name, inner)
            case Extend(inner, variable, expression):
                relation = self.relation(inner, given)
                return self._extend(relation, variable, expression)
            case Values():
                return self._values(pattern)
            case Select():
                return self.sub_select(pattern)

    def scope(self, relation: Relation) -> Scope:
        """Return what expressions over a relation see."""
        return Scope((relation,), self._exists)

    def _join(self, left: Pattern, right: Pattern, given: dict[Var, Seeds] | None) -> Relation:
        known = dict(given or {}) | self._known(left) | self._known(right)
        return join(self.relation(left, known), self.relation(right, known))

    def _known(self, pattern: Pattern) -> dict[Var, Seeds]:
        """Return the values of inline data, for paths next to it to begin at."""
        if self.active != Active(None):
            return {}
        match pattern:
            case Join(left, right):
                return self._known(left) | self._known(right)
            case LeftJoin(inner) | Filter(_, inner) | Extend(inner):
                return self._known(inner)
            case Values():
                return self._listed(pattern)
        return {}

    def _listed(self, pattern: Values) -> dict[Var, Seeds]:
        return {
            variable: self._value_seeds([row[index] for row in pattern.rows])
            for index, variable in enumerate(pattern.variables)
            if all(isinstance(row[index], NamedNode) for row in pattern.rows)
        }

    def _value_seeds(self, terms: list[Term | None]) -> Seeds:
        strangers = self.context.catalogue.strangers
        numbers = {self.context.number(term) for term in terms if term is not None}
        nodes = sorted(number for number in numbers if number >= 0 and number not in strangers)
        sql = f"(SELECT unnest(CAST({nodes} AS BIGINT[])) AS n)"
        return Seeds(sql, tuple(sorted(numbers)))

    def _left_join(
        self,
        left: Pattern,
        right: Pattern,
        condition: Expression | None,
        given: dict[Var, Seeds] | None,
    ) -> Relation:
        outer, inner = self.relation(left, given), self.relation(right)
        if condition is None:
            return left_join(outer, inner, None)

        def on(optional: Relation, required: Relation) -> str:
            return Scope((optional, required), self._exists).condition(condition)

        return left_join(outer, inner, on)

    def _filter(self, pattern: Filter, given: dict[Var, Seeds] | None) -> Relation:
        relation = self.relation(pattern.pattern, given)
        for condition in _conjuncts(pattern.condition):
            self._restrict(relation, condition)
        return relation

    def _restrict(self, relation: Relation, condition: Expression) -> None:
        match condition:
            case Exists(pattern, negated):
                exists_join(self, relation, pattern, negated=negated)
            case Call("!", (Exists(pattern, negated),)):
                exists_join(self, relation, pattern, negated=not negated)
            case _:
                relation.conditions.append(self.scope(relation).condition(condition))

    def _exists(self, call: Exists, scope: Scope) -> str:
        if len(scope.relations) > 1:
            raise NotCompilable("EXISTS in the condition of an OPTIONAL or EXISTS is not compiled")
        return exists_condition(self, scope.relation, call.pattern, negated=call.negated)

    def _graph(self, name: Var | NamedNode, inner: Pattern) -> Relation:
        if isinstance(name, NamedNode):
            number = self.context.number(name)
            relation = replace(self, active=named(self.context, number)).relation(inner)
            if self.context.dataset.named is not None or number in self.context.catalogue.graphs:
                return self._in_outer(relation)
            relation.conditions.append("FALSE")
            return self._in_outer(relation)
        relation = replace(self, active=every(self.context)).relation(inner)
        hidden = relation.columns.pop(GRAPH)
        if name in relation.columns:
            other = Relation(self.context, columns={name: hidden})
            relation.conditions.append(agreement(relation, other, name))
            hidden = merged(hidden, relation.columns[name])
        relation.columns[name] = hidden
        return self._in_outer(relation)

    def _in_outer(self, relation: Relation) -> Relation:
        """Repeat solutions that do not depend on the outer GRAPH ?g for each of its graphs."""
        if self.active.each:
            alias = relation.read(graph_list(self.active))
            relation.columns[GRAPH] = Column(f"{alias}.g", "id", _IRI | {Class.BLANK})
        return relation

    def _extend(self, relation: Relation, variable: Var, expression: Expression) -> Relation:
        column = column_of(self.scope(relation).value(expression))
        relation.columns[variable] = column
        if len(column.sql) > _LONGEST_INLINE:
            variables = list(relation.columns)
            return wrapped(relation, projected(relation, variables), variables)
        return relation

    def _values(self, pattern: Values) -> Relation:
        relation = Relation(self.context)
        names = ", ".join(f"c{index}" for index in range(len(pattern.variables)))
        if not pattern.rows:
            relation.conditions.append("FALSE")
            for variable in pattern.variables:
                relation.columns[variable] = Column("CAST(NULL AS BIGINT)", "id", _IRI)
        elif len(pattern.rows) == 1 and None not in pattern.rows[0]:
            for variable, term in zip(pattern.variables, pattern.rows[0], strict=True):
                relation.columns[variable] = self._constants(self._number(term), [term])
        elif pattern.variables:
            alias = relation.read(f"(SELECT * FROM (VALUES {self._rows(pattern)}) v({names}))")
            for index, variable in enumerate(pattern.variables):
                terms = [row[index] for row in pattern.rows]
                relation.columns[variable] = self._constants(f"{alias}.c{index}", terms)
        else:
            relation.read(f"(SELECT unnest(range({len(pattern.rows)})) AS c)")
        return self._in_outer(relation)

    def _number(self, term: Term | None) -> str:
        return "NULL::BIGINT" if term is None else f"{self.context.number(term)}::BIGINT"

    def _rows(self, pattern: Values) -> str:
        return ", ".join(f"({', '.join(map(self._number, row))})" for row in pattern.rows)

    def _constants(self, sql: str, terms: list[Term | None]) -> Column:
        known = [term for term in terms if term is not None]
        numbers = [self.context.number(term) for term in known]
        return Column(
            sql,
            "id",
            frozenset(
                literal_class(canonical(term)) if isinstance(term, Literal) else Class.IRI
                for term in known
            )
            or _IRI,
            nullable=len(known) < len(terms),
            ranked=any(number >> TAG_BITS == OTHER_TAG for number in numbers),
            local=any(number < 0 for number in numbers),
            term=known[0] if len(terms) == len(known) == 1 else None,
        )

    # Solution modifiers --------------------------------------------------------------------------

    def sub_select(self, select: Select, *, numbered: bool = False) -> Relation:
        """Return the relation of a sub-SELECT; `numbered` keeps its order as a column."""
        relation, order = self.modified(select)
        variables = [variable for variable, _ in select.projection]
        if self.active.each:
            variables.append(GRAPH)
        sliced = select.limit is not None or select.offset
        if sliced and self.active.each:
            raise NotCompilable("LIMIT inside GRAPH with a variable is not compiled")
        sql = projected(relation, variables)
        if sliced:
            sql += sliced_by(select, order)
        if not (numbered and order) or sliced:
            return wrapped(relation, sql, variables)
        number = f"row_number() OVER (ORDER BY {', '.join(order)}) AS position"
        outer = wrapped(relation, sql.replace("SELECT ", f"SELECT {number}, ", 1), variables)
        outer.position = f"{outer.parts[0].rpartition(' ')[2]}.position"
        return outer

    def modified(self, select: Select) -> tuple[Relation, list[str]]:
        """Return a SELECT's relation before OFFSET and LIMIT, and what it is sorted by."""
        if isinstance(select.pattern, Select) and select.group is not None:
            relation = self.sub_select(select.pattern, numbered=True)
        else:
            relation = self.relation(select.pattern)
        scope = self.scope(relation)
        if select.group is not None:
            scope = grouped(self, select, relation)
            relation = scope.relation
        for condition in select.having:
            for part in _conjuncts(condition):
                relation.conditions.append(scope.condition(part))
        if select.values is not None:
            relation = join(relation, self._values(select.values))
            scope = replace(scope, relations=(relation,))
        for variable, expression in select.projection:
            if expression is not None:
                relation.columns[variable] = column_of(scope.value(expression))
        if select.distinct:
            relation = self._distinct(select, relation)
            scope = self.scope(relation)
        return relation, sort_terms(scope, select.order)

    def _distinct(self, select: Select, relation: Relation) -> Relation:
        variables = [variable for variable, _ in select.projection]
        for condition in select.order:
            if any(aggregates(condition.expression)) or not set(
                mentioned(condition.expression)
            ) <= set(variables):
                raise NotCompilable("ORDER BY what SELECT DISTINCT does not show is not compiled")
        if unique(select) and not self.active.each:
            return relation
        if self.active.each:
            variables.append(GRAPH)
        return wrapped(relation, projected(relation, variables, distinct=True), variables)


_LONGEST_INLINE = 400


def sliced_by(select: Select, order: list[str]) -> str:
    """Return ORDER BY, LIMIT and OFFSET."""
    sql = f" ORDER BY {', '.join(order)}" if order else ""
    if select.limit is not None:
        sql += f" LIMIT {select.limit}"
    return sql + (f" OFFSET {select.offset}" if select.offset else "")


def _conjuncts(condition: Expression) -> list[Expression]:
    """Return the conditions that must all be true for a filter to be."""
    match condition:
        case Call("&&", (left, right)):
            return _conjuncts(left) + _conjuncts(right)
    return [condition]


def compiled(context: Context) -> Compiler:
    """Return the compiler for the default graph of a query."""
    return Compiler(context, default(context))
