"""`/projects` and `/projects/{key}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def test_words_of_the_text_are_marked(ask: Ask) -> None:
    """The best project shows where it says what was asked."""
    best = ask("/projects", q="laser").json()["items"][0]

    assert best["score"] == 1.0
    assert "<b>" in best["highlight"]


def test_projects_are_asked_for_in_other_languages(ask: Ask) -> None:
    """What was sought is said, and it is what is marked."""
    answer = ask("/projects", q="Quantenkommunikation").json()

    assert answer["sought"] == "quantum communication"
    assert "<b>quantum</b>" in answer["items"][0]["highlight"].lower()
    assert "sought" not in ask("/projects", q="quantum communication").json()


def test_all_projects_about_a_text_are_on_some_page(ask: Ask) -> None:
    """Each once, and no better one after another."""
    first = ask("/projects", q="research energy", limit=5).json()
    items, address = first["items"], first["next"]
    while address:
        page = ask(address).json()
        items, address = items + page["items"], page["next"]

    assert len({item["id"] for item in items}) == len(items) == first["total"] > 10
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert sum(facet["count"] for facet in first["facets"]["status"]) <= first["total"]


def test_a_project_has_its_participants(ask: Ask) -> None:
    """As many items as it has participants, and its technologies with labels."""
    found = ask("/projects", q="machine learning").json()["items"][0]
    answer = ask(f"/projects/{found['id'].rpartition('/')[2]}", limit=1000).json()

    assert len(answer["items"]) == answer["total"] == found["participants"]
    assert all(technology["label"] for technology in answer["about"]["technologies"])


def test_an_unknown_project_is_not_found(ask: Ask) -> None:
    """So is an empty text not understood."""
    assert ask("/projects/0").status_code == 404
    assert ask("/projects", q=" ").status_code == 400
