"""Run the benchmarks: all of them, or those named (`python -m benchmarks imports`).

Each module here with a `main()` is one: it measures the product and its peers in the same run and
prints a table with the ratio.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def main(chosen: list[str]) -> None:
    """Run the benchmarks named, or every one."""
    found = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]))
    for name in found:
        module = importlib.import_module(f"benchmarks.{name}") if name != "__main__" else None
        if module and hasattr(module, "main") and (not chosen or name in chosen):
            print(f"\n## {name}: {(module.__doc__ or '').splitlines()[0]}\n", flush=True)
            module.main()


if __name__ == "__main__":
    main(sys.argv[1:])
