"""The grammar of graph patterns and their translation to algebra.

Productions [52] to [67] and [75] to [109] of SPARQL 1.1; the translation is that of section 18.2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kg.sparql.algebra import (
    Alternative,
    Bgp,
    Call,
    Extend,
    Filter,
    Graph,
    Inverse,
    Join,
    LeftJoin,
    Minus,
    Negated,
    Repeat,
    Sequence,
    Triple,
    Union,
    Values,
    Var,
)
from kg.sparql.cursor import RDF_FIRST, RDF_NIL, RDF_REST
from kg.sparql.errors import NotCompilable
from kg.sparql.expressions import constraint, expression
from kg.sparql.scope import in_scope

if TYPE_CHECKING:
    from kg.sparql.algebra import Expression, Node, Path, Pattern, Term
    from kg.sparql.cursor import Cursor


def group(cursor: Cursor) -> Pattern:
    """Read `{ … }` [53]: a sub-SELECT or a group whose filters hold for the whole of it."""
    return _filtered(*_with_filters(cursor))


def _with_filters(cursor: Cursor) -> tuple[Pattern, list[Expression]]:
    """Read a group as its pattern and its own filters; those of a group inside are in the pattern.

    The simplification of section 18.2.2.8 comes after OPTIONAL has looked for filters.
    """
    cursor.expect("{")
    pattern: Pattern
    filters: list[Expression] = []
    if cursor.at_word("SELECT"):
        pattern = cursor.sub_select(cursor)
    else:
        pattern, filters = _group_body(cursor)
    cursor.expect("}")
    cursor.block += 1
    return pattern, filters


def _group_body(cursor: Cursor) -> tuple[Pattern, list[Expression]]:
    pattern: Pattern = Bgp()
    filters: list[Expression] = []
    cursor.block += 1
    while not cursor.at("}"):
        if cursor.eat_word("FILTER"):
            filters.append(constraint(cursor))
        elif cursor.at_kind("word") and not cursor.at_literal():
            pattern = _keyword(cursor, pattern)
            cursor.block += 1
        elif cursor.at("{"):
            pattern = joined(pattern, _union(cursor))
            cursor.block += 1
        else:
            pattern = _with_triples(pattern, triples(cursor))
            continue
        cursor.eat(".")
    return pattern, filters


def _filtered(pattern: Pattern, filters: list[Expression]) -> Pattern:
    for condition in filters:
        pattern = Filter(condition, pattern)
    return pattern


def joined(left: Pattern, right: Pattern) -> Pattern:
    """Return the join of two patterns; the empty pattern is its unit (section 18.2.2.8)."""
    if left == Bgp():
        return right
    return left if right == Bgp() else Join(left, right)


def _with_triples(pattern: Pattern, more: tuple[Triple, ...]) -> Pattern:
    """Join triples to a group; those after a FILTER still belong to the same basic pattern."""
    match pattern:
        case Bgp(present):
            return Bgp(present + more)
        case Join(left, Bgp(present)):
            return Join(left, Bgp(present + more))
    return joined(pattern, Bgp(more))


def _keyword(cursor: Cursor, pattern: Pattern) -> Pattern:  # noqa: PLR0911 - one for each kind
    token = cursor.token
    if cursor.eat_word("OPTIONAL"):
        return _optional(pattern, *_with_filters(cursor))
    if cursor.eat_word("MINUS"):
        return Minus(pattern, group(cursor))
    if cursor.eat_word("BIND"):
        return _bind(cursor, pattern)
    if cursor.eat_word("VALUES"):
        return joined(pattern, inline_data(cursor))
    if cursor.eat_word("GRAPH"):
        name = cursor.var() if cursor.at_kind("var") else cursor.iri()
        return joined(pattern, Graph(name, group(cursor)))
    if cursor.eat_word("SERVICE"):
        return _service(cursor)
    return cursor.fail("a graph pattern", token)


def _service(cursor: Cursor) -> Pattern:
    cursor.eat_word("SILENT")
    if cursor.at_kind("var"):
        cursor.var()
    else:
        cursor.iri()
    group(cursor)
    raise NotCompilable("SERVICE asks another endpoint; the columns answer from this release alone")


def _optional(pattern: Pattern, inner: Pattern, filters: list[Expression]) -> Pattern:
    """Make a LeftJoin; the filters of the optional group become its condition."""
    condition: Expression | None = None
    for one in reversed(filters):
        condition = _conjunction(one, condition)
    return LeftJoin(pattern, inner, condition)


def _conjunction(left: Expression, right: Expression | None) -> Expression:
    return left if right is None else Call("&&", (left, right))


def _bind(cursor: Cursor, pattern: Pattern) -> Pattern:
    cursor.expect("(")
    value = expression(cursor)
    cursor.expect_word("AS")
    place = cursor.token
    variable = cursor.var()
    cursor.expect(")")
    if variable in in_scope(pattern):
        cursor.fail("a variable that is not yet bound in this group", place)
    return Extend(pattern, variable, value)


def _union(cursor: Cursor) -> Pattern:
    result = group(cursor)
    while cursor.eat_word("UNION"):
        result = Union(result, group(cursor))
    return result


def inline_data(cursor: Cursor) -> Values:
    """Read what follows VALUES [62]."""
    single = cursor.at_kind("var")
    variables = (cursor.var(),) if single else _values_variables(cursor)
    if len(set(variables)) < len(variables):
        cursor.fail("each variable once")
    cursor.expect("{")
    rows = []
    while not cursor.eat("}"):
        rows.append((_value(cursor),) if single else _values_row(cursor, len(variables)))
    return Values(variables, tuple(rows))


def _values_variables(cursor: Cursor) -> tuple[Var, ...]:
    cursor.expect("(")
    variables = []
    while not cursor.eat(")"):
        variables.append(cursor.var())
    return tuple(variables)


def _values_row(cursor: Cursor, width: int) -> tuple[Term | None, ...]:
    place = cursor.token
    cursor.expect("(")
    row = []
    while not cursor.eat(")"):
        row.append(_value(cursor))
    if len(row) != width:
        cursor.fail(f"{width} values", place)
    return tuple(row)


def _value(cursor: Cursor) -> Term | None:
    if cursor.eat_word("UNDEF"):
        return None
    value = cursor.constant()
    if value is None:
        cursor.fail("an IRI, a literal or UNDEF")
    return value


def triples(cursor: Cursor, *, template: bool = False) -> tuple[Triple, ...]:
    """Read a block of triples with the same subject up to its `.` [81]."""
    found: list[Triple] = []
    bracketed = cursor.at("[", "(")
    subject = _node(cursor, found, template=template)
    if not (bracketed and found and not _at_verb(cursor)):
        _property_list(cursor, subject, found, template=template)
    if not cursor.eat(".") and not cursor.at("}", "{") and not cursor.at_kind("word"):
        cursor.fail("'.', ';', ',' or '}'")
    return tuple(found)


def _at_verb(cursor: Cursor) -> bool:
    is_a = cursor.token.kind == "word" and cursor.token.text == "a"
    return cursor.at_kind("var", "iri", "name") or is_a or cursor.at("^", "!", "(")


def _property_list(cursor: Cursor, subject: Node, found: list[Triple], *, template: bool) -> None:
    if not _at_verb(cursor):
        cursor.fail("a predicate")
    while True:
        verb = _verb(cursor, template=template)
        while True:
            found.append(Triple(subject, verb, _node(cursor, found, template=template)))
            if not cursor.eat(","):
                break
        if not cursor.at(";"):
            return
        while cursor.eat(";"):
            pass
        if not _at_verb(cursor):
            return


def _verb(cursor: Cursor, *, template: bool) -> Var | Path:
    if cursor.at_kind("var"):
        return cursor.var()
    return cursor.verb_iri() if template else path(cursor)


def _node(cursor: Cursor, found: list[Triple], *, template: bool) -> Node:
    """Read a subject or object; the triples of `[…]` and `(…)` go to `found` [104], [98], [102]."""
    if cursor.at_kind("var"):
        return cursor.var()
    constant = cursor.constant()
    if constant is not None:
        return constant
    if cursor.at_kind("blank"):
        return _labelled(cursor)
    if cursor.eat("["):
        return _blank_node(cursor, found, template=template)
    if cursor.eat("("):
        return _collection(cursor, found, template=template)
    return cursor.fail("a term or a variable")


def _labelled(cursor: Cursor) -> Var:
    """Read a blank node label, which belongs to one basic graph pattern (section 19.6)."""
    token = cursor.take()
    if cursor.labels.setdefault(token.text, cursor.block) != cursor.block:
        cursor.fail("a blank node label not used in another graph pattern", token)
    return Var(token.text + "_")


def _blank_node(cursor: Cursor, found: list[Triple], *, template: bool) -> Var:
    node = cursor.fresh()
    if not cursor.eat("]"):
        _property_list(cursor, node, found, template=template)
        cursor.expect("]")
    return node


def _collection(cursor: Cursor, found: list[Triple], *, template: bool) -> Node:
    items = []
    while not cursor.eat(")"):
        items.append(_node(cursor, found, template=template))
    rest: Node = RDF_NIL
    for item in reversed(items):
        cell = cursor.fresh()
        found.extend((Triple(cell, RDF_FIRST, item), Triple(cell, RDF_REST, rest)))
        rest = cell
    return rest


def path(cursor: Cursor) -> Path:
    """Read a property path [88]."""
    parts = [_path_sequence(cursor)]
    while cursor.eat("|"):
        parts.append(_path_sequence(cursor))
    return parts[0] if len(parts) == 1 else Alternative(tuple(parts))


def _path_sequence(cursor: Cursor) -> Path:
    parts = [_path_step(cursor)]
    while cursor.eat("/"):
        parts.append(_path_step(cursor))
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _path_step(cursor: Cursor) -> Path:
    if cursor.eat("^"):
        return Inverse(_path_element(cursor))
    return _path_element(cursor)


def _path_element(cursor: Cursor) -> Path:
    primary = _path_primary(cursor)
    if cursor.eat("*"):
        return Repeat(primary, 0, unbounded=True)
    if cursor.eat("+"):
        return Repeat(primary, 1, unbounded=True)
    return Repeat(primary, 0, unbounded=False) if cursor.eat("?") else primary


def _path_primary(cursor: Cursor) -> Path:
    if cursor.eat("("):
        inner = path(cursor)
        cursor.expect(")")
        return inner
    return _negated(cursor) if cursor.eat("!") else cursor.verb_iri()


def _negated(cursor: Cursor) -> Negated:
    """Read a negated property set [95]."""
    forward: list[NamedNode] = []
    backward: list[NamedNode] = []
    bracketed = cursor.eat("(")
    if not (bracketed and cursor.eat(")")):
        while True:
            (backward if cursor.eat("^") else forward).append(cursor.verb_iri())
            if not (bracketed and cursor.eat("|")):
                break
        if bracketed:
            cursor.expect(")")
    return Negated(tuple(forward), tuple(backward))


def template_triples(cursor: Cursor) -> tuple[Triple, ...]:
    """Read `{ … }` of CONSTRUCT [73]; no literal is a subject there but in vain."""
    cursor.expect("{")
    cursor.block += 1
    found: list[Triple] = []
    while not cursor.eat("}"):
        found.extend(triples(cursor, template=True))
    cursor.block += 1
    return tuple(triple for triple in found if not isinstance(triple.subject, Literal))
