"""Saved queries whose answer an import would change, told before it is published.

1. A candidate of the next release is made beside the workspace, out of the same imports with the
   one in question in its place. Nobody but this comparison reads it, and it is removed again.
2. Every saved query is asked of both, with the values that its file gives as examples for what it
   requires, and the rows are compared by the columns that the query declares as their key.
3. All of it runs in a process of its own that is ended when its time is up. What was not compared
   by then is named.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from kg import imports, publishing, releases, savedqueries, staging
from kg.errors import AtlasError
from kg.savedqueries import Bound, Evaluation
from kg.store import open_release
from kg.watching.asking import MOST_ROWS, rows
from kg.watching.comparing import Observed, compare
from kg.workspace import Workspace, remove

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

    from kg.imports import Import
    from kg.releases import Release
    from kg.savedqueries import SavedQuery
    from kg.settings import Settings
    from kg.source import Source
    from kg.store import OpenRelease

_FOLDER: Final = "candidate-"
_STALE: Final = 3600.0
_TOLD: Final = 5


class Candidate(NamedTuple):
    """What the process that compares is given; it must be able to be sent there."""

    home: Path
    folder: Path
    one: Path
    settings: Settings
    sources: Mapping[str, Source]


def changed(
    workspace: Workspace,
    one: Import,
    settings: Settings,
    sources: Mapping[str, Source],
    seconds: float,
) -> dict[str, Any]:
    """Return the saved queries whose answer changes when an import is published.

    `queries` has those that change with counts and first rows, `same` and `not_compared` the names
    of others; `complete` is false if the time was up before the last. Without a release there is
    nothing to compare with, and `release` is None.
    """
    serving = releases.current(workspace)
    result: dict[str, Any] = {
        "release": serving.number if serving else None,
        "queries": [],
        "same": [],
        "not_compared": sorted(savedqueries.discover(settings.base)),
        "complete": True,
    }
    if serving is None:
        return result
    _sweep(workspace)
    with TemporaryDirectory(prefix=_FOLDER, dir=workspace.home, ignore_cleanup_errors=True) as name:
        given = Candidate(workspace.home, Path(name), one.folder, settings, sources)
        for told in _told(given, seconds):
            result["not_compared"].remove(told["query"])
            if told.get("failure"):
                result["not_compared"].append(told["query"])
            elif told["new"] or told["changed"] or told["gone"]:
                result["queries"].append(told)
            else:
                result["same"].append(told["query"])
    result["complete"] = not result["not_compared"]
    return result


def _sweep(workspace: Workspace) -> None:
    """Remove candidates of processes that were killed."""
    for folder in workspace.home.glob(f"{_FOLDER}*"):
        if folder.stat().st_mtime < time.time() - _STALE:
            remove(folder)


def _told(given: Candidate, seconds: float) -> list[dict[str, Any]]:
    """Return what the other process has told by the time it is ended."""
    spawn = multiprocessing.get_context("spawn")
    receiving, sending = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_compare_all, args=(given, sending), daemon=True)
    process.start()
    sending.close()
    found: list[dict[str, Any]] = []
    end = time.monotonic() + seconds
    try:
        while receiving.poll(max(0.0, end - time.monotonic())):
            found.append(json.loads(receiving.recv_bytes()))
    except EOFError:
        pass
    finally:
        process.kill()
        process.join()
        receiving.close()
    return found


# -- in the process that compares ---------------------------------------------------------------


def _compare_all(given: Candidate, sending: Connection) -> None:
    """Make the candidate, and send what it changes in one query after the other."""
    serving = releases.current(Workspace(given.home))
    assert serving is not None  # noqa: S101 - the other process has looked
    sides = _Side.of(serving), _Side.of(_candidate(given))
    for name, query in savedqueries.discover(given.settings.base).items():
        sending.send_bytes(json.dumps(_compared(name, query, *sides)).encode())
    sending.close()


@dataclass(frozen=True)
class _Side:
    """One of the two releases, opened once for all queries."""

    release: OpenRelease
    evaluation: Evaluation

    @classmethod
    def of(cls, release: Release) -> Self:
        return cls(open_release(release), Evaluation())

    def rows(self, query: SavedQuery) -> Observed:
        """Return the rows of a query, asked with the examples of what it requires."""
        terms = {p.name: query.examples[p.name] for p in query.parameters if not p.optional}
        answer = self.evaluation.answer(Bound(query, terms, MOST_ROWS), self.release)
        return Observed(rows(query, answer.results()), answer.complete)


def _candidate(given: Candidate) -> Release:
    """Build the release that there would be, in a workspace of its own."""
    ours, theirs = Workspace(given.folder), Workspace(given.home)
    serving = theirs.current.resolve()
    ours.releases.mkdir(parents=True)
    (ours.releases / serving.name).symlink_to(serving)
    ours.current.symlink_to(serving)
    current = imports.current(theirs)
    made = imports.Import(given.one)
    current[made.source] = made
    for one in publishing.made_of(theirs, releases.Release(serving)).values():
        _show(ours, one)
    for one in current.values():
        _show(ours, one)
        (ours.imports / one.source / "current").symlink_to(one.id)
    rules = staging.read_rules(given.settings.base)
    settings = given.settings.model_copy(update={"home": ours.home})
    return publishing.build(ours, settings, rules, given.sources)[0]


def _show(ours: Workspace, one: Import) -> None:
    """Have an import stand in the candidate's workspace as well."""
    place = ours.imports / one.source / one.id
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(one.folder.resolve())


def _compared(name: str, query: SavedQuery, serving: _Side, candidate: _Side) -> dict[str, Any]:
    """Return how the rows of a query differ, the first of each kind in full."""
    try:
        earlier, later = serving.rows(query), candidate.rows(query)
    except AtlasError as error:
        return {"query": name, "failure": error.detail}
    changes, _ = compare(earlier.rows, later)
    counts = {k: sum(c.kind == k for c in changes) for k in ("new", "changed", "gone")}
    first = [
        change.entry()
        for kind in counts
        for change in [c for c in changes if c.kind == kind][:_TOLD]
    ]
    return {"query": name, **counts, "cut": not later.complete, "examples": first}
