"""Evaluating one query on one store: guards, rewriting, the engine, the bytes of the answer.

It blocks until the answer is complete, so it runs in a worker, or in a thread where the text is
trusted. Nothing of the answer is kept: it goes to the sink as the engine produces it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Store

from kg.errors import (
    AtlasError,
    NotAcceptableError,
    ParameterError,
    QueryFailedError,
    QueryRefusedError,
    QuerySyntaxError,
)
from kg.query.formats import FORMATS, Format, Kind, named
from kg.query.guards import PLAIN, Nature, inspect, plain
from kg.query.rewriting import rewrite, suspicious
from kg.query.syntax import StrictError, check, parse
from kg.query.tokens import tokenize, unescape, with_booleans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.query.columns import Columns
    from kg.query.request import Acceptable, Dataset, QueryRequest
    from kg.query.services import Services
    from kg.query.tokens import Token

Results = QuerySolutions | QueryBoolean | QueryTriples

OXIGRAPH: Final = "oxigraph"
_UNKNOWN_FUNCTION: Final = re.compile(r"custom function <([^>]+)>")
_DEFAULT_GRAPH: Final = DefaultGraph()
_REASON: Final = re.compile(
    r"(?:expected |, )(?:one of )?((?:[A-Z][a-z]+|The SELECT|SELECT \*) [^,\[\"]+)"
)
"""The sentence that the engine puts among the keywords it would have expected."""


class Sink(Protocol):
    """Takes an answer: what it is, then its bytes."""

    def begin(self, form: Format, *, lasting: bool, engine: str = OXIGRAPH) -> None:
        """Learn the format; called once, before the first `write`."""

    def write(self, data: bytes, /) -> int:
        """Take a piece of the body."""

    def flush(self) -> None:
        """Do nothing: the engine flushes where it likes."""


@dataclass(frozen=True)
class Source:
    """A store as queries see it.

    `union` if its default graph stands for all graphs together; `base` is the IRI against which a
    query without BASE resolves its relative IRIs (SPARQL 1.1, section 4.1.1.2); `columns` is the
    other engine over the same data, where the release has it; `services` are the endpoints that may
    be asked, where there are any; `functions` are those that queries may call by an IRI.
    """

    store: Store
    union: bool
    base: str | None = None
    columns: Columns | None = None
    services: Services | None = None
    functions: Mapping[NamedNode, Callable[..., Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, base: str | None = None, columns: Columns | None = None) -> Source:
        """Return the store; the default graph is the union unless the store has one of its own."""
        own = next(iter(store.quads_for_pattern(None, None, None, _DEFAULT_GRAPH)), None)
        return cls(store, own is None, base, columns if own is None else None)


class Query(NamedTuple):
    """A query as it is evaluated: its escapes resolved, its tokens and what they tell."""

    text: str
    tokens: list[Token]
    nature: Nature
    dataset: Dataset

    @classmethod
    def of(cls, text: str, dataset: Dataset) -> Query:
        """Return the query of a text; of a plain one there are no tokens.

        Raises:
            QuerySyntaxError, QueryRefusedError: its tokens say that it is none, or not evaluated.
        """
        if plain(text):
            return cls(text, [], PLAIN, dataset)
        text = unescape(text)
        tokens = tokenize(text)
        return cls(with_booleans(text, tokens), tokens, inspect(text, tokens), dataset)


def evaluate(source: Source, request: QueryRequest, sink: Sink) -> None:
    """Evaluate a query and write the answer in the format that the request accepts.

    Raises:
        QuerySyntaxError: the text is no SPARQL query.
        QueryRefusedError: it is not evaluated here.
        NotAcceptableError: the client accepts no format of this kind of answer.
        ParameterError: a graph of the dataset is not named by an absolute IRI.
        QueryFailedError: the engine could not read the store or gave up.
        ServiceFailedError: another endpoint did not answer well.
    """
    federated = _federated(source, request)
    request = federated or request
    asked = Query.of(request.text, request.dataset)
    if _answered_by_columns(source, request, sink, lasting=federated is None):
        return
    try:
        results = _evaluated(source, asked)
        form = chosen(results, request.acceptable)
        sink.begin(form, lasting=asked.nature.lasting and federated is None)
        results.serialize(sink, form.engine)  # type: ignore[arg-type]
    except (OSError, RuntimeError) as error:
        if "does not support" in str(error):
            # JSON-LD has no triple terms (RDF 1.2); what is refused at the first one is no failure.
            available = [each.media_type for each in FORMATS["graph"] if each.name != "jsonld"]
            raise NotAcceptableError(str(error), available=available) from error
        raise QueryFailedError(f"The engine could not complete the answer: {error}") from error


def _federated(source: Source, request: QueryRequest) -> QueryRequest | None:
    """Return the request with the answers of other endpoints in it; None if it asks none."""
    if source.services is None or plain(request.text):
        return None
    text = source.services.resolved(request.text, source.base)
    return None if text is None else request._replace(text=text)


def _answered_by_columns(
    source: Source, request: QueryRequest, sink: Sink, *, lasting: bool
) -> bool:
    if request.engine == OXIGRAPH:
        return False
    if source.columns is None:
        if request.engine == "columns":
            raise QueryRefusedError("This release has no columns; leave engine=columns out")
        return False
    _graphs((*request.dataset.default, *request.dataset.named))  # are they IRIs?
    answer = source.columns.answer(request, source.base)
    if answer is None:
        return False
    sink.begin(answer.form, lasting=lasting, engine="columns")
    for piece in answer.pieces:
        sink.write(piece)
    return True


def run(source: Source, text: str, dataset: Dataset) -> Results:
    """Return the engine's results for a query; they are computed while they are read.

    Raises:
        QuerySyntaxError, QueryRefusedError, ParameterError: as `evaluate` does.
        QueryFailedError: the store cannot be read.
    """
    try:
        return _evaluated(source, Query.of(text, dataset))
    except OSError as error:
        raise QueryFailedError(f"The store cannot be read: {error}") from error


def _evaluated(source: Source, query: Query) -> Results:
    text = query.text
    if suspicious(query.tokens):
        text = _rewritten(source, query)
    unknown: dict[NamedNode, Callable[..., None]] = {}
    while True:
        try:
            return _ask(source, query, text, unknown)
        except SyntaxError as error:
            raise _fault(source, query, text, str(error)) from error
        except RuntimeError as error:
            # Planning fails so for a function that the engine does not know.
            name = _UNKNOWN_FUNCTION.search(str(error))
            if name is None or NamedNode(name[1]) in unknown:
                raise QueryRefusedError(f"The query is not evaluated: {error}") from error
            unknown[NamedNode(name[1])] = _error


def _error(*_arguments: object) -> None:
    """Return what the engine takes for an error of the expression.

    A call of a function that is not known is one (SPARQL 1.1, section 17.6): the query is legal.
    """


def _ask(
    source: Source,
    query: Query,
    text: str,
    functions: Mapping[NamedNode, Callable[..., None]] = MappingProxyType({}),
) -> Results:
    """Have the engine evaluate a text on the dataset of a query."""
    if query.dataset:
        return source.store.query(
            text,
            base_iri=source.base,
            default_graph=_graphs(query.dataset.default),
            named_graphs=_graphs(query.dataset.named),
            custom_functions={**source.functions, **functions},
        )
    union = source.union and not query.nature.own_dataset
    return source.store.query(
        text,
        base_iri=source.base,
        use_default_graph_as_union=union,
        custom_functions={**source.functions, **functions},
    )


def _rewritten(source: Source, query: Query) -> str:
    try:
        return rewrite(query.text, query.tokens, lambda text: _ask(source, query, text))
    except StrictError:
        raise
    except QuerySyntaxError:
        # Newer syntax than ours may be known to the engine, who has the last word on it.
        return query.text


def _fault(source: Source, query: Query, written: str, message: str) -> AtlasError:
    """Return the error for a query that the engine does not accept."""
    try:
        tokens = query.tokens or tokenize(query.text)
        inspect(query.text, tokens)
        check(query.text, parse(query.text, tokens))
        if written != query.text:
            _ask(source, query, query.text)
            reason = "the engine would evaluate it wrongly, and it cannot be written differently"
            return QueryRefusedError(f"The query is not evaluated: {reason}")
    except AtlasError as error:
        return error
    except SyntaxError as error:
        message = str(error)
    reason_given = _REASON.search(message)
    return QuerySyntaxError(reason_given[1].strip() if reason_given else message)


def _graphs(names: tuple[str, ...]) -> list[Any]:
    return [_graph(name) for name in names]


def _graph(name: str) -> NamedNode:
    try:
        return NamedNode(name)
    except ValueError as error:
        raise ParameterError(f"{name!r} names no graph: {error}", value=name) from error


def chosen(results: Results, acceptable: Acceptable) -> Format:
    """Return the format of the results among those that the client accepts.

    Raises:
        NotAcceptableError: it accepts none of this kind of answer.
    """
    kind: Kind
    if isinstance(results, QuerySolutions):
        kind, name = "solutions", acceptable.solutions
    elif isinstance(results, QueryBoolean):
        kind, name = "boolean", acceptable.boolean
    else:
        kind, name = "graph", acceptable.graph
    if name is None:
        available = [each.media_type for each in FORMATS[kind]]
        detail = f"The answer is of the kind {kind}, available as {', '.join(available)}"
        raise NotAcceptableError(detail, available=available)
    return named(kind, name)
