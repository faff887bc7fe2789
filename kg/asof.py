"""The past: what a release that is no longer current says, as long as it is kept.

A moment belongs to the release that was the newest then. A moment before the first release that is
kept belongs to that one, and a moment from the current release on to the current one (RFC 7089,
section 4.5.3, which answers with the first or the last memento).
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from kg import releases
from kg.description import exists
from kg.errors import ParameterError, UnknownReleaseError, WorkspaceError
from kg.store import OpenRelease, open_release

if TYPE_CHECKING:
    from kg.releases import Release
    from kg.store import Serving
    from kg.workspace import Workspace

_OPEN: Final = 4
"""How many releases besides the current one are kept open."""


def created(release: Release) -> datetime:
    """Return when a release was made."""
    moment = datetime.fromisoformat(release.manifest["created"])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def http_date(moment: datetime) -> str:
    """Return a moment as HTTP writes it (RFC 9110, section 5.6.7: IMF-fixdate)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def parse_http_date(text: str) -> datetime:
    """Read a moment as HTTP writes it.

    Raises:
        ParameterError: it is no such date.
    """
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        detail = f"{text!r} is no date; expected one like 'Tue, 15 Nov 2022 12:45:26 GMT'"
        raise ParameterError(detail) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def kept(workspace: Workspace) -> list[Release]:
    """Return the releases up to the current one, oldest first; none when nothing is published."""
    serving = releases.current(workspace)
    if serving is None:
        return []
    return [r for r in releases.every(workspace) if r.number <= serving.number]


def release_at(workspace: Workspace, moment: datetime) -> Release:
    """Return the release that was the newest at a moment.

    Raises:
        WorkspaceError: nothing was published yet.
    """
    candidates = kept(workspace)
    if not candidates:
        detail = f"Nothing is published in {workspace.home} yet; load a source first"
        raise WorkspaceError(detail, home=str(workspace.home))
    before = [r for r in candidates if created(r) <= moment]
    return before[-1] if before else candidates[0]


class Archive:
    """The releases that are kept, opened when somebody asks for them."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        self._workspace = workspace
        self._serving = serving
        self._lock = threading.Lock()
        self._open: dict[int, OpenRelease] = {}

    def open(self, number: int | None = None) -> OpenRelease:
        """Return a release open for reading; the current one without a number.

        Raises:
            UnknownReleaseError: it is not kept; it names those that are.
            WorkspaceError: nothing was published yet, or the store cannot be opened.
        """
        current = self._serving.current()
        if number is None or number == current.number:
            return current
        release = releases.find(self._workspace, number)
        with self._lock:
            # The last asked for is the last to go.
            found = self._open.pop(number, None) or open_release(release)
            self._open[number] = found
            while len(self._open) > _OPEN:
                del self._open[next(iter(self._open))]
        return found

    def last_with(self, iri: str) -> tuple[OpenRelease, int] | None:
        """Return the newest release before the current one that has an IRI, and the one after it.

        The one after it is the first that is kept without the IRI.
        """
        numbers = [r.number for r in kept(self._workspace)]
        for number, after in reversed(list(pairwise(numbers))):
            try:
                found = self.open(number)
            except UnknownReleaseError:  # pruned meanwhile
                continue
            if exists(found.store, iri):
                return found, after
        return None
