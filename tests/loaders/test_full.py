"""The whole downloads, where they are at hand: nothing is lost, both forms say the same."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

import loaders
from kg.identifiers import Identifiers
from kg.source import Context
from kg.terms import DEFAULT_BASE, RDF_TYPE, SKOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from kg.statements import Reject

ATLAS = Identifiers(DEFAULT_BASE).ontology


@pytest.fixture(scope="module")
def codes(load: Callable[..., Any], shared: Callable[[str], Path]) -> dict[str, dict[str, str]]:
    vocabulary = load("euroscivoc", shared("vocabularies/EuroSciVoc.ttl"))
    found = {s[2]: s[0] for s in vocabulary.statements if s[1] == SKOS + "notation"}
    return {"euroscivoc": found}


@dataclass
class Full:
    """What the tests ask of the statements of the full file, which are too many to keep."""

    records: set[str] = field(default_factory=set)
    lines: set[tuple[str, int]] = field(default_factory=set)
    typed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    triples: set[tuple[object, ...]] = field(default_factory=set)
    rejects: list[Reject] = field(default_factory=list)


@pytest.fixture(scope="module")
def xml(load: Callable[..., Any], shared: Callable[[str], Path], codes: Any) -> Any:
    return load("cordis", shared("cordis/sample-HORIZONprojects-xml.zip"), codes=codes)


@pytest.fixture(scope="module")
def full(shared: Callable[[str], Path], codes: Any, xml: Any) -> Full:
    projects = projects_of(xml)
    identifiers = Identifiers(DEFAULT_BASE)
    context = Context(identifiers, identifiers.graph("cordis"), codes)
    found = Full(rejects=context.rejects)
    paths = [shared("cordis/cordis-HORIZONprojects-csv.zip")]
    for statement in loaders.find("cordis").read(paths, context):
        record = statement[10]
        found.records.add(record)
        found.lines.add((statement[7], statement[8]))
        if statement[1] == RDF_TYPE:
            found.typed[statement[2].removeprefix(ATLAS)].add(statement[0])
        if record.split("/")[1] in projects:
            found.triples.add(tuple(statement)[:6])
    return found


def projects_of(loaded: Any) -> set[str]:
    """Return the identifiers of all projects."""
    return {s[2] for s in loaded.statements if s[1] == ATLAS + "identifier" and "/project/" in s[0]}


def keys(path: Path, name: str, *columns: str) -> Iterator[str]:
    """Yield the key of each row of a table, as records are named."""
    with zipfile.ZipFile(path) as archive, archive.open(name) as entry:
        for row in csv.DictReader(io.TextIOWrapper(entry, "utf-8", newline=""), delimiter=";"):
            yield "/".join((name, *(row[column].strip("/") for column in columns)))


@pytest.mark.parametrize(
    ("name", "columns", "count"),
    [
        ("project.csv", ("id",), 15_532),
        ("organization.csv", ("projectID", "organisationID", "order"), 102_233),
        ("euroSciVoc.csv", ("projectID", "euroSciVocCode"), 32_759),
        ("topics.csv", ("projectID", "topic"), 15_532),
        ("legalBasis.csv", ("projectID", "legalBasis"), 20_703),
    ],
)
def test_every_row_is_accounted_for(
    full: Full, shared: Callable[[str], Path], name: str, columns: tuple[str, ...], count: int
) -> None:
    """Each row of the full file has statements of its own or is rejected as a whole."""
    rows = list(keys(shared("cordis/cordis-HORIZONprojects-csv.zip"), name, *columns))
    whole = [r for r in full.rejects if r.file == name and (r.file, r.line) not in full.lines]

    assert len(rows) == count
    assert len(set(rows) & full.records) + len(whole) == count


def test_the_full_file_has_all_projects_and_participations(full: Full) -> None:
    """15,532 projects and 102,233 participations."""
    assert len(full.typed["Project"]) == 15_532
    assert len(full.typed["Participation"]) == 102_233


def test_the_xml_form_says_what_the_csv_form_says(full: Full, xml: Any) -> None:
    """For the 51 projects that are there in both forms, every triple is the same."""
    projects = projects_of(xml)
    triples = {tuple(s)[:6] for s in xml.statements if s[10].split("/")[1] in projects}

    assert len(projects) == 51
    assert triples == full.triples


def test_the_full_vocabularies(load: Callable[..., Any], shared: Callable[[str], Path]) -> None:
    """All concepts of EuroSciVoc and all regions of NUTS are there, none rejected."""
    concepts = load("euroscivoc", shared("vocabularies/EuroSciVoc.ttl"))
    regions = load(
        "nuts",
        shared("vocabularies/nuts2024_and_sr.csv"),
        shared("vocabularies/nuts_from_cordis.csv"),
        shared("vocabularies/iso3166.csv"),
    )
    counts = [
        len({s[0] for s in loaded.statements if s[1] == RDF_TYPE and s[2] == ATLAS + cls})
        for loaded, cls in ((concepts, "Technology"), (regions, "Region"), (regions, "Country"))
    ]

    assert counts == [1016, 2279, 249]
    assert concepts.rejects == regions.rejects == []
