"""Profiles over HTTP: by those who submit them, and by curators."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema

if TYPE_CHECKING:
    from collections.abc import Callable

    Server = Any
    Write = Callable[..., httpx.Response]

COMPANY = {
    "type": "Company",
    "legalName": "Probe GmbH",
    "country": "DE",
    "region": "DE212",
    "city": "München",
    "latitude": 48.137,
    "longitude": 11.575,
}


def send(
    server: Server, method: str, path: str, value: Any = None, token: str = "", **headers: str
) -> httpx.Response:
    """Send JSON, with a token if there is one."""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if value is not None:
        sent.setdefault("Content-Type", "application/json")
    content = None if value is None else json.dumps(value)
    return httpx.request(method, server.url + path, content=content, headers=sent, timeout=60)


def test_the_schema_is_public_and_in_the_language_of_the_client(server: Server) -> None:
    answer = httpx.get(server.url + "/profiles/schema", headers={"Accept-Language": "de"})

    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.headers["content-language"] == "de"
    jsonschema.validate(COMPANY, answer.json())


def test_from_submission_to_release(server: Server) -> None:
    """Findings in the client's language, a token for the submitter, a release by the curator."""
    wrong = COMPANY | {"homepage": "www.probe.example"}
    checked = send(server, "POST", "/profiles?check=true", wrong, Accept_Language="de")
    assert checked.json()["findings"][0]["fix"]["value"] == "http://www.probe.example"
    assert "Webadresse" in checked.json()["findings"][0]["message"]

    answer = send(server, "POST", "/profiles", wrong, Idempotency_Key="first-of-this-test")
    place, told = answer.headers["location"], answer.json()
    assert answer.status_code == 201
    again = send(server, "POST", "/profiles", wrong, Idempotency_Key="first-of-this-test")
    assert (again.status_code, again.json()["token"]) == (200, told["token"])

    refused = send(server, "POST", f"{place}/acceptance", token=server.curator)
    assert refused.status_code == 422
    edited = send(server, "PUT", place, COMPANY, told["token"])
    assert edited.json()["violations"] == 0

    accepted = send(server, "POST", f"{place}/acceptance", token=server.curator)
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["state"] == "published"
    assert server.release() == accepted.json()["release"]
    withdrawn = send(server, "DELETE", place, token=told["token"])
    assert withdrawn.json()["state"] == "withdrawn"


def test_who_may_do_what(server: Server) -> None:
    answer = send(server, "POST", "/profiles", COMPANY)
    place, token = answer.headers["location"], answer.json()["token"]

    assert send(server, "GET", place).status_code == 401
    assert send(server, "GET", place, token=token).json()["profile"]["city"] == "München"
    assert send(server, "GET", place, token=server.curator).status_code == 200
    assert send(server, "GET", "/profiles", token=token).status_code == 401
    assert send(server, "POST", f"{place}/acceptance", token=token).status_code == 401
    assert send(server, "POST", f"{place}/acceptance", token=server.operator).status_code == 403
    why = send(server, "POST", f"{place}/rejection", {}, server.curator)
    assert why.json()["parameter"] == "reason"
    rejected = send(server, "POST", f"{place}/rejection", {"reason": "a test"}, server.curator)
    assert rejected.json()["history"][-1]["why"] == "a test"


def test_what_is_no_profile_is_refused_with_its_faults(server: Server) -> None:
    faulty = send(server, "POST", "/profiles", {"type": "Company", "colour": "red"})
    assert (faulty.status_code, faulty.json()["faults"][0]["place"]) == (422, "/colour")
    large = send(server, "POST", "/profiles", COMPANY | {"description": "x" * 70_000})
    assert (large.status_code, large.json()["limit"]) == (413, 65536)
    other = send(server, "POST", "/profiles", COMPANY, Content_Type="text/csv")
    assert other.status_code == 415


def test_many_at_once_while_others_ask(server: Server) -> None:
    """8 clients, each profile sent twice: none lost, none twice, each queued with its findings."""
    known = [f"client-number-{number}" for number in range(8)]

    def submit(key: str) -> str:
        server.ask("?organisation a atlas:Organisation")
        value = COMPANY | {"legalName": key, "homepage": "nowhere"}
        answer = send(server, "POST", "/profiles", value, Idempotency_Key=key)
        assert answer.status_code in {200, 201}, answer.text
        return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(submit, [*known, *known]))

    listed = send(server, "GET", "/profiles?state=queued&limit=1000", token=server.curator).json()
    mine = [one for one in listed["profiles"] if one["name"] in known]
    assert sorted(one["id"] for one in mine) == sorted(set(names))
    assert sorted(one["name"] for one in mine) == known
    assert all(one["violations"] == 1 for one in mine)


def test_an_address_may_not_submit_without_end(server: Server) -> None:
    """The limit is told with the time after which to come again."""
    for _ in range(60):
        answer = send(server, "POST", "/profiles", {"type": "nothing"})
        if answer.status_code == 429:
            break

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
