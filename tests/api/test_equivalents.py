"""What a look-up says that it asks, in SPARQL, finds the same things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize(
    ("path", "conditions"),
    [
        ("/offers", {}),
        ("/offers", {"country": ["DE", "CZ"]}),
        ("/offers", {"technology": "photonics"}),
        ("/offers", {"type": "CapacityOffer", "technology": "advanced-manufacturing"}),
        ("/requests", {"technology": ["coatings", "advanced-materials"]}),
        ("/requests", {"region": "DE2", "on": "2026-01-01"}),
        ("/requests", {"on": "1999-01-01"}),
        ("/requests", {"trl": 6}),
        ("/services", {"trl": 8, "technology": "clean-production"}),
        ("/services", {"organisation": "fraunhofer-ilt"}),
        ("/events", {"on": "2022-12-02"}),
        ("/clusters", {"technology": "photonics", "country": "DE"}),
        ("/clusters", {"country": "DE"}),
        ("/clusters", {"country": ["SI", "CH"]}),
        ("/clusters", {"region": "FR"}),
        ("/clusters", {"organisation": "keb-automation"}),
        ("/clusters", {"bbox": "5,43.5,17,48.5"}),
        ("/clusters", {"bbox": "17,40,5,70"}),
        ("/technologies", {}),
        ("/technologies", {"broader": "photonics"}),
        ("/clusters/its-owl", {}),
        ("/organisations/999977754", {}),
        ("/projects/101046133", {}),
    ],
)
def test_the_same_is_found(ask: Ask, path: str, conditions: dict[str, Any]) -> None:
    """Thing by thing, for every condition that a list has."""
    document = ask(path, limit=1000, **conditions).json()
    answer = ask("/sparql", query=document["sparql"]["query"], format="json")

    found = [next(iter(row.values()))["value"] for row in _rows(answer)]
    assert set(found) == {item["id"] for item in document["items"]}
    assert document["total"] == len(document["items"])


def _rows(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    document = answer.json()
    first = document["head"]["vars"][0]
    rows: list[dict[str, Any]] = [{first: row[first]} for row in document["results"]["bindings"]]
    return rows


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/offers", "protective masks"),
        ("/offers", 'Laser "quoted" \\'),
        ("/organisations", "Universität"),
        ("/technologies", "Photonik"),
    ],
)
def test_a_text_becomes_a_filter(ask: Ask, path: str, text: str) -> None:
    """Whatever it holds, and everything that the filter lets through has its first word."""
    query = ask(path, q=text, limit=100).json()["sparql"]["query"]

    answer = ask("/sparql", query=query, format="csv")

    assert answer.status_code == 200, answer.text
    assert all(
        text.split(maxsplit=1)[0].lower() in row.lower() for row in answer.text.splitlines()[1:]
    )


@pytest.mark.parametrize("text", ["uni", "TECH", "technische univ", "é"])
def test_a_part_of_a_name_finds_what_sparql_finds(ask: Ask, text: str) -> None:
    """And before that what is spelt a little differently; each says which of the two it is."""
    document = ask("/organisations", q=text, limit=1000).json()
    query = document["sparql"]["query"]

    within = {row["thing"]["value"] for row in _rows(ask("/sparql", query=query, format="json"))}
    found = {item["id"]: item["explanation"][0]["term"] for item in document["items"]}
    assert within
    assert within <= found.keys()
    assert {thing for thing, term in found.items() if term == "part"} <= within
    assert len(found) == document["total"] < 1000


@pytest.mark.parametrize(
    ("path", "seed"),
    [
        ("/competences", {"technology": "photonics"}),
        ("/partners", {"organisation": "999897729", "past": "include"}),
        ("/partners", {"organisation": "999897729"}),
    ],
)
@pytest.mark.parametrize(
    "condition",
    [
        {"country": ["DE", "AT"]},
        {"region": "DE"},
        {"sme": True},
        {"sme": False},
        {"kind": ["HES", "REC"]},
        {"bbox": "5,45,12,52"},
        {"cluster": "photonics-bw"},
        {"trl": 6},
    ],
)
def test_conditions_of_a_ranking_hold_in_sparql_too(
    ask: Ask, path: str, seed: dict[str, Any], condition: dict[str, Any]
) -> None:
    """What the query finds with a condition is what it finds without, where the ranking has it."""
    wide = ask(path, limit=1000, **seed).json()["sparql"]["query"].replace("LIMIT 1000", "")
    narrow = ask(path, limit=1000, **seed, **condition).json()["sparql"]["query"]
    met = {item["id"] for item in _all(ask, path, seed | condition)}

    found, without = (
        {next(iter(row.values()))["value"] for row in _rows(ask("/sparql", query=q, format="json"))}
        for q in (narrow, wide)
    )

    assert found == without & met


@pytest.mark.parametrize(
    "asked",
    [
        {"technology": "photonics"},
        {"technology": ["machining", "coatings"]},
        {"technology": "photonics", "running": True},
        {"technology": "photonics", "running": False, "country": "DE"},
        {"technology": "photonics", "programme": "HORIZON.1"},
    ],
)
def test_who_masters_a_technology_is_the_same_in_sparql(ask: Ask, asked: dict[str, Any]) -> None:
    """By projects, by what it masters and by offers, of the technology and narrower ones."""
    query = ask("/competences", limit=1000, **asked).json()["sparql"]["query"]
    found = {row["organisation"]["value"] for row in _rows(ask("/sparql", query=query))}

    assert found == {item["id"] for item in _all(ask, "/competences", asked)}


@pytest.mark.parametrize("text", ["Lasertechnik", "hydrogen storage", "Maschinelles Lernen"])
def test_who_knows_of_a_text_is_found_by_the_words_sought(ask: Ask, text: str) -> None:
    """Also where no project has the technology that is understood, and where none is."""
    document = ask("/competences", q=text, limit=1000).json()
    query = document["sparql"]["query"].replace("LIMIT 1000", "")
    found = {row["organisation"]["value"] for row in _rows(ask("/sparql", query=query))}

    met = {item["id"] for item in _all(ask, "/competences", {"q": text})}
    assert len(found & met) >= 0.9 * len(met) > 0


@pytest.mark.parametrize(
    "text", ["Wasserstoff", "hydrogen", "capability of energies", "AI, hoping"]
)
def test_projects_about_a_text_have_its_words_in_sparql_too(ask: Ask, text: str) -> None:
    """Every one that the index finds, in whatever form it has a word or its translation."""
    query = ask("/projects", q=text, limit=1000).json()["sparql"]["query"]
    found = {row["project"]["value"] for row in _rows(ask("/sparql", query=query))}

    items = {item["id"] for item in _all(ask, "/projects", {"q": text})}
    assert items
    assert items <= found


def test_words_in_quotes_do_not_break_a_query(ask: Ask) -> None:
    query = ask("/projects", q='Laser "quoted" \\', limit=100).json()["sparql"]["query"]

    assert _rows(ask("/sparql", query=query))


def _all(ask: Ask, path: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the items of all pages."""
    items: list[dict[str, Any]] = []
    following: dict[str, Any] = {}
    while True:
        document = ask(path, limit=1000, **asked, **following).json()
        items += document["items"]
        if not document["next"]:
            return items
        following = {"cursor": document["next"].rpartition("cursor=")[2]}
