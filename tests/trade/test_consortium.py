"""Teams and what the rules of calls say of them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyshacl
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import ParameterError, ShapeError
from kg.terms import COUNTRY, DEFAULT_BASE
from kg.trade import consortium, countries, rules, teams
from kg.trade.teams import Member, Team, domain

FOLDER = Path(__file__).parent / "consortia"
CASES = sorted(path.parent for path in FOLDER.glob("*/team.json"))


def read(case: Path, name: str) -> Any:
    return json.loads((case / f"{name}.json").read_text(encoding="utf-8"))


def team(described: dict[str, Any]) -> Team:
    """Return the team that a case describes."""
    members = [
        Member(
            f"https://example.org/{n}",
            COUNTRY + m["country"] if m["country"] else None,
            frozenset(m.get("classes", ())),
            tuple(m.get("clusters", ())),
            m.get("domain"),
        )
        for n, m in enumerate(described["members"])
    ]
    return Team(tuple(members), date.fromisoformat(described["date"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_team_reaches_what_is_expected(case: Path) -> None:
    """The level of each condition, and whether the team is eligible."""
    described, expected = read(case, "team"), read(case, "expected")

    checked = consortium.check(
        rules.read(described["rule"], DEFAULT_BASE), team(described), DEFAULT_BASE
    )

    assert expected["reached"] == {
        iri.rpartition("#")[2]: level for iri, level in checked.levels.items()
    }
    assert expected["eligible"] == checked.eligible


def test_every_rule_has_cases_for_yes_and_no() -> None:
    verdicts: dict[str, set[bool]] = {}
    for case in CASES:
        found = verdicts.setdefault(read(case, "team")["rule"], set())
        found.add(read(case, "expected")["eligible"])

    assert verdicts == {name: {True, False} for name in rules.names()}


@pytest.mark.parametrize("name", rules.names())
def test_every_text_is_there_in_both_languages(name: str) -> None:
    rule = rules.read(name, DEFAULT_BASE)
    texts = [rule.titles, rule.descriptions]
    for condition in rule.conditions:
        texts += [condition.names, condition.messages, condition.hints]

    assert all(set(text) == {"en", "de"} for text in texts)
    assert rule.source.startswith("http")


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(["DEU", "FRA", "ITA", "GBR", "CHE", "NOR", "KOR", "USA"]), max_size=5),
    st.dates(date(2020, 1, 1), date(2027, 1, 1)),
)
def test_the_horizon_rule_is_what_counting_says(codes: list[str], day: date) -> None:
    """The shapes agree with the article read as arithmetic, for any team on any day."""
    names = {c: {s.name for s in countries.on(COUNTRY + c, day)} for c in set(codes)}
    able = {c for c in codes if names[c] & {"MemberState", "HorizonAssociated"}}
    inside = {c for c in codes if "MemberState" in names[c]}
    described = {"date": str(day), "members": [{"country": code} for code in codes]}

    found = consortium.levels(
        rules.read("horizon", DEFAULT_BASE), {"urn:team": team(described)}, DEFAULT_BASE
    )["urn:team"]

    short = {iri.rpartition("#")[2]: level for iri, level in found.items()}
    assert short["HorizonStates"] == min(len(able), 3)
    assert short["HorizonMemberState"] == bool(inside)


def test_who_counts_for_a_condition_is_named() -> None:
    """An SME and a centre at home do not count for the centre abroad; the one abroad does."""
    described = read(FOLDER / "ket-complete", "team")

    checked = consortium.check(
        rules.read("ket4cleanproduction", DEFAULT_BASE), team(described), DEFAULT_BASE
    )

    counted = {o.condition.iri.rpartition("#")[2]: o.counted for o in checked.outcomes}
    assert counted["KetSme"] == ("https://example.org/0",)
    assert counted["KetCentres"] == ("https://example.org/1", "https://example.org/2")
    assert "https://example.org/1" in counted["KetAbroad"]
    assert "https://example.org/2" not in counted["KetAbroad"]


def test_an_unknown_rule_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ParameterError) as caught:
        rules.read("none-such", DEFAULT_BASE)

    assert caught.value.members["allowed"] == rules.names()


def test_a_file_that_is_no_rule_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "broken.ttl").write_text("PREFIX sh: <", encoding="utf-8")
    (tmp_path / "empty.ttl").write_text("", encoding="utf-8")

    for name in ("broken", "empty"):
        with pytest.raises(ShapeError, match=name):
            rules.read(name, DEFAULT_BASE, tmp_path)


def test_a_base_of_ones_own_changes_the_rules_too() -> None:
    """The files are written with the default base."""
    base = "https://example.org/atlas/"

    checked = consortium.check(
        rules.read("horizon", base), team(read(FOLDER / "horizon-nobody", "team")), base
    )

    assert not checked.eligible
    assert all(c.iri.startswith(base) for c in checked.missing)


def test_a_team_too_large_is_refused() -> None:
    """The work grows with the size, and with its square where pairs are looked at."""
    for name, most in (("horizon", 200), ("ket4cleanproduction", 50)):
        members = tuple(Member(f"urn:{n}", COUNTRY + "DEU") for n in range(most + 1))
        rule = rules.read(name, DEFAULT_BASE)
        with pytest.raises(ParameterError) as caught:
            consortium.check(rule, Team(members, date(2024, 1, 1)), DEFAULT_BASE)

        assert caught.value.members["limit"] == most


def test_a_domain_is_the_host_of_a_website() -> None:
    assert domain("https://www.siemens.com/de") == "siemens.com"
    assert domain("http://[") is None
    assert domain(None) is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pyshacl_says_the_same(case: Path) -> None:
    """A second engine fails the same shapes, the copies for lower levels included."""
    described = read(case, "team")
    rule = rules.read(described["rule"], DEFAULT_BASE)
    data = rdflib.Graph()
    for row in teams.rows({"urn:team": team(described)}, DEFAULT_BASE, rule.terms):
        subject, predicate, thing = (rdflib.URIRef(each) for each in row[:3])
        data.add((subject, predicate, thing))

    _, report, _ = pyshacl.validate(data, shacl_graph=rule.shapes.graph)

    failed = {str(shape) for shape in report.objects(None, rdflib.SH.sourceShape)}
    found = consortium.levels(rule, {"urn:team": team(described)}, DEFAULT_BASE)["urn:team"]
    for condition in rule.conditions:
        shapes = [rules.level_shape(condition.iri, n) for n in range(1, condition.needed)]
        shapes.append(condition.iri)
        assert found[condition.iri] == sum(shape not in failed for shape in shapes)
