"""Explanations are true: each term follows from the statements that it names (`kg.matching.audit`).

And the audit is no rubber stamp: what is changed in an explanation is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from kg.matching import competences, partners
from kg.matching.audit import Asked, Terms, audit, questions, untrue
from kg.matching.facts import Facts

if TYPE_CHECKING:
    from kg.matching import Matching
    from kg.settings import Settings
    from kg.store import OpenRelease


def test_terms_are_recomputed_from_the_statements_they_name(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings
) -> None:
    """For 200 random answers every term of the score comes out, and every statement is there."""
    found = audit(sample_matching, sample_release.store, sample_settings.base)

    assert found.untrue == [], {x.term for x in found.untrue}
    assert found.answers == 200
    assert set(found.terms) >= {
        *("text", "profile", "similar", "together", "cooperation", "technologies", "calls"),
        *("alike", "circle", "walk", "countries"),
        *("experience", "technology", "specialisation", "mastery", "offer", "sme"),
    }


def test_projects_of_both_are_recomputed(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings
) -> None:
    """Past partners for a text: the projects about it that both took part in, and the places."""
    landscape = sample_matching.landscape
    seed = int(np.argmax(landscape.experience))
    iri = landscape.column("organisation", "iri")[seed]
    title = landscape.column("project", "title")[int(landscape.projects.row(seed)[0])]
    ranking = partners.look_up(sample_matching, partners.Search(iri, title, past="only")).ranking
    facts = Facts(
        sample_release.store, sample_settings.base, sample_matching.projects.english.analyze
    )
    named: set[str] = set()
    for row in ranking.best(20).tolist():
        explanation = ranking.explanation(row, full=True)
        organisation = landscape.column("organisation", "iri")[row]
        named |= {term["term"] for term in explanation}
        assert untrue(Terms(facts, Asked(iri, title)), organisation, explanation) == []

    assert named >= {"joint", "together", "countries"}


def test_words_of_names_are_recomputed(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings
) -> None:
    """A text with the name of an organisation has it first by that term; so do its own projects."""
    landscape = sample_matching.landscape
    seed, other = np.argsort(-landscape.experience)[:2].tolist()
    iris, names = (landscape.column("organisation", n) for n in ("iri", "name"))
    analyse = sample_matching.projects.english.analyze
    facts = Facts(sample_release.store, sample_settings.base, analyse)
    for text in (f"A project with {names[other]} on the energy of cities", ""):
        sought = partners.Search(iris[seed], text, past="include")
        ranking = partners.look_up(sample_matching, sought).ranking
        term = next(t for t in ranking.terms if t.name == "named")
        best = np.argsort(-term.values, kind="stable")[:5].tolist()
        for row in best:
            explanation = ranking.explanation(row, full=True)
            assert "named" in {term["term"] for term in explanation}
            assert untrue(Terms(facts, Asked(iris[seed], text)), iris[row], explanation) == []
        assert best[0] == other or not text


def test_technologies_are_recomputed(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings
) -> None:
    """With the match of what is translated, and beside a technology that no project has."""
    landscape, analyse = sample_matching.landscape, sample_matching.projects.english.analyze
    own = np.flatnonzero(landscape.canonical == np.arange(len(landscape.canonical))).tolist()
    unused = next(n for n in own if not len(landscape.by_topic.row(n)))
    technology = landscape.column("concept", "iri")[unused]
    need = competences.Need("Windkraftanlagen", technologies=(technology,))
    found = competences.look_up(sample_matching, need)
    facts = Facts(sample_release.store, sample_settings.base, analyse)
    term = next(t for t in found.ranking.terms if t.name == "technology")
    best = np.argsort(-term.values, kind="stable")[:5].tolist()

    assert term.values[best].all()
    for row in best:
        explanation = found.ranking.explanation(row, full=True)
        iri = landscape.column("organisation", "iri")[row]
        assert untrue(Terms(facts, Asked(None, found.text)), iri, explanation) == []


def test_contributions_add_up_to_the_score(sample_matching: Matching) -> None:
    """Nothing of a score is left unexplained."""
    asked = questions(sample_matching, np.random.default_rng(1))
    for _ in range(8):
        _, ranking = next(asked)
        for row in ranking.best(5).tolist():
            total = sum(term["contribution"] for term in ranking.explanation(row))
            assert total == pytest.approx(float(ranking.scores[row]), abs=1e-4)


@pytest.mark.parametrize("change", ["value", "subject", "object"])
def test_what_is_changed_in_an_explanation_is_found(
    sample_matching: Matching, sample_release: OpenRelease, sample_settings: Settings, change: str
) -> None:
    """A value that is too high, or a statement that the release does not have, is reported."""
    landscape = sample_matching.landscape
    seed = landscape.column("organisation", "iri")[int(np.argmax(landscape.experience))]
    ranking = partners.look_up(sample_matching, partners.Search(seed)).ranking
    row = int(ranking.best(1)[0])
    explanation = ranking.explanation(row, full=True)
    analyse = sample_matching.projects.english.analyze
    terms = Terms(Facts(sample_release.store, sample_settings.base, analyse), Asked(seed, ""))
    organisation = landscape.column("organisation", "iri")[row]
    assert untrue(terms, organisation, explanation) == []
    for term in explanation:
        if change == "value":
            term["value"] += 0.01
        else:
            term["statements"][0][change] = f"{sample_settings.base}id/organisation/nobody"

    assert {found.term for found in untrue(terms, organisation, explanation)} == {
        term["term"] for term in explanation
    }
