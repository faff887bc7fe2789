"""What SQL does not cover, evaluated by pySHACL: SHACL-SPARQL constraints and components.

The constraint is cut out of its shape and given the candidates as target nodes, so that pySHACL
judges it and nothing else; its results come back as rows like those of any other step. Of the data
it gets the statements whose predicates the SPARQL of the constraint names: a query cannot depend
on others. If it has a variable for a predicate, or a negated one, it gets all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pyshacl
import rdflib
from pyparsing import ParseException, ParseResults
from pyshacl.errors import ReportableRuntimeError
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.errors import ShapeError
from kg.shacl import paths
from kg.shacl.nodes import node_of, term_of
from kg.shacl.shapes import Term
from kg.terms import OWL, RDF, RDF_TYPE, RDFS, SH, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb

    from kg.shacl.encode import Encoding
    from kg.shacl.plan import Check, Rule
    from kg.shacl.shapes import Shapes

# pySHACL declares these by itself.
_KNOWN_PREFIXES: Final = (
    f"PREFIX rdf: <{RDF}>\nPREFIX rdfs: <{RDFS}>\nPREFIX owl: <{OWL}>\n"
    f"PREFIX sh: <{SH}>\nPREFIX xsd: <{XSD}>\n"
)
_BATCH: Final = 50_000
_QUERIES: Final = tuple(rdflib.URIRef(SH + name) for name in ("select", "ask"))
_SHAPE_TERMS: Final = tuple(rdflib.URIRef(SH + name) for name in ("path", "severity"))
_SPARQL: Final = rdflib.URIRef(SH + "sparql")


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    shapes: Shapes,
    rule: Rule,
    check: Check,
    ids: Encoding,
    into: str,
) -> None:
    """Insert what pySHACL finds for one constraint into the relation `into`.

    Raises:
        ShapeError: pySHACL cannot evaluate it.
    """
    data = _data(connection, ids, named_predicates(shapes, rule))
    nodes = _terms(connection, f"SELECT f FROM {check.candidates}")
    cut = _cut_out(shapes.graph, rule, (node_of(term) for term in nodes))
    report = _judge(data, cut, rule)
    results = report.objects(None, rdflib.URIRef(SH + "result"))
    rows = [_row(report, rule, node) for node in results]
    known = ids.add(connection, {term for row in rows for term in row if term is not None})
    columns = [
        [None if term is None else known[term] for term in column]
        for column in zip(*rows, strict=True)
    ] or [[], [], []]
    connection.execute(
        f"INSERT INTO {into} SELECT unnest($1::BIGINT[]) AS focus, focus,"
        f" unnest($2::BIGINT[]), unnest($3::BIGINT[]), {check.rule}",
        columns,
    )


def _judge(data: rdflib.Graph, cut: rdflib.Graph, rule: Rule) -> rdflib.Graph:
    try:
        _, report, text = pyshacl.validate(
            data,
            shacl_graph=cut,
            advanced=True,
            inference="none",
            do_owl_imports=False,
            inplace=True,
        )
    except ReportableRuntimeError as error:
        raise _failure(rule, error) from error
    if not isinstance(report, rdflib.Graph):
        raise _failure(rule, report or text)
    return report


def _failure(rule: Rule, why: object) -> ShapeError:
    shape = rule.shape.key
    return ShapeError(
        f"shape {rule.shape.node}: pySHACL could not evaluate {rule.constraint.component}: {why}",
        shape=shape,
    )


def _row(report: rdflib.Graph, rule: Rule, node: Any) -> tuple[Term, Term | None, Term | None]:
    """Return focus node, value and, where it is not the shape's own path, the predicate."""
    focus, value, path = (
        report.value(node, rdflib.URIRef(SH + name))
        for name in ("focusNode", "value", "resultPath")
    )
    own = rule.shape.path.iri if isinstance(rule.shape.path, paths.Predicate) else None
    other = isinstance(path, rdflib.URIRef) and str(path) != own
    return (
        term_of(focus),
        term_of(value) if value is not None else None,
        term_of(path) if other else None,
    )


def _terms(connection: duckdb.DuckDBPyConnection, ids: str) -> list[Term]:
    rows = connection.execute(
        f"SELECT value, kind, datatype, language FROM shacl_term WHERE id IN ({ids})"
    ).fetchall()
    return [Term(*row) for row in rows]


def _data(
    connection: duckdb.DuckDBPyConnection, ids: Encoding, wanted: set[str] | None
) -> rdflib.Graph:
    """Return the triples that a constraint can depend on as a graph."""
    kept = "true" if wanted is None else f"p IN ({', '.join(str(ids.iri(n)) for n in wanted)})"
    columns = ", ".join(f"{t}.value, {t}.kind, {t}.datatype, {t}.language" for t in "spo")
    connection.execute(
        f"SELECT {columns} FROM (SELECT * FROM shacl_triple WHERE {kept}) t"
        " JOIN shacl_term s ON s.id = t.s JOIN shacl_term p ON p.id = t.p"
        " JOIN shacl_term o ON o.id = t.o"
    )
    graph = rdflib.Graph()
    while rows := connection.fetchmany(_BATCH):
        for row in rows:
            graph.add(tuple(node_of(Term(*row[at : at + 4])) for at in (0, 4, 8)))  # type: ignore[arg-type]
    return graph


# -- cutting a constraint out of its shapes graph ----------------------------------------------


def _cut_out(graph: rdflib.Graph, rule: Rule, nodes: Iterable[Any]) -> rdflib.Graph:
    """Return a shapes graph of one shape with one constraint and `nodes` as its targets."""
    shape = node_of(rule.shape.node)
    cut = rdflib.Graph()
    kind = "PropertyShape" if rule.shape.path else "NodeShape"
    cut.add((shape, rdflib.URIRef(RDF_TYPE), rdflib.URIRef(SH + kind)))
    for predicate in (*_SHAPE_TERMS, *_own_terms(graph, rule)):
        for value in graph.objects(shape, predicate):
            cut.add((shape, predicate, value))
            _copy(graph, cut, value)
    if rule.constraint.node is not None:
        keep = node_of(rule.constraint.node)
        for other in list(cut.objects(shape, _SPARQL)):
            if other != keep:
                cut.remove((shape, _SPARQL, other))
        _copy(graph, cut, keep)
    for node in nodes:
        cut.add((shape, rdflib.URIRef(SH + "targetNode"), node))
    return cut


def _own_terms(graph: rdflib.Graph, rule: Rule) -> Iterator[rdflib.URIRef]:
    """Yield the predicates by which the shape declares the constraint."""
    if rule.constraint.component == SH + "SPARQLConstraintComponent":
        yield _SPARQL
        return
    component = rdflib.URIRef(rule.constraint.component)
    for parameter in graph.objects(component, rdflib.URIRef(SH + "parameter")):
        for path in graph.objects(parameter, rdflib.URIRef(SH + "path")):
            if isinstance(path, rdflib.URIRef):
                yield path


def _copy(graph: rdflib.Graph, cut: rdflib.Graph, node: Any) -> None:
    """Copy what a node says of itself, with the nodes that belong to it and its prefixes."""
    todo, seen = [node], set()
    while todo:
        subject = todo.pop()
        if subject in seen:
            continue
        seen.add(subject)
        for predicate, value in graph.predicate_objects(subject):
            cut.add((subject, predicate, value))
            belongs = str(predicate).startswith(SH) and not isinstance(value, rdflib.Literal)
            if isinstance(value, rdflib.BNode) or belongs:
                todo.append(value)


# -- which statements a query can depend on ----------------------------------------------------


def named_predicates(shapes: Shapes, rule: Rule) -> set[str] | None:
    """Return the predicates that a constraint's queries and path name, None for any."""
    found = {RDF_TYPE, RDFS + "subClassOf"}
    if rule.shape.path is not None:
        found.update(paths.predicates(rule.shape.path))
    for query in _queries(shapes.graph, rule):
        named = _predicates_of(query, rule)
        if named is None:
            return None
        found |= named
    return found


def _queries(graph: rdflib.Graph, rule: Rule) -> Iterator[str]:
    """Yield the constraint's SPARQL texts, prefixes and path put in."""
    if rule.constraint.node is None:
        return
    cut = rdflib.Graph()
    _copy(graph, cut, node_of(rule.constraint.node))
    declared = "".join(
        f"PREFIX {cut.value(node, rdflib.URIRef(SH + 'prefix'))}: "
        f"<{cut.value(node, rdflib.URIRef(SH + 'namespace'))}>\n"
        for node in set(cut.objects(None, rdflib.URIRef(SH + "declare")))
    )
    own = paths.text(rule.shape.path) if rule.shape.path else ""
    path = f"<{own}>" if isinstance(rule.shape.path, paths.Predicate) else f"({own})"
    for predicate in _QUERIES:
        for text in cut.objects(None, predicate):
            yield declared + re.sub(r"[$?]PATH\b", lambda _: path, str(text))


def _predicates_of(query: str, rule: Rule) -> set[str] | None:
    """Return the predicates that the patterns of a query name, None if it can match any."""
    try:
        parsed = parseQuery(_KNOWN_PREFIXES + query)
    except ParseException as error:
        raise _failure(rule, f"not SPARQL: {error}") from error
    declared = {part.prefix or "" for part in parsed[0] if part.name == "PrefixDecl"}
    unknown = sorted(set(_prefixes(parsed)) - declared)
    if unknown:
        raise _failure(rule, f"the prefix {unknown[0]}: is not declared (sh:prefixes)")
    found: set[str] = set()
    algebra = translateQuery(parsed).algebra
    return found if all(_collect(part, found) for part in _triples(algebra)) else None


def _prefixes(node: Any) -> Iterator[str]:
    """Yield the prefixes that the names in a parsed query use."""
    if isinstance(node, CompValue):
        if node.name == "pname":
            yield str(node.get("prefix") or "")
        node = list(node.values())
    if isinstance(node, list | tuple | ParseResults):
        for each in node:
            yield from _prefixes(each)


def _triples(node: Any) -> Iterator[Any]:
    """Yield the predicates of all triple patterns; a graph or service clause as a whole."""
    if isinstance(node, dict):
        if getattr(node, "name", "") in ("Graph", "ServiceGraphPattern"):
            yield None
        for key, value in node.items():
            if key == "triples":
                yield from (triple[1] for triple in value)
            elif key != "_vars":
                yield from _triples(value)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _triples(each)


def _collect(predicate: Any, found: set[str]) -> bool:
    """Add what a predicate names; tell whether it can match nothing else."""
    match predicate:
        case rdflib.URIRef():
            found.add(str(predicate))
            return True
        case InvPath():
            return _collect(predicate.arg, found)
        case MulPath():
            return _collect(predicate.path, found)
        case SequencePath() | AlternativePath():
            return all(_collect(part, found) for part in predicate.args)
    return False
