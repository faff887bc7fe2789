"""The scratch store: in memory, empty at first, writable, for conformance suites and for trying.

It answers as the pool of workers does, through the same guards and rewriting, but in this process:
whoever asks is on this machine. The default graph is one of its own and not the union. Literals are
kept as they are written (kg.writtenforms).
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from functools import partial
from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg.errors import AtlasError, QueryFailedError, QueryRefusedError
from kg.query.engine_errors import syntax_fault
from kg.query.evaluation import OXIGRAPH, Source, evaluate
from kg.query.evaluation import run as run_query
from kg.query.frames import Head
from kg.query.operations import make_right, on_dataset, read
from kg.query.request import WHOLE
from kg.query.run import Answer
from kg.query.tokens import unescape
from kg.updates import Outcome
from kg.writtenforms import WrittenForms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pyoxigraph import Triple

    from kg.query.evaluation import Results
    from kg.query.formats import Format
    from kg.query.operations import Operation
    from kg.query.pool import RunningQuery
    from kg.query.request import Dataset, QueryRequest


class ConflictError(QueryRefusedError):
    """An operation on graphs that cannot be done on the graphs that there are."""

    status = 409
    title = "Update not executed"


GraphName = NamedNode | DefaultGraph


class _Body:
    """The sink of one answer."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.media_type = ""

    def begin(self, form: Format, *, lasting: bool, engine: str = OXIGRAPH) -> None:  # noqa: ARG002 - the store changes
        self.media_type = form.media_type

    def write(self, data: bytes, /) -> int:
        self.data += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: everything is kept."""


class Scratch:
    """A store in memory; `base` is what relative IRIs of queries and updates are resolved by."""

    release: str | None = None
    """There is none, so nobody keeps an answer."""

    def __init__(self, base: str) -> None:
        self.store = Store()
        self.base = base
        self._forms = WrittenForms(base)
        functions = self._forms.functions
        self._source = Source(self.store, union=False, base=base, functions=functions)
        self._writing = threading.Lock()

    # Queries, as the pool answers them

    def new_id(self) -> str:
        """Return the id of a query."""
        return secrets.token_hex(8)

    async def evaluate(
        self,
        request: QueryRequest,
        gone: Callable[[], Awaitable[None]] | None = None,  # noqa: ARG002 - it is not stopped
    ) -> Answer:
        """Return the answer, complete; raises as kg.query.evaluation.evaluate does."""
        body = await asyncio.to_thread(self._evaluated, request)
        head = Head(body.media_type, "identity", lasting=False)
        return Answer(self.new_id(), "scratch", head, bytes(body.data))

    def _evaluated(self, request: QueryRequest) -> _Body:
        body = _Body()
        written = self._read(lambda: self._forms.query(unescape(request.text)), request.text)
        evaluate(self._source, request._replace(text=written), body)
        body.data = bytearray(self._forms.restored(bytes(body.data)))
        return body

    def _read(self, written: Callable[[], str], text: str) -> str:
        """Return what is written for a text; the text itself if it cannot be read here."""
        try:
            return written()
        except AtlasError:
            if self._forms.used:
                raise
            return text

    def close(self, answer: Answer) -> None:
        """Do nothing: answers are complete."""

    def running(self) -> list[RunningQuery]:
        """Return nothing: queries in this process cannot be ended."""
        return []

    def kill(self, query: str) -> bool:  # noqa: ARG002 - the pool's signature
        """Return that no such query was ended."""
        return False

    # Writing

    def update(self, text: str, dataset: Dataset, _holder: str) -> Outcome:
        """Execute an update, as a whole or not at all (SPARQL 1.1 Update, section 2.2).

        Nothing is fetched: LOAD SILENT goes on as after a load that failed, and is told of.

        Raises:
            QuerySyntaxError: it is no update.
            NotFetchedError: it would fetch an address.
            QueryRefusedError: it cannot be written so that it is evaluated rightly.
            ConflictError: an operation on graphs cannot be done.
            ParameterError: the dataset is named twice.
        """
        operations = read(text, silent_loads=True)
        loads = [operation.graph or "" for operation in operations if operation.kind == "load"]
        operations = [operation for operation in operations if operation.kind != "load"]
        with self._writing:
            for number, operation in enumerate(operations):
                on_dataset(operation, dataset)
                self._write(operation)
                make_right(operation, self._ask if number == 0 else _ask_later)
            self._execute(operations)
        return Outcome(not_loaded=tuple(loads))

    def _write(self, operation: Operation) -> None:
        """Have the literals of an operation keep their form."""
        parts = {"delete": operation.delete, "insert": operation.insert, "where": operation.where}
        for name, text in parts.items():
            if text is not None:
                pattern = partial(self._forms.pattern, operation.prologue, text)
                setattr(operation, name, self._read(pattern, text))
        if operation.kind in {"insert data", "delete data"}:
            operation.text = f"{operation.kind} {operation.insert or operation.delete}"

    def _ask(self, text: str) -> Results:
        return run_query(self._source, text, WHOLE)

    def _execute(self, operations: list[Operation]) -> None:
        pieces = []
        prologue = ""
        for operation in operations:
            # Declarations hold for what follows; only new ones are written.
            pieces.append(operation.prologue[len(prologue) :] + operation.written())
            prologue = operation.prologue
        text = " ;\n".join(pieces)
        try:
            functions = self._forms.functions
            self.store.update(text, base_iri=self.base, custom_functions=functions)
        except SyntaxError as error:
            raise syntax_fault(text, str(error)) from error
        except RuntimeError as error:
            raise ConflictError(f"The update was not executed: {error}") from error
        except OSError as error:
            raise QueryFailedError(f"The store gave up: {error}") from error

    def direct(self, url: str, _below: str) -> str:
        """Return the IRI of a graph that is named by the URL of the request."""
        return url

    def known(self) -> list[str]:
        """Return the IRIs of the named graphs."""
        return sorted(g.value for g in self.store.named_graphs() if isinstance(g, NamedNode))

    def exists(self, graph: GraphName) -> bool:
        """Tell whether there is a graph of that name; the default graph always is."""
        return isinstance(graph, DefaultGraph) or self.store.contains_named_graph(graph)

    def put(
        self, graph: GraphName, triples: Sequence[Triple], _holder: str, *, keep: bool
    ) -> Outcome:
        """Add triples to a graph, after emptying it unless `keep`; tell whether it is new."""
        stored = self._forms.stored
        quads = [Quad(t.subject, t.predicate, stored(t.object), graph) for t in triples]
        with self._writing:
            fresh = not self.exists(graph)
            if not keep:
                self.store.clear_graph(graph)
            if isinstance(graph, NamedNode):
                self.store.add_graph(graph)
            self.store.extend(quads)
        return Outcome(fresh=fresh)

    def drop(self, graph: GraphName, _holder: str) -> Outcome:
        """Remove a graph; the default graph becomes empty."""
        with self._writing:
            self.store.remove_graph(graph)
        return Outcome()


def _ask_later(_text: str) -> Results:
    """Refuse what depends on graphs that an operation before may have changed."""
    detail = (
        "A later operation of the update has GRAPH over a variable with a sub-query, VALUES or "
        "MINUS inside; send it as an update of its own"
    )
    raise QueryRefusedError(detail)
