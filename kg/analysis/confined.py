"""Runs a program with bounded memory, without network, and no longer than who started it.

    python -m kg.analysis.confined MEMORY PARENT PROGRAM [ARGUMENT…]

MEMORY counts bytes; PARENT is the process with which this one ends. The limits stay when the
program takes this process's place.
"""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

from kg.query.limits import confine, die_with_parent

_NICE: Final = 10


def main(memory: int, parent: int, program: str, *arguments: str) -> NoReturn:
    """Bind this process to its limits and become the program."""
    die_with_parent(parent)
    confine(memory)
    os.nice(_NICE)
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
