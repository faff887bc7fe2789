"""A server in scratch mode, as `atlas serve --scratch` starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server over an empty store in memory, which every test may fill."""
    home: Path = tmp_path_factory.mktemp("scratch")
    command = [sys.executable, "-m", "kg.cli", "--json", "--home", str(home), "serve", "--scratch"]
    environment = {**os.environ, "ATLAS_PORT": "0"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()
        process.wait(60)
