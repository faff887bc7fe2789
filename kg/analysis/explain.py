"""The engine's plan for a query, with the number of rows of each step.

The plan comes from the program of the PyPI package `oxigraph`, which evaluates the query on the
release's store and writes what it did:

1. The guards of the query operation come first: no update, no SERVICE. What that operation writes
   differently for the engine is written differently here too.
2. The program runs in a process of its own, with the memory limit of a query and without network,
   and is killed at the time limit or when the client goes away.
3. The counts exist only when the query has ended. For one that does not end in time the plan is
   made on an empty store, and comes without counts: the engine plans by the query alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Store

from kg.errors import (
    AtlasError,
    ParameterError,
    QueryCancelledError,
    QueryFailedError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
)
from kg.query.columns import Columns
from kg.query.evaluation import OXIGRAPH, Query, Source, run
from kg.query.guards import inspect
from kg.query.rewriting import rewrite, suspicious
from kg.query.syntax import check, parse
from kg.query.tokens import tokenize
from kg.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kg.query.request import QueryRequest
    from kg.query.syntax import Node
    from kg.store import OpenRelease

    Gone = Callable[[], Awaitable[None]]

PROGRAM: Final = "oxigraph"
_PLAN_SECONDS: Final = 5.0
"""How long making a plan alone may take."""


class ProgramMissingError(QueryFailedError):
    """The program that explains plans is not installed."""

    status = 501
    title = "Program not installed"


@dataclass(frozen=True)
class Step:
    """A step of the plan; `rows` and `seconds` are None where it was not carried out."""

    operation: str
    rows: int | None
    seconds: float | None
    inputs: tuple[Step, ...]

    @classmethod
    def of(cls, node: dict[str, Any], *, counted: bool) -> Step:
        """Read a step as the program writes it."""
        rows = node.get("number of results") if counted else None
        seconds = node.get("duration in seconds") if counted else None
        inputs = tuple(cls.of(child, counted=counted) for child in node.get("children", ()))
        return cls(node["name"], rows, seconds, inputs)

    def document(self) -> dict[str, Any]:
        """Return the step as JSON has it."""
        inputs = [step.document() for step in self.inputs]
        return {
            "operation": self.operation,
            "rows": self.rows,
            "seconds": self.seconds,
            "inputs": inputs,
        }

    def lines(self, depth: int = 0) -> list[str]:
        """Return the step and its inputs as lines of text, inputs further to the right."""
        rows = "-" if self.rows is None else str(self.rows)
        seconds = "-" if self.seconds is None else f"{self.seconds:.4f}"
        line = f"{rows:>10}  {seconds:>10}  {'  ' * depth}{self.operation}"
        return [line, *(one for step in self.inputs for one in step.lines(depth + 1))]


@dataclass(frozen=True)
class Plan:
    """A plan: the query as the engine got it, and the last step, which has the others as inputs.

    `complete` if the query was carried out to its end, so that the counts are true. `engine` is who
    answers the query when it is asked, and `reason` why; the steps are Oxigraph's in any case.
    """

    engine: str
    reason: str
    query: str
    rewritten: bool
    complete: bool
    planning: float
    step: Step

    def document(self) -> dict[str, Any]:
        """Return the plan as JSON has it."""
        return {**vars(self), "step": self.step.document()}

    def text(self) -> str:
        """Return the plan for people: rows, seconds and operation of each step, one a line."""
        choice = f"answered by: {self.engine} ({self.reason})"
        head = f"{'rows':>10}  {'seconds':>10}  operation"
        return "\n".join([choice, head, *self.step.lines(), ""])


def program() -> str:
    """Return the path of the program: beside this interpreter, else where programs are looked up.

    Raises:
        ProgramMissingError: it is nowhere.
    """
    beside = Path(sys.prefix) / "bin" / PROGRAM
    found = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if found is None:
        detail = f"The program {PROGRAM!r} is not installed; it comes with the package of that name"
        raise ProgramMissingError(detail, program=PROGRAM)
    return found


@dataclass(frozen=True)
class Explainer:
    """Explains queries on a release: in at most `seconds`, with at most `memory` bytes."""

    opened: OpenRelease
    seconds: float
    memory: int

    async def explain(self, request: QueryRequest, gone: Gone | None = None) -> Plan:
        """Return the plan of a query; `gone` returns when the client has gone away.

        Raises:
            QuerySyntaxError, QueryRefusedError: the query is not evaluated as it stands.
            ProgramMissingError: the program is not installed.
            QueryMemoryError, QueryTimeoutError, QueryCancelledError, QueryFailedError: it did not
                come to an end.
        """
        found = program()
        query, written, union = await asyncio.to_thread(self._prepare, request)
        try:
            store = str(self.opened.release.store)
            made = await self._run([found, *_arguments(store, union)], written, self.seconds, gone)
        except QueryTimeoutError:
            with tempfile.TemporaryDirectory(prefix="atlas-explain-") as store:
                await asyncio.to_thread(_create_empty, store)
                command = [found, *_arguments(store, union)]
                made = await self._run(command, written, _PLAN_SECONDS, gone)
            complete = False
        else:
            complete = True
        step = Step.of(made["plan"], counted=complete)
        planning = made["planning duration in seconds"]
        engine, reason = await asyncio.to_thread(self._choice, request)
        return Plan(engine, reason, written, written != query, complete, planning, step)

    def _choice(self, request: QueryRequest) -> tuple[str, str]:
        """Return the engine that answers the query when it is asked, and why."""
        if request.engine == OXIGRAPH:
            return OXIGRAPH, "asked for by `engine`"
        folder = self.opened.release.folder / "columns"
        if not folder.is_dir():
            return OXIGRAPH, "the release has no columns yet"
        return Columns(folder, self.memory // (2 * 1024 * 1024)).choice(request)

    def _prepare(self, request: QueryRequest) -> tuple[str, str, bool]:
        """Return the query, what the engine is to get, and whether the default graph is all."""
        query = Query.of(request.text, request.dataset)
        tokens = query.tokens or tokenize(query.text)
        inspect(query.text, tokens)
        tree = parse(query.text, tokens)
        check(query.text, tree)
        text = _with_dataset(query, tree)
        source = Source.of(self.opened.store)
        written = text
        if suspicious(query.tokens):
            written = rewrite(text, tokenize(text), lambda t: run(source, t, request.dataset))
        own = query.nature.own_dataset or bool(request.dataset)
        return query.text, written, source.union and not own

    async def _run(
        self, command: list[str], text: str, seconds: float, gone: Gone | None
    ) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="atlas-explain-") as folder:
            file = Path(folder) / "plan.json"
            limits = [str(self.memory), str(os.getpid())]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "kg.analysis.confined", *limits),
                *(*command, "--explain-file", str(file)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            said = await _finished(process, text.encode(), seconds, gone)
            if process.returncode:
                raise _failure(process.returncode, said, self.memory)
            made: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return made


def _arguments(store: str, union: bool) -> list[str]:  # noqa: FBT001 - it is an option's switch
    """Return the program's arguments; results go nowhere, in a form that every query has."""
    arguments = ["query", "--location", store, "--stats", "--results-format", "json"]
    return [*arguments, "--union-default-graph"] if union else arguments


def _create_empty(store: str) -> None:
    Store(store).flush()


async def _finished(
    process: asyncio.subprocess.Process, text: bytes, seconds: float, gone: Gone | None
) -> str:
    """Return what the program complained of, once it has ended by itself.

    Raises:
        QueryTimeoutError, QueryCancelledError: it had to be ended.
    """
    ended = asyncio.ensure_future(process.communicate(text))
    waited: set[asyncio.Future[Any]] = {ended}
    if gone is not None:
        waited.add(asyncio.ensure_future(gone()))
    try:
        done, _ = await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if ended in done:
            return ended.result()[1].decode("utf-8", "replace")
        if done:
            raise QueryCancelledError("The client went away")
        detail = f"The query was ended at its time limit of {seconds:g} s"
        raise QueryTimeoutError(detail, limit=seconds)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        for future in waited - {ended}:
            future.cancel()
        await asyncio.wait({ended})


def _failure(status: int, said: str, memory: int) -> AtlasError:
    first = said.partition("\n")[0].removeprefix("Error: ")
    if status in {-signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV}:
        return QueryMemoryError(f"The query needs more than {memory} bytes", limit=memory)
    if first.startswith("error at "):
        return QuerySyntaxError(first)
    return QueryFailedError(f"The plan could not be made: {first or f'status {status}'}")


def _with_dataset(query: Query, tree: Node) -> str:
    """Return the query with the request's dataset as FROM clauses, in the place of its own."""
    if not query.dataset:
        return query.text
    for graph in (*query.dataset.default, *query.dataset.named):
        if not is_iri(graph):
            raise ParameterError(f"{graph!r} names no graph: it is no absolute IRI", value=graph)
    clauses = [f"FROM <{graph}>" for graph in query.dataset.default]
    clauses += [f"FROM NAMED <{graph}>" for graph in query.dataset.named]
    datasets = tree.every("dataset")
    pattern = tree.one("group") or tree.one("template")
    if pattern is None:
        return query.text
    where = datasets[0].start if datasets else _before_where(query.text, pattern.start)
    text = query.text[:where] + f" {' '.join(clauses)} "
    end = datasets[-1].end if datasets else where
    return text + query.text[end:]


def _before_where(text: str, start: int) -> int:
    """Return where FROM may stand: before WHERE and the pattern."""
    *_, last = [t for t in tokenize(text) if t.start < start]
    return last.start if last.upper == "WHERE" else start
