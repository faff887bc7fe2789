"""Each planted fault is found at its cell, in both languages; what is untouched is published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import loaders
from kg import database, imports, staging
from kg.fixes import read_lists
from kg.reports import render
from kg.workspace import Workspace

if TYPE_CHECKING:
    from kg.imports import Import
    from kg.settings import Settings

    Download = Any
    Planted = Any

# Every row of these is wrong as long as the file's header, or the ends of its lines, are.
WHOLE_FILES = ("topics.csv", "webLink.csv")


class Checked(NamedTuple):
    """What a rehearsal of the corrupted download found and published."""

    findings: dict[str, dict[tuple[str, int], list[dict[str, Any]]]]
    records: set[str]
    before: set[str]


def published(one: Import) -> set[str]:
    """Return the records that an import publishes, but for those that codes are described in."""
    with database.small() as connection:
        rows = connection.execute(
            f"SELECT DISTINCT record FROM {one.published()} WHERE record NOT SIMILAR TO"
            " '[^/]+/(programme|call|topic|policy-priority|technology)/.*'"
        ).fetchall()
    return {record for (record,) in rows}


@pytest.fixture(scope="module")
def checked(
    sample_settings: Settings, download: Download, tmp_path_factory: pytest.TempPathFactory
) -> Checked:
    folder = tmp_path_factory.mktemp("corrupted") / "download"
    download.write(folder)
    workspace, rules = Workspace(sample_settings.home), staging.read_rules(sample_settings.base)
    lists = read_lists(workspace, sample_settings.base)
    source, found = loaders.find("cordis"), {}
    with staging.rehearse(workspace, source, [folder], sample_settings, rules) as one:
        for language in ("en", "de"):
            told = json.loads(b"".join(render(one, "json", language, limit=0, lists=lists)))
            found[language] = by_cell(told["findings"])
        records = published(one)
    return Checked(found, records, published(imports.current(workspace)["cordis"]))


def by_cell(findings: list[dict[str, Any]]) -> dict[tuple[str, int], list[dict[str, Any]]]:
    cells: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for finding in findings:
        cells.setdefault((finding["file"], finding["line"]), []).append(finding)
    return cells


def hits(checked: Checked, planted: Planted, language: str) -> list[dict[str, Any]]:
    """Return the findings of the fault's rule at its cell."""
    here = checked.findings[language].get((planted.file, planted.line), [])
    return [
        finding
        for finding in here
        if finding["rule"].endswith(f"#{planted.rule}")
        and planted.column in {None, finding["field"]}
    ]


def test_there_are_forty_kinds(download: Download) -> None:
    kinds = [planted.kind for planted in download.planted]

    assert len(kinds) == len(set(kinds)) >= 40


def test_every_fault_is_found_at_its_cell_in_both_languages(
    checked: Checked, download: Download
) -> None:
    """File, row and column; a message in English and one in German, without a gap in it."""
    for planted in download.planted:
        english, german = (hits(checked, planted, language) for language in ("en", "de"))
        assert english, planted
        assert german, planted
        assert english[0]["message"] != german[0]["message"]
        assert english[0]["hint"] != german[0]["hint"]
        assert "{" not in english[0]["message"]


def test_fixes_are_right_or_not_proposed(checked: Checked, download: Download) -> None:
    """Where the truth can be known it is proposed; where it cannot, nothing is."""
    for planted in download.planted:
        proposed = {finding["fix"] for finding in hits(checked, planted, "en")} - {None}
        assert proposed == ({planted.right} if planted.right else set()), planted


def test_untouched_records_are_published(checked: Checked, download: Download) -> None:
    """Untouched is what has no fault and does not belong to a project that has one."""
    faulty = [one for one in download.planted if one.file not in WHOLE_FILES]
    touched = {download.record(one.file, one.line) for one in faulty}
    projects = {record.split("/")[1] for record in touched if record.startswith("project.csv")}
    untouched = {
        record
        for record in checked.before - touched
        if record.split("/")[0] not in WHOLE_FILES and record.split("/")[1] not in projects
    }

    assert untouched <= checked.records
    assert len(untouched) > 0.8 * len(checked.before)
