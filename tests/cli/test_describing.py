"""The ontology is checked, the rules are listed and the reference is written by commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kg import axioms, ontology

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PREFIXES = """\
@prefix atlas: <https://w3id.org/cluster-atlas/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def test_the_ontology_is_sound(run: Callable[..., Any], tmp_path: Path) -> None:
    checked = run("check-ontology", home=tmp_path)

    assert checked.returncode == 0
    assert "is consistent" in checked.stdout


def test_an_impossible_class_fails_the_check(run: Callable[..., Any], tmp_path: Path) -> None:
    """The verdict is printed before the status says that it is a bad one."""
    planted = tmp_path / "planted.ttl"
    swap = "atlas:Swap a owl:Class ; rdfs:subClassOf atlas:Offer, atlas:Request ."
    planted.write_text(PREFIXES + swap, encoding="utf-8")

    checked = run("--json", "check-ontology", str(planted), home=tmp_path)

    verdict = json.loads(checked.stdout)
    assert checked.returncode == 1
    assert verdict["consistent"]
    assert [iri.rpartition("#")[2] for iri in verdict["unsatisfiable"]] == ["Swap"]
    assert "planted.ttl" in verdict["files"]


def test_a_contradiction_fails_the_check(run: Callable[..., Any], tmp_path: Path) -> None:
    planted = tmp_path / "planted.ttl"
    planted.write_text(
        PREFIXES + "atlas:X a owl:NamedIndividual, atlas:Offer, atlas:Request .", encoding="utf-8"
    )

    checked = run("check-ontology", str(planted), home=tmp_path)

    assert checked.returncode == 1
    assert checked.stdout.startswith("The ontology is inconsistent")


def test_a_missing_file_is_an_error(run: Callable[..., Any], tmp_path: Path) -> None:
    checked = run("check-ontology", str(tmp_path / "none.ttl"), home=tmp_path)

    assert checked.returncode == 1
    assert "none.ttl does not exist" in checked.stderr


def test_rules_are_listed_with_their_axioms(run: Callable[..., Any], tmp_path: Path) -> None:
    expected = [(rule.axiom, rule.sparql) for rule in axioms.rules(ontology.read())]

    listed = json.loads(run("--json", "rules", home=tmp_path).stdout)

    assert [(rule["axiom"], rule["sparql"]) for rule in listed] == expected


def test_the_reference_does_not_depend_on_settings(run: Callable[..., Any], tmp_path: Path) -> None:
    """The pages show the defaults, wherever the workspace is."""
    done = run("--json", "reference", str(tmp_path / "pages"), home=tmp_path)

    assert set(json.loads(done.stdout)) == {p.name for p in (tmp_path / "pages").iterdir()}
    assert str(tmp_path) not in (tmp_path / "pages" / "settings.md").read_text(encoding="utf-8")
