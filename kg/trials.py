"""Trying an update on a private copy of a release, to learn what it would add and remove.

1. The copy is a checkpoint of the release's store (hard links); it is thrown away afterwards.
2. The update runs in a process of its own, with the limits of queries: it is killed when its time
   is up, its memory is bounded, and it can open no socket.
3. Templates do not write into graphs but into marked ones, `urn:cluster-atlas:removed:<graph>` and
   `…:added:<graph>`, so that what an operation does can be read off without comparing stores. It is
   then done to the copy, and the next operation sees it.
4. The default graph of patterns is the union, as it is for queries. A deletion that names no graph
   removes the statement wherever it stands; an insertion that names none goes to `updates`.

    python -m kg.trials   reads a trial as JSON, writes a Change or a problem as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse, serialize

from kg import errors
from kg.errors import (
    AtlasError,
    QueryFailedError,
    QueryMemoryError,
    QueryRefusedError,
    QueryTimeoutError,
    WorkspaceError,
)
from kg.query import operations
from kg.query.engine_errors import syntax_fault
from kg.query.evaluation import Source
from kg.query.evaluation import run as run_query
from kg.query.limits import confine
from kg.query.operations import Operation, make_right, on_dataset
from kg.query.request import WHOLE, Dataset
from kg.query.tokens import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kg.query.evaluation import Results

MOST: Final = 100_000
"""Statements that one update may add and remove; more than that is a source to load."""

_REMOVED: Final = "urn:cluster-atlas:removed:"
_ADDED: Final = "urn:cluster-atlas:added:"
_ANYWHERE: Final = "urn:cluster-atlas:any"
"""Stands for the graph of what a template writes without GRAPH."""


class Change(NamedTuple):
    """What an update would do: quads that are in the release and go, quads that come."""

    removed: list[Quad]
    added: list[Quad]


@dataclass(frozen=True)
class Trial:
    """An update and where to try it: a copy, the graphs that patterns see, the one to add to."""

    store: str
    text: str
    dataset: Dataset
    base: str
    graphs: tuple[str, ...]
    additions: str
    memory: int

    def to_json(self) -> str:
        """Return the trial for its process."""
        return json.dumps({**self.__dict__, "dataset": [self.dataset.default, self.dataset.named]})

    @classmethod
    def from_json(cls, text: str) -> Trial:
        """Read what `to_json` wrote."""
        found = json.loads(text)
        default, named = found.pop("dataset")
        graphs = tuple(found.pop("graphs"))
        return cls(dataset=Dataset(tuple(default), tuple(named)), graphs=graphs, **found)


def copy(store: Path, place: str) -> None:
    """Make a private copy of a release's store.

    Raises:
        WorkspaceError: the store is damaged, or the disk full.
    """
    try:
        Store.read_only(str(store)).backup(place)
    except OSError as error:
        raise WorkspaceError(f"The store could not be copied: {error}") from error


def run(trial: Trial, seconds: float) -> Change:
    """Try an update in a process of its own.

    Raises:
        QuerySyntaxError, QueryRefusedError, ParameterError: it is not carried out as it stands.
        QueryTimeoutError, QueryMemoryError, QueryFailedError: it could not be completed.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "kg.trials"],
            input=trial.to_json().encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        detail = f"The update was ended at its time limit of {seconds:g} s"
        raise QueryTimeoutError(detail, limit=seconds) from None
    if done.returncode < 0:
        raise QueryMemoryError("The update needed more memory than it may take")
    if done.returncode > 0:
        raise QueryFailedError(f"The process of the update ended with status {done.returncode}")
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise _problem(*answer["problem"])
    return Change(_read(answer["removed"]), _read(answer["added"]))


def _problem(name: str, detail: str, members: dict[str, Any]) -> AtlasError:
    kind: type[AtlasError] = getattr(errors, name, None) or getattr(operations, name)
    return kind(detail, **members)


def _read(lines: str) -> list[Quad]:
    return list(parse(lines.encode(), RdfFormat.N_QUADS))


def _written(quads: Iterable[Quad]) -> str:
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").decode()


# -- in the process of the trial ----------------------------------------------------------------


@dataclass
class _Run:
    """The operations of one update, one after the other, on the copy."""

    trial: Trial
    store: Store
    removed: set[Quad] = field(default_factory=set)
    added: set[Quad] = field(default_factory=set)

    def all(self) -> Change:
        found = operations.read(self.trial.text)
        _check(self.trial)
        for operation in found:
            on_dataset(operation, self.trial.dataset)
            removed, added = self._effect(operation)
            self._apply(removed, added)
        return Change(list(self.removed), list(self.added))

    def _apply(self, removed: set[Quad], added: set[Quad]) -> None:
        for quad in removed:
            self.store.remove(quad)
            if quad in self.added:
                self.added.remove(quad)
            else:
                self.removed.add(quad)
        for quad in added:
            if not self._stands(quad):
                self.store.add(quad)
                if quad in self.removed:
                    self.removed.remove(quad)
                else:
                    self.added.add(quad)
        if len(self.added) + len(self.removed) > MOST:
            detail = f"One update changes at most {MOST} statements; load more as a source"
            raise QueryRefusedError(detail, limit=MOST)

    def _stands(self, quad: Quad) -> bool:
        """Tell whether a statement is in the release, and not only because it was inferred."""
        found = self.store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return any(
            isinstance(other.graph_name, NamedNode)
            and not other.graph_name.value.endswith("graph/inferred")
            for other in found
        )

    def _effect(self, operation: Operation) -> tuple[set[Quad], set[Quad]]:
        if operation.kind == "graphs":
            return self._cleared(operation), set()
        if operation.kind == "modify":
            return self._modified(operation)
        quads = self._data(operation)
        if operation.kind == "delete data":
            return set(self._found(quads)), set()
        return set(), {self._placed(quad) for quad in quads}

    def _data(self, operation: Operation) -> Iterator[Quad]:
        """Return the quads that stand in an operation; its braces are those of INSERT DATA."""
        braces = operation.insert or operation.delete
        store = Store()
        _update(store, f"{operation.prologue}INSERT DATA {braces}", self.trial.base)
        return iter(store)

    def _found(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        """Yield the quads of the copy that are meant; without a graph wherever they stand."""
        for quad in quads:
            graph = None if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name
            yield from self.store.quads_for_pattern(
                quad.subject, quad.predicate, quad.object, graph
            )

    def _placed(self, quad: Quad) -> Quad:
        """Return a quad to add, in the graph of updates if it names none."""
        if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode):
            detail = "A blank node cannot be published; give it an IRI"
            raise QueryRefusedError(detail)
        graph = quad.graph_name
        additions = NamedNode(self.trial.additions)
        if isinstance(graph, DefaultGraph) or graph == additions:
            return Quad(quad.subject, quad.predicate, quad.object, additions)
        detail = (
            f"Statements are added to <{self.trial.additions}> alone, not to {graph}, which its "
            "source fills; leave GRAPH out"
        )
        raise QueryRefusedError(detail, graph=str(graph))

    def _cleared(self, operation: Operation) -> set[Quad]:
        tokens = tokenize(operation.text)
        words = [token.upper for token in tokens if token.upper]
        named = [token.text for token in tokens if token.kind == "iri"]
        if (
            words[0] not in {"CLEAR", "DROP"}
            or "GRAPH" not in words
            or named != [f"<{self.trial.additions}>"]
        ):
            detail = (
                f"{words[0]}: whole graphs belong to their sources; load those anew, or DROP GRAPH "
                f"<{self.trial.additions}> to take every addition back"
            )
            raise QueryRefusedError(detail, token=words[0])
        graph = NamedNode(self.trial.additions)
        return set(self.store.quads_for_pattern(None, None, None, graph))

    def _modified(self, operation: Operation) -> tuple[set[Quad], set[Quad]]:
        text = self._marking(operation)
        _update(self.store, text, self.trial.base)
        removed: list[Quad] = []
        added: set[Quad] = set()
        for graph in list(self.store.named_graphs()):
            name = graph.value
            if not name.startswith((_REMOVED, _ADDED)):
                continue
            quads = self.store.quads_for_pattern(None, None, None, graph)
            if name.startswith(_REMOVED):
                removed += (_in(quad, name[len(_REMOVED) :]) for quad in quads)
            else:
                added |= {self._placed(_in(quad, name[len(_ADDED) :])) for quad in quads}
            self.store.remove_graph(graph)
        return set(self._found(removed)), added

    def _marking(self, operation: Operation) -> str:
        """Return the update that writes what an operation does into marked graphs."""
        self._see(operation)
        make_right(operation, self._ask)
        binds: list[str] = []
        parts = [
            *_marked(operation.delete, _REMOVED, operation.graph, binds),
            *_marked(operation.insert, _ADDED, operation.graph, binds),
        ]
        return (
            f"{operation.prologue}INSERT {{ {' '.join(parts)} }} {' '.join(operation.using)} "
            f"WHERE {{ {operation.where} {' '.join(binds)} }}"
        )

    def _see(self, operation: Operation) -> None:
        """Write out the dataset that the operation's pattern is matched on."""
        if operation.using:
            return
        default = [operation.graph] if operation.graph else self._graphs()
        operation.using = [
            *(f"USING {graph}" for graph in default),
            *(f"USING NAMED {graph}" for graph in self._graphs()),
        ]

    def _graphs(self) -> list[str]:
        return [f"<{graph}>" for graph in {*self.trial.graphs, self.trial.additions}]

    def _ask(self, text: str) -> Results:
        return run_query(Source(self.store, union=False, base=self.trial.base), text, WHOLE)


def _in(quad: Quad, graph: str) -> Quad:
    name = DefaultGraph() if graph == _ANYWHERE else NamedNode(graph)
    return Quad(quad.subject, quad.predicate, quad.object, name)


def _marked(template: str | None, mark: str, graph: str | None, binds: list[str]) -> list[str]:
    """Return the parts of a template, each in a marked graph for which `binds` gets the name."""
    if template is None:
        return []
    parts = []
    for name, triples in _parts(template):
        variable = f"?cluster_atlas_{len(binds)}"
        named = name or graph
        value = f"STR({named})" if named else f'"{_ANYWHERE}"'
        binds.append(f'BIND(IRI(CONCAT("{mark}", {value})) AS {variable})')
        parts.append(f"GRAPH {variable} {{ {triples} }}")
    return parts


def _parts(template: str) -> Iterator[tuple[str, str]]:
    """Yield graph and triples of each part of a template, the graph empty for those without."""
    tokens = tokenize(template)
    position, index = tokens[0].end, 1
    while index < len(tokens) - 1:
        token = tokens[index]
        if token.upper == "GRAPH" and tokens[index + 2].text == "{":
            if template[position : token.start].strip(" .\n\r\t"):
                yield "", template[position : token.start]
            closing = next(i for i in range(index, len(tokens)) if tokens[i].text == "}")
            yield tokens[index + 1].text, template[tokens[index + 2].end : tokens[closing].start]
            position, index = tokens[closing].end, closing
            if tokens[index + 1].text == ".":
                position = tokens[index + 1].end
        index += 1
    rest = template[position : tokens[-2].start]
    if rest.strip(" .\n\r\t"):
        yield "", rest


def _check(trial: Trial) -> None:
    """Have the engine read the update as it was sent, on an empty store."""
    try:
        Store().update(trial.text, base_iri=trial.base)
    except SyntaxError as error:
        raise syntax_fault(trial.text, str(error)) from error
    except (RuntimeError, OSError):
        return  # a graph that the empty store does not have


def _update(store: Store, text: str, base: str) -> None:
    try:
        store.update(text, base_iri=base)
    except SyntaxError as error:
        detail = f"The update cannot be tried as it is written: {error}"
        raise QueryRefusedError(detail) from error
    except (RuntimeError, OSError) as error:
        raise QueryFailedError(f"The engine gave up: {error}") from error


def main() -> None:
    """Try the update on standard input."""
    trial = Trial.from_json(sys.stdin.read())
    store = Store(trial.store)
    confine(trial.memory)
    try:
        change = _Run(trial, store).all()
    except AtlasError as error:
        json.dump({"problem": [type(error).__name__, error.detail, error.members]}, sys.stdout)
        return
    answer = {"removed": _written(change.removed), "added": _written(change.added)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
