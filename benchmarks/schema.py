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
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.harvest import serving_sample
from benchmarks.measure import table

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
    with serving_sample() as site, tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{site.port}/openapi.json"
        command = [found, "run", url, "--checks=not_a_server_error", f"--max-examples={CASES}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    counted = re.search(r"(\d+) generated", done.stdout)
    # It calls 503 a server error, too, which is what a client is told who should come back.
    statuses = Counter(re.findall(r"^\[(5\d\d)\]", done.stdout, re.MULTILINE))
    rows = [["requests", int(counted[1]) if counted else 0], ["answered 500", statuses["500"]]]
    rows += [[f"answered {status}", n] for status, n in statuses.items() if status != "500"]
    table(["measured", "found"], rows)
    if statuses["500"] or counted is None:
        print(done.stdout)


if __name__ == "__main__":
    main()
