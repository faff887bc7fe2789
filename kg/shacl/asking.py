"""Constraints in SPARQL, evaluated for each focus node with its variables bound (section 5.3).

rdflib evaluates the parsed query over the statements whose predicates it names: it cannot depend
on others. `$this`, `$value`, the parameters, `$shapesGraph` and `$currentShape` are bound before
it begins, so that every part of the query sees them (appendix A, values insertion).
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import rdflib
from rdflib.plugins.sparql.evaluate import evalQuery
from rdflib.plugins.sparql.sparql import SPARQLError

from kg.errors import ShapeError
from kg.shacl import messages, paths, queries
from kg.shacl.nodes import node_of, term_of
from kg.shacl.shapes import Term
from kg.terms import RDF_TYPE, RDFS, SH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import duckdb

    from kg.shacl.encode import Encoding
    from kg.shacl.plan import Check, Rule
    from kg.shacl.shapes import Query, Shapes

SHAPES_GRAPH: Final = rdflib.URIRef(SH + "shapesGraph/0")
_BATCH: Final = 50_000
_SAID: Final = ("this", "value", "path", "component", "message", "failure")


class Found(NamedTuple):
    """One result: its focus node, value and predicate, and its messages if they are its own."""

    focus: Term
    value: Term | None
    predicate: Term | None
    said: str | None


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    shapes: Shapes,
    rule: Rule,
    check: Check,
    ids: Encoding,
    into: str,
) -> None:
    """Insert what the query of a constraint finds into the relation `into`.

    Raises:
        ShapeError: the query reports a failure.
    """
    query = rule.constraint.query
    if query is None:
        raise TypeError(rule)
    data = _data(connection, ids, predicates_of(rule))
    asked = _Asked(rule, query, _dataset(shapes, query, data))
    pairs = check.values if query.ask else f"(SELECT f, f AS v FROM {check.candidates})"
    found = [row for pair in _pairs(connection, pairs) for row in asked.results(*pair)]
    known = ids.add(connection, {term for row in found for term in row[:3] if term is not None})
    columns: list[list[Any]] = [
        [None if row[at] is None else known[row[at]] for row in found]  # type: ignore[index]
        for at in range(3)
    ]
    connection.execute(
        f"INSERT INTO {into} SELECT unnest($1::BIGINT[]) AS focus, focus,"
        f" unnest($2::BIGINT[]), unnest($3::BIGINT[]), {check.rule}, unnest($4::VARCHAR[])",
        [*columns, [row.said for row in found]],
    )


def predicates_of(rule: Rule) -> set[str] | None:
    """Return the predicates that a constraint's query and path name, None for any."""
    query = rule.constraint.query
    named = queries.named_predicates(query.text) if query else set()
    if named is None:
        return None
    own = set(paths.predicates(rule.shape.path)) if rule.shape.path is not None else set()
    return {RDF_TYPE, RDFS + "subClassOf"} | named | own


class _Asked:
    """One query over one graph, asked for one focus node after the other."""

    def __init__(self, rule: Rule, query: Query, graph: rdflib.Graph) -> None:
        self.rule = rule
        self.query = query
        self.graph = graph
        self.algebra = queries.prepared(query.text)
        self.given: dict[str, Any] = {
            "shapesGraph": SHAPES_GRAPH,
            "currentShape": node_of(rule.shape.node),
            **{name: node_of(term) for name, term in query.given},
        }
        self.parameters = {name: term.value for name, term in query.given}
        self.templated = _own_variables(rule, {*_SAID, *self.parameters})

    def results(self, focus: Term, value: Term) -> Iterator[Found]:
        """Yield the results for a focus node and, to an ASK, one of its value nodes."""
        bound = {**self.given, "this": node_of(focus)}
        if self.query.ask:
            if not self._ask({**bound, "value": node_of(value)}):
                yield Found(focus, value, None, self._said(focus, value, {}))
            return
        for solution in self._solutions(bound):
            yield self._found(focus, solution)

    def _ask(self, bound: Mapping[str, Any]) -> bool:
        return bool(self._evaluated(bound)["askAnswer"])

    def _solutions(self, bound: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for row in self._evaluated(bound)["bindings"]:
            yield {str(name): node for name, node in row.items()}

    def _evaluated(self, bound: Mapping[str, Any]) -> dict[str, Any]:
        with warnings.catch_warnings():
            # rdflib's evaluation of GRAPH uses what rdflib calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                result = evalQuery(self.graph, self.algebra, bound)
                return {
                    name: list(part) if name == "bindings" else part
                    for name, part in result.items()
                }
            except SPARQLError as error:
                raise self._failure(str(error)) from error

    def _found(self, asked: Term, solution: dict[str, Any]) -> Found:
        """Return the result that a solution stands for (section 5.3.2)."""
        if _is_true(solution.get("failure")):
            raise self._failure("it binds ?failure to true")
        focus = term_of(solution["this"]) if "this" in solution else asked
        value = term_of(solution["value"]) if "value" in solution else None
        if value is None and self.rule.shape.path is None:
            value = focus
        path = solution.get("path")
        own = self.rule.shape.path
        plain = own.iri if isinstance(own, paths.Predicate) else None
        other = isinstance(path, rdflib.URIRef) and str(path) != plain
        return Found(
            focus, value, term_of(path) if other else None, self._said(focus, value, solution)
        )

    def _said(self, focus: Term, value: Term | None, solution: Mapping[str, Any]) -> str | None:
        """Return as JSON the messages of a result that the rule's own texts do not give."""
        message = solution.get("message")
        if isinstance(message, rdflib.Literal):
            return json.dumps([[str(message), message.language or ""]])
        if not self.templated and not self.parameters:
            return None
        filled = {
            **messages.parameters(self.rule),
            **self.parameters,
            **{name: str(node) for name, node in solution.items()},
            "this": focus.value,
            "value": value.value if value else "",
        }
        return (
            json.dumps(
                [[messages.fill(each.text, filled), each.language] for each in self.rule.messages]
            )
            if self.rule.messages
            else None
        )

    def _failure(self, why: str) -> ShapeError:
        shape = self.rule.shape
        detail = f"shape {shape.node}: the query of {self.rule.constraint.component} failed: {why}"
        return ShapeError(detail, shape=shape.key)


def _own_variables(rule: Rule, known: set[str]) -> bool:
    """Tell whether the texts of a rule name variables that only a solution has."""
    return any(messages.places(each.text) - known for each in rule.messages)


def _is_true(node: Any) -> bool:
    return isinstance(node, rdflib.Literal) and node.value is True


def _pairs(connection: duckdb.DuckDBPyConnection, pairs: str) -> list[tuple[Term, Term]]:
    columns = ", ".join(f"{t}.value, {t}.kind, {t}.datatype, {t}.language" for t in "fv")
    rows = connection.execute(
        f"SELECT {columns} FROM {pairs} x JOIN shacl_term f ON f.id = x.f"
        " JOIN shacl_term v ON v.id = x.v"
    ).fetchall()
    return [(Term(*row[:4]), Term(*row[4:])) for row in rows]


def _dataset(shapes: Shapes, query: Query, data: rdflib.Graph) -> rdflib.Graph:
    """Return the data alone, or with the shapes graph beside it for a query that looks there."""
    if not queries.uses_graphs(query.text):
        return data
    dataset = rdflib.Dataset()
    _copy(data, dataset.default_graph)
    _copy(shapes.graph, dataset.graph(SHAPES_GRAPH))
    return dataset


def _copy(source: Iterable[Any], target: rdflib.Graph) -> None:
    for triple in source:
        target.add(triple)


def _data(
    connection: duckdb.DuckDBPyConnection, ids: Encoding, wanted: set[str] | None
) -> rdflib.Graph:
    """Return the triples that a query can depend on as a graph."""
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
