"""The grammar of whole queries (SPARQL 1.1, productions [2] to [30])."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kg.sparql.algebra import Bgp, Order, Query, Select, Values, Var
from kg.sparql.cursor import Cursor
from kg.sparql.expressions import bracketted, built_in, constraint, expression, function_call
from kg.sparql.patterns import group, inline_data, joined, template_triples, triples
from kg.sparql.scope import aggregates, in_scope, outside_aggregates

if TYPE_CHECKING:
    from pyoxigraph import NamedNode

    from kg.sparql.algebra import Expression, Pattern, Triple
    from kg.sparql.tokens import Token


# Queries that stay read: one is asked for to choose the engine and again to plan it.
_READ: Final = 16


@lru_cache(_READ)
def parse(text: str, base: str = "") -> Query:
    """Read a query; the last ones are kept.

    Args:
        text: SPARQL 1.1 query.
        base: what relative IRIs are resolved against where the query has no BASE.

    Raises:
        QuerySyntaxError: not SPARQL; says where.
        NotCompilable: SERVICE.
    """
    cursor = Cursor(text, base, group=group, sub_select=_sub_select)
    _prologue(cursor)
    query = _form(cursor)
    if not cursor.at_kind("end"):
        cursor.fail("the end of the query")
    return replace(query, base=cursor.base)


def _prologue(cursor: Cursor) -> None:
    while True:
        if cursor.eat_word("BASE"):
            cursor.base = _iri_token(cursor)
        elif cursor.eat_word("PREFIX"):
            _prefix(cursor)
        else:
            return


def _iri_token(cursor: Cursor) -> str:
    if not cursor.at_kind("iri"):
        cursor.fail("an IRI between < and >")
    return cursor.resolve(cursor.take())


def _prefix(cursor: Cursor) -> None:
    token = cursor.take()
    if token.kind != "name" or token.text.find(":") != len(token.text) - 1:
        cursor.fail("a prefix and ':'", token)
    cursor.prefixes[token.text[:-1]] = _iri_token(cursor)


def _form(cursor: Cursor) -> Query:
    if cursor.at_word("SELECT"):
        return _select_query(cursor)
    if cursor.eat_word("ASK"):
        default, named = _dataset(cursor)
        select = _modified(cursor, _where(cursor), ())
        return Query("ASK", select, default=default, named=named)
    if cursor.eat_word("CONSTRUCT"):
        return _construct(cursor)
    if cursor.eat_word("DESCRIBE"):
        return _describe(cursor)
    return cursor.fail("SELECT, ASK, CONSTRUCT or DESCRIBE")


def _select_query(cursor: Cursor) -> Query:
    cursor.expect_word("SELECT")
    distinct, projection, place = _select_clause(cursor)
    default, named = _dataset(cursor)
    select = _modified(cursor, _where(cursor), projection, place)
    return Query("SELECT", replace(select, distinct=distinct), default=default, named=named)


def _sub_select(cursor: Cursor) -> Pattern:
    cursor.expect_word("SELECT")
    distinct, projection, place = _select_clause(cursor)
    select = _modified(cursor, _where(cursor), projection, place)
    return replace(select, distinct=distinct)


_Projection = tuple[tuple[Var, "Expression | None"], ...]


def _select_clause(cursor: Cursor) -> tuple[bool, _Projection | None, Token]:
    """Read DISTINCT and the projection; None stands for `*` [9]."""
    distinct = cursor.eat_word("DISTINCT")
    if not distinct:
        cursor.eat_word("REDUCED")
    place = cursor.token
    if cursor.eat("*"):
        return distinct, None, place
    items: list[tuple[Var, Expression | None]] = []
    while cursor.at_kind("var") or cursor.at("("):
        item = _projected(cursor)
        if item[1] is not None or item not in items:
            items.append(item)
    if not items:
        cursor.fail("a variable, '(' or '*'")
    return distinct, tuple(items), place


def _projected(cursor: Cursor) -> tuple[Var, Expression | None]:
    if cursor.at_kind("var"):
        return cursor.var(), None
    return _expression_as(cursor)


def _expression_as(cursor: Cursor) -> tuple[Var, Expression]:
    cursor.expect("(")
    value = _with_aggregates(cursor)
    cursor.expect_word("AS")
    variable = cursor.var()
    cursor.expect(")")
    return variable, value


def _with_aggregates(cursor: Cursor) -> Expression:
    before, cursor.aggregates_allowed = cursor.aggregates_allowed, True
    value = expression(cursor)
    cursor.aggregates_allowed = before
    return value


def _dataset(
    cursor: Cursor,
) -> tuple[tuple[NamedNode, ...] | None, tuple[NamedNode, ...] | None]:
    default: list[NamedNode] = []
    named: list[NamedNode] = []
    while cursor.eat_word("FROM"):
        target = named if cursor.eat_word("NAMED") else default
        target.append(cursor.iri())
    return (tuple(default), tuple(named)) if default or named else (None, None)


def _where(cursor: Cursor) -> Pattern:
    cursor.eat_word("WHERE")
    before, cursor.aggregates_allowed = cursor.aggregates_allowed, False
    pattern = group(cursor)
    cursor.aggregates_allowed = before
    return pattern


def _modified(
    cursor: Cursor, pattern: Pattern, projection: _Projection | None, place: Token | None = None
) -> Select:
    """Read the solution modifiers and a VALUES clause after them ([18], [28])."""
    keys = _group_by(cursor)
    having = _having(cursor)
    order = _order_by(cursor)
    limit, offset = _limit_offset(cursor)
    values = inline_data(cursor) if cursor.eat_word("VALUES") else None
    if projection is None and keys is not None and place is not None:
        cursor.fail("variables, for '*' cannot be grouped", place)
    if keys is None and _aggregated(projection or (), having, order):
        keys = ()
    whole = joined(pattern, values) if values else pattern
    chosen = _everything(whole) if projection is None else projection
    select = Select(pattern, chosen, keys, having, order, limit=limit, offset=offset)
    _check(cursor, select, whole, place)
    if values is None:
        return select
    return _with_values(select, values)


def _with_values(select: Select, values: Values) -> Select:
    """Join a trailing VALUES, which section 18.2.4.3 puts after grouping and having."""
    if select.group is None:
        return replace(select, pattern=joined(select.pattern, values))
    return replace(select, values=values)


def _everything(pattern: Pattern) -> _Projection:
    return tuple((var, None) for var in in_scope(pattern) if not var.anonymous)


def _aggregated(
    projection: _Projection, having: tuple[Expression, ...], order: tuple[Order, ...]
) -> bool:
    found = [value for _, value in projection if value is not None]
    found += [*having, *(condition.expression for condition in order)]
    return any(True for value in found for _ in aggregates(value))


def _group_by(cursor: Cursor) -> tuple[tuple[Var | None, Expression], ...] | None:
    if not cursor.eat_word("GROUP"):
        return None
    cursor.expect_word("BY")
    keys = []
    while cursor.at_kind("var", "word", "iri", "name") or cursor.at("("):
        if cursor.at_word("HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"):
            break
        keys.append(_group_key(cursor))
    if not keys:
        cursor.fail("what to group by")
    return tuple(keys)


def _group_key(cursor: Cursor) -> tuple[Var | None, Expression]:
    if cursor.at_kind("var"):
        variable = cursor.var()
        return variable, variable
    if not cursor.at("("):
        return None, function_call(cursor) if cursor.at_iri() else built_in(cursor)
    cursor.expect("(")
    value = expression(cursor)
    named = cursor.var() if cursor.eat_word("AS") else None
    cursor.expect(")")
    return named, value


def _having(cursor: Cursor) -> tuple[Expression, ...]:
    if not cursor.eat_word("HAVING"):
        return ()
    return _conditions(cursor)


def _conditions(cursor: Cursor) -> tuple[Expression, ...]:
    before, cursor.aggregates_allowed = cursor.aggregates_allowed, True
    found = [constraint(cursor)]
    while cursor.at("(") or cursor.at_iri() or _at_function(cursor):
        found.append(constraint(cursor))
    cursor.aggregates_allowed = before
    return tuple(found)


def _at_function(cursor: Cursor) -> bool:
    return cursor.at_kind("word") and not cursor.at_word("ORDER", "LIMIT", "OFFSET", "VALUES")


def _order_by(cursor: Cursor) -> tuple[Order, ...]:
    if not cursor.eat_word("ORDER"):
        return ()
    cursor.expect_word("BY")
    before, cursor.aggregates_allowed = cursor.aggregates_allowed, True
    found = [_order(cursor)]
    while cursor.at("(") or cursor.at_kind("var", "iri", "name") or _at_order(cursor):
        found.append(_order(cursor))
    cursor.aggregates_allowed = before
    return tuple(found)


def _at_order(cursor: Cursor) -> bool:
    return cursor.at_kind("word") and not cursor.at_word("LIMIT", "OFFSET", "VALUES")


def _order(cursor: Cursor) -> Order:
    if cursor.at_word("ASC", "DESC"):
        descending = cursor.take().text.upper() == "DESC"
        return Order(bracketted(cursor), descending)
    value = cursor.var() if cursor.at_kind("var") else constraint(cursor)
    return Order(value, descending=False)


def _limit_offset(cursor: Cursor) -> tuple[int | None, int]:
    found: dict[str, int] = {}
    while cursor.at_word("LIMIT", "OFFSET") and cursor.token.text.upper() not in found:
        word = cursor.take().text.upper()
        if not cursor.at_kind("integer"):
            cursor.fail("a number")
        found[word] = int(cursor.take().text)
    return found.get("LIMIT"), found.get("OFFSET", 0)


def _check(cursor: Cursor, select: Select, pattern: Pattern, place: Token | None) -> None:
    """Apply the rules on projected variables (sections 18.2.4.4 and 19.8, notes 12 and 13)."""
    known = set(in_scope(pattern))
    if select.group is not None:
        known = {key for key, _ in select.group if key is not None}
    seen: set[Var] = set()
    for variable, value in select.projection:
        used = [variable] if value is None else list(outside_aggregates(value))
        if select.group is not None and not set(used) <= known:
            cursor.fail("only grouped variables and aggregates", place)
        if value is not None and (variable in seen or variable in set(in_scope(pattern))):
            cursor.fail(f"a new variable instead of ?{variable.name}", place)
        seen.add(variable)
        if value is not None:
            known.add(variable)


def _construct(cursor: Cursor) -> Query:
    if not cursor.at("{"):
        return _construct_where(cursor)
    template = template_triples(cursor)
    default, named = _dataset(cursor)
    select = _modified(cursor, _where(cursor), None)
    return Query("CONSTRUCT", select, template, default=default, named=named)


def _construct_where(cursor: Cursor) -> Query:
    """Read the short form, whose pattern is its template [10]."""
    default, named = _dataset(cursor)
    cursor.expect_word("WHERE")
    cursor.expect("{")
    cursor.block += 1
    found: list[Triple] = []
    while not cursor.eat("}"):
        found.extend(triples(cursor, template=True))
    template = tuple(found)
    select = _modified(cursor, Bgp(template), None)
    return Query("CONSTRUCT", select, template, default=default, named=named)


def _describe(cursor: Cursor) -> Query:
    described: list[Var | NamedNode] = []
    everything = cursor.eat("*")
    while not everything and (cursor.at_kind("var") or cursor.at_iri()):
        described.append(cursor.var() if cursor.at_kind("var") else cursor.iri())
    if not everything and not described:
        cursor.fail("an IRI, a variable or '*'")
    default, named = _dataset(cursor)
    pattern = _where(cursor) if cursor.at("{") or cursor.at_word("WHERE") else Bgp()
    select = _modified(cursor, pattern, None)
    return Query("DESCRIBE", select, (), tuple(described), default, named)
