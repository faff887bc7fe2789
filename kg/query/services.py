"""SERVICE: other endpoints are asked for their part first, and their answers put in its place.

`SERVICE <endpoint> { P }` is evaluated on its own and joined with the rest (SPARQL 1.1 Federated
Query, section 4), so it may be replaced by VALUES with the solutions of `SELECT * { P }`:

1. The endpoint has to be an IRI, and one that the operator allows; anything else is refused before
   any endpoint is asked, SILENT or not.
2. Each is asked once, by the serving process (kg.query.federation): a worker has no network.
3. If one cannot be asked, or its answer is not whole, the query fails; with SILENT its part is one
   solution without bindings (section 2.3). What is answered is never half an answer.
4. A blank node is written as an IRI of its own (RDF 1.1 Concepts, section 3.5): VALUES has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    parse_query_results,
)

from kg.errors import QueryRefusedError, ServiceFailedError
from kg.query.syntax import check, parse
from kg.query.tokens import place, tokenize, unescape

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.query.syntax import Node

_MOST: Final = 8
"""Endpoints that one query may ask."""


class Services:
    """The endpoints that queries may ask, and how: `ask(endpoint, query)` returns JSON results.

    Raises:
        ServiceFailedError: `ask` could not be done.
    """

    def __init__(self, allowed: tuple[str, ...], ask: Callable[[str, str], bytes]) -> None:
        self._allowed = allowed
        self._ask = ask

    def resolved(self, text: str, base: str | None) -> str | None:
        """Return the query with the answers of the endpoints in it; None if it asks none.

        Raises:
            QuerySyntaxError: it is no query.
            QueryRefusedError: an endpoint is a variable, not allowed, or one too many.
            ServiceFailedError: an endpoint did not answer well.
        """
        text = unescape(text)
        tokens = tokenize(text)
        if not any(token.upper == "SERVICE" for token in tokens):
            return None
        tree = parse(text, tokens)
        check(text, tree)
        found = tree.within("service")
        calls = [_Call(text, tree, node, base) for node in found]
        for call in calls[_MOST:]:
            raise call.refusal(f"a query may ask {_MOST} endpoints")
        for call in calls:
            if call.endpoint not in self._allowed:
                allowed = ", ".join(self._allowed)
                raise call.refusal(f"SERVICE asks only the endpoints that are allowed: {allowed}")
        for call in reversed(calls):
            text = text[: call.node.start] + self._answer(call) + text[call.node.end :]
        return text

    def _answer(self, call: _Call) -> str:
        try:
            return _values(self._ask(call.endpoint, call.query), call.node.start)
        except ServiceFailedError:
            if call.silent:
                return "{}"
            raise


class _Call:
    """One SERVICE pattern of a query."""

    def __init__(self, text: str, tree: Node, node: Node, base: str | None) -> None:
        name, group = node.parts
        self._text = text
        self.node = node
        if name.kind == "var":
            raise self.refusal("the endpoint has to be an IRI, not a variable")
        if group.within("service"):
            raise self.refusal("SERVICE within SERVICE is not evaluated")
        words = tokenize(text[node.start : name.start])
        self.silent = any(word.upper == "SILENT" for word in words)
        prologue = tree.parts[0]
        head = text[prologue.start : prologue.end] + "\n"
        self.endpoint = _resolved(head, text[name.start : name.end], base)
        own_base = "" if base is None else f"BASE <{base}>\n"
        self.query = f"{own_base}{head}SELECT * {text[group.start : group.end]}"

    def refusal(self, reason: str) -> QueryRefusedError:
        """Return the error that names the place of the pattern."""
        line, column = place(self._text, self.node.start)
        detail = f"Line {line}, column {column}, at 'SERVICE': {reason}"
        return QueryRefusedError(detail, line=line, column=column, token="SERVICE")  # noqa: S106 - of the text


def _resolved(prologue: str, name: str, base: str | None) -> str:
    """Return the IRI that a name stands for under a prologue; empty if it stands for none."""
    try:
        results = Store().query(f"{prologue}SELECT ({name} AS ?endpoint) {{}}", base_iri=base)
    except SyntaxError:
        return ""
    term = next(results)["endpoint"] if isinstance(results, QuerySolutions) else None
    return term.value if isinstance(term, NamedNode) else ""


def _values(answer: bytes, number: int) -> str:
    """Return the solutions of an answer as a group with VALUES.

    Raises:
        ServiceFailedError: it is no answer to a SELECT query in JSON.
    """
    try:
        solutions = parse_query_results(answer, format=QueryResultsFormat.JSON)
        if not isinstance(solutions, QuerySolutions):
            raise ServiceFailedError("An endpoint answered a boolean instead of solutions")
        names = " ".join(str(variable) for variable in solutions.variables)
        rows = "\n".join(
            "(" + " ".join(_written(term, number) for term in solution) + ")"
            for solution in solutions
        )
    except (SyntaxError, ValueError, OSError) as error:
        raise ServiceFailedError(f"An endpoint's answer cannot be read: {error}") from error
    return f"{{ VALUES ({names}) {{\n{rows}\n}} }}"


def _written(term: object, number: int) -> str:
    """Return a term as SPARQL; `number` tells the blank nodes of one answer from another's."""
    if term is None:
        return "UNDEF"
    if isinstance(term, BlankNode):
        return f"<urn:cluster-atlas:genid:{number}:{term.value}>"
    if isinstance(term, NamedNode | Literal):
        return str(term)
    raise ServiceFailedError("An endpoint's answer has a term that VALUES cannot hold")
