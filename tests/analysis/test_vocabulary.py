"""The terms of a release: which are used, and which come nearest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import Literal, NamedNode

from kg.analysis.vocabulary import Vocabulary
from kg.releases import Release
from kg.store import open_release
from kg.terms import DEFAULT_BASE, RDFS_LABEL, SKOS

if TYPE_CHECKING:
    from pathlib import Path

    from kg.analysis.vocabulary import Role
    from kg.store import OpenRelease

ATLAS = f"{DEFAULT_BASE}ontology#"


@pytest.mark.parametrize(
    ("iri", "role", "nearest"),
    [
        (ATLAS + "Organization", "class", ATLAS + "Organisation"),
        (ATLAS + "legalname", "property", ATLAS + "legalName"),
        (ATLAS + "legalNames", "property", ATLAS + "legalName"),
        ("http://www.w3.org/2004/02/skos/core/prefLabel", "property", SKOS + "prefLabel"),
        ("urn:x:label", "property", RDFS_LABEL),
    ],
)
def test_nearest(iri: str, role: Role, nearest: str, vocabulary: Vocabulary) -> None:
    assert vocabulary.nearest(iri, role)[0] == nearest


def test_nothing_is_near(vocabulary: Vocabulary) -> None:
    assert vocabulary.nearest(ATLAS + "xyzzy", "class") == []


def test_used_and_occurring(vocabulary: Vocabulary) -> None:
    """A class is used by its members, a property by its statements, a graph by its name."""
    assert vocabulary.used(ATLAS + "SME", "class")
    assert not vocabulary.used(ATLAS + "SME", "property")
    assert vocabulary.used(ATLAS + "pic", "property")
    assert not vocabulary.used("no IRI", "class")
    assert vocabulary.occurs(NamedNode(f"{DEFAULT_BASE}graph/nuts"))
    assert not vocabulary.occurs(NamedNode("urn:none"))
    assert vocabulary.occurs(Literal("photonics", language="en"))
    assert not vocabulary.occurs(Literal("photonics", language="cy"))


def test_generated_classes_are_not_suggested(vocabulary: Vocabulary) -> None:
    """The ontology's class expressions have names, but nobody means them."""
    assert not [iri for iri in vocabulary.classes if "genid" in iri]


def test_statistics_know_every_term(sample_release: OpenRelease, tmp_path: Path) -> None:
    """Once the downloads are made, what they count is known by heart."""
    folder = tmp_path / "1"
    (folder / "dumps").mkdir(parents=True)
    (folder / "store").symlink_to(sample_release.release.store)
    manifest = json.dumps(sample_release.release.manifest)
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    counted = {"whole": [0] * 5, "entities": 0, "graphs": {}, "linksets": []}
    counted |= {"classes": {"urn:x:Rare": 1}, "properties": {"urn:x:rarely": 1}}
    statistics = folder / "dumps" / "statistics.json"
    statistics.write_text(json.dumps(counted), encoding="utf-8")
    vocabulary = Vocabulary.of(open_release(Release(folder)), DEFAULT_BASE)

    assert "urn:x:Rare" in vocabulary.classes
    assert "urn:x:rarely" in vocabulary.properties
    assert ATLAS + "SME" in vocabulary.classes
