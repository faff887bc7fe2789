"""Updates of the workspace: tried, validated, and published as a release, all or nothing.

1. An update is tried on a private copy of the current release (kg.trials); a document for the graph
   store needs no trial. Either way there are statements that come and statements that go.
2. What comes is added to the import `updates`; what goes is taken out of it, or, where a source
   states it, noted there as removed (kg.amendments). The next rebuild keeps both.
3. The release is made, and before it is published the shapes are checked on what was touched
   (kg.judgement). What speaks against it ends the whole: nothing is published, no import is current
   that was not accepted.

One update runs at a time; another process that writes makes it fail with 503.
"""

from __future__ import annotations

import threading
from functools import cached_property, partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad

from kg import amendments, judgement, publishing, releases, staging, trials
from kg.errors import QueryRefusedError, WorkspaceError
from kg.identifiers import Identifiers
from kg.workspace import PARTIAL, remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from pyoxigraph import Triple

    from kg.amendments import Row
    from kg.query.request import Dataset
    from kg.releases import Release
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace

    GraphName = NamedNode | DefaultGraph

_IMPLIED: Final = ("inferred", "provenance")


class Outcome(NamedTuple):
    """What was written: whether a graph is new; on a workspace the release, and how much.

    `not_loaded` is what LOAD SILENT named, as it is written there: nothing is fetched.
    """

    fresh: bool = False
    release: int | None = None
    added: int = 0
    removed: int = 0
    not_loaded: tuple[str, ...] = ()


class Writer(Protocol):
    """What carries out the writing operations of the protocols; `holder` is who asked."""

    def direct(self, url: str, below: str) -> str:
        """Return the IRI of the graph that a URL names directly, `below` the service."""

    def known(self) -> list[str]:
        """Return the IRIs of the named graphs."""

    def exists(self, graph: GraphName) -> bool:
        """Tell whether there is a graph of that name."""

    def update(self, text: str, dataset: Dataset, holder: str) -> Outcome:
        """Execute an update, as a whole or not at all."""

    def put(
        self, graph: GraphName, triples: Sequence[Triple], holder: str, *, keep: bool
    ) -> Outcome:
        """Add triples to a graph; unless `keep`, what it had before goes."""

    def drop(self, graph: GraphName, holder: str) -> Outcome:
        """Remove a graph."""


class Updates:
    """The writer of a workspace; `sources` are the loaders by name."""

    def __init__(
        self, workspace: Workspace, settings: Settings, sources: Mapping[str, Source]
    ) -> None:
        self._workspace = workspace
        self._settings = settings
        self._sources = sources
        self._identifiers = Identifiers(settings.base)
        self._additions = self._identifiers.graph(amendments.SOURCE)
        self._turn = threading.Lock()

    @cached_property
    def _rules(self) -> Rules:
        return staging.read_rules(self._settings.base)

    # Graphs by name

    def direct(self, _url: str, below: str) -> str:
        """Return the IRI of a graph of ours by its short name."""
        return self._identifiers.graph(below)

    def known(self) -> list[str]:
        """Return the IRIs of the published graphs."""
        release = releases.current(self._workspace)
        return sorted(release.manifest["graphs"]) if release else []

    def exists(self, graph: GraphName) -> bool:
        """Tell whether a graph is published; the default graph, their union, always is."""
        return isinstance(graph, DefaultGraph) or graph.value in self.known()

    # Writing

    def update(self, text: str, dataset: Dataset, holder: str) -> Outcome:
        """Try an update, validate what comes of it, and publish it.

        Raises:
            QuerySyntaxError, QueryRefusedError, ParameterError: it is not carried out as it stands.
            QueryTimeoutError, QueryMemoryError, QueryFailedError: it could not be completed.
            RulesBrokenError, StillImpliedError: what it makes is not accepted.
            WorkspaceError: nothing is published yet, or another process is writing.
        """
        with self._turn, self._workspace.writing():
            change = self._try(self._release(), text, dataset)
            return self._accept(change.added, change.removed, text, holder)

    def put(
        self, graph: GraphName, triples: Sequence[Triple], holder: str, *, keep: bool
    ) -> Outcome:
        """Add triples to the graph of updates; unless `keep`, what it had before goes.

        Raises:
            QueryRefusedError: another graph, or a blank node.
            RulesBrokenError, WorkspaceError: as of `update`.
        """
        self._check(graph)
        coming = [_plain(triple) for triple in triples]
        with self._turn, self._workspace.writing():
            release = self._release()
            before = amendments.additions(self._workspace)
            rows = {amendments.row(quad) for quad in coming}
            going = [] if keep else [amendments.quad(one) for one in before if one not in rows]
            known = set(before)
            coming = [quad for quad in coming if amendments.row(quad) not in known]
            verb = "POST" if keep else "PUT"
            outcome = self._accept(coming, going, f"# {verb} <{self._additions}>\n", holder)
            new = self._additions not in release.manifest["graphs"]
            return outcome._replace(fresh=new and outcome.added > 0)

    def drop(self, graph: GraphName, holder: str) -> Outcome:
        """Take back every statement that updates have added; raises as `put` does."""
        self._check(graph)
        with self._turn, self._workspace.writing():
            going = [amendments.quad(one) for one in amendments.additions(self._workspace)]
            return self._accept([], going, f"# DELETE <{self._additions}>\n", holder)

    def _check(self, graph: GraphName) -> None:
        if graph != NamedNode(self._additions):
            detail = (
                f"Only <{self._additions}> is written through the graph store; a source's graph "
                "changes when the source is loaded, and single statements by SPARQL update"
            )
            raise QueryRefusedError(detail, graph=str(graph), writable=self._additions)

    def _release(self) -> Release:
        release = releases.current(self._workspace)
        if release is None:
            raise WorkspaceError("Nothing is published yet; load a source first")
        return release

    def _copying(self) -> AbstractContextManager[str]:
        # On the workspace's file system, for hard links; left behind it goes with the next lock.
        return TemporaryDirectory(prefix=PARTIAL, dir=self._workspace.home)

    def _try(self, release: Release, text: str, dataset: Dataset) -> trials.Change:
        with self._copying() as folder:
            copy = f"{folder}/store"
            trials.copy(release.store, copy)
            trial = trials.Trial(
                store=copy,
                text=text,
                dataset=dataset,
                base=self._settings.base,
                graphs=tuple(release.manifest["graphs"]),
                additions=self._additions,
                memory=self._settings.query_memory * 1024 * 1024,
            )
            return trials.run(trial, self._settings.query_timeout_max)

    def _implied(self, quad: Quad) -> bool:
        """Tell whether a removed quad is made with each release, out of others.

        Raises:
            QueryRefusedError: it is of the ontology.
        """
        graph = quad.graph_name
        if graph == NamedNode(self._identifiers.graph("ontology")):
            detail = f"The ontology is not changed by updates: {quad.subject} {quad.predicate}"
            raise QueryRefusedError(detail, graph=str(graph))
        return graph in {NamedNode(self._identifiers.graph(name)) for name in _IMPLIED}

    def _accept(
        self, coming: Iterable[Quad], going: Sequence[Quad], text: str, holder: str
    ) -> Outcome:
        """Publish a change if it is acceptable; the caller holds the lock."""
        implied = [amendments.row(quad) for quad in going if self._implied(quad)]
        stated = [quad for quad in going if not self._implied(quad)]
        state, arriving, leaving = self._next(coming, stated, text, holder)
        if not arriving and not leaving:
            if implied:
                raise judgement.still_implied(implied)
            return Outcome(release=self._release().number)
        made = amendments.write(self._workspace, self._settings, self._rules.digest, state)
        accept = partial(
            judgement.judge,
            rules=self._rules,
            base=self._settings.base,
            coming=arriving,
            going=leaving,
            implied=implied,
        )
        accepted = False
        try:
            release, _ = publishing.build(
                self._workspace,
                self._settings,
                self._rules,
                self._sources,
                amendment=publishing.Amendment(made, [*leaving, *implied], accept),
            )
            accepted = True
        finally:
            if not accepted:
                remove(made.folder)
        return Outcome(False, release.number, state.added_now, state.removed_now)

    def _next(
        self, coming: Iterable[Quad], going: Iterable[Quad], text: str, holder: str
    ) -> tuple[amendments.State, list[Row], list[Row]]:
        """Return the state after a change, and the statements that come and go, as written."""
        added = amendments.additions(self._workspace)
        gone = set(amendments.canonical(map(amendments.row, going)).values())
        ours = {one for one, form in amendments.canonical(added).items() if form in gone}
        wanted = sorted(gone, key=repr)
        written = amendments.as_written(self._workspace, wanted, self._settings.memory)
        theirs = {one for stated in written.values() for one in stated}
        arriving = list(dict.fromkeys(map(amendments.row, coming)))
        state = amendments.State(
            added=[one for one in dict.fromkeys([*added, *arriving]) if one not in ours],
            removed=[*amendments.removals(self._workspace), *theirs],
            text=text,
            holder=holder,
            added_now=len(arriving),
            removed_now=len(gone),
        )
        return state, arriving, [*ours, *theirs]


def _plain(triple: Triple) -> Quad:
    if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode):
        raise QueryRefusedError("A blank node cannot be published; give it an IRI")
    return Quad(triple.subject, triple.predicate, triple.object)
