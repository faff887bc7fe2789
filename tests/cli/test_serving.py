"""The server names its address when it can be asked, and programs so that they can be run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from kg.cli import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = ("serve", "--port", "0")


@pytest.fixture
def server(sample_home: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a server of the sample on a free port."""
    command = [sys.executable, "-m", "kg.cli", "--home", str(sample_home), *SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


def test_a_request_right_after_the_announcement_is_answered(
    server: subprocess.Popen[str],
) -> None:
    """It waits until the server is up, and is not refused."""
    assert server.stdout is not None
    announced = re.search(r"http://\S+", server.stdout.readline())

    assert announced is not None
    assert httpx.get(f"{announced[0]}/healthz", timeout=60).json()["status"] == "ok"


def test_a_port_in_use_is_told(sample_home: Path, server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    port = server.stdout.readline().strip().rpartition(":")[2]
    command = [sys.executable, "-m", "kg.cli", "--home", str(sample_home), "serve", "--port", port]

    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert second.returncode == 1
    assert f"127.0.0.1:{port} cannot be bound" in second.stderr


def test_the_program_is_named_as_it_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name on the PATH, else by its place, relative to where one is."""
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    atlas = folder / "atlas"
    atlas.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))

    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.chdir(folder)
    named = [serving._program()]
    monkeypatch.chdir(tmp_path)
    named.append(serving._program())
    monkeypatch.setenv("PATH", str(folder))
    named.append(serving._program())

    assert named == ["atlas", ".venv/bin/atlas", "atlas"]
