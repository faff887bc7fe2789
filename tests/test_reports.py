"""Reports on an import: by rule or cell by cell, in two languages and six forms."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
import rdflib
from rdflib.namespace import DCTERMS, RDF, SH

import loaders
from kg import imports, staging
from kg.errors import NotFoundError
from kg.fixes import Lists
from kg.reports import render, rows, sheets
from kg.reports.found import Found
from kg.reports.table import by_source
from kg.setaside import listing
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.imports import Import
    from kg.settings import Settings


@pytest.fixture(scope="module")
def cordis(sample_home: Path) -> Import:
    return imports.current(Workspace(sample_home))["cordis"]


def text(*arguments: object, **options: object) -> str:
    return b"".join(render(*arguments, **options)).decode()  # type: ignore[arg-type]


def test_the_summary_counts_by_rule_in_both_languages(cordis: Import) -> None:
    english, german = text(cordis, "table", "en"), text(cordis, "table", "de")

    assert english.startswith("severity  rule")
    assert german.startswith("Schwere")
    assert "Warnung" in german
    assert "ProjectField " in english
    assert len(english.splitlines()) == len(german.splitlines())


def test_a_rule_is_shown_with_its_cells(cordis: Import) -> None:
    shown = text(cordis, "table", "en", rule="OneValueStated", limit=2)

    lines = shown.splitlines()
    assert lines[2].startswith("organization.csv  ")
    assert lines[-1].startswith("Only the first 2 are shown; --limit 0 shows all ")


def test_every_form_tells_of_the_same_findings(cordis: Import) -> None:
    """As many results in RDF as different findings in CSV and JSON."""
    rows = list(csv.DictReader(io.StringIO(text(cordis, "csv", "de", limit=0), newline="")))
    told = json.loads(text(cordis, "json", "de", limit=0))
    graph = rdflib.Graph().parse(data=text(cordis, "ttl", "de", limit=0), format="turtle")

    names = ("rule", "component", "subject", "path", "value")
    different = {tuple(row[name] for name in names) for row in rows}
    results = set(graph.subjects(RDF.type, SH.ValidationResult))
    assert told["complete"]
    assert len(rows) == len(told["findings"]) == told["total"]
    assert len(results) == len(different) == sum(r["findings"] for r in told["rules"])
    assert {str(m.language) for m in graph.objects(None, SH.resultMessage)} == {"de"}  # type: ignore[union-attr]
    assert all(graph.value(node, DCTERMS.source) for node in results)


def test_a_cut_report_says_so(cordis: Import) -> None:
    told = json.loads(text(cordis, "json", "en", limit=1))

    assert not told["complete"]
    assert len(told["findings"]) == 1


def test_an_unknown_rule_names_those_broken(cordis: Import) -> None:
    with pytest.raises(NotFoundError) as caught:
        text(cordis, "table", "en", rule="Nothing")

    assert "OneValueStated" in caught.value.members["rules"]


@pytest.fixture(scope="module")
def broken(sample_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    """What would be imported if the first row of the projects were too short."""
    folder = tmp_path_factory.mktemp("broken")
    with zipfile.ZipFile(next(p for s, p in loaders.samples() if s.name == "cordis")) as archive:
        archive.extractall(folder)
    projects = (folder / "project.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "project.csv").write_text("".join([projects[0], '"1";"short"\n', *projects[2:]]))
    rules = staging.read_rules(sample_settings.base)
    workspace, source = Workspace(sample_settings.home), loaders.find("cordis")
    with staging.rehearse(workspace, source, [folder], sample_settings, rules) as one:
        yield one


@pytest.mark.parametrize("what", ["rejects", "quarantine"])
def test_what_was_set_aside_is_listed_row_by_row(broken: Import, what: str) -> None:
    """A row too short is rejected; a participation without its project is quarantined."""
    told = json.loads("".join(listing(broken, what, "json")))
    table = "".join(listing(broken, what, "table", 1))
    rows = list(csv.reader(io.StringIO("".join(listing(broken, what, "csv")), newline="")))

    assert told["complete"]
    assert told["total"] == len(told["items"]) == len(rows) - 1 > 0
    assert table.splitlines()[0].startswith("file  line  ")
    first = told["items"][0]
    if what == "rejects":
        assert (first["file"], first["line"]) == ("project.csv", 2)
        assert "columns" in first["reason"]
    else:
        assert {item["rule"].rpartition("#")[2] for item in told["items"]}
        assert table.splitlines()[-1].startswith("Only the first 1 are shown")


LEVELS = {"none", "note", "warning", "error"}


def test_sarif_has_what_the_standard_requires(cordis: Import) -> None:
    """SARIF 2.1.0, sections 3.13, 3.14, 3.18, 3.19, 3.27 and 3.49: the required properties."""
    log = json.loads(text(cordis, "sarif", "de", limit=0))
    rows = json.loads(text(cordis, "json", "de", limit=0))

    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    known = {rule["id"]: rule for rule in driver["rules"]}
    assert driver["name"]
    assert len(known) == len(driver["rules"])
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["helpUri"].startswith("https://")
        assert rule["defaultConfiguration"]["level"] in LEVELS
    for result in run["results"]:
        assert result["ruleId"] in known
        assert result["level"] in LEVELS
        assert result["message"]["text"]
        for place in result["locations"]:
            physical = place["physicalLocation"]
            assert physical["artifactLocation"]["uri"].endswith(".csv")
            assert physical["region"]["startLine"] >= 1
    cells = sum(len(result["locations"]) for result in run["results"])
    assert cells == len([row for row in rows["findings"] if row["file"]])
    assert len(run["results"]) == sum(rule["findings"] for rule in rows["rules"])


def test_a_workbook_runs_no_formula(tmp_path: Path) -> None:
    """Whatever a source says is text in the cells, control characters left out."""
    wanted = ["=1+1", "@SUM(A1)", "+1(", "-5", "a\x01b", "x" * 40_000]
    book = openpyxl.Workbook(write_only=True)
    sheets._fill(book.create_sheet("a"), ["value"], ([value] for value in wanted))
    book.save(tmp_path / "a.xlsx")

    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["a"]
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells[:5]] == [*wanted[:4], "a\ufffdb"]


def test_csv_begins_no_formula() -> None:
    """Numbers stay numbers."""
    given = ["=1+1", "@a", "+A1", "-A1", "-5", "+5.5", "plain"]

    assert [rows._cell(value) for value in given] == [
        *("'=1+1", "'@a", "'+A1", "'-A1"),
        *("-5", "+5.5", "plain"),
    ]


def test_several_imports_are_reported_together(sample_home: Path) -> None:
    """By source, with the findings of each."""
    current = list(imports.current(Workspace(sample_home)).values())
    told = json.loads(text(current, "json", "en", limit=0))

    assert [one["source"] for one in told["sources"]] == sorted(one.source for one in current)
    assert len(told["findings"]) == told["total"]
    assert {row["source"] for row in told["findings"]} <= {one.source for one in current}
    with Found(current, "de", Lists()) as found:
        assert by_source(found).splitlines()[0].startswith("Quelle")


def test_the_first_findings_are_the_first_of_all(cordis: Import) -> None:
    """A limit cuts the list, and does not choose another one."""
    every = list(csv.reader(io.StringIO(text(cordis, "csv", "en", limit=0), newline="")))

    for limit in (1, 999, 1000, 1001):
        cut = list(csv.reader(io.StringIO(text(cordis, "csv", "en", limit=limit), newline="")))
        assert cut == every[: limit + 1]
