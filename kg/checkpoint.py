"""Checkpoint: a release made from the last one and a small difference, in far less than a second.

The store of the last release is copied by hard links, the difference (kg.difference) is applied to
the copy, and what follows from it is brought up to date (kg.maintenance). The result has the same
quads as a whole publication of the same imports; a test holds them against each other.

Such a release has no columns and no index of texts yet: kg.completion adds them afterwards.
"""

from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import pyoxigraph
from pyoxigraph import NamedNode, RdfFormat, Store

from kg import axioms, database, difference, maintenance
from kg.errors import WorkspaceError
from kg.maintenance import Conclusions
from kg.workspace import remove

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pyoxigraph import Quad, Triple

    from kg.difference import Difference, Making
    from kg.progress import Stages
    from kg.releases import Release

QUADS: Final = 50_000
"""How many quads may come and go with such a release."""

LOOKED_AT: Final = 500_000
"""How many statements may be looked at to find what follows."""

GONE: Final = "gone.nq.gz"
COME: Final = "come.nq.gz"


class Advance(NamedTuple):
    """A release that was made from another: the quads of its graphs, and what came and went."""

    graphs: dict[str, int]
    change: Difference


def advance(
    serving: Release, old: Making, new: Making, folder: Path, memory: int, stages: Stages
) -> Advance:
    """Write the store of a release into a folder, made from the one that is served.

    Args:
        serving: The release that was made of `old`.
        old: What that release was made of.
        new: What the next one is made of.
        folder: The folder of the next release; it gets `store/` and `difference/`.
        memory: MiB that the comparison of the imports may take.
        stages: Where the times are told.

    Raises:
        DifferenceTooLargeError: the release is to be made as a whole; the folder is empty again.
        WorkspaceError: the store is damaged, or the disk full.
    """
    try:
        return _advance(serving, old, new, folder, memory, stages)
    except maintenance.DifferenceTooLargeError:
        for name in ("store", "difference", "spill"):
            remove(folder / name)
        raise
    except OSError as error:
        raise WorkspaceError(f"The store could not be written: {error}") from error


def _advance(
    serving: Release, old: Making, new: Making, folder: Path, memory: int, stages: Stages
) -> Advance:
    before = Store.read_only(str(serving.store))
    with (
        stages.stage("compare statements"),
        database.connect(folder / "spill", memory) as connection,
    ):
        change = difference.between(connection, before, old, new, QUADS)
    remove(folder / "spill")
    with stages.stage("copy store"):
        before.backup(str(folder / "store"))
        after = Store(folder / "store")
    with stages.stage("infer"):
        change = _infer(before, after, new, change)
    with stages.stage("write difference"):
        after.flush()
        _write(folder / "difference", change)
    return Advance(_counted(serving, change), change)


def _infer(before: Store, after: Store, new: Making, change: Difference) -> Difference:
    """Apply a difference to a store together with what follows; return all of it."""
    names = ("inferred", "provenance")
    graphs = {name: NamedNode(new.identifiers.graph(name)) for name in names}
    for quad in change.gone:
        after.remove(quad)
    after.extend(change.come)
    stated = _stated(change, before, after, set(graphs.values()))
    rules = axioms.rules(new.ontology)
    follows = maintenance.maintain(before, after, graphs, rules, stated, LOOKED_AT)
    return difference.Difference(
        change.come | _quads(follows.come, graphs["inferred"]),
        change.gone | _quads(follows.gone, graphs["inferred"]),
    )


def _stated(change: Difference, before: Store, after: Store, aside: set[NamedNode]) -> Conclusions:
    """Return the triples that are stated now and were not before, and the reverse."""
    come = {q.triple for q in change.come if q.graph_name not in aside}
    gone = {q.triple for q in change.gone if q.graph_name not in aside}
    return Conclusions(
        {triple for triple in come if not _states(before, triple, aside)},
        {triple for triple in gone if not _states(after, triple, aside)},
    )


def _states(store: Store, triple: Triple, aside: set[NamedNode]) -> bool:
    found = store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return any(quad.graph_name not in aside for quad in found)


def _quads(triples: Iterable[Triple], graph: NamedNode) -> set[Quad]:
    return {pyoxigraph.Quad(t.subject, t.predicate, t.object, graph) for t in triples}


def _counted(serving: Release, change: Difference) -> dict[str, int]:
    counts: Counter[str] = Counter(serving.manifest["graphs"])
    counts.update(str(quad.graph_name)[1:-1] for quad in change.come)
    counts.subtract(str(quad.graph_name)[1:-1] for quad in change.gone)
    return {graph: count for graph, count in sorted(counts.items()) if count}


def difference_of(release: Release) -> tuple[set[bytes], set[bytes]]:
    """Return the lines of N-Quads that went and came with a release from a checkpoint."""
    folder = release.folder / "difference"
    gone, come = (
        set(gzip.decompress((folder / name).read_bytes()).splitlines()) for name in (GONE, COME)
    )
    return gone, come


def _write(folder: Path, change: Difference) -> None:
    """Write what came and went as sorted N-Quads, for those who follow the changes."""
    folder.mkdir()
    for name, quads in ((GONE, change.gone), (COME, change.come)):
        text = pyoxigraph.serialize(quads, format=RdfFormat.N_QUADS) or b""
        lines = sorted(text.splitlines(keepends=True))
        (folder / name).write_bytes(gzip.compress(b"".join(lines), mtime=0))
