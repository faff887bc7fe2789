"""The sample's landscape, indexed once a run; and the whole vocabulary where the data is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.matching.index import open_folder, write_index

if TYPE_CHECKING:
    from kg.matching import Matching
    from kg.settings import Settings
    from kg.store import OpenRelease


@pytest.fixture(scope="session")
def sample_matching(
    sample_release: OpenRelease,
    sample_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Matching:
    """Return the index of the sample, built into a folder of the tests' own."""
    folder = tmp_path_factory.mktemp("matching") / "text"
    write_index(sample_release.release.folder, folder, sample_settings.base)
    return open_folder(folder)
