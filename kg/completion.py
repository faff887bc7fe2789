"""Completion: the columns and the index of texts of a release that was made from a checkpoint.

Such a release is served at once and answered by its store alone. The rest is made afterwards out of
the same imports, beside its place, and appears in the release when it is whole: a release has all
of the columns or none, and its quads never change.

`python -m kg.completion` completes the release that is served, as gently as the system allows; the
task comes as JSON on standard input, so that a server can have it done by another process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import NamedNode, Store

from kg import amendments, columns, database, merge, publishing, releases, staging
from kg.difference import Making
from kg.errors import AtlasError, WorkspaceError
from kg.identifiers import Identifiers
from kg.progress import Stages, silent
from kg.settings import Settings
from kg.workspace import PARTIAL, Workspace, disk_errors, flush, remove

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from kg.progress import Progress
    from kg.releases import Release
    from kg.staging import Rules

_PARTS: Final = ("columns", "text")
_NICENESS: Final = 10


class Task(NamedTuple):
    """What another process needs to know: the workspace, the base IRI and MiB of memory."""

    home: str
    base: str
    memory: int

    @classmethod
    def of(cls, settings: Settings) -> Task:
        """Return the task that settings name."""
        return cls(str(settings.home), settings.base, settings.memory)

    def to_json(self) -> bytes:
        """Return the task as JSON, for standard input."""
        return json.dumps(self._asdict()).encode()


def due(release: Release) -> bool:
    """Tell whether a release lacks its columns or its index of texts."""
    return not all((release.folder / part).exists() for part in _PARTS)


def complete(
    workspace: Workspace,
    release: Release,
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> bool:
    """Give a release its columns and index; return whether something had to be made.

    Nobody has to hold the writer's lock: who is second finds the work done, and a release that is
    removed meanwhile is no error.

    Raises:
        WorkspaceError: what the release was made of is not kept, or disk or memory did not suffice.
    """
    from kg import matching  # noqa: PLC0415 - brings the text engine, which few commands need

    if not due(release):
        return False
    stages = Stages(progress)
    if not (release.folder / "columns").exists():
        making = _making(workspace, release, settings, rules)
        _columns(release, making, settings.memory, stages)
    if release.folder.exists():
        with stages.stage("index texts"):
            matching.build_index(release.folder, settings.base, settings.memory)
    return True


def _making(workspace: Workspace, release: Release, settings: Settings, rules: Rules) -> Making:
    kept = publishing.made_of(workspace, release)
    if publishing.inputs(kept, settings, rules) != release.manifest["inputs"]:
        detail = f"Release {release.number} was made of imports or rules that are not here any more"
        raise WorkspaceError(detail, release=release.number)
    return Making(kept, rules.ontology, Identifiers(settings.base), {})


def _columns(release: Release, making: Making, memory: int, stages: Stages) -> None:
    folder = release.folder / f"{PARTIAL}columns-{os.getpid()}"
    with disk_errors(folder):
        try:
            folder.mkdir()
            with database.connect(folder / "spill", memory) as connection:
                _merge(connection, release, making, stages)
                with stages.stage("write columns"):
                    held = columns.build(connection, "quad", folder / "columns")
            if held != release.manifest["quads"]:
                detail = (
                    f"The columns would hold {held} quads, not those of release {release.number}"
                )
                raise WorkspaceError(detail, release=release.number)
            flush(folder / "columns")
            _place(folder / "columns", release.folder / "columns")
        finally:
            remove(folder)


def _merge(
    connection: DuckDBPyConnection, release: Release, making: Making, stages: Stages
) -> None:
    """Make the table `quad`: stated and inferred anew, the provenance as the store has it."""
    with stages.stage("merge statements"):
        merge.state(connection, making)
    with stages.stage("infer"):
        merge.conclude(connection, making)
    with stages.stage("trace provenance"):
        name = making.identifiers.graph("provenance")
        store = Store.read_only(str(release.store))
        found = store.quads_for_pattern(None, None, None, NamedNode(name))
        merge.insert(connection, ((*amendments.row(quad), name) for quad in found))


def _place(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        if not place.exists() and place.parent.exists():
            raise


def main() -> int:
    """Complete the release that is served; the exit status is 0 unless that failed."""
    os.nice(_NICENESS)
    task = Task(**json.load(sys.stdin))
    settings = Settings(home=Path(task.home), base=task.base, memory=task.memory)
    workspace = Workspace(settings.home)
    release = releases.current(workspace)
    try:
        if release is not None and due(release):
            complete(workspace, release, settings, staging.read_rules(settings.base))
    except AtlasError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
