"""`/partners`: who fits with an organisation or a described project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from kg.store import OpenRelease

    Ask = Callable[..., httpx.Response]

STEINBEIS = "916274126"


def past_partners(release: OpenRelease, base: str) -> set[str]:
    """Return those with whom Steinbeis 2i took part in a project, by SPARQL."""
    query = (
        f"PREFIX atlas: <{base}ontology#> SELECT DISTINCT ?x WHERE {{"
        f" <{base}id/organisation/{STEINBEIS}> atlas:participatesIn/atlas:hasParticipant ?x }}"
    )
    rows = release.store.query(query, use_default_graph_as_union=True)
    return {row["x"].value for row in rows} - {f"{base}id/organisation/{STEINBEIS}"}  # type: ignore[union-attr]


def test_past_partners_are_left_out_unless_asked_for(ask: Ask, sample_release: OpenRelease) -> None:
    """`past` says whether those are excluded, included, or the only ones."""
    known = past_partners(sample_release, "https://w3id.org/cluster-atlas/")
    ids = {
        past: {
            item["id"]
            for item in ask(
                "/partners", organisation=STEINBEIS, past=past, limit=1000, explain="none"
            ).json()["items"]
        }
        for past in ("exclude", "only")
    }

    assert known
    assert not ids["exclude"] & known
    assert ids["only"] == known


def test_past_partners_are_named_as_the_reason(ask: Ask, sample_release: OpenRelease) -> None:
    """Why not that one: it was a partner already, and these are left out."""
    known = min(past_partners(sample_release, "https://w3id.org/cluster-atlas/"))
    found = ask("/partners", organisation=STEINBEIS, whynot=known).json()["whynot"]
    itself = ask("/partners", organisation=STEINBEIS, whynot=STEINBEIS).json()["whynot"]

    assert (found["listed"], found["barred"], found["unmet"]) == (False, True, [])
    assert itself["barred"]


def test_the_organisation_is_found_by_pic_name_or_iri(ask: Ask) -> None:
    """All three mean the same, and it is never its own partner."""
    iri = f"https://w3id.org/cluster-atlas/id/organisation/{STEINBEIS}"
    answers = [
        ask("/partners", organisation=named, limit=3).json()
        for named in (STEINBEIS, iri, "Steinbeis 2i GmbH")
    ]

    assert len({tuple(i["id"] for i in a["items"]) for a in answers}) == 1
    assert all(a["query"]["organisation"] == iri for a in answers)


def test_a_described_need_is_enough(ask: Ask) -> None:
    """A text alone ranks by what organisations have done."""
    answer = ask("/partners", q="machine learning for industry", limit=3).json()

    assert answer["items"]
    terms = {t["term"] for i in answer["items"] for t in i["explanation"]}
    assert "text" in terms
    assert "cooperation" not in terms


def test_reasons_can_be_had_in_full_or_not_at_all(ask: Ask) -> None:
    """Brief reasons are the first of the full ones."""
    brief, full, none = (
        ask("/partners", organisation=STEINBEIS, limit=1, explain=explain).json()["items"][0]
        for explain in ("brief", "full", "none")
    )

    assert "explanation" not in none
    for few, all_of in zip(brief["explanation"], full["explanation"], strict=True):
        assert few["value"] == all_of["value"]
        assert len(few["statements"]) <= len(all_of["statements"])


@pytest.mark.parametrize(
    ("params", "parameter"),
    [({}, "organisation"), ({"organisation": "Nobody & Sons of Nowhere"}, "organisation")],
)
def test_what_cannot_be_understood_is_said(
    ask: Ask, params: dict[str, str], parameter: str
) -> None:
    """The problem names the parameter."""
    response = ask("/partners", **params)

    assert response.status_code == 400
    assert response.json()["parameter"] == parameter


def test_who_has_no_projects_is_told_who_has_them_under_that_name(ask: Ask) -> None:
    """Sources other than CORDIS have names and keys of their own."""
    answer = ask("/partners", organisation="avl").json()

    assert answer["total"] == 0
    assert answer["perhaps"][0]["label"] == "AVL LIST GMBH"
    assert ask("/partners", organisation=answer["perhaps"][0]["id"]).json()["total"] > 0
