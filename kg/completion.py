"""Completion: the columns of a release that was made from a checkpoint.

Such a release is served at once and answered by its store alone. Its columns are made afterwards
out of the same imports, in a folder of their own, and appear in the release when they are whole: a
release has all of them or none, and its quads never change.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kg import columns, database, merge, publishing
from kg.difference import Making
from kg.errors import WorkspaceError
from kg.identifiers import Identifiers
from kg.progress import Stages, silent
from kg.workspace import PARTIAL, disk_errors, flush, remove

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kg.progress import Progress
    from kg.releases import Release
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace


def due(release: Release) -> bool:
    """Tell whether a release lacks its columns."""
    return not (release.folder / "columns").exists()


def complete(
    workspace: Workspace,
    release: Release,
    settings: Settings,
    rules: Rules,
    sources: Mapping[str, Source],
    progress: Progress = silent,
) -> bool:
    """Give a release its columns; return whether they had to be made.

    Nobody has to hold the writer's lock: who is second finds the work done, and a release that is
    removed meanwhile is no error.

    Raises:
        WorkspaceError: what the release was made of is not kept, or disk or memory did not suffice.
    """
    if not due(release):
        return False
    making = _making(workspace, release, settings, rules, sources)
    folder = release.folder / f"{PARTIAL}columns-{os.getpid()}"
    with disk_errors(folder):
        try:
            _write(folder, making, settings.memory, Stages(progress), release.manifest["quads"])
            return _place(folder, release.folder / "columns")
        finally:
            remove(folder)


def _making(
    workspace: Workspace,
    release: Release,
    settings: Settings,
    rules: Rules,
    sources: Mapping[str, Source],
) -> Making:
    kept = publishing.made_of(workspace, release)
    if publishing.inputs(kept, settings, rules) != release.manifest["inputs"]:
        detail = f"Release {release.number} was made of imports or rules that are not here any more"
        raise WorkspaceError(detail, release=release.number)
    return Making(kept, rules.ontology, Identifiers(settings.base), sources)


def _write(folder: Path, making: Making, memory: int, stages: Stages, quads: int) -> None:
    folder.mkdir()
    with database.connect(folder / "spill", memory) as connection:
        merge.merge(connection, making, stages)
        with stages.stage("write columns"):
            held = columns.build(connection, "quad", folder / "columns")
    if held != quads:
        detail = f"The columns would hold {held} quads, the store holds {quads}: they are not kept"
        raise WorkspaceError(detail)
    flush(folder / "columns")


def _place(folder: Path, place: Path) -> bool:
    try:
        (folder / "columns").rename(place)
    except OSError:
        if place.exists() or not place.parent.exists():
            return False
        raise
    return True
