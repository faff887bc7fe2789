"""Queries whose text is ours, evaluated in this process, with parameters bound as terms.

A parameter is a variable for which the text has a line `VALUES ?name { example }`: the terms given
take the place of the example. They are written by the engine from its own term objects, so that no
value can become part of the query's syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, QuerySolutions

from kg.errors import ParameterError, QueryFailedError
from kg.query.evaluation import Source, run
from kg.query.request import Dataset
from kg.query.tokens import tokenize, unescape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyoxigraph import Store

    from kg.query.tokens import Token

Term = NamedNode | Literal


def parameters(text: str) -> dict[str, tuple[int, int]]:
    """Return the parameters of a query, each with the place of its terms between the braces.

    Raises:
        QuerySyntaxError: the text is made of something else than SPARQL's tokens.
    """
    return _places(tokenize(text))


def _places(tokens: list[Token]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for index, token in enumerate(tokens[:-3]):
        name, opening = tokens[index + 1], tokens[index + 2]
        if token.upper == "VALUES" and name.kind == "var" and opening.text == "{":
            closing = next(t for t in tokens[index:] if t.text in {"}", ""})
            found.setdefault(name.text[1:], (opening.end, closing.start))
    return found


def bind(text: str, bindings: Mapping[str, Term | Sequence[Term]]) -> str:
    """Return the query with terms in the place of the examples.

    Raises:
        ParameterError: the query has no such parameter; the detail names those that it has.
        QuerySyntaxError: the text is made of something else than SPARQL's tokens.
    """
    text = unescape(text)
    places = parameters(text)
    for name in bindings:
        if name not in places:
            known = sorted(places)
            detail = f"The query has no parameter {name!r}; it has {', '.join(known) or 'none'}"
            raise ParameterError(detail, parameter=name, allowed=known)
    for name, (start, end) in sorted(places.items(), key=lambda item: item[1], reverse=True):
        if name in bindings:
            text = f"{text[:start]} {_written(bindings[name])} {text[end:]}"
    return text


def _written(terms: Term | Sequence[Term]) -> str:
    given = terms if isinstance(terms, Sequence) else [terms]
    return " ".join(str(term) for term in given)


def select(
    store: Store, text: str, bindings: Mapping[str, Term | Sequence[Term]] | None = None
) -> QuerySolutions:
    """Return the solutions of a SELECT query over a store; the default graph is the union.

    The solutions are the engine's: iterate over them, or `serialize` them into a result format.

    Raises:
        ParameterError: the query has no such parameter.
        QuerySyntaxError, QueryRefusedError: the text cannot be evaluated.
        QueryFailedError: the text is no SELECT query, or the store cannot be read.
    """
    results = run(Source.of(store), bind(text, bindings or {}), Dataset())
    if not isinstance(results, QuerySolutions):
        raise QueryFailedError("A SELECT query is expected here")
    return results
