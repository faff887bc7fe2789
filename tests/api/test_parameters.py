"""What a parameter takes: resolved from what was typed, with counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PHOTONICS = DEFAULT_BASE + "id/technology/photonics"
QUERY = "/queries/organisations-by-technology/parameters"


@pytest.mark.parametrize("typed", ["Photonik", "photonics", "PHOTONIK"])
def test_a_label_in_any_language_is_resolved(
    ask: Callable[..., httpx.Response], typed: str
) -> None:
    shown = ask(f"{QUERY}/technology", q=typed).json()

    assert shown["resolved"] == {"value": PHOTONICS, "label": "photonics"}
    assert shown["candidates"] == []


def test_a_misspelt_one_has_candidates(ask: Callable[..., httpx.Response]) -> None:
    shown = ask(f"{QUERY}/technology", q="Photonikk").json()

    assert shown["resolved"] is None
    assert shown["candidates"][0]["id"] == PHOTONICS
    assert "Photonikk" in shown["reason"]


def test_a_part_of_several_names_has_all_of_them(ask: Callable[..., httpx.Response]) -> None:
    shown = ask(f"{QUERY}/region", q="Baden").json()

    assert shown["resolved"] is None
    assert {c["label"] for c in shown["candidates"]} >= {"Baden-Württemberg"}
    assert {v["label"] for v in shown["values"]} >= {"Baden-Württemberg"}


@pytest.mark.parametrize("name", ["technology", "region"])
def test_values_count_what_there_is(ask: Callable[..., httpx.Response], name: str) -> None:
    """The greatest first, each as often as a plain query finds it."""
    shown = ask(f"{QUERY}/{name}", limit=5).json()
    counts = [value["count"] for value in shown["values"]]
    value = shown["values"][0]["value"]
    pattern = {
        "technology": f"?one atlas:field <{value}>",
        "region": f"?one a atlas:Organisation ; atlas:locatedIn <{value}>",
    }[name]
    query = (
        f"PREFIX atlas: <{DEFAULT_BASE}ontology#> "
        f"SELECT (COUNT(DISTINCT ?one) AS ?n) WHERE {{ {pattern} }}"
    )
    found: Any = ask("/sparql", query=query, format="json").json()["results"]["bindings"]

    assert counts == sorted(counts, reverse=True)
    assert len(counts) == 5
    assert shown["complete"] is False
    assert counts[0] == int(found[0]["n"]["value"])


def test_a_choice_counts_rows(ask: Callable[..., httpx.Response]) -> None:
    shown = ask("/queries/bottleneck-technologies/parameters/language").json()
    rows = ask("/queries/bottleneck-technologies", limit=1000).json()["items"]

    assert shown["values"][0] == {"value": "en", "count": len(rows)}


@pytest.mark.parametrize("text", ['" } #', "'\\", "\x00", "}" * 100, "ß"])
def test_what_is_typed_is_only_a_text(ask: Callable[..., httpx.Response], text: str) -> None:
    answer = ask(f"{QUERY}/region", q=text)

    assert answer.status_code == 200
    assert answer.json()["resolved"] is None


def test_other_kinds_say_what_is_expected(ask: Callable[..., httpx.Response]) -> None:
    shown = ask("/queries/running-sme-projects/parameters/day", q="tomorrow").json()

    assert "2026-01-31" in shown["expected"]
    assert shown["resolved"] is None
    assert shown["values"] == []
    assert ask("/queries/running-sme-projects/parameters/nothing").status_code == 404
    assert ask("/queries/nothing/parameters/day").status_code == 404
