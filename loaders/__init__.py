"""Loaders: one module per source, found by its file name.

A module `loaders/<name>.py` that defines `SOURCE = Source(name="<name>", ...)` is a loader; nothing
else has to be registered.
"""

from __future__ import annotations

import importlib
import pkgutil

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
