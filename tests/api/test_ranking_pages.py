"""Matchmakers look for organisations on pages; programs ask the same addresses as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.rankings import address
from api.rankingwords import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def page(ask: Ask, path: str, status: int = 200) -> str:
    answer = ask(path, BROWSER)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    return answer.text


@pytest.mark.parametrize("name", ["competences", "partners"])
def test_a_look_up_is_a_form_until_it_is_sent(ask: Ask, name: str) -> None:
    """A program that asks for nothing is told what is missing."""
    text = page(ask, f"/{name}")

    assert f'<form action="/ask/{name}" method="get">' in text
    assert 'name="country"' in text
    assert "<ol" not in text
    assert ask(f"/{name}").status_code == 400
    assert f'href="/{name}"' in page(ask, "/")


def test_fields_that_are_left_empty_are_no_conditions(ask: Ask) -> None:
    answer = ask("/ask/competences?q=laser+welding&country=&sme=&kind=PRC")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/competences?q=laser+welding&kind=PRC"
    assert address("partners", [("q", " ")], "/atlas") == "/atlas/partners"
    assert ask("/ask/projects?q=laser").status_code == 422


def test_the_ranking_has_its_reasons(ask: Ask) -> None:
    """As the JSON has them: the same order, scores and terms, with links to what is behind."""
    text = page(ask, "/competences?q=laser&lang=de")
    items = ask("/competences?q=laser").json()["items"]

    places = [text.index(f'href="/page/organisation/{item["pic"]}"') for item in items]
    assert places == sorted(places)
    assert all(f"Punkte {item['score']:.2f}" in text for item in items)
    for term in items[0]["explanation"]:
        assert f"{WORDS['de']['term_' + term['term']]} <small>{term['contribution']:+.2f}" in text
    assert 'href="/page/project/' in text
    assert "q=laser&amp;format=xlsx" in text


def test_countries_have_german_names_on_german_pages(ask: Ask) -> None:
    """In the facts and as conditions; the sources have English ones, as English pages do."""
    german = page(ask, "/competences?q=laser&country=DE&lang=de")
    english = page(ask, "/competences?q=laser&country=DE&lang=en")

    assert ">Deutschland</a>" in german
    assert "Germany" not in german
    assert ">Germany</a>" in english
    assert "Deutschland" not in english
    facet = ask("/competences?q=laser&country=DE&lang=de").json()["facets"]["country"][0]
    assert facet["label"] == "Deutschland"


def test_what_is_found_can_be_narrowed_down_and_paged(ask: Ask) -> None:
    text = page(ask, "/competences?q=energy&limit=2")
    found = ask("/competences?q=energy&limit=2").json()
    kind = found["facets"]["kind"][0]

    assert f"Found: {found['total']}" in text
    assert f'href="/competences?q=energy&amp;limit=2&amp;kind={kind["value"]}"' in text
    following = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert '<ol start="3">' in page(ask, following)


def test_where_nothing_is_found_what_to_give_up_is_linked(ask: Ask) -> None:
    text = page(ask, "/competences?q=laser&country=MT")

    assert WORDS["en"]["nothing"] in text
    assert 'Without this condition: <a href="/competences?q=laser">Country</a>' in text


def test_a_fault_stands_beside_the_form(ask: Ask) -> None:
    """What was written stays there to be corrected, and is text."""
    text = page(ask, "/partners?organisation=%22%3E%3Cb%3Enobody", 400)

    assert "<b>" not in text
    assert 'value="&#34;&gt;&lt;b&gt;nobody"' in text
    assert 'role="alert"' in text


def test_every_term_and_word_is_given_in_both_languages(ask: Ask) -> None:
    assert set(WORDS["en"]) == set(WORDS["de"])
    asked = (
        "/competences?q=laser&sme_weight=1",
        "/competences?technology=photonics",
        "/partners?q=energy+storage",
        "/partners?organisation=999977754&past=include",
        "/partners?organisation=999977754&q=production&sme_weight=1",
    )
    terms = {t["term"] for a in asked for i in ask(a).json()["items"] for t in i["explanation"]}
    assert len(terms) > 8
    assert {f"term_{term}" for term in terms} <= set(WORDS["en"])


def test_of_one_that_was_expected_it_is_said_where_it_is(ask: Ask) -> None:
    """Its place and terms beside the best one's, or the condition that it does not meet."""
    listed = ask("/competences?q=laser").json()
    second = listed["items"][1]
    asked = f"q=laser&whynot={second['pic']}"
    why = ask(f"/competences?{asked}").json()["whynot"]
    text = page(ask, f"/competences?{asked}")

    assert f"place 2 · {why['behind']:.2f} behind the best" in text
    for term in why["terms"]:
        row = f"<td>{term['own']:+.2f}</td><td>{term['best']:+.2f}</td>"
        assert f"{WORDS['en']['term_' + term['term']]}</th>{row}" in text

    country = second["country"][-3:]
    elsewhere = next(f["value"] for f in listed["facets"]["country"] if country not in f["value"])
    german = page(ask, f"/competences?{asked}&country={elsewhere}&lang=de")
    assert "erfüllt nicht: Land" in german
    assert "hat mit der Frage nichts zu tun" not in german


def test_numbers_of_projects_are_said_in_the_language_of_the_page(ask: Ask) -> None:
    """Those with partners, too, who are not partners of the one that is found."""
    text = page(ask, "/partners?organisation=999897729&lang=de")

    assert "<dd>Projekte: 22</dd>" in text
    assert " projects" not in text
    assert "Projekte mit Partnern der suchenden Organisation" in text
