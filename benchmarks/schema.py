"""Requests made up from the OpenAPI document: none of them may be answered 500.

schemathesis makes them; where it is not installed this says so, and what to install.
`ATLAS_BENCH_CASES` (20) is how many it makes of each kind for each operation.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.endpoint import prepare
from benchmarks.measure import table
from benchmarks.soak import serving

CASES: Final = os.environ.get("ATLAS_BENCH_CASES", "20")


def program() -> str | None:
    """Return schemathesis, if it is installed beside Python or anywhere on the path."""
    beside = Path(sys.executable).with_name("schemathesis")
    return str(beside) if beside.exists() else shutil.which("schemathesis")


def main() -> None:
    """Print how many requests were made and how many were answered 500."""
    found = program()
    if found is None:
        print("schemathesis is not installed; `pip install schemathesis` and run this again.")
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(home)
        with serving(home) as (peer, _):
            url = f"http://127.0.0.1:{peer.port}/openapi.json"
            command = [found, "run", url, "--checks=not_a_server_error", f"--max-examples={CASES}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=home)
    counted = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    generated, passed = (int(counted[1]), int(counted[2])) if counted else (0, 0)
    table(["measured", "found"], [["requests", generated], ["answered 500", generated - passed]])
    if done.returncode:
        print(done.stdout)


if __name__ == "__main__":
    main()
