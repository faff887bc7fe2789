"""Opening the store of a release for reading, in this process.

Only look-ups whose text is ours run here; queries from outside run in killable processes.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph

from kg import releases
from kg.errors import WorkspaceError

if TYPE_CHECKING:
    from kg.releases import Release
    from kg.workspace import Workspace


@dataclass(frozen=True)
class OpenRelease:
    """A release with its store open read-only."""

    release: Release
    store: pyoxigraph.Store

    @property
    def number(self) -> int:
        """The number of the release."""
        return self.release.number


class Serving:
    """The release that answers are taken from: always the one that `current` points to.

    A reader that holds an older OpenRelease goes on with it; it is closed with its last reader.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._open: OpenRelease | None = None
        self._link = ""

    def current(self) -> OpenRelease:
        """Return the current release, opening it when it has changed.

        Raises:
            WorkspaceError: nothing was published yet, or the store cannot be opened.
        """
        link = self._pointing()
        with self._lock:
            if self._open is not None and link and link == self._link:
                return self._open
        release = releases.current(self._workspace)
        if release is None:
            detail = f"Nothing is published in {self._workspace.home} yet; load a source first"
            raise WorkspaceError(detail, home=str(self._workspace.home))
        with self._lock:
            if self._open is None or self._open.release != release:
                self._open = open_release(release)
            self._link = link
            return self._open

    def _pointing(self) -> str:
        """Return what `current` says, nothing if it leads nowhere: following it takes longer."""
        place = self._workspace.current
        try:
            place.stat()
            return os.readlink(place)  # noqa: PTH115 - a Path would be made of it for nothing
        except OSError:
            return ""


def open_release(release: Release) -> OpenRelease:
    """Open a release.

    Raises:
        WorkspaceError: its store is missing or damaged.
    """
    try:
        return OpenRelease(release, pyoxigraph.Store.read_only(str(release.store)))
    except OSError as error:
        detail = f"The store of release {release.number} cannot be opened: {error}"
        raise WorkspaceError(detail, release=release.number) from error
