"""The W3C suites for SPARQL 1.1, asked through HTTP in scratch mode.

The runners and their data are not part of the project: where they are absent the tests are skipped.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

CONFORMANCE = Path(__file__).parents[3] / "shared" / "conformance"

pytestmark = pytest.mark.skipif(
    not CONFORMANCE.exists(), reason=f"the conformance runners are not at {CONFORMANCE}"
)


def run(script: str, url: str, *options: str) -> list[str]:
    """Run a suite against a server and return what it prints, line by line."""
    places = [
        "--query",
        f"{url}/sparql",
        "--update",
        f"{url}/update",
        "--gsp",
        f"{url}/graph-store",
    ]
    command = [sys.executable, script, "data/rdf-tests", *places, *options]
    done = subprocess.run(command, cwd=CONFORMANCE, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.stdout.splitlines()


def failures(lines: list[str]) -> dict[str, str]:
    """Return the tests that failed, each with the reason."""
    failed = [line.removeprefix("FAIL ") for line in lines if line.startswith("FAIL ")]
    return {
        name.partition("/")[2] or name: why for name, _, why in (f.partition(" ") for f in failed)
    }


def test_protocol(scratch: str) -> None:
    """The protocol, graph store and service description suites pass, and all further checks."""
    lines = run("run_protocol.py", scratch, "--direct", "--extra")

    assert failures(lines) == {}
    assert lines[-1] == "51/51"


def test_queries_and_updates(scratch: str) -> None:
    """All 495 tests pass."""
    lines = run("run_sparql.py", scratch)

    assert failures(lines) == {}
    assert lines[-1] == "495/495"


def ask(url: str, query: str) -> bool:
    answer = httpx.get(f"{url}/sparql", params={"query": query, "format": "json"})
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["boolean"])


def update(url: str, text: str, **parameters: str) -> httpx.Response:
    headers = {"Content-Type": "application/sparql-update"}
    return httpx.post(f"{url}/update", content=text, headers=headers, params=parameters)


def test_patterns_of_updates_are_rewritten_too(scratch: str) -> None:
    """GRAPH ?g over a sub-query binds ?g in an update, where the engine alone would lose it."""
    update(
        scratch,
        "DROP ALL; INSERT DATA { GRAPH <a:g1> { <a:s> <a:p> 1 } GRAPH <a:g2> { <a:s> <a:p> 2 } }",
    )
    text = "INSERT { ?g <a:count> ?n } WHERE { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }"

    assert update(scratch, text).status_code == 204
    assert ask(scratch, "ASK { <a:g1> <a:count> 1 . <a:g2> <a:count> 1 }")


def test_a_later_operation_of_that_kind_is_refused(scratch: str) -> None:
    """Its graphs may have been made by the operation before, which has not run yet."""
    text = (
        "INSERT DATA { GRAPH <a:new> { <a:s> <a:p> 1 } } ;"
        "INSERT { ?g <a:count> 1 } WHERE { GRAPH ?g { VALUES ?x { 1 } } }"
    )
    answer = update(scratch, text)

    assert answer.status_code == 400
    assert "an update of its own" in answer.json()["detail"]
    assert not ask(scratch, "ASK { GRAPH <a:new> { ?s ?p ?o } }")


def test_silent_loads_load_nothing(scratch: str) -> None:
    """They go on as after a failure, and the answer says so; what is not silent is refused."""
    text = "DROP ALL ; LOAD SILENT <http://127.0.0.1:1/ü> INTO GRAPH <a:g> ; {}"
    answer = update(scratch, text.format("INSERT DATA { <a:s> <a:p> 1 }"))

    assert answer.status_code == 204
    assert answer.headers["X-Not-Loaded"] == "<http://127.0.0.1:1/%C3%BC>"
    assert ask(scratch, "ASK { <a:s> <a:p> 1 FILTER NOT EXISTS { GRAPH <a:g> {} } }")
    assert update(scratch, text.format("LOAD <http://127.0.0.1:1/>")).status_code == 403


def test_json_ld_has_no_triple_terms(scratch: str) -> None:
    update(scratch, "DROP ALL ; INSERT DATA { <a:s> <a:p> <<( <a:s> <a:p> 1 )>> }")
    parameters = {"query": "CONSTRUCT WHERE { ?s ?p ?o }"}
    refused = httpx.get(f"{scratch}/sparql", params={**parameters, "format": "jsonld"})
    answered = httpx.get(f"{scratch}/sparql", params=parameters)

    assert refused.status_code == 406
    assert "<<(" in answered.text


def test_group_concat_is_a_plain_string(scratch: str) -> None:
    query = 'SELECT (GROUP_CONCAT(?o) AS ?g) { VALUES ?o { "1"@en "2"@en } } HAVING (isLiteral(?g))'
    answer = httpx.get(f"{scratch}/sparql", params={"query": query, "format": "tsv"})

    assert "@en" not in answer.text


def test_other_hosts_are_refused(scratch: str) -> None:
    """A name that a web page could point to this machine does not lead here."""
    answer = httpx.get(f"{scratch}/sparql", headers={"Host": "evil.example"})

    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - it is what is refused
def test_scratch_mode_is_for_this_machine_alone(host: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kg.cli", "--home", str(tmp_path)]
    done = subprocess.run(
        [*command, "serve", "--scratch", "--host", host, "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "for this machine alone" in done.stderr
