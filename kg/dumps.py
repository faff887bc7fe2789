"""Dumps: a release, or one graph of it, as RDF."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, Final

import pyoxigraph
from pyoxigraph import NamedNode, RdfFormat

from kg import database, releases
from kg.database import quoted
from kg.errors import NotFoundError, QueryRefusedError
from kg.identifiers import Identifiers
from kg.store import open_release

if TYPE_CHECKING:
    from kg.releases import Release
    from kg.workspace import Workspace

FORMATS: Final = {
    "nq": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
}
_LINES: Final = frozenset({"nq", "nt"})
_LINES_AT_ONCE: Final = 10_000
_SORTED: Final = """
SELECT DISTINCT line FROM read_csv({file}, header = false, delim = '', quote = '', escape = '',
    columns = {{'line': 'VARCHAR'}}, max_line_size = 268435456)
ORDER BY line
"""


def choose(workspace: Workspace, number: int | None) -> Release:
    """Return the release with that number, or the current one.

    Raises:
        UnknownReleaseError: it is not kept.
        NotFoundError: nothing was published yet.
    """
    if number is not None:
        return releases.find(workspace, number)
    current = releases.current(workspace)
    if current is None:
        raise NotFoundError("Nothing is published yet; load a source first")
    return current


def graph_iri(name: str, base: str) -> str:
    """Return the IRI of a graph given by IRI or by its short name (`cordis`, `inferred`)."""
    return name if ":" in name else Identifiers(base).graph(name)


def dump(
    release: Release,
    output: BinaryIO,
    form: str,
    *,
    graph: str | None = None,
    in_order: bool = False,
    memory: int = 1024,
) -> None:
    """Write a release to a stream in a form of FORMATS.

    Turtle and N-Triples hold no graph names: without `graph` they hold the triples of all graphs.
    `in_order` sorts the lines by their bytes, so that equal graphs give equal files; `memory` is in
    MiB.

    Raises:
        NotFoundError: the release has no such graph; it names those that it has.
        QueryRefusedError: an order was asked for in a syntax that is not one line a statement.
    """
    if graph is not None and graph not in release.manifest["graphs"]:
        known = list(release.manifest["graphs"])
        raise NotFoundError(f"Release {release.number} has no graph {graph}", graphs=known)
    if in_order and form not in _LINES:
        detail = "Only N-Quads and N-Triples, one statement a line, can be put in order"
        raise QueryRefusedError(detail, forms=sorted(_LINES))
    if in_order:
        _dump_sorted(release, output, form, graph, memory)
    else:
        _dump(release, output, form, graph)


def _dump(release: Release, output: BinaryIO, form: str, graph: str | None) -> None:
    store, syntax = open_release(release).store, FORMATS[form]
    if graph is not None:
        quads = store.quads_for_pattern(None, None, None, NamedNode(graph))
    else:
        quads = iter(store)
    if syntax.supports_datasets:
        pyoxigraph.serialize(quads, output, syntax)
        return
    triples = (pyoxigraph.Triple(q.subject, q.predicate, q.object) for q in quads)
    pyoxigraph.serialize(triples, output, syntax)


def _dump_sorted(
    release: Release, output: BinaryIO, form: str, graph: str | None, memory: int
) -> None:
    """Write through a file and sort it there: DuckDB spills what does not fit into memory."""
    with TemporaryDirectory(prefix="atlas-") as name:
        unsorted = Path(name) / "unsorted"
        with unsorted.open("wb") as stream:
            _dump(release, stream, form, graph)
        with database.connect(Path(name) / "spill", memory) as connection:
            lines = connection.execute(_SORTED.format(file=quoted(unsorted)))
            while rows := lines.fetchmany(_LINES_AT_ONCE):
                output.writelines(f"{line}\n".encode() for (line,) in rows)
