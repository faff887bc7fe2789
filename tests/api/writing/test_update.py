"""Updates of the workspace: who may, what becomes of them, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from kg import amendments, imports, releases
from kg.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Server

DIRECT = {"Content-Type": "application/sparql-update"}


def test_nobody_writes_without_a_token(server: Server) -> None:
    answer = httpx.post(f"{server.url}/update", content="INSERT DATA {}", headers=DIRECT)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_operator_does_not_write(server: Server) -> None:
    headers = {**DIRECT, "Authorization": f"Bearer {server.operator}"}
    answer = httpx.post(f"{server.url}/update", content="INSERT DATA {}", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["role"] == "curator"


def test_two_tokens_are_none(server: Server) -> None:
    """A field that came twice is joined, so that neither of its values is taken."""
    pairs = [
        ("Content-Type", "application/sparql-update"),
        ("Authorization", f"Bearer {server.curator}"),
        ("Authorization", "Bearer x"),
    ]
    answer = httpx.post(f"{server.url}/update", content="INSERT DATA {}", headers=pairs)

    assert answer.status_code == 401


def test_an_update_becomes_a_release_and_stays(server: Server) -> None:
    """What is added is read at once and has its provenance; the import keeps who asked for it."""
    before = server.release()
    answer = server.update(
        "INSERT DATA { organisation:t-1 a atlas:Organisation ;"
        " rdfs:label 'Test One' ; atlas:legalName 'Test One' }"
    )

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"release": before + 1, "added": 3, "removed": 0}
    assert answer.headers["x-release"] == str(before + 1)
    assert server.ask(
        "GRAPH <https://w3id.org/cluster-atlas/graph/updates>"
        " { organisation:t-1 atlas:legalName 'Test One' }"
    )
    assert server.ask(
        "organisation:t-1 <http://www.w3.org/ns/prov#wasDerivedFrom> ?line"
        " FILTER(CONTAINS(STR(?line), 'import/updates/'))"
    )
    one = imports.current(Workspace(server.home))["updates"]
    log = json.loads((one.folder / "log.json").read_text())
    assert (one.folder / f"update-{len(log)}.ru").read_text().endswith("'Test One' }")
    assert log[-1]["holder"] == "anna"


def test_nothing_to_do_makes_no_release(server: Server) -> None:
    before = server.release()
    answer = server.update("DELETE WHERE { organisation:nobody ?p ?o }")

    assert answer.json() == {"release": before, "added": 0, "removed": 0}
    assert server.release() == before


def test_what_breaks_rules_is_refused_with_its_findings(server: Server) -> None:
    """A project that ends before it begins: 422, with the rule, and nothing has changed."""
    before = server.release()
    kept = sorted((server.home / "imports" / "updates").glob("*"))
    answer = server.update(
        "DELETE { ?project atlas:endDate ?end }"
        " INSERT { ?project atlas:endDate '1990-01-01'^^<http://www.w3.org/2001/XMLSchema#date> }"
        " WHERE { { SELECT ?project ?end { ?project a atlas:Project ; atlas:startDate ?start ;"
        " atlas:endDate ?end } ORDER BY ?project LIMIT 1 } }"
    )

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["count"] >= 1
    assert {"rule", "subject", "path", "message", "severity"} <= set(problem["findings"][0])
    assert problem["findings"][0]["message"]["de"]
    assert server.release() == before
    assert sorted((server.home / "imports" / "updates").glob("*")) == kept


def test_a_second_value_of_a_functional_property_is_refused(server: Server) -> None:
    answer = server.update(
        "INSERT { ?project atlas:startDate '1990-01-01'^^<http://www.w3.org/2001/XMLSchema#date> }"
        " WHERE { { SELECT ?project { ?project a atlas:Project ; atlas:startDate ?x }"
        " ORDER BY ?project LIMIT 1 } }"
    )

    assert answer.status_code == 422


def test_what_a_source_states_can_be_corrected(server: Server) -> None:
    """The source's statement is noted as removed, so that no rebuild brings it back."""
    answer = server.update(
        "DELETE { ?project atlas:acronym ?old } INSERT { ?project atlas:acronym 'CORRECTED' }"
        " WHERE { { SELECT ?project ?old { ?project atlas:acronym ?old }"
        " ORDER BY ?project LIMIT 1 } }"
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["added"] == answer.json()["removed"] == 1
    assert server.ask("?project atlas:acronym 'CORRECTED'")
    [(subject, _, old, *_)] = amendments.removals(Workspace(server.home))
    assert not server.ask(f"<{subject}> atlas:acronym '{old}'")


def test_an_addition_can_be_taken_back(server: Server) -> None:
    server.update(
        "INSERT DATA { organisation:t-2 a atlas:Organisation ; rdfs:label 'Two' ;"
        " atlas:legalName 'Two' }"
    )
    assert server.ask("organisation:t-2 a atlas:Organisation")

    answer = server.update("DELETE WHERE { organisation:t-2 ?p ?o }")

    assert answer.status_code == 200, answer.text
    assert not server.ask("organisation:t-2 ?p ?o")


def test_what_follows_from_others_cannot_be_removed(server: Server) -> None:
    """The class above is inferred from the class stated, and would come back."""
    answer = server.update(
        "DELETE { ?x a ?above } WHERE { GRAPH <https://w3id.org/cluster-atlas/graph/inferred>"
        " { SELECT ?x ?above { ?x a ?above } LIMIT 1 } }"
    )

    assert answer.status_code in {400, 409}, answer.text
    answer = server.update(
        "DELETE { ?x a ?above } WHERE { { SELECT ?x ?above {"
        " GRAPH <https://w3id.org/cluster-atlas/graph/inferred> { ?x a ?above } } LIMIT 1 } }"
    )
    assert answer.status_code == 409
    assert answer.json()["statements"]


@pytest.mark.parametrize(
    "text",
    [
        "DROP ALL",
        "CLEAR GRAPH <https://w3id.org/cluster-atlas/graph/cordis>",
        "COPY DEFAULT TO <https://w3id.org/cluster-atlas/graph/updates>",
        "CREATE GRAPH <urn:x>",
        "INSERT DATA { GRAPH <https://w3id.org/cluster-atlas/graph/cordis> { <a:a> <a:b> 1 } }",
        "INSERT DATA { <a:a> <a:b> [] }",
        "DELETE WHERE { GRAPH <https://w3id.org/cluster-atlas/graph/ontology> { ?s ?p ?o } }",
        "INSERT { ?s <a:p> ?n } WHERE { VALUES ?s { <a:s> } BIND(BNODE() AS ?n) }",
    ],
)
def test_what_would_reach_too_far_is_refused_with_the_reason(server: Server, text: str) -> None:
    before = server.release()
    answer = server.update(text)

    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 40
    assert server.release() == before


@pytest.mark.parametrize("text", ["INSERT DATA { <a:a> <a:b> }", "SELECT * {}", "DELETE DATA {"])
def test_what_is_no_update_is_placed(server: Server, text: str) -> None:
    answer = server.update(text)

    assert answer.status_code == 400
    assert answer.json()["line"] == 1
    assert answer.json()["column"] > 1


def test_the_dataset_is_named_once(server: Server) -> None:
    text = "INSERT { ?s <a:b> 1 } USING <a:g> WHERE { ?s ?p ?o }"

    assert server.update(text, **{"using-graph-uri": "a:h"}).status_code == 400
    assert server.update("INSERT DATA {}", query="ASK {}").status_code == 400


def test_get_is_no_way_to_write(server: Server) -> None:
    answer = httpx.get(f"{server.url}/update", params={"update": "DROP ALL"})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_releases_before_are_kept(server: Server) -> None:
    """An update can be undone by going back, as any release; later rebuilds keep what it added."""
    assert server.ask("organisation:t-1 atlas:legalName 'Test One'")
    assert server.ask("?project atlas:acronym 'CORRECTED'")
    kept = [release.number for release in releases.every(Workspace(server.home))]

    assert kept == sorted(kept)
    assert len(kept) >= 2
