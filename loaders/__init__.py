"""Loaders: one module per source, found by its file name.

A module `loaders/<name>.py` that defines `SOURCE = Source(name="<name>", ...)` is a loader; nothing
else has to be registered.
"""

from __future__ import annotations

import importlib
import pkgutil
from graphlib import TopologicalSorter
from pathlib import Path

from kg.errors import UnknownSourceError
from kg.source import Source


def names() -> list[str]:
    """Return the names of all loaders, sorted; light, for it imports none of them."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def find(name: str) -> Source:
    """Return the loader called `name`.

    Raises:
        UnknownSourceError: there is no such loader; it names those that exist.
    """
    if name not in names():
        raise UnknownSourceError(f"There is no loader {name!r}", known=names())
    source = importlib.import_module(f"{__name__}.{name}").SOURCE
    if not isinstance(source, Source) or source.name != name:
        raise UnknownSourceError(f"loaders/{name}.py defines no SOURCE with that name")
    return source


def samples() -> list[tuple[Source, Path]]:
    """Return each loader that ships a sample with where it is, what it uses before it."""
    found = {name: find(name) for name in names()}
    order = TopologicalSorter({name: sorted(source.uses) for name, source in found.items()})
    folder = Path(__file__).parent
    shipped = [found[name] for name in order.static_order() if name in found]
    return [(source, folder / source.sample) for source in shipped if source.sample]
