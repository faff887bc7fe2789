"""Saved queries on the command line: listed, asked in every form, and refused with the reason."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from kg import savedqueries
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHOTONICS = ("query", "organisations-by-technology", "technology=photonics", "limit=2")


def test_queries_are_listed_with_their_parameters(run: Callable[..., Any], tmp_path: Path) -> None:
    """The list needs no release; what may be left out stands in brackets."""
    table = run("queries", home=tmp_path).stdout
    listed = json.loads(run("--json", "queries", home=tmp_path).stdout)

    assert "technology [region]" in table
    assert [q["name"] for q in listed] == sorted(savedqueries.discover(DEFAULT_BASE))
    assert all(p["expected"] for q in listed for p in q["parameters"])


def test_a_query_gives_the_same_rows_in_every_form(
    run: Callable[..., Any], sample_home: Path
) -> None:
    document = json.loads(run(*PHOTONICS, "--format", "json", home=sample_home).stdout)
    rows = list(
        csv.DictReader(io.StringIO(run(*PHOTONICS, "--format", "csv", home=sample_home).stdout))
    )
    table = run(*PHOTONICS, home=sample_home).stdout.splitlines()

    assert len(document["items"]) == 2
    assert [i["organisation"] for i in document["items"]] == [r["organisation"] for r in rows]
    assert [line.split()[0] for line in table[2:4]] == [r["organisation"] for r in rows]
    assert table[4] == "There are more; limit=N shows more than these 2."


def test_a_query_can_be_taken_further_as_sparql(run: Callable[..., Any], sample_home: Path) -> None:
    """The text with the values in it gives the same answer when it is asked as SPARQL."""
    text = run(*PHOTONICS, "--format", "sparql", home=sample_home).stdout
    asked = run("sparql", text, "--format", "csv", home=sample_home).stdout

    answer = run(*PHOTONICS, "--format", "csv", home=sample_home).stdout
    assert asked.splitlines() == answer.splitlines()


def test_several_values_of_a_parameter(run: Callable[..., Any], sample_home: Path) -> None:
    given = ("country=DE", "country=AT,IT", "limit=1")

    answer = run("query", "cooperation-matrix", *given, "--format", "json", home=sample_home)

    assert len(json.loads(answer.stdout)["parameters"]["country"]) == 3


def test_what_is_not_accepted_is_told(run: Callable[..., Any], sample_home: Path) -> None:
    """An unknown query or parameter, or a value without a name, names what there is."""
    unknown = run("query", "nothing", home=sample_home)
    misspelt = run("query", "partners-of", "organization=1", home=sample_home)
    nameless = run("query", "partners-of", "999897729", home=sample_home)

    assert {unknown.returncode, misspelt.returncode, nameless.returncode} == {1}
    assert "available: best-connected-smes" in unknown.stderr
    assert "it takes organisation, country, limit" in misspelt.stderr
    assert "such as organisation=" in nameless.stderr
