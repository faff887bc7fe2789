from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import loaders
from kg.identifiers import Identifiers
from kg.source import Context
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.statements import Reject, Statement

SHARED = Path(__file__).parents[3] / "shared" / "data"

Codes = dict[str, dict[str, str]]


@dataclass
class Loaded:
    """What a loader made of its paths."""

    statements: list[Statement]
    rejects: list[Reject]

    @property
    def triples(self) -> set[tuple[object, ...]]:
        """What the statements say, wherever it is said."""
        return {tuple(s)[:6] for s in self.statements}


@pytest.fixture(scope="session")
def load() -> Callable[..., Loaded]:
    """Return the function (source, *paths, codes=…) → Loaded."""

    def load(
        name: str, *paths: Path, codes: Mapping[str, Mapping[str, str]] | None = None
    ) -> Loaded:
        identifiers = Identifiers(DEFAULT_BASE)
        context = Context(identifiers, identifiers.graph(name), codes or {})
        return Loaded(list(loaders.find(name).read(paths, context)), context.rejects)

    return load


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return the function that gives a file of the shared data, or skips the test."""

    def shared(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"needs ../shared/data/{name}, which is not there")
        return path

    return shared
