"""What the tests of the command line share: running it as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Run = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def run() -> Callable[..., Run]:
    """Return the function (*arguments, home=…, cwd=…) → the process that `atlas` was."""

    def run(*arguments: str, home: Path, cwd: Path | None = None) -> Run:
        command = [sys.executable, "-m", "kg.cli", "--home", str(home), *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            cwd=cwd,
            env={**os.environ, "COLUMNS": "100"},
        )

    return run
