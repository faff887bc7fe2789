"""From files to a release: every record accounted for, nothing bad published, the same twice."""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pytest

import loaders
from kg import dumps, imports, releases, staging
from kg.settings import Settings
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kg.imports import Import
    from kg.store import OpenRelease

ATLAS = "https://w3id.org/cluster-atlas/ontology#"


def rows_of(archive: Path, member: str) -> list[dict[str, str]]:
    """Return the rows of a file of the CORDIS sample, read without any of our code."""
    with zipfile.ZipFile(archive) as zipped:
        text = zipped.read(member).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def cordis_sample() -> Path:
    return next(path for source, path in loaders.samples() if source.name == "cordis")


def count(release: OpenRelease, name: str) -> int:
    graph = "https://w3id.org/cluster-atlas/graph/cordis"
    where = f"GRAPH <{graph}> {{ ?x a <{ATLAS}{name}> }}"
    query = f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {where} }}"
    [solution] = release.store.query(query)
    return int(solution["n"].value)


@pytest.fixture(scope="module")
def cordis(sample_home: Path) -> Import:
    return imports.current(Workspace(sample_home))["cordis"]


@pytest.mark.parametrize(
    ("member", "name"), [("project.csv", "Project"), ("organization.csv", "Participation")]
)
def test_every_row_is_published_or_listed(
    cordis: Import, sample_release: OpenRelease, member: str, name: str
) -> None:
    """Rows of the file = published + quarantined + rejected; the release holds the published."""
    rows = rows_of(cordis_sample(), member)
    counts = cordis.manifest["records"][member]

    assert counts["records"] == len(rows)
    assert counts["published"] + counts["quarantined"] + counts["rejected"] == len(rows)
    assert count(sample_release, name) == counts["published"]


def test_the_sums_of_money_agree(sample_release: OpenRelease) -> None:
    """What the release says of contributions is what the file says."""
    rows = rows_of(cordis_sample(), "organization.csv")
    expected = sum(round(float(r["netEcContribution"] or 0) * 100) for r in rows)
    query = f"SELECT (SUM(?x) AS ?n) WHERE {{ ?p <{ATLAS}netEcContribution> ?x }}"

    [solution] = sample_release.store.query(query, use_default_graph_as_union=True)

    assert round(float(solution["n"].value) * 100) == expected


def test_the_same_inputs_give_the_same_release(
    sample_home: Path, tmp_path: Path, publishing_of_sample: Callable[[Path], None]
) -> None:
    """Another workspace, another time: sorted N-Quads equal to the byte."""
    publishing_of_sample(tmp_path / "again")
    written = []
    for home in (sample_home, tmp_path / "again"):
        output = io.BytesIO()
        dumps.dump(dumps.choose(Workspace(home), None), output, "nq", in_order=True)
        written.append(output.getvalue())

    assert written[0] == written[1]
    assert written[0].count(b"\n") == releases.every(Workspace(sample_home))[0].manifest["quads"]


def test_no_triple_stands_in_two_graphs(sample_release: OpenRelease) -> None:
    """Counting over the union of all graphs counts every triple once."""
    triples = {(q.subject, q.predicate, q.object) for q in sample_release.store}

    assert len(triples) == len(sample_release.store)


def test_no_blank_node_reaches_a_release(sample_release: OpenRelease) -> None:
    query = "SELECT * { ?s ?p ?o FILTER(isBlank(?s) || isBlank(?o)) } LIMIT 1"

    assert list(sample_release.store.query(query, use_default_graph_as_union=True)) == []


def test_every_entity_comes_from_a_line(sample_release: OpenRelease) -> None:
    """Each entity has a prov:wasDerivedFrom that ends in a file and line of an import."""
    query = """
        PREFIX prov: <http://www.w3.org/ns/prov#>
        SELECT (COUNT(DISTINCT ?x) AS ?all) (COUNT(DISTINCT ?traced) AS ?found) WHERE {
          GRAPH ?g { ?x a ?type }
          FILTER(STRENDS(STR(?g), "/cordis") || STRENDS(STR(?g), "/landscape"))
          OPTIONAL { ?x prov:wasDerivedFrom ?row
            FILTER(REGEX(STR(?row), "/import/[a-z]+/[0-9a-f]{12}/[^#]+#line=[0-9]+,[0-9]+$"))
            BIND(?x AS ?traced) }
        }"""

    [solution] = sample_release.store.query(query, use_default_graph_as_union=True)

    assert int(solution["all"].value) == int(solution["found"].value) > 4_000


def test_an_import_is_not_read_twice(sample_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(sample_home, tmp_path / "home", symlinks=True)
    settings, workspace = Settings(home=home), Workspace(home)
    rules = staging.read_rules(settings.base)

    with workspace.writing():
        done, fresh = staging.load(
            workspace, loaders.find("cordis"), [cordis_sample()], settings, rules
        )

    assert not fresh
    assert done.folder == imports.current(workspace)["cordis"].folder


def broken_copy(folder: Path) -> Path:
    """Return the CORDIS sample with one project that ends before it begins."""
    with zipfile.ZipFile(cordis_sample()) as archive:
        archive.extractall(folder)
    path = folder / "project.csv"
    text = path.read_text(encoding="utf-8")
    assert '"2022-06-01";"2025-05-31"' in text
    path.write_text(text.replace('"2022-06-01";"2025-05-31"', '"2025-06-01";"2022-05-31"', 1))
    return folder


class Rehearsal(NamedTuple):
    """What a rehearsed import of the broken copy held, and the workspace before and after."""

    held: list[tuple[str, int]]
    counts: dict[str, dict[str, int]]
    left: int
    folder: Path
    before: list[Path]
    after: list[Path]


@pytest.fixture(scope="module")
def rehearsal(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    folder = tmp_path_factory.mktemp("rehearsal")
    home = shutil.copytree(sample_home, folder / "home", symlinks=True, copy_function=os.link)
    settings, workspace = Settings(home=home), Workspace(home)
    rules = staging.read_rules(settings.base)
    source, path = loaders.find("cordis"), broken_copy(folder / "broken")
    before = sorted(home.rglob("*"))
    with staging.rehearse(workspace, source, [path], settings, rules) as one:
        held = duckdb.sql(
            f"SELECT DISTINCT record, round FROM {one.table('quarantine')}"
        ).fetchall()
        [(left,)] = duckdb.sql(
            f"SELECT count(*) FROM {one.published()} WHERE subject LIKE '%/101056957%'"
        ).fetchall()
        counts = one.manifest["records"]
    return Rehearsal(held, counts, left, one.folder, before, sorted(home.rglob("*")))


def test_a_violation_sets_its_record_aside_and_all_that_hangs_on_it(rehearsal: Rehearsal) -> None:
    """The project is quarantined with its participations; everything else is published."""
    first = [record for record, rounds in rehearsal.held if rounds == 0]
    assert first == ["project.csv/101056957"]
    assert all("/101056957" in record for record, _ in rehearsal.held)
    assert rehearsal.counts["project.csv"]["quarantined"] == 1
    assert rehearsal.counts["organization.csv"]["quarantined"] == sum(
        row["projectID"] == "101056957" for row in rows_of(cordis_sample(), "organization.csv")
    )
    assert rehearsal.left == 0


def test_a_rehearsal_leaves_nothing_behind(rehearsal: Rehearsal) -> None:
    assert rehearsal.after == rehearsal.before
    assert not rehearsal.folder.exists()
