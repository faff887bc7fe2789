"""What many tests share: the shipped sample as a published release, made once a run."""

from __future__ import annotations

import fcntl
import gc
import os
import sys
from typing import TYPE_CHECKING

import hypothesis
import pytest

import loaders
from kg import publishing, staging
from kg.settings import Settings
from kg.store import OpenRelease, Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# Hundreds of processes are started here, each of which would compile the same modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Tests carry no timing bounds, and a failure found once is to be found again.
hypothesis.settings.register_profile("atlas", deadline=None, derandomize=True)
hypothesis.settings.load_profile("atlas")


def pytest_collection_finish() -> None:
    """Keep the collector from walking through thousands of collected tests again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def publish_sample(home: Path) -> None:
    """Load every shipped sample into a workspace and publish a release."""
    settings, workspace = Settings(home=home), Workspace(home)
    rules = staging.read_rules(settings.base)
    sources = {name: loaders.find(name) for name in loaders.names()}
    with workspace.writing():
        for source, path in loaders.samples():
            staging.load(workspace, source, [path], settings, rules)
        publishing.build(workspace, settings, rules, sources)


@pytest.fixture(scope="session")
def publishing_of_sample() -> Callable[[Path], None]:
    """Return what publishes the sample into a workspace of the test's own."""
    return publish_sample


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a workspace with the sample published; read it, write to a copy.

    Test processes that run side by side (pytest-xdist) share one.
    """
    top = tmp_path_factory.getbasetemp()
    shared = top if worker_id == "master" else top.parent
    home = shared / "sample-home"
    with (shared / "sample-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "current").exists():
            publish_sample(home)
    return home


@pytest.fixture(scope="session")
def sample_settings(sample_home: Path) -> Settings:
    """Return the settings of the sample's workspace."""
    return Settings(home=sample_home)


@pytest.fixture(scope="session")
def sample_release(sample_home: Path) -> OpenRelease:
    """Return the sample's release, open for reading."""
    return Serving(Workspace(sample_home)).current()
