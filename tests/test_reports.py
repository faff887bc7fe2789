"""Reports on an import: by rule or cell by cell, in two languages and four forms."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
import rdflib
from rdflib.namespace import DCTERMS, RDF, SH

from kg import imports
from kg.errors import NotFoundError
from kg.reports import render
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.imports import Import


@pytest.fixture(scope="module")
def cordis(sample_home: Path) -> Import:
    return imports.current(Workspace(sample_home))["cordis"]


def text(*arguments: object, **options: object) -> str:
    return "".join(render(*arguments, **options))  # type: ignore[arg-type]


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
