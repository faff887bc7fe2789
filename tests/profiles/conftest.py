"""A desk for profiles over a copy of the published sample."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import loaders
from kg.profiles import Desk
from kg.settings import Settings
from kg.staging import read_rules
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.staging import Rules


@pytest.fixture(scope="session")
def profile_rules(sample_settings: Settings) -> Rules:
    return read_rules(sample_settings.base)


@pytest.fixture
def home(sample_home: Path, tmp_path: Path) -> Path:
    """Return a workspace of the test's own with the sample published; files are shared."""
    place = tmp_path / "home"
    shutil.copytree(sample_home, place, symlinks=True, copy_function=os.link)
    return place


class Office:
    """A desk, and what a test asks around it."""

    def __init__(self, home: Path, rules: Rules, **settings: Any) -> None:
        self.settings = Settings(home=home, profile_rate=0, **settings)
        self.workspace = Workspace(home)
        self.serving = Serving(self.workspace)
        sources = {name: loaders.find(name) for name in loaders.names()}
        store = lambda: self.serving.current().store  # noqa: E731
        self.desk = Desk(self.workspace, self.settings, lambda: rules, sources, store)

    def knows(self, iri: str) -> bool:
        """Tell whether the current release says anything of a thing."""
        from pyoxigraph import NamedNode  # noqa: PLC0415

        store = self.serving.current().store
        return any(True for _ in store.quads_for_pattern(NamedNode(iri), None, None))


@pytest.fixture
def office(home: Path, profile_rules: Rules) -> Iterator[Office]:
    opened = Office(home, profile_rules)
    yield opened
    opened.desk.close()
