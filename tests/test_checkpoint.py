"""A release from a checkpoint has the quads that a whole publication of the same imports has."""

from __future__ import annotations

import gzip
import random
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

import loaders
from kg import (
    amendments,
    changes,
    checkpoint,
    completion,
    database,
    imports,
    merge,
    nquads,
    publishing,
    staging,
)
from kg.difference import Making
from kg.identifiers import Identifiers
from kg.progress import Stages, silent
from kg.settings import Settings
from kg.store import open_release
from kg.terms import RDF_TYPE, XSD, ontology_namespace
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.amendments import Row
    from kg.imports import Import
    from kg.releases import Release

SETTINGS = Settings()
RULES = staging.read_rules(SETTINGS.base)
ATLAS = ontology_namespace(SETTINGS.base)
SOURCES = {name: loaders.find(name) for name in loaders.names()}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with a release of the small samples, made from the beginning."""
    workspace = Workspace(tmp_path_factory.mktemp("published"))
    with workspace.writing():
        for source, path in loaders.samples():
            if source.name not in {"cordis", "euroscivoc"}:
                staging.load(workspace, source, [path], SETTINGS, RULES)
        publishing.build(workspace, SETTINGS, RULES, SOURCES)
    return workspace.home


@pytest.fixture
def workspace(published: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(published, tmp_path / "home", symlinks=True)
    return Workspace(tmp_path / "home")


def build(workspace: Workspace) -> Release:
    with workspace.writing():
        release, _ = publishing.build(workspace, SETTINGS, RULES, SOURCES)
    return release


def quads(release: Release) -> set[bytes]:
    """Return the lines of a release as N-Quads."""
    return lines(ox.Store.read_only(str(release.store)))


def lines(store: ox.Store) -> set[bytes]:
    return set((store.dump(format=ox.RdfFormat.N_QUADS) or b"").splitlines())


def whole(workspace: Workspace, folder: Path) -> set[bytes]:
    """Return the quads that a publication from the beginning would have."""
    made = Making(imports.current(workspace), RULES.ontology, Identifiers(SETTINGS.base), SOURCES)
    store = ox.Store()
    with database.connect(folder / "spill", SETTINGS.memory) as connection:
        merge.merge(connection, made, Stages(silent))
        nquads.write(connection, "quad", folder / "whole.nq")
    store.bulk_load(path=folder / "whole.nq", format=ox.RdfFormat.N_QUADS)
    return lines(store)


def amend(workspace: Workspace, added: list[Row], removed: list[Row]) -> Import:
    """Make an import of updates the current one, unjudged."""
    state = amendments.State(added, removed, "# test\n", "test", len(added), len(removed))
    with workspace.writing():
        made = amendments.write(workspace, SETTINGS, RULES.digest, state)
        imports.select(workspace, made)
    return made


def rows(release: Release) -> list[Row]:
    """Return what sources state in a release, as statements."""
    made = {f"{SETTINGS.base}graph/{n}" for n in ("inferred", "provenance", "ontology", "updates")}
    store = ox.Store.read_only(str(release.store))
    return sorted(
        (amendments.row(q) for q in store if str(q.graph_name)[1:-1] not in made), key=repr
    )


def link(subject: str, predicate: str, target: str) -> Row:
    return (subject, predicate, target, 1, None, None)


def same(small: Release, expected: set[bytes]) -> None:
    """Check that a release from a checkpoint has the quads expected, and that it counts them."""
    assert "difference" in small.manifest
    assert quads(small) == expected
    counted = Counter(line.split()[-2].decode()[1:-1] for line in expected)
    assert small.manifest["graphs"] == counted
    assert small.manifest["quads"] == len(expected)


def test_updates_one_after_another(workspace: Workspace, tmp_path: Path) -> None:
    """Whatever updates add and remove, the checkpoint leads where the whole leads."""
    chance = random.Random(11)  # noqa: S311 - no secret
    first = build(workspace)
    known = rows(first)
    subjects = sorted({row[0] for row in known})
    added: list[Row] = []
    removed: list[Row] = []
    for number in range(3):
        picked = [
            link(chance.choice(subjects), chance.choice([r for r in known if r[3] == 1])[1], target)
            for target in chance.sample(subjects, 5)
        ]
        kind = chance.choice(["Cluster", "SME", "Service", "Offer"])
        new = f"{SETTINGS.base}id/organisation/new-{number}"
        count = (new, ATLAS + "trlFrom", f"0{number + 4}", 2, XSD + "integer", None)
        added = [*added[2:], *picked, link(new, RDF_TYPE, ATLAS + kind), count]
        removed = [*removed[3:], *chance.sample(known, 8)]
        amend(workspace, added, removed)
        small = build(workspace)

        same(small, whole(workspace, tmp_path))
        assert small.manifest["difference"]["from"] == small.number - 1


def test_an_import_that_goes_and_comes_back(workspace: Workspace, tmp_path: Path) -> None:
    """Without a source's import its statements go, with what follows; with it they are back."""
    first = build(workspace)
    current = workspace.imports / "landscape" / "current"
    target = current.readlink()
    current.unlink()
    without = build(workspace)

    same(without, whole(workspace, tmp_path))
    assert len(quads(without)) < len(quads(first))
    current.symlink_to(target)
    again = build(workspace)
    assert quads(again) == quads(first)
    assert again.number == 3


def test_the_difference_is_written_down(workspace: Workspace) -> None:
    """Its files say which quads came and went, as the dumps write them."""
    first = build(workspace)
    title = next(row for row in rows(first) if row[1] == ATLAS + "title")
    amend(workspace, [link(f"{SETTINGS.base}id/cluster/x", RDF_TYPE, ATLAS + "Cluster")], [title])
    small = build(workspace)

    def read(name: str) -> list[bytes]:
        return gzip.decompress((small.folder / "difference" / name).read_bytes()).splitlines()

    come, gone = quads(small) - quads(first), quads(first) - quads(small)
    assert (read(checkpoint.COME), read(checkpoint.GONE)) == (sorted(come), sorted(gone))
    assert (len(come), len(gone)) == (
        small.manifest["difference"]["come"],
        small.manifest["difference"]["gone"],
    )


def test_a_large_difference_is_published_as_a_whole(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not small leaves nothing of the attempt in the release."""
    build(workspace)
    for name in ("QUADS", "LOOKED_AT"):
        monkeypatch.setattr(checkpoint, name, 1)
        amend(
            workspace, [link(f"{SETTINGS.base}id/cluster/{name}", RDF_TYPE, ATLAS + "Cluster")], []
        )
        release = build(workspace)

        assert "difference" not in release.manifest
        assert sorted(path.name for path in release.folder.iterdir()) == [
            "columns",
            "manifest.json",
            "store",
            "text",
        ]


def test_columns_follow(workspace: Workspace) -> None:
    """A release from a checkpoint gets its columns afterwards, once, equal to its store."""
    build(workspace)
    amend(workspace, [link(f"{SETTINGS.base}id/cluster/x", RDF_TYPE, ATLAS + "Cluster")], [])
    small = build(workspace)

    assert completion.due(small)
    assert completion.complete(workspace, small, SETTINGS, RULES)
    assert not completion.due(small)
    assert not completion.complete(workspace, small, SETTINGS, RULES)
    assert sorted(path.name for path in small.folder.iterdir()) == [
        "columns",
        "difference",
        "manifest.json",
        "store",
        "text",
    ]


@pytest.mark.parametrize(("start", "end"), [(1, 4), (4, 1), (2, 4), (3, 2)])
def test_changes_are_put_together_from_what_releases_wrote_down(
    workspace: Workspace, start: int, end: int
) -> None:
    """The patch between any two of them says what is in one and not in the other, sorted."""
    made = {1: build(workspace)}
    known = rows(made[1])
    states: list[tuple[list[Row], list[Row]]] = [
        ([link(f"{SETTINGS.base}id/cluster/{n}", RDF_TYPE, ATLAS + "Cluster") for n in "abc"], []),
        (
            [link(f"{SETTINGS.base}id/cluster/{n}", RDF_TYPE, ATLAS + "Cluster") for n in "b"],
            known[:9],
        ),
        ([], known[5:12]),
    ]
    for number, (added, removed) in enumerate(states, 2):
        amend(workspace, added, removed)
        made[number] = build(workspace)
    change = changes.between(open_release(made[start]), open_release(made[end]), SETTINGS.base, 256)
    patch = b"".join(change.patch(SETTINGS.base)).splitlines()

    before, after = quads(made[start]), quads(made[end])
    rows_of = [line for line in patch if line[:2] in {b"D ", b"A "}]
    expected = [b"D " + line for line in sorted(before - after)]
    assert rows_of == [*expected, *(b"A " + line for line in sorted(after - before))]
    assert change.counts[:2] == (len(before - after), len(after - before))
    touched = sorted({line.split()[0][1:-1].decode() for line in before ^ after})
    assert change.entities(1) == touched[: changes.PAGE]
    assert not (made[end].folder / "dumps").exists()
