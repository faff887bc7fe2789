"""Who could fill what is missing: exactly those who do, when they join."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

import pytest

from kg.matching import open_matching
from kg.terms import DEFAULT_BASE
from kg.trade import candidates, consortium, rules, teams
from kg.trade.candidates import Wish
from kg.trade.teams import Member, Team

if TYPE_CHECKING:
    from kg.matching import Matching
    from kg.store import OpenRelease
    from kg.trade.consortium import Check
    from kg.trade.rules import Rule

DAY = date(2024, 3, 1)


@pytest.fixture(scope="module")
def matching(sample_release: OpenRelease) -> Matching:
    """Return what is searched and ranked in the sample."""
    return open_matching(sample_release.release, DEFAULT_BASE)


def checked(matching: Matching, rule: Rule, *keys: str) -> Check:
    rows = matching.landscape.rows("organisation")
    members = [
        teams.member(matching.landscape, rows[f"{DEFAULT_BASE}id/organisation/{key}"])
        for key in keys
    ]
    return consortium.check(rule, Team(tuple(members), DAY), DEFAULT_BASE)


@pytest.mark.parametrize("name", rules.names())
@pytest.mark.parametrize("keys", [(), ("example-machines",)])
def test_candidates_are_those_who_bring_something(
    matching: Matching, name: str, keys: tuple[str, ...]
) -> None:
    """Of sixty organisations, each is a candidate if and only if the team with it is nearer."""
    rule = rules.read(name, DEFAULT_BASE)
    before = checked(matching, rule, *keys)
    found = candidates.who(matching, rule, before, Wish(), DEFAULT_BASE)
    everybody = range(matching.landscape.size("organisation"))
    tried = random.Random(5).sample(everybody, 60)  # noqa: S311 - a fixed choice, no secret

    joined = {
        f"urn:{row}": before.team.joined_by(teams.member(matching.landscape, row)) for row in tried
    }
    reached = consortium.levels(rule, joined, DEFAULT_BASE)

    for row in tried:
        brings = [c for c in before.missing if reached[f"urn:{row}"][c.iri] > before.levels[c.iri]]
        member = teams.member(matching.landscape, row) in before.team.members
        assert member or list(found.fills.get(row, ())) == brings
        assert (row in found.rows) == (bool(brings) and not member)


def test_who_has_the_website_of_a_member_is_no_candidate(matching: Matching) -> None:
    """A rule that asks for independent members does not propose a part of one."""
    rule = rules.read("horizon", DEFAULT_BASE)
    homepages = matching.landscape.column("organisation", "homepage")
    first, site = next((n, teams.domain(h)) for n, h in enumerate(homepages) if teams.domain(h))
    team = Team((Member("urn:other", None, domain=site),), DAY)
    before = consortium.check(rule, Team((), DAY), DEFAULT_BASE)

    apart = candidates.apart(matching.landscape, consortium.check(rule, team, DEFAULT_BASE))

    assert not apart[first]
    assert candidates.apart(matching.landscape, before).all()


def test_the_score_is_the_sum_of_its_terms_and_orders_them(matching: Matching) -> None:
    rule = rules.read("ket4cleanproduction", DEFAULT_BASE)
    before = checked(matching, rule, "example-machines")
    found = candidates.who(matching, rule, before, Wish("industrial cleaning"), DEFAULT_BASE)

    scores = [found.score(row) for row in found.rows]
    assert scores == sorted(scores, reverse=True)
    for row in found.rows[:20]:
        terms = found.explanation(matching.landscape, row, full=False)
        total = sum(term["contribution"] for term in terms)
        assert total == pytest.approx(found.score(row), abs=1e-4)
        assert terms[0]["constants"]["types"] == ["TechnologyCentre"]


def test_past_partners_are_left_out_or_alone_as_asked(matching: Matching) -> None:
    rule = rules.read("horizon", DEFAULT_BASE)
    before = checked(matching, rule, "999897729")
    seed = matching.landscape.row("organisation", before.team.members[0].iri)
    known = set(matching.landscape.together.row(seed).tolist())

    without, only = (
        candidates.who(matching, rule, before, Wish(past=past), DEFAULT_BASE)
        for past in ("exclude", "only")
    )

    assert not known & set(without.rows)
    assert set(only.rows) <= known


def test_a_completion_goes_on_until_nothing_is_missing(matching: Matching) -> None:
    rule = rules.read("horizon", DEFAULT_BASE)

    steps = candidates.completion(matching, rule, checked(matching, rule), Wish(), DEFAULT_BASE)

    assert steps[-1].missing == ()
    assert len({step.row for step in steps}) == len(steps) == 3
