"""People ask saved queries and SPARQL on pages; programs ask the same addresses as before."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest

from api.pages import licence

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BY_TECHNOLOGY = "/queries/organisations-by-technology"


def page(ask: Ask, path: str, status: int = 200, **headers: str) -> str:
    answer = ask(path, BROWSER | headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    return answer.text


def test_the_start_leads_people_to_questions(ask: Ask) -> None:
    """Programs are led to the catalogue."""
    text = page(ask, "/")

    assert f'href="{BY_TECHNOLOGY}"' in text
    assert 'href="/sparql"' in text
    assert ask("/", {"Accept": "text/turtle"}).headers["location"] == "/catalog"
    assert ask("/").headers["location"] == "/catalog"


def test_questions_are_listed_for_people(ask: Ask) -> None:
    assert f'href="{BY_TECHNOLOGY}"' in page(ask, "/queries")
    assert ask("/queries").json()["queries"]
    assert "Fragen" in page(ask, "/queries?lang=de")


def test_a_question_is_a_form_until_it_is_sent(ask: Ask) -> None:
    text = page(ask, BY_TECHNOLOGY)

    assert '<form action="/queries/organisations-by-technology" method="get">' in text
    assert 'name="technology"' in text
    assert "<table" not in text


def test_the_answer_is_a_table_of_linked_things(ask: Ask) -> None:
    """A column that only repeats a label is left out; the same is there as a file."""
    address = f"{BY_TECHNOLOGY}?technology=photonics&region=DE&lang=de"
    text = page(ask, address)
    rows = ask(f"{BY_TECHNOLOGY}?technology=photonics&region=DE").json()["items"]

    assert f"{len(rows)} Zeilen" in text
    assert 'href="/page/organisation/' in text
    assert ">Label</th>" not in text
    assert "technology=photonics&amp;region=DE&amp;format=csv" in text
    assert '<html lang="de">' in text


def test_a_fault_stands_beside_the_form(ask: Ask) -> None:
    """What was written stays there to be corrected, and is text."""
    text = page(ask, f"{BY_TECHNOLOGY}?technology=%22%3E%3Cb%3Enonsense", 400)

    assert "<b>" not in text
    assert 'value="&#34;&gt;&lt;b&gt;nonsense"' in text
    assert 'role="alert"' in text


@pytest.mark.parametrize(
    ("path", "parameters", "status"),
    [
        ("/page/organisation/nobody", {}, 404),
        ("/nowhere", {}, 404),
        ("/dumps/99", {}, 404),
        ("/clusters", {"country": "<Germny>"}, 400),
        ("/competences", {"limit": "many", "q": "laser"}, 422),
    ],
)
def test_what_is_wrong_is_a_page_in_a_browser(
    ask: Ask, path: str, parameters: dict[str, str], status: int
) -> None:
    """Programs get the same as a problem document."""
    page, problem = ask(path, BROWSER, **parameters), ask(path, **parameters)

    assert page.status_code == problem.status_code == status
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert page.headers["Vary"] == problem.headers["Vary"] == "Accept"
    assert html.escape(problem.json()["title"]) in page.text
    assert html.escape(problem.json().get("detail", "")) in page.text
    assert "<Germny>" not in page.text


@pytest.mark.parametrize(
    ("given", "lang", "words"),
    [
        ({}, "en", ["Query", "Show as a table", "Questions"]),
        ({"Accept-Language": "de-AT"}, "de", ["Abfrage", "Als Tabelle zeigen", "Fragen"]),
    ],
)
def test_the_form_for_sparql_is_in_the_language_of_the_reader(
    ask: Ask, given: dict[str, str], lang: str, words: list[str]
) -> None:
    page = ask("/sparql", BROWSER | given)

    assert page.headers["Content-Language"] == lang
    assert "accept-language" in page.headers["Vary"].lower()
    assert all(word in page.text for word in words)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    other = {"en": "de", "de": "en"}[lang]
    assert ask("/sparql", BROWSER, lang=other).headers["Content-Language"] == other


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT (12345.5 AS ?n) (true AS ?b) {}", "12\u202f345.5"),
        ("SELECT (1 AS ?x) { FILTER(false) }", "Nothing is known"),
        ("ASK {}", "<strong>Yes</strong>"),
        ("CONSTRUCT { <a:b> <a:c> '<i>' } {}", "&lt;i&gt;"),
        ("SELECT ?x { VALUES ?x { <javascript:alert(1)> } }", "<span>javascript:alert(1)</span>"),
    ],
)
def test_sparql_is_answered_on_a_page(ask: Ask, query: str, expected: str) -> None:
    answer = ask("/sparql/table", BROWSER, query=query)

    assert answer.status_code == 200
    assert expected in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("SELECT ?x {", 400, "Query is not well-formed"),
        ("SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }", 400, "SERVICE"),
        ("SELECT * { ?s ?p ?o . ?x ?y ?z }", 413, "take a file"),
    ],
)
def test_why_there_is_no_answer_is_told(ask: Ask, query: str, status: int, expected: str) -> None:
    answer = ask("/sparql/table", BROWSER, query=query)

    assert answer.status_code == status
    assert expected in answer.text


@pytest.mark.parametrize(
    ("iri", "name"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("http://creativecommons.org/licenses/by-sa/3.0", "CC BY-SA 3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("https://example.org/licence", "https://example.org/licence"),
    ],
)
def test_licences_have_names(iri: str, name: str) -> None:
    assert licence(iri) == name
