"""Releases: numbered, immutable, one of them current.

A release is the folder `releases/<n>` with a store (Oxigraph) and a manifest. Readers follow the
link `current`; making another release current is moving the link, and never touches a release.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kg.errors import UnknownReleaseError
from kg.workspace import Workspace, point, read_manifest, remove

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Release:
    """One release on disk."""

    folder: Path

    @property
    def number(self) -> int:
        """The number of the release, counted from 1."""
        return int(self.folder.name)

    @property
    def name(self) -> str:
        """The number, and a digest of what the release was made of: no other has this name."""
        return f"{self.number}-{self.manifest['digest']}"

    @property
    def store(self) -> Path:
        """The folder of the Oxigraph store; open it read-only."""
        return self.folder / "store"

    @property
    def small(self) -> bool:
        """Whether it was made from a checkpoint of another (kg.checkpoint)."""
        return (self.folder / "difference").is_dir()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the release was made of, and the quads in each graph."""
        return read_manifest(self.folder)


def every(workspace: Workspace) -> list[Release]:
    """Return all releases kept, oldest first."""
    folders = [f for f in workspace.releases.glob("*") if f.name.isdigit()]
    return sorted((Release(f) for f in folders), key=lambda r: r.number)


def current(workspace: Workspace) -> Release | None:
    """Return the release that is served, or None when nothing was published yet."""
    if not workspace.current.exists():
        return None
    return Release(workspace.current.resolve())


def find(workspace: Workspace, number: int) -> Release:
    """Return the release with that number.

    Raises:
        UnknownReleaseError: it is not kept; it names those that are.
    """
    kept = {r.number: r for r in every(workspace)}
    if number not in kept:
        raise UnknownReleaseError(f"There is no release {number}", kept=sorted(kept))
    return kept[number]


def use(workspace: Workspace, number: int) -> Release:
    """Make a release the current one (roll back or forth) and return it.

    Raises:
        UnknownReleaseError: it is not kept.
    """
    release = find(workspace, number)
    point(workspace.current, release.folder)
    return release


def next_number(workspace: Workspace) -> int:
    """Return the number of the release to make: one more than the highest that ever was current."""
    numbers = [r.number for r in every(workspace)]
    return max(numbers, default=0) + 1


def prune(workspace: Workspace, keep: int, small: int = 0) -> list[int]:
    """Remove all but the newest `keep` releases, never the current one; return what went.

    Those made from a checkpoint take little room and come often: they do not count, and the newest
    `small` of them stay beside the others. The highest number always stays, so that no number is
    given twice.
    """
    serving = current(workspace)
    kept = every(workspace)
    whole = [r for r in kept if not r.small]
    of_checkpoints = [r for r in kept if r.small]
    old = whole[: -max(keep, 1)] + of_checkpoints[: len(of_checkpoints) - small]
    spared = {kept[-1].number} if kept else set()
    if serving is not None:
        spared.add(serving.number)
    gone = sorted((r for r in old if r.number not in spared), key=lambda r: r.number)
    for release in gone:
        remove(release.folder)
    return [r.number for r in gone]
