"""Publishing: a release out of the current imports.

1. The statements that each import publishes, without those that updates have removed
   (kg.amendments), and the ontology become the distinct quads; what several sources state stands in
   the first of their graphs in alphabetical order, and the provenance of its entity names them all.
2. The rules of the ontology add what follows, in the graph `inferred`.
3. Provenance says for every entity where it was first written, in the graph `provenance`.
4. All of it is written twice: as columns (kg.columns), and as N-Quads that are bulk-loaded into a
   fresh store, which is then compacted. Both must hold equally many quads.
5. The finished folder is renamed to its number, and the link `current` moved to it.

A release is a function of its inputs: the imports, the ontology, the base IRI and the code version.
When these are those of the current release, nothing is built.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyoxigraph

import kg
from kg import (
    amendments,
    axioms,
    columns,
    database,
    imports,
    inference,
    nquads,
    provenance,
    releases,
)
from kg.database import quoted
from kg.errors import WorkspaceError
from kg.identifiers import Identifiers
from kg.progress import Stages, silent
from kg.statements import SCHEMA, batches
from kg.workspace import new_folder, point, remove, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import duckdb

    from kg.imports import Import
    from kg.progress import Progress
    from kg.releases import Release
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace

_QUAD_SCHEMA: Final = pa.schema(list(SCHEMA)[:7])
_QUAD_COLUMNS: Final = ", ".join(_QUAD_SCHEMA.names)
_MERGED: Final = """
CREATE OR REPLACE TABLE quad AS
SELECT subject, predicate, object, kind, datatype, language, min(graph) AS graph FROM ({parts})
GROUP BY subject, predicate, object, kind, datatype, language
"""


@dataclass(frozen=True)
class Amendment:
    """An import that counts only if the release made with it is accepted.

    `accept` is called with the finished table `quad` and raises what speaks against it.
    """

    made: Import
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
    stages = Stages(progress)
    place = workspace.releases / str(releases.next_number(workspace))
    with new_folder(place) as folder:
        making = _Making(settings, rules, sources, current, amendment, stages)
        counts = making.write(folder)
        write_manifest(folder, _manifest(int(place.name), wanted, counts, stages))
    if amendment is not None:
        imports.select(workspace, amendment.made)
    point(workspace.current, place)
    releases.prune(workspace, settings.keep_releases)
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


@dataclass(frozen=True)
class _Making:
    """One release while it is made."""

    settings: Settings
    rules: Rules
    sources: Mapping[str, Source]
    current: Mapping[str, Import]
    amendment: Amendment | None
    stages: Stages

    def write(self, folder: Path) -> dict[str, int]:
        """Write the store of the release; return the quads of each graph."""
        lines = folder / "quads.nq"
        identifiers = Identifiers(self.settings.base)
        chosen = [
            (one, amendments.published(one, self.current.get(amendments.SOURCE)))
            for _, one in sorted(self.current.items())
        ]
        with database.connect(folder / "spill", self.settings.memory) as connection:
            with self.stages.stage("merge statements"):
                _merge(connection, [rows for _, rows in chosen], self.rules, identifiers)
            with self.stages.stage("infer"):
                _infer(connection, self.rules, identifiers)
            with self.stages.stage("trace provenance"):
                _trace(connection, identifiers, chosen, self.sources)
            if self.amendment is not None:
                with self.stages.stage("validate"):
                    self.amendment.accept(connection)
            with self.stages.stage("write N-Quads"):
                nquads.write(connection, "quad", lines)
                counts = _counts(connection)
            with self.stages.stage("write columns"):
                in_columns = columns.build(connection, "quad", folder / "columns")
        with self.stages.stage("load store"):
            held = load_store(lines, folder / "store")
        if held != in_columns:
            detail = f"The store holds {held} quads, the columns {in_columns}: nothing is published"
            raise WorkspaceError(detail)
        lines.unlink()
        remove(folder / "spill")
        return counts if held == sum(counts.values()) else _recount(folder / "store")


def _merge(
    connection: duckdb.DuckDBPyConnection,
    chosen: list[str],
    rules: Rules,
    identifiers: Identifiers,
) -> None:
    """Make the table `quad`: each triple once, in the first graph that states it.

    The engine's union of graphs repeats a triple that two of them hold, so that COUNT and SUM over
    the default graph would count it twice (RDF 1.1 Semantics, section 4.1: a merge is a set).
    """
    connection.register("incoming", _QUAD_SCHEMA.empty_table())
    connection.execute("CREATE TABLE quad AS SELECT * FROM incoming")
    connection.unregister("incoming")
    stated = rules.ontology.statements(identifiers.graph("ontology"))
    _insert(connection, (row[:7] for row in stated))
    parts = " UNION ALL ".join(f"SELECT {_QUAD_COLUMNS} FROM {rows}" for rows in ("quad", *chosen))
    connection.execute(_MERGED.format(parts=parts))


def _infer(connection: duckdb.DuckDBPyConnection, rules: Rules, identifiers: Identifiers) -> None:
    inference.infer(connection, "quad", axioms.rules(rules.ontology))
    graph = quoted(identifiers.graph("inferred"))
    connection.execute(f"INSERT INTO quad BY NAME SELECT *, {graph} AS graph FROM inferred")
    connection.execute("DROP TABLE inferred")


def _trace(
    connection: duckdb.DuckDBPyConnection,
    identifiers: Identifiers,
    chosen: list[tuple[Import, str]],
    sources: Mapping[str, Source],
) -> None:
    for one, rows in chosen:
        provenance.derive(connection, identifiers, one, rows)
        _insert(connection, provenance.describe(identifiers, one, sources.get(one.source)))


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


def _insert(connection: duckdb.DuckDBPyConnection, quads: Iterable[tuple[object, ...]]) -> None:
    for batch in batches(quads, _QUAD_SCHEMA):
        connection.register("incoming", pa.Table.from_batches([batch]))
        connection.execute("INSERT INTO quad SELECT * FROM incoming")
        connection.unregister("incoming")


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
