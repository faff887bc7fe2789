"""The graphs that analytical queries are measured on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pyoxigraph import RdfFormat

from benchmarks.generate import write
from kg.errors import AtlasError
from kg.settings import Settings
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kg.store import OpenRelease


class Graph(NamedTuple):
    """A graph by its name, and what writes it to a file of N-Quads."""

    name: str
    write: Callable[[Path], object]


def generated(sizes: Iterable[int]) -> list[Graph]:
    """Return graphs in the CORDIS shape with about so many triples."""
    return [Graph(f"{size}-triples", partial(write, size)) for size in sizes]


def given(file: Path) -> Graph:
    """Return the graph of an N-Quads file."""
    return Graph(file.stem, lambda path: path.symlink_to(file.resolve()))


def released() -> list[Graph]:
    """Return the graph of the workspace's current release, nothing if there is none."""
    settings = Settings()
    try:
        release = Serving(Workspace(settings.home)).current()
    except AtlasError as error:
        print(f"the workspace's release is left out: {error.detail}", flush=True)
        return []
    return [Graph("release", partial(_dump, release))]


def _dump(release: OpenRelease, path: Path) -> None:
    release.store.dump(str(path), format=RdfFormat.N_QUADS)
