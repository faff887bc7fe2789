"""Explanations are true: the value of each term follows from the statements that it names.

Every term is recomputed from the store alone, by SPARQL and the formula, and every statement named
must be in the release.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions

from kg.matching import competences, partners
from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.matching import Matching
    from kg.matching.competences import Found
    from kg.settings import Settings
    from kg.store import OpenRelease

NEEDS = ["Photonik", "machine learning", "traitement des eaux", "additive manufacturing", "energy"]


def answers(matching: Matching) -> Iterator[tuple[Found, int]]:
    """Yield over 200 answers of look-ups of every kind, chosen at random with a fixed seed."""
    choice = np.random.default_rng(7)
    iris = matching.landscape.column("organisation", "iri")
    busy = np.flatnonzero(matching.landscape.experience >= 2)
    seeds = [iris[n] for n in choice.choice(busy, 5, replace=False)]
    looked = [competences.look_up(matching, competences.Need(text)) for text in NEEDS]
    looked += [partners.look_up(matching, partners.Search(seed)) for seed in seeds]
    looked += [
        partners.look_up(matching, partners.Search(seed, text, past="include"))
        for seed, text in zip(seeds, NEEDS, strict=True)
    ]
    for found in looked:
        rows = found.ranking.rows
        for row in choice.choice(rows, min(15, len(rows)), replace=False):
            yield found, int(row)


class Facts:
    """What the store says, asked anew for each check."""

    def __init__(self, release: OpenRelease, base: str) -> None:
        self.store, self.base = release.store, base
        self.seen: dict[str, list[str]] = {}

    def has(self, statement: dict[str, str]) -> bool:
        """Tell whether a statement of an explanation is in the release."""
        thing = statement["object"]
        value: Any = (
            NamedNode(thing)
            if "://" in thing
            else Literal(thing, datatype=NamedNode(XSD + "boolean"))
        )
        subject = NamedNode(statement["subject"])
        predicate = NamedNode(f"{self.base}ontology#{statement['predicate']}")
        return any(True for _ in self.store.quads_for_pattern(subject, predicate, value))

    def ask(self, pattern: str) -> list[str]:
        """Return the distinct values of ?x for a pattern."""
        if pattern not in self.seen:
            query = f"PREFIX atlas: <{self.base}ontology#> SELECT DISTINCT ?x WHERE {{ {pattern} }}"
            rows = self.store.query(query, use_default_graph_as_union=True)
            assert isinstance(rows, QuerySolutions)
            self.seen[pattern] = [row["x"].value for row in rows]
        return self.seen[pattern]

    def projects(self, organisation: str) -> list[str]:
        """Return the projects of an organisation."""
        return self.ask(f"<{organisation}> atlas:participatesIn ?x")

    def partners(self, organisation: str) -> set[str]:
        """Return those with whom an organisation took part in a project."""
        pattern = f"<{organisation}> atlas:participatesIn/atlas:hasParticipant ?x"
        return set(self.ask(pattern)) - {organisation}


def recomputed(term: dict[str, Any], facts: Facts, organisation: str) -> float | None:
    """Return the value of a term by its formula; None for BM25 of whole texts and for mastery."""
    constants, said = term.get("constants", {}), term["statements"]
    formulas: dict[str, Callable[[], float]] = {
        "text": lambda: _text(constants["relevance"], said),
        "experience": lambda: math.log2(1 + min(len(facts.projects(organisation)), 255)) / 8,
        "technology": lambda: _technology(constants["concepts"], facts, organisation),
        "specialisation": lambda: len(said) / (len(facts.projects(organisation)) + 5),
        "cooperation": lambda: _cooperation(constants["partners"], facts),
        "technologies": lambda: _technologies(constants["concepts"], facts, organisation),
        "calls": lambda: _shared(constants["strands"]),
        "together": lambda: sum(constants["worth"].values()),
        "sme": lambda: float(bool(said)),
        "region": lambda: float(bool(said)),
        "offer": lambda: float(bool(said)),
    }
    return formulas[term["term"]]() if term["term"] in formulas else None


def _text(relevance: dict[str, float], said: list[dict[str, str]]) -> float:
    shares = sorted((relevance[s["object"]] for s in said), reverse=True)
    return sum(0.5**k * share for k, share in enumerate(shares))


def _shared(parts: dict[str, dict[str, float]]) -> float:
    found = parts.values()
    summed = sum(math.log1p(p["projects"]) * p["information"] * p["share"] for p in found)
    return math.log1p(summed)


def _technologies(concepts: dict[str, dict[str, float]], facts: Facts, organisation: str) -> float:
    for iri in list(concepts)[:2]:
        pattern = f"<{organisation}> atlas:participatesIn ?x . ?x atlas:field <{iri}>"
        assert len(facts.ask(pattern)) == concepts[iri]["projects"]
    return _shared(concepts)


def _technology(concepts: dict[str, Any], facts: Facts, organisation: str) -> float:
    total = 0.0
    for iri, given in concepts.items():
        pattern = f"<{organisation}> atlas:participatesIn ?x . ?x atlas:field <{iri}>"
        number = min(len(facts.ask(pattern)), 16)
        total += given["match"] * given["information"] * math.log2(1 + number) / math.log2(17)
    return total


def _cooperation(common: dict[str, dict[str, float]], facts: Facts) -> float:
    for iri in list(common)[:3]:
        assert max(len(facts.partners(iri)), 2) == common[iri]["partners"]
    parts = common.values()
    return math.log1p(sum(p["closeness"] / math.log(p["partners"]) for p in parts))


def test_terms_are_recomputed_from_the_statements_they_name(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings
) -> None:
    """For over 200 random answers, every term that has a formula over statements comes out."""
    facts = Facts(sample_release, sample_settings.base)
    iris = sample_matching.landscape.column("organisation", "iri")
    checked = 0
    for found, row in answers(sample_matching):
        explained = found.ranking.explanation(row, full=True)
        total = sum(term["contribution"] for term in explained)
        assert total == pytest.approx(float(found.ranking.scores[row]), abs=1e-4)
        for term in explained:
            value = recomputed(term, facts, iris[row])
            assert value is None or value == pytest.approx(term["value"], abs=1e-4), term
        checked += 1

    assert checked >= 200


def test_statements_of_explanations_are_in_the_release(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings
) -> None:
    """Nothing is named as a reason that the release does not state."""
    facts = Facts(sample_release, sample_settings.base)
    for number, (found, row) in enumerate(answers(sample_matching)):
        if number % 5:
            continue
        for term in found.ranking.explanation(row):
            assert all(facts.has(statement) for statement in term["statements"]), term
