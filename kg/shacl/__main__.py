"""`python -m kg.shacl --data F --shapes F [--base IRI] [--engine sql|pyshacl]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kg.shacl.command import FAILED, run


def main(arguments: list[str] | None = None) -> int:
    """Print the report on stdout, or the reason for failing on stderr; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kg.shacl", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--shapes", type=Path, required=True)
    parser.add_argument("--base")
    parser.add_argument("--engine", choices=["sql", "pyshacl"], default="sql")
    chosen = parser.parse_args(arguments)
    code, text = run(chosen.data, chosen.shapes, chosen.base, chosen.engine)
    (sys.stderr if code == FAILED else sys.stdout).write(text.rstrip("\n") + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
