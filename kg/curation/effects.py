"""What decisions bring about: imports made again under them, and the release that follows.

A decision counts from the moment it is in the journal; the graph shows it with the next release.
Taking back a decision or an import and publishing leads to exactly the graph that there would be
without it, for an import is a function of what was read and of the decisions that hold.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from kg import imports, publishing, staging
from kg.amendments import SOURCE as UPDATES
from kg.curation import linking
from kg.curation.decisions import digest
from kg.errors import ParameterError
from kg.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.imports import Import
    from kg.progress import Progress
    from kg.releases import Release
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace


@contextmanager
def pending(
    workspace: Workspace,
    one: Import,
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> Iterator[Import]:
    """Yield an import as the next release will have it, under the decisions of today.

    Imports that are not current, and updates, are as they are. Nothing is changed.

    Raises:
        WorkspaceError: a file of decisions is damaged, or the disk or memory did not suffice.
    """
    now = imports.current(workspace).get(one.source)
    held = staging.deciding(workspace, settings, one.source)
    same = digest(held) == one.manifest.get("decisions")
    if same or one.source == UPDATES or now is None or now.id != one.id:
        yield one
        return
    with staging.rehearse_again(workspace, one, settings, rules, progress) as made:
        yield made


class Curating(NamedTuple):
    """A workspace and what releases of it are made with; `sources` are the loaders by name."""

    workspace: Workspace
    settings: Settings
    rules: Rules
    sources: Mapping[str, Source]
    progress: Progress = silent

    def refresh(self) -> list[Import]:
        """Make the current imports again whose decisions have changed, or expired; return them.

        The caller holds the writer's lock.

        Raises:
            WorkspaceError: a file of decisions is damaged, or the disk or memory did not suffice.
        """
        made = []
        for source, one in imports.current(self.workspace).items():
            held = staging.deciding(self.workspace, self.settings, source)
            made_of_itself = source in {UPDATES, linking.SOURCE}
            if made_of_itself or digest(held) == one.manifest.get("decisions"):
                continue
            again, _ = staging.restage(
                self.workspace, one, self.settings, self.rules, self.progress
            )
            imports.replace(self.workspace, again)
            made.append(again)
        linked = staging.deciding(self.workspace, self.settings, linking.SOURCE)
        links = linking.refresh(self.workspace, self.settings, self.rules.digest, linked)
        return [*made, links] if links else made

    def publish(self) -> tuple[Release, bool]:
        """Publish the current imports under the decisions of today, and remove what is not needed.

        The caller holds the writer's lock.

        Raises:
            WorkspaceError: nothing was imported yet, or the disk or memory did not suffice.
        """
        self.refresh()
        made = publishing.build(
            self.workspace, self.settings, self.rules, self.sources, self.progress
        )
        imports.prune(self.workspace, self.settings.keep_imports)
        return made

    def undo_import(self, one: Import) -> Import | None:
        """Go back to the import that its source had before, None for none; publish nothing.

        The caller holds the writer's lock.

        Raises:
            ParameterError: it is not the current import of its source, or the only one of all.
        """
        now = imports.current(self.workspace).get(one.source)
        if now is None or now.id != one.id:
            detail = f"{one.id} is not the current import of {one.source}"
            raise ParameterError(detail, parameter="import", current=now.id if now else None)
        return imports.undo(self.workspace, one.source)
