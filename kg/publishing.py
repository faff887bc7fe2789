"""Publishing: a release out of the current imports.

1. The statements that each import publishes, without those that updates have removed
   (kg.amendments), and the ontology become the distinct quads; what several sources state stands in
   the first of their graphs in alphabetical order, and the provenance of its entity names them all.
2. The rules of the ontology add what follows, in the graph `inferred`.
3. Provenance says for every entity where it was first written, in the graph `provenance`.
4. All of it is written twice: as columns (kg.columns), and as N-Quads that are bulk-loaded into a
   fresh store, which is then compacted. Both must hold equally many quads. From the columns comes
   the index of texts (kg.matching).
5. The finished folder is renamed to its number, and the link `current` moved to it.

When only little is different from the release that is served, the next one is made from a
checkpoint of it (kg.checkpoint) and has the same quads; its columns and index follow later
(kg.completion).

A release is a function of its inputs: the imports, the ontology, the base IRI and the code version.
When these are those of the current release, nothing is built.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyoxigraph
from pyoxigraph import NamedNode

import kg
from kg import (
    amendments,
    checkpoint,
    columns,
    database,
    imports,
    merge,
    nquads,
    releases,
)
from kg.difference import Making
from kg.errors import WorkspaceError
from kg.identifiers import Identifiers
from kg.imports import Import
from kg.maintenance import DifferenceTooLargeError
from kg.progress import Stages, silent
from kg.workspace import new_folder, point, remove, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from kg.amendments import Row
    from kg.progress import Progress
    from kg.releases import Release
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace


@dataclass(frozen=True)
class Amendment:
    """An import that counts only if the release made with it is accepted.

    `leaving` are the statements that the release is not to have. `accept` is called with the table
    `quad` and raises what speaks against the release; what follows is in the table at least as far
    as it is to leave.
    """

    made: Import
    leaving: Sequence[Row]
    accept: Callable[[duckdb.DuckDBPyConnection], None]


def inputs(current: Mapping[str, Import], settings: Settings, rules: Rules) -> dict[str, Any]:
    """Return what the next release would be a function of."""
    return {
        "version": kg.__version__,
        "base": settings.base,
        "rules": rules.digest,
        "imports": [{"source": i.source, "id": i.id} for _, i in sorted(current.items())],
    }


def digest(value: Any) -> str:
    """Return a short digest of a JSON value, the same for the same value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def build(
    workspace: Workspace,
    settings: Settings,
    rules: Rules,
    sources: Mapping[str, Source],
    progress: Progress = silent,
    amendment: Amendment | None = None,
) -> tuple[Release, bool]:
    """Make the next release current; return it and whether it had to be built.

    `sources` are the loaders by name, for the licence and publisher of each import. An `amendment`
    takes the place of its source's current import if the release is accepted. The caller holds the
    writer's lock.

    Raises:
        WorkspaceError: nothing was imported yet, or the disk or memory did not suffice.
        AtlasError: the amendment is not accepted; everything is as before.
    """
    current = imports.current(workspace)
    if amendment is not None:
        current[amendment.made.source] = amendment.made
    wanted = inputs(current, settings, rules)
    if not wanted["imports"]:
        raise WorkspaceError("Nothing to publish: no import yet; load a source first")
    serving = releases.current(workspace)
    if serving is not None and serving.manifest["inputs"] == wanted:
        return serving, False
    making = Making(current, rules.ontology, Identifiers(settings.base), sources)
    one = _Publication(workspace, settings, making, amendment, Stages(progress))
    place = workspace.releases / str(releases.next_number(workspace))
    with new_folder(place) as folder:
        counts, more = one.write(folder, serving, wanted)
        manifest = _manifest(int(place.name), wanted, counts, one.stages)
        write_manifest(folder, manifest | more)
    if amendment is not None:
        imports.select(workspace, amendment.made)
    point(workspace.current, place)
    releases.prune(workspace, settings.keep_releases, settings.keep_small_releases)
    return releases.find(workspace, int(place.name)), True


def _manifest(
    number: int, wanted: dict[str, Any], counts: dict[str, int], stages: Stages
) -> dict[str, Any]:
    return {
        "release": number,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "digest": digest(wanted),
        "inputs": wanted,
        "quads": sum(counts.values()),
        "graphs": counts,
        "seconds": stages.seconds,
    }


def made_of(workspace: Workspace, release: Release) -> dict[str, Import]:
    """Return the imports that a release was made of, by source; of those that are still kept."""
    named = release.manifest["inputs"]["imports"]
    found = [Import(workspace.imports / one["source"] / one["id"]) for one in named]
    return {one.folder.parent.name: one for one in found if one.folder.exists()}


@dataclass(frozen=True)
class _Publication:
    """One release while it is made."""

    workspace: Workspace
    settings: Settings
    making: Making
    amendment: Amendment | None
    stages: Stages

    def write(
        self, folder: Path, serving: Release | None, wanted: dict[str, Any]
    ) -> tuple[dict[str, int], dict[str, Any]]:
        """Write the release; return the quads of each graph, and more for its manifest."""
        old = self._made_of(serving, wanted) if serving else None
        if serving and old:
            try:
                return self._advance(folder, serving, old)
            except DifferenceTooLargeError:
                self.stages.seconds.clear()
        return self._whole(folder), {}

    def _made_of(self, serving: Release, wanted: dict[str, Any]) -> Making | None:
        """Return what the served release was made of, if it is only the imports that differ."""
        before = serving.manifest["inputs"]
        kept = made_of(self.workspace, serving)
        if before | {"imports": wanted["imports"]} != wanted or len(kept) < len(before["imports"]):
            return None
        return self.making._replace(imports=kept)

    def _advance(
        self, folder: Path, serving: Release, old: Making
    ) -> tuple[dict[str, int], dict[str, Any]]:
        """Make the release from a checkpoint of the one that is served."""
        made = checkpoint.advance(
            serving, old, self.making, folder, self.settings.memory, self.stages
        )
        if self.amendment is not None:
            with self.stages.stage("validate"):
                self._judge(folder, self.amendment)
        change = {"come": len(made.change.come), "gone": len(made.change.gone)}
        return made.graphs, {"difference": {"from": serving.number, **change}}

    def _judge(self, folder: Path, amendment: Amendment) -> None:
        """Have an amendment judged by what is stated, and by what of it is left in the store."""
        store = pyoxigraph.Store.read_only(str(folder / "store"))
        with database.connect(folder / "spill", self.settings.memory) as connection:
            merge.state(connection, self.making)
            left = [
                (*row, str(found.graph_name)[1:-1])
                for row in amendment.leaving
                for one in (amendments.quad(row),)
                for found in store.quads_for_pattern(one.subject, one.predicate, one.object, None)
                if found.graph_name == NamedNode(self.making.identifiers.graph("inferred"))
            ]
            merge.insert(connection, left)
            amendment.accept(connection)
        remove(folder / "spill")

    def _whole(self, folder: Path) -> dict[str, int]:
        """Write everything from the beginning; return the quads of each graph."""
        from kg import matching  # noqa: PLC0415 - brings the text engine, which few commands need

        lines = folder / "quads.nq"
        with database.connect(folder / "spill", self.settings.memory) as connection:
            merge.merge(connection, self.making, self.stages)
            if self.amendment is not None:
                with self.stages.stage("validate"):
                    self.amendment.accept(connection)
            with self.stages.stage("write N-Quads"):
                nquads.write(connection, "quad", lines)
                counts = _counts(connection)
            with self.stages.stage("write columns"):
                in_columns = columns.build(connection, "quad", folder / "columns")
        with self.stages.stage("index texts"):
            matching.build_index(folder, self.settings.base, self.settings.memory)
        with self.stages.stage("load store"):
            held = load_store(lines, folder / "store")
        if held != in_columns:
            detail = f"The store holds {held} quads, the columns {in_columns}: nothing is published"
            raise WorkspaceError(detail)
        lines.unlink()
        remove(folder / "spill")
        return counts if held == sum(counts.values()) else _recount(folder / "store")


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = connection.execute("SELECT graph, count(*) FROM quad GROUP BY ALL ORDER BY ALL")
    return {graph: int(count) for graph, count in rows.fetchall()}


def _recount(store: Path) -> dict[str, int]:
    """Count the quads of each graph in the store, where equal values written apart are one."""
    held = pyoxigraph.Store.read_only(str(store))
    graphs = sorted(g.value for g in held.named_graphs() if isinstance(g, pyoxigraph.NamedNode))
    return {
        graph: sum(1 for _ in held.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(graph)))
        for graph in graphs
    }


def load_store(lines: Path, store: Path) -> int:
    """Load a file of N-Quads into a new Oxigraph store, compact it, and return its quads.

    Raises:
        WorkspaceError: the disk is full, or a line is not N-Quads (which would be a defect here).
    """
    try:
        fresh = pyoxigraph.Store(store)
        fresh.bulk_load(path=lines, format=pyoxigraph.RdfFormat.N_QUADS)
        fresh.optimize()
        fresh.flush()
        return len(fresh)
    except SyntaxError as error:
        raise WorkspaceError(f"The store refused a line of the release: {error}") from error
    except OSError as error:
        raise WorkspaceError(f"The store could not be written: {error}") from error
