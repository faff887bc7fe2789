"""Searches over HTTP: kept by who holds a token, refused with reasons, told of by feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from conftest import Atlas

PHOTONICS = DEFAULT_BASE + "id/technology/photonics"
GERMANY = "http://publications.europa.eu/resource/authority/country/DEU"
HAHN_SCHICKARD = DEFAULT_BASE + "id/organisation/998872439"
A = "{http://www.w3.org/2005/Atom}"


def entries(atlas: Atlas, path: str) -> list[str]:
    """Return the titles of a feed's entries."""
    answer = atlas.ask("GET", path)
    assert answer.status_code == 200, answer.text
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    return [entry.findtext(A + "title", "") for entry in root.findall(A + "entry")]


def listed(atlas: Atlas, token: str) -> list[str]:
    """Return the ids of the searches that are shown to a holder."""
    return [s["id"] for s in atlas.ask("GET", "/searches", token).json()["searches"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/searches"), ("POST", "/searches"), ("GET", "/searches/0123456789abcdef")),
        *(("PUT", "/searches/0123456789abcdef"), ("DELETE", "/searches/0123456789abcdef")),
    ],
)
def test_everything_needs_a_token(atlas: Atlas, method: str, path: str) -> None:
    """The refusal carries the challenge (RFC 6750, section 3)."""
    for token in (None, "atlas_rita_" + "A" * 43):
        answer = atlas.ask(method, path, token)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_search_is_kept_with_what_its_names_mean(atlas: Atlas) -> None:
    made = atlas.keep(
        query="organisations-by-technology",
        parameters={"technology": "Photonik", "region": ["DE"]},
        title="Photonik",
    )
    path = f"/searches/{made['id']}"

    assert made["parameters"] == {"technology": [PHOTONICS], "region": [GERMANY]}
    assert made["watched"]["complete"] is True
    assert made["watched"]["rows"] > 0
    assert atlas.ask("GET", path, atlas.reader).json() == made
    assert made["id"] in listed(atlas, atlas.reader)
    assert atlas.ask("GET", path, atlas.curator).status_code == 404
    assert made["id"] not in listed(atlas, atlas.curator)
    assert entries(atlas, made["feed"]) == []


def test_names_of_a_look_up_are_resolved_as_well(atlas: Atlas) -> None:
    """A later release that has another thing of that name changes nothing."""
    made = atlas.keep(
        lookup="offers",
        parameters={"technology": "Photonik", "country": ["Deutschland", "DE"], "q": "laser"},
    )
    other = atlas.keep(lookup="competences", parameters={"technology": "Photonik", "region": "DE"})

    assert made["parameters"] == {"technology": [PHOTONICS], "country": [GERMANY], "q": ["laser"]}
    assert other["parameters"] == {"technology": [PHOTONICS], "region": [GERMANY]}


@pytest.mark.parametrize(
    ("search", "status", "told"),
    [
        ({}, 400, "either a query or a lookup"),
        ({"query": "partners-of", "lookup": "offers"}, 400, "either a query or a lookup"),
        ({"query": "nothing"}, 404, "no saved query"),
        ({"query": "partners-of"}, 400, "needs organisation"),
        ({"query": "partners-of", "parameters": {"organisation": "Hahn"}}, 400, "HAHN-SCHICKARD"),
        ({"query": "overspent-projects", "parameters": {"limit": 5}}, 400, "leave limit out"),
        ({"query": "overspent-projects", "webhook": {"url": "https://evil.test/"}}, 403, "allows"),
        ({"query": "overspent-projects", "webhook": {}}, 400, "webhook.url"),
        ({"query": "overspent-projects", "more": 1}, 400, "more"),
        ({"lookup": "sparql"}, 400, "there are clusters"),
        ({"lookup": "offers", "parameters": {"contry": "DE"}}, 400, "no parameter 'contry'"),
        ({"lookup": "offers", "parameters": {"country": "Ruritania"}}, 400, "Ruritania"),
        ({"lookup": "offers", "parameters": {"trl": 17}}, 400, "trl"),
        ({"lookup": "offers", "parameters": {"country": "Ruritania"}}, 400, "problem:Parameter"),
        ({"lookup": "competences"}, 400, "Give a text"),
        ({"lookup": "competences", "parameters": {"q": "a", "lang": "de"}}, 400, "no parameter"),
        ({"lookup": "competences", "parameters": {"q": "a", "whynot": "b"}}, 400, "no parameter"),
    ],
)
def test_what_is_no_search_is_refused(
    atlas: Atlas, search: dict[str, Any], status: int, told: str
) -> None:
    before = listed(atlas, atlas.reader)
    answer = atlas.ask("POST", "/searches", atlas.reader, json=search)

    assert answer.status_code == status, answer.text
    assert told in answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert listed(atlas, atlas.reader) == before


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"query": "partners-of"}', "text/plain", 415),
        (b" " * 100_000, "application/json", 413),
    ],
)
def test_a_body_is_json_and_short(
    atlas: Atlas, content: bytes, media_type: str, status: int
) -> None:
    headers = {"Content-Type": media_type}
    answer = atlas.ask("POST", "/searches", atlas.reader, content=content, headers=headers)

    assert answer.status_code == status


def test_the_secret_is_shown_when_it_is_made(atlas: Atlas) -> None:
    """A new address gets a new one; another title leaves it alone."""
    search = {"query": "overspent-projects", "webhook": {"url": "https://hooks.test/a"}}
    made = atlas.keep(**search)
    path = f"/searches/{made['id']}"
    shown = atlas.ask("GET", path, atlas.reader).json()
    titled = atlas.ask("PUT", path, atlas.reader, json={**search, "title": "T"}).json()
    other = {**search, "webhook": {"url": "https://hooks.test/b"}}
    moved = atlas.ask("PUT", path, atlas.reader, json=other).json()

    assert made["webhook"]["secret"].startswith("whsec_")
    assert "secret" not in shown["webhook"]
    assert "secret" not in titled["webhook"]
    assert titled["title"] == "T"
    assert moved["webhook"]["secret"] != made["webhook"]["secret"]


def test_a_forgotten_search_is_gone_with_its_feed(atlas: Atlas) -> None:
    made = atlas.keep(query="overspent-projects")
    path = f"/searches/{made['id']}"

    assert atlas.ask("DELETE", path, atlas.curator).status_code == 404
    assert atlas.ask("DELETE", path, atlas.reader).status_code == 204
    assert atlas.ask("GET", path, atlas.reader).status_code == 404
    assert atlas.ask("GET", made["feed"]).status_code == 404


def test_feeds_tell_what_a_release_brings(atlas: Atlas) -> None:
    """A look-up, a saved query that is kept and one that nobody keeps, over two releases."""
    offers = atlas.keep(lookup="offers", parameters={"technology": "photonics"})
    kept = atlas.keep(query="partners-of", parameters={"organisation": "998872439"})
    query = "/queries/partners-of/feed?organisation=998872439"
    before = entries(atlas, query)
    partner = atlas.ask("GET", "/queries/partners-of?organisation=998872439&limit=1").json()
    label, iri = partner["items"][0]["label"], partner["items"][0]["partner"]
    atlas.update(
        f"""INSERT DATA {{
          offer:laser a atlas:CapacityOffer ; rdfs:label "Laser hours" ; atlas:title "Laser hours" ;
            atlas:party <{HAHN_SCHICKARD}> ; atlas:technology <{PHOTONICS}> .
        }} ; DELETE {{ <{iri}> rdfs:label ?old }} INSERT {{ <{iri}> rdfs:label "AAA Renamed" }}
        WHERE {{ <{iri}> rdfs:label ?old }}"""
    )
    found = entries(atlas, offers["feed"]), entries(atlas, kept["feed"]), entries(atlas, query)
    atlas.update("DELETE WHERE { offer:laser ?p ?o }")
    again = entries(atlas, offers["feed"]), entries(atlas, kept["feed"]), entries(atlas, query)

    assert before == []
    assert found == (["New: Laser hours"], ["Changed: AAA Renamed"], ["Changed: AAA Renamed"])
    assert again[0] == ["Gone: Laser hours", "New: Laser hours"]
    assert again[1:] == found[1:]
    assert label != "AAA Renamed"


@pytest.mark.parametrize("text", ["http://[x", "\x00", "a\u2028b", '"}<b>&', "\U0001f600"])
def test_any_text_makes_a_feed(atlas: Atlas, text: str) -> None:
    path = "/queries/running-sme-projects/feed"
    answer = atlas.ask("GET", path, params={"keyword": text})

    assert answer.status_code == 200, answer.text
    assert ET.fromstring(answer.content).tag == A + "feed"  # noqa: S314 - our own


def test_the_feed_of_a_query_is_called_what_it_asks(atlas: Atlas) -> None:
    answer = atlas.ask("GET", "/queries/organisations-by-technology/feed?technology=Photonik")
    root = ET.fromstring(answer.content)  # noqa: S314 - our own

    assert root.findtext(A + "title", "").endswith("(technology: photonics)")


@pytest.mark.parametrize(
    ("more", "headers"), [("&lang=de", {}), ("", {"Accept-Language": "de-AT,en;q=0.5"})]
)
def test_a_feed_is_german_for_who_reads_german(
    atlas: Atlas, more: str, headers: dict[str, str]
) -> None:
    """By the address, which then names itself so, or by the header."""
    path = f"/queries/organisations-by-technology/feed?technology=Photonik{more}"
    answer = atlas.ask("GET", path, headers=headers)
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    itself = next(x for x in root.findall(A + "link") if x.get("rel") == "self")

    assert answer.headers["Content-Language"] == "de"
    assert root.findtext(A + "title", "").startswith("Organisationen")
    assert itself.get("href", "").endswith("lang=de") == bool(more)
    assert atlas.ask("GET", path.replace("lang=de", "lang=xx"), headers=headers).status_code == (
        400 if more else 200
    )


def test_a_webhook_is_tried(atlas: Atlas) -> None:
    """What became of the delivery is told; without a webhook there is nothing to try."""
    hook = {"url": "http://127.0.0.1:1/nobody-listens"}
    hooked = atlas.keep(query="overspent-projects", webhook=hook)
    plain = atlas.keep(query="overspent-projects")
    tried = atlas.ask("POST", f"/searches/{hooked['id']}/webhook/test", atlas.reader)

    assert tried.status_code == 200
    assert tried.json()["delivered"] is False
    assert "refused" in tried.json()["failure"]
    path = f"/searches/{plain['id']}/webhook/test"
    assert atlas.ask("POST", path, atlas.reader).status_code == 404
    path = f"/searches/{hooked['id']}/webhook/test"
    assert atlas.ask("POST", path, atlas.curator).status_code == 404


def test_scripts_of_other_sites_may_ask(atlas: Atlas) -> None:
    answer = atlas.ask("OPTIONS", "/searches/0123456789abcdef")

    assert answer.status_code == 204
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_feed_is_not_sent_twice(atlas: Atlas) -> None:
    path = "/queries/overspent-projects/feed"
    first = atlas.ask("GET", path)
    tag, moment = first.headers["ETag"], first.headers["Last-Modified"]

    assert first.headers["Content-Type"].startswith("application/atom+xml")
    assert atlas.ask("HEAD", path).headers["ETag"] == tag
    assert atlas.ask("GET", path, headers={"If-None-Match": tag}).status_code == 304
    assert atlas.ask("GET", path, headers={"If-Modified-Since": moment}).status_code == 304
    assert atlas.ask("GET", "/queries/overspent-projects").headers["Link"].startswith(f"<{path}>")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/queries/nothing/feed", 404),
        ("/queries/partners-of/feed", 400),
        ("/queries/overspent-projects/feed?limit=3", 400),
        ("/queries/overspent-projects/feed?archive=x", 400),
        ("/queries/overspent-projects/feed?archive=1.1", 404),
        ("/feeds/" + "0" * 16 + "-" + "0" * 32, 404),
        ("/feeds/..%2f..%2ftokens.json", 404),
    ],
)
def test_other_feeds_there_are_not(atlas: Atlas, path: str, status: int) -> None:
    answer = atlas.ask("GET", path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
