"""A query may ask a release of the past: by its number, or by a moment (RFC 7089)."""

from __future__ import annotations

import httpx
import pytest

QUERY = "SELECT ?n { <http://example.org/this> <http://example.org/number> ?n }"
NOON_OF_FIRST = "Mon, 01 Jan 2024 12:00:00 GMT"


def _ask(endpoint: str, headers: dict[str, str] | None = None, **parameters: str) -> httpx.Response:
    asked = {"query": QUERY, "format": "tsv", **parameters}
    return httpx.get(endpoint, params=asked, headers=headers, timeout=60)


def _number(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return response.text.splitlines()[1].strip('"')


def test_a_release_is_asked_by_its_number(past_endpoint: str) -> None:
    found = {n: _ask(past_endpoint, release=n) for n in ("1", "2", "3", "4")}

    assert {n: _number(response) for n, response in found.items()} == {n: n for n in found}
    for number, response in found.items():
        assert response.headers["X-Release"] == number
        assert response.headers["Memento-Datetime"] == f"{_day(number)} 12:00:00 GMT"
        assert "immutable" in response.headers["Cache-Control"]


def _day(number: str) -> str:
    return {"1": "Mon, 01", "2": "Tue, 02", "3": "Wed, 03", "4": "Thu, 04"}[number] + " Jan 2024"


def test_without_a_number_the_current_one_answers(past_endpoint: str) -> None:
    response = _ask(past_endpoint)

    assert _number(response) == "3"
    assert "Memento-Datetime" not in response.headers
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert "accept-datetime" in response.headers["Vary"]


@pytest.mark.parametrize("form", ["parameters", "query alone", "posted"])
def test_a_moment_belongs_to_the_release_of_then(past_endpoint: str, form: str) -> None:
    """However the query is sent; the address that always answers so is named for those who GET."""
    headers = {"Accept-Datetime": "Tue, 02 Jan 2024 18:00:00 GMT", "Accept": "text/csv"}
    if form == "posted":
        response = httpx.post(past_endpoint, data={"query": QUERY}, headers=headers, timeout=60)
    elif form == "query alone":
        response = httpx.get(past_endpoint, params={"query": QUERY}, headers=headers, timeout=60)
    else:
        response = _ask(past_endpoint, headers)

    assert _number(response) == "2"
    assert response.headers["Memento-Datetime"] == "Tue, 02 Jan 2024 12:00:00 GMT"
    assert response.headers["Cache-Control"] != "public, max-age=31536000, immutable"
    if form != "posted":
        lasting = httpx.URL(past_endpoint).join(response.headers["Content-Location"])
        assert lasting.params["release"] == "2"
        assert _number(httpx.get(lasting, headers={"Accept": "text/csv"})) == "2"
        assert 'rel="original timegate"' in response.headers["Link"]


def test_an_answer_of_the_past_is_not_sent_twice(past_endpoint: str) -> None:
    first = _ask(past_endpoint, release="1")
    again = _ask(past_endpoint, {"If-None-Match": first.headers["ETag"]}, release="1")
    other = _ask(past_endpoint, {"If-None-Match": first.headers["ETag"]}, release="2")

    assert again.status_code == 304
    assert again.headers["Memento-Datetime"] == NOON_OF_FIRST
    assert _number(other) == "2"


def test_what_is_not_kept_is_refused(past_endpoint: str) -> None:
    response = _ask(past_endpoint, release="9")

    assert response.status_code == 404
    assert response.json()["kept"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "number", ["", "0", "-1", "1.5", "first", "99999999999999999999", "\u0661"]
)
def test_what_is_no_number_is_refused(past_endpoint: str, number: str) -> None:
    response = _ask(past_endpoint, release=number)

    assert response.status_code == 400
    assert response.json()["parameter"] == "release"


def test_what_is_no_date_is_refused(past_endpoint: str) -> None:
    response = _ask(past_endpoint, {"Accept-Datetime": "yesterday"})

    assert response.status_code == 400
    assert "yesterday" in response.json()["detail"]


def test_help_with_a_query_is_about_the_same_release(past_endpoint: str) -> None:
    """Only the first release has what the query asks for."""
    query = 'SELECT ?s { ?s <http://example.org/number> "1" }'
    empty = httpx.get(f"{past_endpoint}/why-empty", params={"query": query}, timeout=60).json()
    asked = {"query": query, "release": "1"}

    answers = {
        name: httpx.get(f"{past_endpoint}/{name}", params=asked, timeout=60).json()
        for name in ("why-empty", "lint", "explain")
    }

    assert (empty["release"], empty["empty"]) == (3, True)
    assert {answer["release"] for answer in answers.values()} == {1}
    assert answers["why-empty"]["empty"] is False
