"""What is remembered of a question: of each release what it changed, of the last one the rows.

A folder with a file for each release, `<number>.json.gz`, written once and as a whole: what changed
and what is known from then on go into one file, so that no crash can part them. When the next one
is there, the rows of the one before are no longer needed; a release that changed nothing then needs
no file at all. Nothing here refers to the release itself, which may be removed.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.errors import WorkspaceError
from kg.watching import files
from kg.watching.comparing import Change, Row, compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kg.watching.comparing import Observed

_NAME: Final = "*.json.gz"

MOST_STEPS: Final = 1000
"""Releases with changes that are remembered; older ones are forgotten."""


@dataclass(frozen=True)
class Step:
    """What a release brought: `before` is the release compared with, None for the first one.

    `complete` says whether all rows were seen, `failure` why there was no answer. `rows` is what is
    known after it, in the last step alone, and None as long as there was no answer at all.
    """

    release: int
    created: str
    before: int | None
    changes: tuple[Change, ...] = ()
    complete: bool = True
    failure: str = ""
    rows: Mapping[str, Row] | None = None

    @property
    def eventful(self) -> bool:
        """Whether there is anything to tell of it."""
        return bool(self.changes or self.failure)

    def content(self) -> bytes:
        """Return what its file holds; the same step gives the same bytes."""
        kept = None if self.rows is None else [row.entry() for row in self.rows.values()]
        said = {
            "release": self.release,
            "created": self.created,
            "before": self.before,
            "complete": self.complete,
            "failure": self.failure,
            "changes": [change.entry() for change in self.changes],
            "rows": kept,
        }
        return gzip.compress(json.dumps(said, ensure_ascii=False).encode(), 6, mtime=0)


def following(last: Step | None, release: int, created: str, observed: Observed) -> Step:
    """Return the step to a release after the last one.

    The first answer that there is changes nothing: it is what later ones are compared with.
    """
    known = None if last is None else last.rows
    failed = bool(observed.failure)
    if known is None:
        rows = None if failed else observed.rows
        complete = observed.complete
        return Step(release, created, None, (), complete, observed.failure, rows)
    changes, after = compare(known, observed)
    before = _compared(last)
    return Step(release, created, before, changes, observed.complete, observed.failure, after)


def _compared(last: Step | None) -> int | None:
    """Return the release whose answer is the known one: a step that failed kept the one before."""
    if last is None:
        return None
    return last.before if last.failure else last.release


class History:
    """The steps of one question, in a folder that is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def releases(self) -> list[int]:
        """Return the releases that something is remembered of, oldest first."""
        names = [path.name.partition(".")[0] for path in self._folder.glob(_NAME)]
        return sorted(int(name) for name in names if name.isdigit())

    def steps(self, after: int = 0) -> Iterator[Step]:
        """Yield what is remembered of the releases after one, oldest first.

        Raises:
            WorkspaceError: a file is damaged.
        """
        found = (self.step(number) for number in self.releases() if number > after)
        yield from (step for step in found if step is not None)

    def last(self) -> Step | None:
        """Return the last step, with what is known after it.

        Raises:
            WorkspaceError: a file is damaged.
        """
        found = (self.step(number) for number in reversed(self.releases()))
        return next((step for step in found if step is not None), None)

    def step(self, release: int) -> Step | None:
        """Return the step to a release; None if nothing is remembered, or not any more.

        Raises:
            WorkspaceError: the file is damaged.
        """
        with suppress(FileNotFoundError):
            return _read(self._path(release))
        return None

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.json.gz"

    def append(self, step: Step) -> None:
        """Remember a step; of two writers the first one's is kept.

        Raises:
            WorkspaceError: the disk is full or not writable.
        """
        files.folder(self._folder)
        files.create(self._path(step.release), step.content())
        earlier = [number for number in self.releases() if number < step.release]
        for number in reversed(earlier):
            if self._settled(number):
                break
        for number in earlier[:-MOST_STEPS]:
            self._path(number).unlink(missing_ok=True)

    def _settled(self, release: int) -> bool:
        """Drop what only the last step needs; tell whether that had been done before."""
        step = self.step(release)
        if step is None:
            return False
        if not step.eventful:
            self._path(release).unlink(missing_ok=True)
            return False
        if step.rows is None:
            return True
        files.replace(self._path(release), dataclasses.replace(step, rows=None).content())
        return False


def _read(path: Path) -> Step:
    content = path.read_bytes()
    try:
        said: dict[str, Any] = json.loads(gzip.decompress(content))
        kept = said["rows"]
        rows = None if kept is None else {one["key"]: Row(**one) for one in kept}
        changes = tuple(Change.read(one) for one in said["changes"])
        return Step(
            said["release"],
            said["created"],
            said["before"],
            changes,
            said["complete"],
            said["failure"],
            rows,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(f"{path} is damaged: {error}", place=str(path)) from None
