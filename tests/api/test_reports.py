"""Reports on imports and the rules' own page over HTTP."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
import rdflib
from rdflib import RDF, SH

from kg import rulebook
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]

REPORT = "/imports/cordis/report"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/turtle", "text/turtle"),
        ("application/sarif+json", "application/sarif+json"),
        ("text/plain;q=0.5, image/png", "text/plain"),
    ],
)
def test_the_form_is_negotiated(ask: Ask, accept: str, media_type: str) -> None:
    answer = ask(REPORT, {"Accept": accept}, limit=3)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert "Accept" in answer.headers["vary"]


def test_the_language_is_that_of_the_client(ask: Ask) -> None:
    german = ask(REPORT, {"Accept-Language": "de-AT, en;q=0.5"}, limit=1)

    assert german.headers["content-language"] == "de"
    assert german.json()["language"] == "de"
    assert ask(REPORT, lang="fr").json()["allowed"] == ["en", "de"]


def test_a_workbook_opens(ask: Ask) -> None:
    book = openpyxl.load_workbook(io.BytesIO(ask(REPORT, format="xlsx", limit=20).content))

    assert book.sheetnames == ["Rules", "Findings"]
    assert book["Findings"].max_row == 21


def test_what_is_not_there_says_what_is(ask: Ask) -> None:
    assert ask("/imports/nothing/report").status_code == 404
    assert ask(REPORT, rule="Nothing").json()["rules"]
    assert ask(REPORT, format="pdf").status_code == 406
    assert ask(REPORT, {"Accept": "image/png"}).status_code == 406


def test_every_rule_has_a_page_in_both_languages_and_rdf(ask: Ask) -> None:
    """The IRI of each rule leads to a section of the page, and to a shape in RDF."""
    graph = rdflib.Graph().parse(data=ask("/shapes", {"Accept": "text/turtle"}).text, format="ttl")
    pages = {lang: ask("/shapes", {"Accept": "text/html"}, lang=lang).text for lang in ("en", "de")}

    for rule in rulebook.every(DEFAULT_BASE):
        node = rdflib.URIRef(rule.iri)
        assert (node, SH.severity, rdflib.URIRef(rule.severity)) in graph
        assert (node, RDF.type, None) in graph
        for page in pages.values():
            assert f'id="{rule.iri.rpartition("#")[2]}"' in page


def test_findings_come_with_their_rules(ask: Ask) -> None:
    """Each rule of a report is one that has a page."""
    told = json.loads(ask(REPORT, limit=0).text)
    known = {rule.iri for rule in rulebook.every(DEFAULT_BASE)}

    assert told["findings"]
    assert {finding["rule"] for finding in told["findings"]} <= known
