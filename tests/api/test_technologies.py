"""`/technologies`: the tree with counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def test_the_tops_of_the_tree_have_nothing_above(ask: Ask) -> None:
    """Without a question the answer is where to begin."""
    items = ask("/technologies", limit=100).json()["items"]

    assert items
    assert not any(item["broader"] for item in items)


def test_below_a_technology_are_its_narrower_ones(ask: Ask) -> None:
    """A technology counts at least what each below it counts."""
    top = ask("/technologies", q="photonics", limit=1).json()["items"][0]
    below = ask("/technologies", broader="photonics", limit=100).json()["items"]

    assert {item["id"] for item in below} == set(top["narrower"])
    assert all(top["id"] in item["broader"] for item in below)


def test_a_text_finds_concepts_best_first(ask: Ask) -> None:
    """The score says how well the label answers."""
    items = ask("/technologies", q="Mikrosystemtechnik").json()["items"]

    assert items[0]["label"] == "microsystems technology"
    assert items[0]["score"] == 1.0


def test_a_text_that_is_translated_finds_what_it_means(ask: Ask) -> None:
    """With the label that the English words are like, and less than the whole score."""
    item = ask("/technologies", q="Windkraftanlagen").json()["items"][0]

    assert item["label"] == item["explanation"][0]["text"] == "wind power"
    assert 0.6 < item["score"] < 0.94
