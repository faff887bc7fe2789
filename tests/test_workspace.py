"""The workspace stays whole: folders appear at once, links move at once, one writer at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.errors import WorkspaceError
from kg.workspace import Workspace, disk_errors, new_folder, point, read_manifest, write_manifest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    """While it is written, and after a failure, nothing stands at its place."""
    place = tmp_path / "made"

    def fail() -> None:
        with new_folder(place) as folder:
            (folder / "a").write_text("half")
            assert not place.exists()
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_a_finished_folder_stands_at_its_place(tmp_path: Path) -> None:
    with new_folder(tmp_path / "made") as folder:
        (folder / "a").write_text("whole")

    assert (tmp_path / "made" / "a").read_text() == "whole"
    assert list(tmp_path.iterdir()) == [tmp_path / "made"]


def test_one_writer_at_a_time(workspace: Workspace) -> None:
    """A second writer is told that there is one; after the first has gone it may write."""
    with (
        workspace.writing(),
        pytest.raises(WorkspaceError, match="Another process"),
        workspace.writing(),
    ):
        pass

    with workspace.writing():
        pass


def test_the_next_writer_removes_what_a_killed_one_left(workspace: Workspace) -> None:
    with workspace.writing():
        left = [workspace.releases / ".partial-7-1", workspace.imports / "nuts" / ".partial-x-1"]
        for folder in left:
            folder.mkdir(parents=True)
            (folder / "half").write_text("x")
        (workspace.home / ".partial-current").symlink_to("nowhere")

    with workspace.writing():
        assert not any(folder.exists() for folder in left)
        assert not (workspace.home / ".partial-current").is_symlink()


def test_a_link_moves_in_one_step(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    link = tmp_path / "current"

    point(link, tmp_path / "releases" / "1")
    point(link, tmp_path / "releases" / "2")

    assert str(link.readlink()) == "releases/2"


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    """/dev/full answers every write with ENOSPC, as a full disk does."""

    def fill() -> None:
        with disk_errors(tmp_path), open("/dev/full", "w", encoding="ascii") as full:  # noqa: PTH123 - a device
            full.write("x" * 100_000)

    with pytest.raises(WorkspaceError, match="disk is full"):
        fill()


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    manifest = {"title": "Größe", "n": 1}

    write_manifest(tmp_path, manifest)

    assert read_manifest(tmp_path) == manifest


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(WorkspaceError, match="damaged"):
        read_manifest(tmp_path)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="missing"):
        read_manifest(tmp_path)
