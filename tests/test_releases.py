"""Releases are numbered once, switched at once, and pruned without losing the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg import releases
from kg.errors import UnknownReleaseError
from kg.workspace import Workspace, point

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    with workspace.writing():
        for number in range(1, 6):
            (workspace.releases / str(number)).mkdir()
        point(workspace.current, workspace.releases / "5")
    return workspace


def test_without_a_release_there_is_no_current_one(tmp_path: Path) -> None:
    assert releases.current(Workspace(tmp_path)) is None
    assert releases.next_number(Workspace(tmp_path)) == 1


def test_rolling_back_moves_the_link_only(workspace: Workspace) -> None:
    releases.use(workspace, 2)

    current = releases.current(workspace)
    assert current is not None
    assert current.number == 2
    assert [r.number for r in releases.every(workspace)] == [1, 2, 3, 4, 5]
    assert releases.next_number(workspace) == 6


def test_an_unknown_release_names_those_kept(workspace: Workspace) -> None:
    with pytest.raises(UnknownReleaseError) as caught:
        releases.use(workspace, 9)

    assert caught.value.members == {"kept": [1, 2, 3, 4, 5]}


def test_pruning_keeps_the_newest_and_the_current(workspace: Workspace) -> None:
    releases.use(workspace, 1)

    gone = releases.prune(workspace, keep=2)

    assert gone == [2, 3]
    assert [r.number for r in releases.every(workspace)] == [1, 4, 5]


def test_pruning_counts_those_from_checkpoints_apart(workspace: Workspace) -> None:
    """Small changes do not push whole releases out, and the newest of them stay as well."""
    for number in (2, 4, 5):
        (workspace.releases / str(number) / "difference").mkdir()

    assert releases.prune(workspace, keep=1, small=2) == [1, 2]
    assert [r.number for r in releases.every(workspace)] == [3, 4, 5]
    releases.use(workspace, 3)
    assert releases.prune(workspace, keep=1, small=0) == [4]
    assert [r.number for r in releases.every(workspace)] == [3, 5]
