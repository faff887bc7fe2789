"""The past is found by number and by moment, as long as it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from kg import asof, releases
from kg.asof import Archive
from kg.errors import ParameterError, UnknownReleaseError, WorkspaceError
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

FIRST = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def growing_archive(growing: tuple[Any, Any]) -> tuple[Archive, Workspace]:
    """Return the archive of a workspace with seven releases, one a day, the sixth current."""
    site, publish = growing
    quads = list(Serving(site.workspace).current().store)[:20]
    for number in range(2, 8):
        publish(site.workspace, number, quads[: 20 - number])
    releases.use(site.workspace, 6)
    return Archive(site.workspace, Serving(site.workspace)), site.workspace


def test_a_moment_belongs_to_the_newest_release_of_then(
    growing_archive: tuple[Archive, Workspace],
) -> None:
    _, workspace = growing_archive
    expected = {-400.0: 1, 0: 1, 0.9: 1, 1: 2, 4: 5, 9: 6}

    found = {d: asof.release_at(workspace, FIRST + timedelta(days=d)).number for d in expected}

    assert found == expected


def test_without_a_release_there_is_no_past(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    assert asof.kept(workspace) == []
    with pytest.raises(WorkspaceError):
        asof.release_at(workspace, FIRST)


def test_releases_are_opened_once_and_few_at_a_time(
    growing_archive: tuple[Archive, Workspace],
) -> None:
    archive, _ = growing_archive
    first = archive.open(1)

    assert archive.open() is archive.open(6)
    assert archive.open(1) is first
    for number in (2, 3, 4, 5):
        archive.open(number)
    assert archive.open(1) is not first
    assert archive.open(7).number == 7


def test_what_is_pruned_is_no_longer_opened(growing_archive: tuple[Archive, Workspace]) -> None:
    archive, workspace = growing_archive
    archive.open(1)
    releases.prune(workspace, keep=3)

    with pytest.raises(UnknownReleaseError) as caught:
        archive.open(1)
    assert caught.value.members["kept"] == [5, 6, 7]
    assert archive.last_with("http://unknown.example/") is None


def test_dates_are_those_of_http() -> None:
    written = asof.http_date(FIRST)

    assert written == "Mon, 01 Jan 2024 12:00:00 GMT"
    assert asof.parse_http_date(written) == FIRST
    assert asof.parse_http_date("Monday, 01-Jan-24 12:00:00 GMT") == FIRST
    assert asof.parse_http_date("Mon Jan  1 12:00:00 2024") == FIRST
    for text in ("", "tomorrow", "2024-01-01T12:00:00Z", "Tue, 99 Nov 2022 99:99:99 GMT"):
        with pytest.raises(ParameterError):
            asof.parse_http_date(text)
