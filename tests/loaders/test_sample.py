"""The shipped sample is complete, holds facts only and fits together."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import loaders
from kg.identifiers import Identifiers
from kg.terms import DEFAULT_BASE, EUROSCIVOC, NUTS, RDF_TYPE, RDFS_LABEL, SKOS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ATLAS = Identifiers(DEFAULT_BASE).ontology
LANGUAGES = {"de", "en", "es", "fr", "it", "pl"}
PATHS = {source.name: path for source, path in loaders.samples()}


@pytest.fixture(scope="module")
def vocabulary(load: Callable[..., Any]) -> Any:
    return load("euroscivoc", PATHS["euroscivoc"])


@pytest.fixture(scope="module")
def regions(load: Callable[..., Any]) -> Any:
    return load("nuts", PATHS["nuts"])


@pytest.fixture(scope="module")
def projects(load: Callable[..., Any], vocabulary: Any) -> Any:
    codes = {s[2]: s[0] for s in vocabulary.statements if s[1] == SKOS + "notation"}
    return load("cordis", PATHS["cordis"], codes={"euroscivoc": codes})


def instances(loaded: Any, cls: str) -> set[str]:
    return {s[0] for s in loaded.statements if s[1] == RDF_TYPE and s[2] == ATLAS + cls}


def test_the_sample_has_all_projects_and_participations(projects: Any) -> None:
    """204 projects and 4,094 participations, none rejected."""
    assert len(instances(projects, "Project")) == 204
    assert len(instances(projects, "Participation")) == 4094
    assert projects.rejects == []


def test_every_project_has_exactly_one_coordinator(projects: Any) -> None:
    """Each of the participations has a role, one in each project that of the coordinator."""
    of_project = {s[0]: s[2] for s in projects.statements if s[1] == ATLAS + "project"}
    coordinators = Counter(
        of_project[s[0]] for s in projects.statements if s[2] == ATLAS + "CoordinatorRole"
    )

    assert set(coordinators) == instances(projects, "Project")
    assert set(coordinators.values()) == {1}


def test_the_sample_holds_facts_only() -> None:
    """No objective, no keywords, no descriptions."""
    prose = {"objective", "keywords", "euroSciVocDescription", "contactForm"}
    with zipfile.ZipFile(PATHS["cordis"]) as archive:
        for name in archive.namelist():
            text = io.TextIOWrapper(archive.open(name), "utf-8", newline="")
            with text:
                for row in csv.DictReader(text, delimiter=";"):
                    assert not any(row[column] for column in prose & set(row))


def test_every_entity_has_type_and_label(projects: Any, vocabulary: Any, regions: Any) -> None:
    """Whatever is described in one of the graphs has a class and a name there."""
    for loaded in (projects, vocabulary, regions):
        described = {s[0] for s in loaded.statements}
        for predicate in (RDF_TYPE, RDFS_LABEL):
            assert described == {s[0] for s in loaded.statements if s[1] == predicate}


def test_the_sample_of_the_vocabularies_covers_the_projects(
    projects: Any, vocabulary: Any, regions: Any
) -> None:
    """Concepts, regions and countries that projects name are there, and what they are part of."""
    known = {s[0] for loaded in (vocabulary, regions) for s in loaded.statements}
    named = {
        s[2]
        for loaded in (projects, vocabulary, regions)
        for s in loaded.statements
        if s[1] in {ATLAS + "field", ATLAS + "region", ATLAS + "country", ATLAS + "partOf"}
        or s[1] == SKOS + "broader"
    }
    external = {iri for iri in named if iri.startswith((EUROSCIVOC, NUTS))}

    assert external
    assert external <= known


def test_concepts_have_labels_in_six_languages(vocabulary: Any) -> None:
    """The labels were lifted from SKOS-XL, one per language."""
    languages = Counter(s[5] for s in vocabulary.statements if s[1] == SKOS + "prefLabel")
    concepts = len(instances(vocabulary, "Technology"))

    assert languages["en"] == concepts + 1  # the scheme has an English label only
    assert {lang for lang, n in languages.items() if n >= concepts} == LANGUAGES


def test_the_sample_is_small() -> None:
    """The wheel stays light."""
    folder = Path(loaders.__file__).parent / "sample"

    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 2_000_000
    assert PATHS["cordis"].stat().st_size < 700_000
