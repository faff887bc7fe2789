"""Publication: what curators have accepted becomes a release, what is over leaves it.

A profile is marked as accepted before a release is made of it, so that the next release has it if
this one does not come about.
"""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from kg import imports, publishing
from kg.errors import WorkspaceError
from kg.profiles import issuing
from kg.profiles.facts import SOURCE
from kg.profiles.keeping import today

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kg.profiles.keeping import Profile, Shelf
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace

STANDING: Final = ("queued", "accepted", "published")
"""The states in which a text that was accepted is published."""

_PATIENCE: Final = 30.0
_PAUSE: Final = 0.05


class Publication:
    """Makes releases of the profiles on a shelf; `rules` are read when they are first needed."""

    def __init__(
        self,
        shelf: Shelf,
        workspace: Workspace,
        settings: Settings,
        sources: Mapping[str, Source],
        rules: Callable[[], Rules],
    ) -> None:
        self._shelf = shelf
        self._workspace = workspace
        self._settings = settings
        self._sources = sources
        self._rules = rules
        self._publishing = threading.Lock()

    def publish(self) -> int:
        """Make a release of everything that is accepted; return its number.

        Who comes while a release is being made waits for it, and then finds its own part done or
        makes the next one, which has everything that came meanwhile.

        Raises:
            WorkspaceError: another process is writing, or the disk is full.
        """
        with self._publishing:
            self._expire()
            standing = self._standing()
            with self._writing():
                number = self._release(standing)
            with self._shelf.changing():
                for one in standing:
                    self._tell_release(one, number)
        return number

    def expire(self) -> list[Profile]:
        """End the offers and requests whose last day is over, and publish without them."""
        over = self._expire()
        if any(one.accepted for one in over):
            self.publish()
        return [self._shelf.find(one.id) for one in over]

    def _standing(self) -> list[Profile]:
        """Return what is to be published; what refers to a profile that is not goes back."""
        with self._shelf.changing():
            found = [p for p in self._shelf.every() if p.accepted and p.state in STANDING]
            while orphans := self._orphans(found):
                for one in orphans:
                    why = "what it refers to is no longer published"
                    self._shelf.put(
                        one.told(
                            "put back", "atlas", why, state="queued", accepted=None, release=None
                        )
                    )
                    found.remove(one)
        return found

    def _orphans(self, found: list[Profile]) -> list[Profile]:
        there = {one.iri for one in found}
        ours = re.compile(re.escape(self._settings.base) + r"id/[a-z]+/profile-[0-9a-f]+")
        return [
            one
            for one in found
            if one.accepted
            and any(ours.fullmatch(f.value) and f.value not in there for f in one.accepted.facts)
        ]

    def _release(self, standing: list[Profile]) -> int:
        """Put the import of profiles in its place and build; go back if that fails."""
        before = imports.current(self._workspace).get(SOURCE)
        settings, rules = self._settings, self._rules()
        made = issuing.made(self._workspace, settings, rules.digest, standing)
        if before is None:
            imports.select(self._workspace, made)
        else:
            imports.replace(self._workspace, made)
        done = False
        try:
            release, _ = publishing.build(self._workspace, settings, rules, self._sources)
            done = True
        finally:
            if not done and before is not None:
                imports.replace(self._workspace, before)
        imports.prune(self._workspace, settings.keep_imports)
        return release.number

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the writer's lock, waiting a while for who has it.

        Raises:
            WorkspaceError: another process goes on writing.
        """
        end = time.monotonic() + _PATIENCE
        while True:
            lock = self._workspace.writing()
            try:
                lock.__enter__()
                break
            except WorkspaceError:
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    def _tell_release(self, one: Profile, number: int) -> None:
        """Note in a profile the release that has it, unless it has changed meanwhile."""
        now = self._shelf.find(one.id)
        if now.accepted != one.accepted or (now.state == "published" and now.release is not None):
            return
        if now.state == "accepted":
            self._shelf.put(
                now.told(
                    "published", "atlas", f"release {number}", state="published", release=number
                )
            )

    def _expire(self) -> list[Profile]:
        """Mark what is over; return it as it was."""
        day, over = today().isoformat(), []
        with self._shelf.changing():
            for one in self._shelf.every():
                if one.state in STANDING and one.until is not None and one.until < day:
                    over.append(one)
                    self._shelf.put(
                        one.told("expired", "atlas", state="expired", accepted=None, release=None)
                    )
        return over
