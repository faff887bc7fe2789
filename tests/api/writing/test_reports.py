"""Reports on imports over HTTP, for who holds a token."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import httpx
import openpyxl
import pytest

from kg import rulebook
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    Server = Any

REPORT = "/imports/cordis/report"


def ask(
    server: Server, headers: dict[str, str] | None = None, path: str = REPORT, **params: Any
) -> httpx.Response:
    """Ask with the curator's token."""
    answer: httpx.Response = server.write("GET", path, headers, params=params)
    return answer


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
def test_the_form_is_negotiated(server: Server, accept: str, media_type: str) -> None:
    answer = ask(server, {"Accept": accept}, limit=3)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert "Accept" in answer.headers["vary"]


def test_the_language_is_that_of_the_client(server: Server) -> None:
    german = ask(server, {"Accept-Language": "de-AT, en;q=0.5"}, limit=1)

    assert german.headers["content-language"] == "de"
    assert german.json()["language"] == "de"
    assert ask(server, lang="fr").json()["allowed"] == ["en", "de"]


def test_a_workbook_opens(server: Server) -> None:
    book = openpyxl.load_workbook(io.BytesIO(ask(server, format="xlsx", limit=20).content))

    assert book.sheetnames == ["Rules", "Findings"]
    assert book["Findings"].max_row == 21


def test_what_is_not_there_says_what_is(server: Server) -> None:
    assert ask(server, path="/imports/nothing/report").status_code == 404
    assert ask(server, rule="Nothing").json()["rules"]
    assert ask(server, format="pdf").status_code == 406
    assert ask(server, {"Accept": "image/png"}).status_code == 406


def test_findings_come_with_their_rules(server: Server) -> None:
    """Each rule of a report is one that has a page."""
    told = ask(server, limit=0).json()
    known = {rule.iri for rule in rulebook.every(DEFAULT_BASE)}

    assert told["findings"]
    assert {finding["rule"] for finding in told["findings"]} <= known


def test_reports_are_for_who_holds_a_token(server: Server) -> None:
    assert httpx.get(server.url + REPORT).status_code == 401
