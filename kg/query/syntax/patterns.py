"""Groups, triples and paths: productions [52] to [67] and [74] to [105]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.query.syntax import expressions, inlinedata, terms, tripleterms

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.query.syntax.cursor import Cursor
    from kg.query.syntax.tree import Node


def group(cursor: Cursor) -> Node:
    """Read `{ … }`: a group or a sub-query [53]."""
    with cursor.node("group") as node, cursor.nested():
        cursor.expect("{")
        if cursor.at_word("SELECT"):
            node.parts.append(cursor.sub_select(cursor))
        else:
            _elements(cursor, node)
        cursor.expect("}")
    return node


def _elements(cursor: Cursor, node: Node) -> None:
    """Read what a group holds [54]; triples must be parted by full stops."""
    while not cursor.at("}"):
        if at_triples(cursor):
            node.parts.append(triples(cursor))
            if at_triples(cursor):
                cursor.fail("'.' was expected between the triples")
        else:
            node.parts.append(_element(cursor))
            cursor.skip(".")


def _element(cursor: Cursor) -> Node:
    read = _ELEMENTS.get(cursor.token.upper)
    if read is not None:
        return read(cursor)
    if not cursor.at("{"):
        cursor.fail("a triple or a pattern was expected")
    return _union(cursor)


def _union(cursor: Cursor) -> Node:
    with cursor.node("union") as node:
        node.parts.append(group(cursor))
        while cursor.skip_word("UNION"):
            node.parts.append(group(cursor))
    return node


def _with_group(kind: str) -> Callable[[Cursor], Node]:
    def read(cursor: Cursor) -> Node:
        with cursor.node(kind) as node:
            cursor.take()
            node.parts.append(group(cursor))
        return node

    return read


def _graph(cursor: Cursor) -> Node:
    with cursor.node("graph") as node:
        cursor.take()
        node.parts = [terms.var_or_iri(cursor), group(cursor)]
    return node


def _service(cursor: Cursor) -> Node:
    with cursor.node("service") as node:
        cursor.take()
        cursor.skip_word("SILENT")
        node.parts = [terms.var_or_iri(cursor), group(cursor)]
    return node


def _filter(cursor: Cursor) -> Node:
    with cursor.node("filter") as node:
        cursor.take()
        node.parts.append(expressions.constraint(cursor))
    return node


def _bind(cursor: Cursor) -> Node:
    with cursor.node("alias") as node:
        cursor.take()
        read_alias(cursor, node)
    return node


def read_alias(cursor: Cursor, node: Node) -> None:
    """Read `( expression AS variable )` into a node."""
    cursor.expect("(")
    node.parts.append(expressions.expression(cursor))
    cursor.expect_word("AS")
    node.parts.append(terms.var(cursor))
    cursor.expect(")")


_ELEMENTS: dict[str, Callable[[Cursor], Node]] = {
    "OPTIONAL": _with_group("optional"),
    "MINUS": _with_group("minus"),
    "GRAPH": _graph,
    "SERVICE": _service,
    "FILTER": _filter,
    "BIND": _bind,
    "VALUES": inlinedata.values,
}


# Triples


def at_triples(cursor: Cursor) -> bool:
    """Tell whether a triple is next."""
    return terms.at_term(cursor) or cursor.at("(", "[", "<<", "<<(")


def triples(cursor: Cursor, *, paths: bool = True) -> Node:
    """Read triples that are parted by full stops [55]; `paths` apart, their verbs are terms."""
    with cursor.node("triples") as node:
        while at_triples(cursor):
            node.parts.append(_statement(cursor, paths=paths))
            if not cursor.skip("."):
                break
    return node


def _statement(cursor: Cursor, *, paths: bool) -> Node:
    with cursor.node("statement") as node:
        bracketed = cursor.at("[", "(", "<<")
        subject = _object(cursor, paths=paths)
        node.parts.append(subject)
        if not (bracketed and subject.parts and not _at_verb(cursor)):
            _pairs(cursor, node, paths=paths)
    return node


def _pairs(cursor: Cursor, node: Node, *, paths: bool) -> None:
    """Read verbs with their objects [77]."""
    node.parts.append(_pair(cursor, paths=paths))
    while cursor.skip(";"):
        if _at_verb(cursor):
            node.parts.append(_pair(cursor, paths=paths))


def _pair(cursor: Cursor, *, paths: bool) -> Node:
    with cursor.node("pair") as node:
        if not _at_verb(cursor):
            cursor.fail("a predicate was expected")
        path = _path(cursor) if paths else tripleterms.verb(cursor)
        node.parts += [path, _annotated(cursor, path, paths=paths)]
        while cursor.skip(","):
            node.parts.append(_annotated(cursor, path, paths=paths))
    return node


def _annotated(cursor: Cursor, path: Node, *, paths: bool) -> Node:
    """Read an object with its reifiers and annotations, which need a triple and so a plain verb."""
    with cursor.node("annotated") as node:
        node.parts.append(_object(cursor, paths=paths))
        while cursor.at("~", "{|"):
            if path.tag != "simple":
                cursor.fail_strictly("what a path finds is no triple that could be annotated")
            if cursor.at("~"):
                node.parts.append(tripleterms.reifier(cursor))
            else:
                node.parts.append(_annotation(cursor, paths=paths))
    return node if len(node.parts) > 1 else node.parts[0]


def _annotation(cursor: Cursor, *, paths: bool) -> Node:
    with cursor.nested(), cursor.node("annotation") as node:
        cursor.expect("{|")
        _pairs(cursor, node, paths=paths)
        cursor.expect("|}")
    return node


def _object(cursor: Cursor, *, paths: bool) -> Node:
    if cursor.at("["):
        with cursor.nested(), cursor.node("anonymous") as node:
            cursor.take()
            if not cursor.at("]"):
                _pairs(cursor, node, paths=paths)
            cursor.expect("]")
        return node
    if cursor.at("("):
        with cursor.nested(), cursor.node("collection") as node:
            cursor.take()
            while not cursor.at(")"):
                node.parts.append(_object(cursor, paths=paths))
            cursor.take()
        return node
    if tripleterms.at_triple_term(cursor):
        return tripleterms.triple_term(cursor)
    if tripleterms.at_reified(cursor):
        return tripleterms.reified(cursor)
    if not terms.at_term(cursor):
        cursor.fail("a variable, an IRI, a literal or a blank node was expected")
    return terms.term(cursor)


# Verbs and property paths


def _at_verb(cursor: Cursor) -> bool:
    named = cursor.at_kind("var") or terms.at_iri(cursor) or cursor.token.text == "a"
    return named or cursor.at("^", "!", "(")


def _path(cursor: Cursor) -> Node:
    with cursor.node("path") as node:
        if cursor.at_kind("var"):
            node.parts.append(terms.var(cursor))
        else:
            node.parts.append(_alternative(cursor))
        if node.parts[0].kind in {"var", "iri"}:
            node.tag = "simple"
    return node


def _alternative(cursor: Cursor) -> Node:
    with cursor.node("alternative") as node, cursor.nested():
        node.parts.append(_sequence(cursor))
        while cursor.skip("|"):
            node.parts.append(_sequence(cursor))
    return node if len(node.parts) > 1 else node.parts[0]


def _sequence(cursor: Cursor) -> Node:
    with cursor.node("sequence") as node:
        node.parts.append(_inverse(cursor))
        while cursor.skip("/"):
            node.parts.append(_inverse(cursor))
    return node if len(node.parts) > 1 else node.parts[0]


def _inverse(cursor: Cursor) -> Node:
    if not cursor.at("^"):
        return _repeated(cursor)
    with cursor.node("inverse") as node:
        cursor.take()
        node.parts.append(_repeated(cursor))
    return node


def _repeated(cursor: Cursor) -> Node:
    with cursor.node("repeat") as node:
        node.parts.append(_step(cursor))
        if not cursor.at("*", "+", "?"):
            return node.parts[0]
        node.tag = cursor.take().text
    return node


def _step(cursor: Cursor) -> Node:
    if cursor.skip("("):
        with cursor.nested():
            inner = _alternative(cursor)
        cursor.expect(")")
        return inner
    if cursor.at("!"):
        return _negated(cursor)
    if cursor.token.text == "a":
        return terms.leaf("iri", cursor.take())
    return terms.iri(cursor)


def _negated(cursor: Cursor) -> Node:
    with cursor.node("negated") as node:
        cursor.take()
        if not cursor.skip("("):
            node.parts.append(_one_of(cursor))
        elif not cursor.skip(")"):
            node.parts.append(_one_of(cursor))
            while cursor.skip("|"):
                node.parts.append(_one_of(cursor))
            cursor.expect(")")
    return node


def _one_of(cursor: Cursor) -> Node:
    with cursor.node("inverse") as node:
        inverse = cursor.skip("^")
        name = terms.leaf("iri", cursor.take()) if cursor.token.text == "a" else terms.iri(cursor)
        node.parts.append(name)
    return node if inverse else name
