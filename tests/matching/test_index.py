"""Building the index: the same from statements and from a store, once, and as a whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest
from pyoxigraph import BlankNode, Literal

from kg.matching import open_matching
from kg.matching.index import build_index, complete, read_tables
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.settings import Settings
    from kg.store import OpenRelease

NAMES = ("subject", "predicate", "object", "kind", "datatype", "language", "graph")


@pytest.fixture
def statements(sample_release: OpenRelease) -> duckdb.DuckDBPyConnection:
    """Return a connection with the sample's statements in the table `quad`, as publishing has."""
    columns: dict[str, list[object]] = {name: [] for name in NAMES}
    for quad in sample_release.store:
        thing = quad.object
        literal = isinstance(thing, Literal)
        kind = 2 if literal else 0 if isinstance(thing, BlankNode) else 1
        columns["subject"].append(str(quad.subject).strip("<>"))
        columns["predicate"].append(quad.predicate.value)
        columns["object"].append(thing.value)  # type: ignore[union-attr]
        columns["kind"].append(kind)
        columns["datatype"].append(thing.datatype.value if isinstance(thing, Literal) else None)
        columns["language"].append(thing.language if isinstance(thing, Literal) else None)
        columns["graph"].append(str(quad.graph_name).strip("<>"))
    connection = duckdb.connect()
    connection.register("incoming", pa.table(columns))
    connection.execute("CREATE TABLE quad AS SELECT * FROM incoming")
    return connection


def test_statements_and_store_give_the_same_tables(
    statements: duckdb.DuckDBPyConnection,
    sample_release: OpenRelease,
    sample_settings: Settings,
    tmp_path: Path,
) -> None:
    """It makes no difference from where the index is built, and nothing is left behind."""
    build_index(statements, tmp_path / "one", sample_settings.base)
    build_index(sample_release.store, tmp_path / "other", sample_settings.base)
    left = [row[0] for row in statements.execute("SHOW TABLES").fetchall()]

    assert read_tables(tmp_path / "one") == read_tables(tmp_path / "other")
    assert set(left) <= {"quad", "incoming"}


def test_a_release_without_an_index_gets_it_when_asked(
    sample_home: Path, sample_settings: Settings, tmp_path: Path
) -> None:
    """The folder is there as a whole, and is not built a second time."""
    home = tmp_path / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    release = Serving(Workspace(home)).current()
    place = release.release.folder / "text"
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
    release = Serving(Workspace(home)).current()
    place = release.release.folder / "text"
    place.mkdir(exist_ok=True)
    (place / "version").write_text("0\n", encoding="ascii")
    found = open_matching(release, sample_settings.base)

    assert complete(place)
    assert found.landscape.size("organisation") > 1000
