"""`/competences`: who masters a need, in every form, page by page, with conditions."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]

GERMANY = "http://publications.europa.eu/resource/authority/country/DEU"


def test_an_answer_names_its_release_and_explains_each_score(ask: Ask) -> None:
    """Items come best first; the contributions of the terms add up to the score."""
    answer = ask("/competences", q="Photonik", limit=5).json()
    scores = [item["score"] for item in answer["items"]]

    assert answer["release"] == 1
    assert answer["understood"][0]["label"] == "Photonik"
    assert scores == sorted(scores, reverse=True)
    for item in answer["items"]:
        total = sum(term["contribution"] for term in item["explanation"])
        assert total == pytest.approx(item["score"], abs=1e-4)


def test_a_phrase_in_another_language_finds_the_same(ask: Ask) -> None:
    """German, French and Italian name the same concept."""
    found = [
        ask("/competences", q=q).json()["understood"][0]["id"]
        for q in ("photonics", "Photonik", "photonique", "fotonica")
    ]

    assert len(set(found)) == 1


def test_pages_are_disjoint_and_complete(ask: Ask) -> None:
    """Following `next` gives every item once."""
    path, params, seen = "/competences", {"q": "machine learning", "limit": 100}, []
    while True:
        answer = ask(path, **params).json()
        seen += [item["id"] for item in answer["items"]]
        if not answer["next"]:
            break
        path, params = answer["next"], {}

    assert len(seen) == len(set(seen)) == answer["total"]


def test_conditions_hold_for_every_item(ask: Ask) -> None:
    """Country, kind and size are those asked for, and facets count what was found."""
    asked = {"q": "machine learning", "country": "DE", "kind": "HES", "sme": False, "limit": 500}
    answer = ask("/competences", **asked).json()

    assert answer["items"]
    assert {(i["country"], i["kind"], i["sme"]) for i in answer["items"]} == {
        (GERMANY, "HES", False)
    }
    assert sum(f["count"] for f in answer["facets"]["kind"]) == answer["total"]


def test_a_box_keeps_what_lies_inside(ask: Ask) -> None:
    """Everything lies between the meridians and parallels."""
    answer = ask("/competences", q="energy", bbox="5,47,15,55", limit=500).json()

    assert answer["items"]
    for item in answer["items"]:
        assert 5 <= item["longitude"] <= 15
        assert 47 <= item["latitude"] <= 55


def test_near_misses_say_which_condition_to_relax(ask: Ask) -> None:
    """Where nothing meets all conditions, the answer says what each of them costs."""
    asked = {"technology": "photonics", "country": "MT", "kind": "PUB", "sme": True}
    answer = ask("/competences", **asked).json()

    assert answer["total"] == 0
    assert set(answer["relax"]) == {"country", "kind", "sme"}


def test_the_dial_brings_hidden_champions_up(ask: Ask) -> None:
    """The mean experience of the first ten falls when the dial is turned."""
    means = []
    for hidden in (0, 1):
        answer = ask("/competences", q="machine learning", hidden=hidden, limit=10).json()
        means.append(sum(item["projects"] for item in answer["items"]))

    assert means[1] < means[0]


@pytest.mark.parametrize("form", ["json", "jsonld", "csv", "xlsx", "geojson"])
def test_every_form_has_the_same_items(ask: Ask, form: str) -> None:
    """The forms differ in writing only."""
    expected = [i["id"] for i in ask("/competences", q="energy", limit=7).json()["items"]]
    response = ask("/competences", q="energy", limit=7, format=form)

    assert response.headers["x-release"] == "1"
    assert _ids(form, response) == expected


def _ids(form: str, response: httpx.Response) -> list[Any]:
    if form == "csv":
        return [row["id"] for row in csv.DictReader(io.StringIO(response.text))]
    if form == "xlsx":
        sheet = load_workbook(io.BytesIO(response.content)).worksheets[0]
        return [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    document = response.json()
    if form == "jsonld":
        return [element["item"]["@id"] for element in document["itemListElement"]]
    return [item["id"] for item in document["features" if form == "geojson" else "items"]]


def test_the_same_question_again_is_not_answered_again(ask: Ask) -> None:
    """The entity tag spares the second answer."""
    first = ask("/competences", q="energy")
    second = ask("/competences", q="energy", headers={"If-None-Match": first.headers["etag"]})

    assert second.status_code == 304


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({}, "q"),
        ({"q": "laser", "country": "Atlantis"}, "country"),
        ({"q": "laser", "region": "ZZ99"}, "region"),
        ({"technology": "qwertz uiop"}, "technology"),
        ({"q": "laser", "kind": "XYZ"}, "kind"),
        ({"q": "laser", "bbox": "1,2,3"}, "bbox"),
        ({"q": "laser", "bbox": "0,50,10,40"}, "bbox"),
        ({"q": "laser", "cluster": "none such"}, "cluster"),
        ({"q": "laser", "programme": "none-such"}, "programme"),
        ({"q": "laser", "cursor": "!!"}, "cursor"),
    ],
)
def test_what_cannot_be_understood_is_said(
    ask: Ask, params: dict[str, str], parameter: str
) -> None:
    """The problem names the parameter (RFC 9457)."""
    response = ask("/competences", **params)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["parameter"] == parameter


def test_an_unknown_form_is_not_acceptable(ask: Ask) -> None:
    """The problem names the forms that there are."""
    response = ask("/competences", q="laser", format="docx")

    assert response.status_code == 406
    assert "geojson" in response.json()["available"]
