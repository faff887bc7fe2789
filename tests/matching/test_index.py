"""Building the index: the same from columns and from a store, once, and as a whole."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from kg.errors import WorkspaceError
from kg.matching import build_index, open_matching
from kg.matching.index import complete, open_folder, read_tables, write_index
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.settings import Settings
    from kg.store import OpenRelease


def test_columns_and_store_give_the_same_tables(
    sample_release: OpenRelease, sample_settings: Settings, tmp_path: Path
) -> None:
    """It makes no difference from where the index is built."""
    folder, base = sample_release.release.folder, sample_settings.base
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "store").symlink_to(folder / "store")
    write_index(folder, tmp_path / "one", base)
    write_index(tmp_path / "release", tmp_path / "other", base)
    one = read_tables(tmp_path / "one")

    assert (folder / "columns").exists()
    assert one == read_tables(tmp_path / "other")
    assert one["entry"].num_rows
    assert one["masters"].num_rows


def test_a_release_with_nothing_to_read_is_refused(tmp_path: Path) -> None:
    """The error names what is missing, and nothing half done is left in the way."""
    with pytest.raises(WorkspaceError, match="neither columns nor a store"):
        build_index(tmp_path, "https://w3id.org/cluster-atlas/")

    assert not complete(tmp_path / "text")


def test_an_open_index_outlives_its_files(
    sample_release: OpenRelease, sample_settings: Settings, tmp_path: Path
) -> None:
    """What was built in temporary space, or is of a release that is gone, can still be read."""
    write_index(sample_release.release.folder, tmp_path / "text", sample_settings.base)
    found = open_folder(tmp_path / "text")
    shutil.rmtree(tmp_path / "text")
    row = int(found.projects.text("energy", 1).rows[0])

    assert "<b>" in found.projects.marker("energy").piece(found.told(row))
    assert found.landscape.column("project", "iri")[row]


def test_what_a_killed_process_left_is_removed(
    sample_home: Path, sample_settings: Settings, tmp_path: Path
) -> None:
    """A second building begins anew; who waits for the first finds it done."""
    home = tmp_path / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    folder = Serving(Workspace(home)).current().release.folder
    shutil.rmtree(folder / "text", ignore_errors=True)
    (folder / ".partial-text" / "labels").mkdir(parents=True)
    with ThreadPoolExecutor(2) as pool:
        places = list(pool.map(lambda _: build_index(folder, sample_settings.base), range(2)))

    assert places == [folder / "text"] * 2
    assert complete(folder / "text")
    assert not list(folder.glob(".partial-*"))


def test_a_release_without_an_index_gets_it_when_asked(
    sample_home: Path, sample_settings: Settings, tmp_path: Path
) -> None:
    """The folder is there as a whole, and is not built a second time."""
    home = tmp_path / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    release = Serving(Workspace(home)).current().release
    place = release.folder / "text"
    shutil.rmtree(place, ignore_errors=True)
    first = open_matching(release, sample_settings.base)
    written = (place / "version").stat().st_mtime_ns
    open_matching(release, sample_settings.base)

    assert complete(place)
    assert (place / "version").stat().st_mtime_ns == written
    assert first.landscape.size("organisation") > 1000
    assert not list(place.parent.glob(".partial-*"))


def test_an_index_of_an_older_version_is_replaced(
    sample_home: Path, sample_settings: Settings, tmp_path: Path
) -> None:
    """What an earlier version of the program wrote is not read."""
    home = tmp_path / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    release = Serving(Workspace(home)).current().release
    place = release.folder / "text"
    place.mkdir(exist_ok=True)
    (place / "version").write_text("0\n", encoding="ascii")
    found = open_matching(release, sample_settings.base)

    assert complete(place)
    assert found.landscape.size("organisation") > 1000
