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

    from kg.store import OpenRelease

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
    """Where nothing meets all conditions, the answer says what giving one up would bring."""
    asked = {"technology": "photonics", "sme": True, "bbox": "-30,70,-20,75"}
    answer = ask("/competences", **asked).json()

    assert answer["total"] == 0
    assert set(answer["relax"]) == {"sme", "bbox"}
    assert [miss["without"] for miss in answer["near_misses"]] == [["bbox"]]
    for miss in answer["near_misses"]:
        left = {k: v for k, v in asked.items() if k not in miss["without"]}
        found = ask("/competences", **left, limit=3).json()
        assert found["total"] == miss["total"] > 0
        assert [i["id"] for i in found["items"]] == [i["id"] for i in miss["items"]]
        assert found["items"][0]["score"] == miss["items"][0]["score"]


def test_two_conditions_are_given_up_where_one_is_not_enough(ask: Ask) -> None:
    """No single condition is to blame, but two together are."""
    asked = {"technology": "photonics", "country": "MT", "bbox": "-30,70,-20,75"}
    answer = ask("/competences", **asked).json()

    assert answer["total"] == 0
    assert set(answer["relax"].values()) == {0}
    assert {len(miss["without"]) for miss in answer["near_misses"]} == {2}


def test_no_near_misses_where_something_is_found(ask: Ask) -> None:
    """They would only be in the way."""
    assert "near_misses" not in ask("/competences", q="photonics").json()


@pytest.mark.parametrize("level", [1, 6, 9])
def test_a_readiness_level_is_met_by_a_competence_service_or_offer(
    ask: Ask, sample_release: OpenRelease, level: int
) -> None:
    """All found have one whose range has the level, as the store says."""
    answer = ask("/competences", q="photonics energy materials", trl=level, limit=500).json()
    query = f"""PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#> SELECT ?o WHERE {{
        {{ ?x atlas:offeredBy ?o }} UNION {{ ?x a atlas:Offer ; atlas:party ?o }}
        UNION {{ ?x atlas:holder ?o }}
        OPTIONAL {{ ?x atlas:trlFrom ?a }} OPTIONAL {{ ?x atlas:trlTo ?b }}
        FILTER(COALESCE(?a, ?b) <= {level} && COALESCE(?b, ?a) >= {level}) }}"""
    rows = sample_release.store.query(query, use_default_graph_as_union=True)
    able = {row["o"].value for row in rows}  # type: ignore[union-attr]

    assert {item["id"] for item in answer["items"]} <= able
    assert bool(answer["items"]) == (level != 1)


def test_why_not_that_one(ask: Ask) -> None:
    """The answer says which condition is not met, the place, and by which terms it is behind."""
    listed = ask("/competences", q="machine learning", limit=5).json()["items"]
    fourth = listed[3]
    asked = {"q": "machine learning", "whynot": fourth["id"]}
    found = ask("/competences", **asked).json()["whynot"]
    elsewhere = "MT" if not fourth["country"].endswith("MLT") else "DE"
    barred = ask("/competences", **asked, country=elsewhere).json()["whynot"]

    assert (found["listed"], found["place"], found["unmet"]) == (True, 4, [])
    assert found["score"] == fourth["score"]
    lost = sum(term["lost"] for term in found["terms"])
    assert lost == pytest.approx(listed[0]["score"] - fourth["score"], abs=1e-4)
    assert (barred["listed"], barred["place"], barred["unmet"]) == (False, None, ["country"])


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
        ({"q": "laser", "whynot": "Nobody & Sons of Nowhere"}, "whynot"),
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


def test_compounds_that_no_technology_is_called_are_translated(ask: Ask) -> None:
    """What was sought in the texts of projects is said, and found in them."""
    answer = ask("/competences", q="Quantenkommunikation").json()

    assert answer["sought"] == "quantum communication"
    texts = [i["explanation"][0]["text"].casefold() for i in answer["items"]]
    assert any("<b>quantum</b>" in text for text in texts)
    assert "sought" not in ask("/competences", q="quantum communication").json()


@pytest.mark.parametrize("phrase", ["Werkzeugmaschinen", "macchine utensili"])
def test_what_is_translated_is_ranked_by_the_technologies_of_the_english_words(
    ask: Ask, phrase: str
) -> None:
    """The same are understood, and who masters them is found."""
    answer, english = (ask("/competences", q=q).json() for q in (phrase, "machine tool"))

    assert answer["sought"] == "machine tool"
    understood = [[t["id"] for t in a["understood"]] for a in (answer, english)]
    assert understood[0] == understood[1] != []
    masters = [
        {i["id"] for i in a["items"] if "mastery" in {t["term"] for t in i["explanation"]}}
        for a in (answer, english)
    ]
    assert masters[0] == masters[1] != set()


def test_what_finds_nothing_is_told_what_is_called_nearly_so(ask: Ask) -> None:
    """The technologies whose names are most like it."""
    answer = ask("/competences", q="Photonnikk", country="MT", bbox="-30,70,-20,75").json()

    assert answer["total"] == 0
    assert "photonics" in {p["label"] for p in answer["perhaps"]}


@pytest.mark.parametrize(
    ("condition", "code"), [("country", "DE"), ("region", "DEG"), ("country", "AT")]
)
def test_places_are_known_by_german_names(ask: Ask, condition: str, code: str) -> None:
    """Of a region and the one within it of the same name, the larger one is meant."""
    name = {"DE": "Deutschland", "DEG": "Thüringen", "AT": "Österreich"}[code]
    answers = [ask("/competences", q="energy", **{condition: c}).json() for c in (name, code)]

    assert answers[0]["query"] == answers[1]["query"]
    assert answers[0]["total"] == answers[1]["total"]


def test_a_misspelt_place_has_candidates(ask: Ask) -> None:
    """The names that are most like it; none is taken for it."""
    answer = ask("/competences", q="energy", region="Thurngen")

    assert answer.status_code == 400
    assert answer.json()["candidates"][0]["label"] == "Thüringen"


@pytest.mark.parametrize("name", ["country", "region"])
@pytest.mark.parametrize("asked", [{"technology": "photonics"}, {"q": "Lasertechnik"}])
def test_a_facet_of_places_counts_what_its_condition_leaves(
    ask: Ask, asked: dict[str, str], name: str
) -> None:
    """Seats in parts of a region and further seats too."""
    facets = ask("/competences", **asked).json()["facets"][name]

    assert facets
    for facet in (*facets[:10], *facets[-10:]):
        left = ask("/competences", limit=1, **asked, **{name: facet["value"]}).json()
        assert left["total"] == facet["count"], facet
