"""Curation over HTTP: who may, what is decided, and that the graph follows."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kg.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Server

RULE = "OrganisationRegion"


def get(server: Server, path: str, **parameters: Any) -> Any:
    answer = server.write("GET", path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(server: Server, *decisions: dict[str, Any], **more: Any) -> httpx.Response:
    return server.write(
        "POST", "/imports/cordis/decisions", json={"decisions": list(decisions), **more}
    )


def finding(server: Server, rule: str) -> dict[str, Any]:
    """Return the first finding of a rule in the import of CORDIS."""
    [one] = get(server, "/imports/cordis/findings", rule=rule, limit=1)["findings"]
    return dict(one)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/imports"),
        ("GET", "/imports/cordis"),
        ("GET", "/imports/cordis/findings"),
        ("GET", "/imports/cordis/records"),
        ("GET", "/imports/cordis/diff"),
        ("GET", "/imports/cordis/conflicts"),
        ("GET", "/recipes"),
        ("POST", "/imports/cordis/decisions"),
        ("POST", "/imports/cordis/undo"),
        ("DELETE", "/imports/cordis/decisions/x"),
    ],
)
def test_nothing_without_a_token(server: Server, method: str, path: str) -> None:
    answer = httpx.request(method, server.url + path)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_operator_reads_but_does_not_decide(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.operator}"}
    assert httpx.get(f"{server.url}/imports", headers=headers).status_code == 200
    answer = httpx.post(f"{server.url}/imports/cordis/decisions", headers=headers, json={})

    assert answer.status_code == 403
    assert answer.json()["role"] == "curator"


def test_imports_are_listed(server: Server) -> None:
    found = {i["source"]: i for i in get(server, "/imports")["imports"] if i["current"]}

    assert {"cordis", "nuts", "euroscivoc", "landscape"} <= set(found)
    assert found["cordis"]["published"]
    assert get(server, "/imports/cordis")["id"] == found["cordis"]["id"]


def test_findings_are_filtered_and_counted(server: Server) -> None:
    every = get(server, "/imports/cordis/findings", limit=1)
    some = get(server, "/imports/cordis/findings", rule=RULE, severity="Warning", limit=1000)

    assert 0 < some["total"] < every["total"]
    assert {f["rule"].rpartition("#")[2] for f in some["findings"]} == {RULE}
    assert server.write("GET", "/imports/nothing/findings").status_code == 404


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{}", "decisions"),
        ("nonsense", "body"),
        ('{"decisions": []}', "decisions"),
        ('{"decisions": [{"kind": "eat"}]}', "decisions.0.kind"),
        ('{"decisions": [{"kind": "reject", "colour": 1}]}', "decisions.0.colour"),
    ],
)
def test_what_is_no_decision_is_refused(server: Server, body: str, named: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = server.write("POST", "/imports/cordis/decisions", headers, content=body)

    assert answer.status_code == 400
    assert named in answer.json()["detail"]


def test_all_decisions_of_a_request_or_none(server: Server) -> None:
    before = len(get(server, "/recipes")["recipes"])
    record = finding(server, RULE)["record"]
    answer = decide(
        server,
        {"kind": "reject", "record": record, "why": "double"},
        {"kind": "reject", "record": "organization.csv/none", "why": "double"},
    )

    assert answer.status_code == 404
    assert len(get(server, "/recipes")["recipes"]) == before


def test_a_repair_is_published_and_taken_back(server: Server) -> None:
    """What is missing is added for the record, told as a recipe, and gone again after undoing."""
    one = finding(server, "OrganisationCity")
    pattern = f"<{one['subject']}> atlas:city 'Nowhere'"
    assert not server.ask(pattern)
    answer = decide(
        server,
        {"kind": "repair", "rule": "OrganisationCity", "record": one["record"],
         "property": "city", "new": "Nowhere", "why": "looked up"},
    )  # fmt: skip

    assert answer.status_code == 201, answer.text
    [made] = answer.json()["decisions"]
    assert made["who"] == "anna"
    assert server.ask(pattern)
    [recipe] = [r for r in get(server, "/recipes")["recipes"] if r["id"] == made["id"]]
    assert recipe["used"] == 1
    states = get(server, "/imports/cordis/records", state="repaired")["records"]
    assert [(r["record"], r["new"]) for r in states] == [(one["record"], "Nowhere")]
    assert get(server, "/imports/cordis")["decisions"][0]["id"] == made["id"]

    path = f"/imports/cordis/decisions/{made['id']}"
    assert server.write("DELETE", path).status_code == 200
    assert not server.ask(pattern)
    assert server.write("DELETE", path).status_code == 400
    assert server.write("DELETE", "/imports/cordis/decisions/none").status_code == 404


def test_a_decision_is_kept_while_something_else_is_written(server: Server) -> None:
    """The answer says that the release is still to come."""
    record = finding(server, RULE)["record"]
    with Workspace(server.home).writing():
        answer = decide(server, {"kind": "reject", "record": record, "why": "closed"})

    assert answer.status_code == 201
    assert answer.json()["release"] is None
    assert "Another process" in answer.json()["pending"]
    [made] = answer.json()["decisions"]
    assert server.write("DELETE", f"/imports/cordis/decisions/{made['id']}").status_code == 200


def test_conflicts_side_by_side_and_decided(server: Server) -> None:
    told = get(server, "/imports/cordis/conflicts", limit=1000)
    if not told["total"]:
        pytest.skip("the sample has no contradiction")
    one = told["conflicts"][0]
    first, second = one["values"][:2]
    assert (first["holds"], second["holds"]) == (True, False)
    answer = decide(
        server,
        {"kind": "choose", "entity": one["entity"], "property": one["property"],
         "value": second["value"]},
    )  # fmt: skip

    assert answer.status_code == 201, answer.text
    [made] = answer.json()["decisions"]
    [now] = get(server, "/imports/cordis/conflicts", entity=one["entity"],
                property=one["property"])["conflicts"]  # fmt: skip
    assert now["values"][0] == {**second, "holds": True}
    assert now["decision"] == made["id"]
    assert server.write("DELETE", f"/imports/cordis/decisions/{made['id']}").status_code == 200


def test_an_import_held_back_tells_what_it_changes(server: Server) -> None:
    """Decided without publishing, told as a difference, and undone by taking it back."""
    record = finding(server, RULE)["record"]
    made = decide(
        server, {"kind": "reject", "record": record, "why": "closed"}, publish=False
    ).json()
    assert made["release"] is None
    told = get(server, "/imports/cordis/diff", seconds=0)
    assert told["quarantine"] == {"set_aside": 1, "let_in": 0}
    assert told["before"] == get(server, "/imports/cordis")["id"] != told["after"]
    path = f"/imports/cordis/decisions/{made['decisions'][0]['id']}"
    assert server.write("DELETE", path, params={"publish": "false"}).status_code == 200


def test_decisions_of_many_at_once_are_all_kept(server: Server) -> None:
    """Eight curators decide at the same moment; some releases are still to come, no decision is."""
    found = get(server, "/imports/cordis/findings", rule=RULE, limit=200)["findings"]
    chosen = list({f["record"]: f for f in found}.values())[:8]
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(
            target=lambda f=f: answers.append(
                decide(
                    server,
                    {"kind": "waive", "rule": RULE, "record": f["record"],
                     "until": "2999-01-01", "why": "small country"},
                )
            )
        )
        for f in chosen
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = {r["id"] for r in get(server, "/recipes", source="cordis")["recipes"]}
    made = [d["id"] for a in answers for d in a.json()["decisions"]]

    assert [a.status_code for a in answers] == [201] * len(chosen)
    assert set(made) <= kept
    assert len(made) == len(set(made)) >= len(chosen)
    for one in made:
        path = f"/imports/cordis/decisions/{one}"
        assert server.write("DELETE", path, params={"publish": "false"}).status_code == 200


def test_the_documentation_has_the_body(server: Server) -> None:
    document = httpx.get(f"{server.url}/openapi.json").json()
    body = document["paths"]["/imports/{key}/decisions"]["post"]["requestBody"]
    text = json.dumps(body)

    assert "everywhere" in text
    assert "$ref" not in text
