"""Whatever kills a writer, the last release serves and the next start cleans up."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import loaders
from kg import imports, releases
from kg.store import Serving
from kg.workspace import PARTIAL, Workspace, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = 10


def atlas(home: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "kg.cli", "--home", str(home), "--quiet", *arguments]


def sample(source: str) -> str:
    return next(str(path) for found, path in loaders.samples() if found.name == source)


@pytest.fixture
def home(sample_home: Path, tmp_path: Path) -> Path:
    """Return a copy of the sample's workspace, to be written to."""
    home = tmp_path / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    return home


def changed_sample(folder: Path) -> str:
    """Return a copy of the landscape sample with one event less, so that it is a new import."""
    target = folder / "changed"
    shutil.copytree(sample("landscape"), target)
    events = target / "events.csv"
    events.write_bytes(b"".join(events.read_bytes().splitlines(keepends=True)[:-1]))
    return str(target)


def check_whole(home: Path) -> int:
    """Return the release that serves; every import and release that can be named is whole."""
    workspace = Workspace(home)
    with workspace.writing():
        pass
    assert not [p for p in home.rglob("*") if p.name.startswith(PARTIAL)]
    current = Serving(workspace).current()
    assert len(current.store) == current.release.manifest["quads"]
    for release in releases.every(workspace):
        assert read_manifest(release.folder)["release"] == release.number
    for one in imports.every(workspace):
        assert one.file("statements").exists()
        assert one.file("findings").exists()
        assert one.manifest["id"] == one.folder.name
    return current.number


def kill_after(command: list[str], seconds: float) -> bool:
    """Start a command and SIGKILL it after a while; return whether it was still running."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode == -signal.SIGKILL


def test_a_load_killed_at_any_moment_leaves_a_whole_release_serving(
    home: Path, tmp_path: Path
) -> None:
    """Ten moments over reading, validating, building and switching, each on a fresh workspace."""
    files = changed_sample(tmp_path)
    pristine = shutil.copytree(home, tmp_path / "pristine", symlinks=True)
    begin = time.perf_counter()
    subprocess.run(atlas(home, "load", "landscape", files), check=True, capture_output=True)
    whole = time.perf_counter() - begin
    served = []
    for moment in range(1, MOMENTS + 1):
        shutil.rmtree(home)
        shutil.copytree(pristine, home, symlinks=True)
        killed = kill_after(atlas(home, "load", "landscape", files), whole * moment / (MOMENTS + 1))
        served.append(check_whole(home))
        assert killed or served[-1] == 2

    assert served[0] == 1


def test_switching_is_all_or_nothing(home: Path) -> None:
    """A switch killed at once leaves the old release or the new one, never none."""
    workspace = Workspace(home)
    shutil.copytree(home / "releases" / "1", home / "releases" / "2")
    begin = time.perf_counter()
    subprocess.run(atlas(home, "use", "2"), check=True, capture_output=True)
    whole = time.perf_counter() - begin
    for moment in range(1, MOMENTS + 1):
        # The switch is the last thing that the command does: the moments lie around its end.
        kill_after(atlas(home, "use", str(moment % 2 + 1)), whole * (0.6 + moment * 0.05))

        current = releases.current(workspace)
        assert current is not None
        assert current.number in {1, 2}
        assert len(Serving(workspace).current().store) > 0


def test_a_disk_that_fills_up_is_told_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    """No file may grow beyond 64 KiB, as on a disk with that little room."""

    def cramped() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))

    result = subprocess.run(
        atlas(home, "load", "landscape", changed_sample(tmp_path)),
        capture_output=True, text=True, check=False, preexec_fn=cramped,
    )  # fmt: skip

    assert result.returncode == 1
    assert result.stderr.startswith("Workspace cannot be used: ")
    assert check_whole(home) == 1
