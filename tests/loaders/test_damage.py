"""Whatever happened to a file, a loader answers with statements and rejects, or with one error."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loaders
from kg import statements
from kg.errors import SourceError
from kg.identifiers import Identifiers
from kg.source import Context

HERE = Path(__file__).parent / "cases"
SAMPLE = {source.name: path for source, path in loaders.samples()}["cordis"]

FILES = {
    "cordis": HERE / "cordis/horizon-europe/input/download/organization.csv",
    "xml": HERE / "cordis/xml/input/243377.xml",
    "euroscivoc": HERE / "euroscivoc/lifted-labels/input/EuroSciVoc.ttl",
    "nuts": HERE / "nuts/nesting/input/nuts.csv",
    "clusters": HERE / "clusters/platform-columns/input/clusters.csv",
    "members": HERE / "clusters/members/input/data/members.csv",
    "workbook": HERE / "clusters/workbook/input/list.xlsx",
    "services": HERE / "services/table/input/services.csv",
    "json": HERE / "partnering/json/input/profiles.json",
    "profiles": HERE / "partnering/xml/input/profiles.xml",
}

pieces = st.one_of(
    st.binary(max_size=3),
    st.sampled_from([b'"', b'""', b";", b'";"', b"\n", b"\r", b"\0", b"<", b"&", b"\xff\xfe"]),
)
damage = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), pieces), max_size=4)


def damaged(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Put pieces in the place of some bytes."""
    for share, length, piece in changes:
        at = int(share * len(data))
        data = data[:at] + piece + data[at + length :]
    return data


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60, deadline=None)
@given(changes=damage)
def test_damage_is_told_and_nothing_breaks(
    kind: str, changes: list[tuple[float, int, bytes]]
) -> None:
    """Statements and rejects can be written as they must; anything worse is one error."""
    original = FILES[kind]
    name = original.relative_to(HERE).parts[0]
    identifiers = Identifiers("https://example.org/")
    context = Context(identifiers, identifiers.graph(name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / original.name
        path.write_bytes(damaged(original.read_bytes(), changes))
        try:
            found = list(loaders.find(name).read([path], context))
        except SourceError:
            return
    for rows, schema in (
        (found, statements.SCHEMA),
        (context.rejects, statements.REJECT_SCHEMA),
    ):
        assert sum(batch.num_rows for batch in statements.batches(rows, schema)) == len(rows)


def test_progress_ends_with_everything_read() -> None:
    """What is reported grows up to the size of all members."""
    reported: list[tuple[int, int]] = []
    identifiers = Identifiers("https://example.org/")
    context = Context(
        identifiers,
        identifiers.graph("cordis"),
        progress=lambda done, total: reported.append((done, total)),
    )
    for _ in loaders.find("cordis").read([SAMPLE], context):
        pass
    with zipfile.ZipFile(SAMPLE) as archive:
        size = sum(entry.file_size for entry in archive.infolist())

    assert [done for done, _ in reported] == sorted(done for done, _ in reported)
    assert reported[-1] == (size, size)
