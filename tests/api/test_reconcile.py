"""The Reconciliation Service API 0.2 over HTTP: each message as the specification has it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from api.app import create_app
from kg.terms import DEFAULT_BASE
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.settings import Settings

    Check = Callable[[str, Any], None]

SPECIFICATION = Path(__file__).parents[3] / "shared/conformance/data/reconciliation/0.2"
HAHN_SCHICKARD = DEFAULT_BASE + "id/organisation/998872439"
ORGANISATION = DEFAULT_BASE + "ontology#Organisation"
ORIGIN = {"Origin": "https://refine.example.org"}


class Client:
    """Asks the application in this process."""

    def __init__(self, transport: httpx.ASGITransport, runner: asyncio.Runner) -> None:
        self._client = httpx.AsyncClient(transport=transport, base_url="http://atlas")
        self._runner = runner

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the answer to a request, which a page of another site may read."""
        answer = self._runner.run(self._client.request(method, path, headers=ORIGIN, **options))

        assert answer.headers["access-control-allow-origin"] == "*"
        return answer

    def queries(self, batch: Any) -> dict[str, Any]:
        """Return the answer to a batch sent as a form."""
        found: dict[str, Any] = self(
            "POST", "/reconcile", data={"queries": json.dumps(batch)}
        ).json()
        return found


@pytest.fixture(scope="module")
def client(sample_home: Path, sample_settings: Settings) -> Iterator[Client]:
    """Return a client of the application over the sample."""
    app = create_app(sample_settings, Workspace(sample_home))
    with asyncio.Runner() as runner:
        yield Client(httpx.ASGITransport(app), runner)


@pytest.fixture(scope="module")
def check() -> Check:
    """Return what checks a message against a schema of the specification."""
    if not SPECIFICATION.exists():
        pytest.skip("needs ../shared/conformance/data/reconciliation, which is not there")
    schemas = {p.name: json.loads(p.read_text()) for p in SPECIFICATION.glob("schemas/*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema, default_specification=DRAFT7))
        for schema in schemas.values()
        if "$id" in schema
    )
    openapi = schemas["openapi.json"]
    registry = registry.with_resource(
        "http://swagger.io/v2/schema.json", DRAFT7.create_resource(openapi)
    )

    def check(name: str, message: Any) -> None:
        Draft7Validator(schemas[f"{name}.json"], registry=registry).validate(message)

    return check


def test_the_manifest_is_as_specified(client: Client, check: Check) -> None:
    for path in ("/reconcile", "/reconcile?"):
        manifest = client("GET", path).json()

        check("manifest", manifest)
        assert "0.2" in manifest["versions"]


def test_what_the_manifest_links_to_is_there(client: Client, check: Check) -> None:
    """Every service of the manifest answers with the message that is specified for it."""
    manifest = client("GET", "/reconcile").json()
    for kind, schema in (("entity", "entities"), ("property", "properties"), ("type", "types")):
        service = manifest["suggest"][kind]
        address = service["service_url"] + service["service_path"]
        found = client("GET", address, params={"prefix": "c"}).json()

        check(f"suggest-{schema}-response", found)
        assert found["result"]
        one = found["result"][0]["id"]
        flyout = service["flyout_service_path"].replace("${id}", one.replace("#", "%23"))
        shown = client("GET", service["service_url"] + flyout).json()

        assert shown["id"] == one
        assert "<b>" in shown["html"]
    proposal = manifest["extend"]["propose_properties"]
    address = proposal["service_url"] + proposal["service_path"]
    properties = client("GET", address, params={"type": ORGANISATION, "limit": 5}).json()

    check("data-extension-property-proposal", properties)
    assert len(properties["properties"]) == 5


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_batch_is_answered_by_its_keys(client: Client, check: Check, method: str) -> None:
    batch = {
        "q0": {"query": "hahn schickard", "type": ORGANISATION, "limit": 3},
        "q1": {"properties": [{"pid": "pic", "v": "998872439"}]},
        "ü": {"query": "no such thing anywhere", "type": "Nonsense"},
    }
    check("reconciliation-query-batch", batch)
    place = "params" if method == "GET" else "data"
    sent: dict[str, Any] = {place: {"queries": json.dumps(batch)}}
    answer = client(method, "/reconcile", **sent).json()

    check("reconciliation-result-batch", answer)
    assert list(answer) == ["q0", "q1", "ü"]
    assert answer["q0"]["result"][0]["id"] == HAHN_SCHICKARD
    assert not answer["q0"]["result"][0]["match"]
    assert answer["q1"]["result"][0]["match"]
    assert answer["ü"] == {"result": []}


def test_examples_of_the_specification_are_answered(client: Client, check: Check) -> None:
    check("manifest", client("GET", "/reconcile").json())
    for path in sorted(SPECIFICATION.glob("examples/reconciliation-query-batch/valid/*.json")):
        check("reconciliation-result-batch", client.queries(json.loads(path.read_text())))
    for path in sorted(SPECIFICATION.glob("examples/data-extension-query/valid/*.json")):
        answer = client("POST", "/reconcile", data={"extend": path.read_text()}).json()

        check("data-extension-response", answer)
    for path in sorted(SPECIFICATION.glob("examples/reconciliation-query-batch/invalid/*.json")):
        answer = client("POST", "/reconcile", data={"queries": path.read_text()})

        assert answer.status_code == 400, path.name


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("fuel cell", "Technology"),
        ("Germany", "Place"),
        ("DE125", "Place"),
        ("Hahn Schickard", "Organisation"),
    ],
)
def test_every_type_is_found(client: Client, query: str, kind: str) -> None:
    for type_id in (kind, kind.lower(), f"atlas:{kind}", f"{DEFAULT_BASE}ontology#{kind}"):
        found = client.queries({"q": {"query": query, "type": type_id}})["q"]["result"]

        assert found
        assert {t["id"] for one in found for t in one["type"]} == {f"{DEFAULT_BASE}ontology#{kind}"}


def test_clusters_are_found_by_their_name(client: Client) -> None:
    shown = client("GET", "/reconcile/suggest/entity", params={"prefix": "cluster"}).json()
    clusters = [one for one in shown["result"] if one["notable"][0]["id"].endswith("#Cluster")]

    assert clusters
    name = clusters[0]["name"]
    found = client.queries({"q": {"query": name.upper(), "type": "Cluster"}})["q"]["result"]

    assert found[0]["name"] == name


def test_values_of_properties_are_fetched(client: Client, check: Check) -> None:
    wanted = {
        "ids": [HAHN_SCHICKARD, "https://example.org/unknown"],
        "properties": [
            {"id": "legalName"},
            {"id": "country"},
            {"id": "latitude"},
            {"id": "activeIn", "settings": {"limit": "2"}},
            {"id": "unknown"},
        ],
    }
    check("data-extension-query", wanted)
    answer = client("POST", "/reconcile", data={"extend": json.dumps(wanted)}).json()

    check("data-extension-response", answer)
    row = answer["rows"][HAHN_SCHICKARD]
    assert row["legalName"][0]["str"].startswith("HAHN-SCHICKARD")
    assert row["country"][0]["name"] == "Germany"
    assert isinstance(row["latitude"][0]["float"], float)
    assert len(row["activeIn"]) == 2
    assert row["unknown"] == []
    assert set(answer["rows"]["https://example.org/unknown"]) == set(row)
    assert answer["meta"][1]["type"]["name"].startswith("Place")


def test_the_preview_is_html_without_script(client: Client) -> None:
    answer = client("GET", "/reconcile/preview", params={"id": HAHN_SCHICKARD})

    assert answer.headers["content-type"].startswith("text/html")
    assert "998872439" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client("GET", "/reconcile/preview", params={"id": "<script>"}).status_code == 404
    assert "<dt id=" in client("GET", "/reconcile/features").text


def test_jsonp_takes_names_of_functions_only(client: Client) -> None:
    answer = client("GET", "/reconcile", params={"callback": "jQuery_1.done"})

    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.text.startswith("/**/jQuery_1.done({")
    assert client("GET", "/reconcile", params={"callback": "alert(1)"}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"queries": "{"}, 400, "not JSON"),
        ({"queries": "[]"}, 400, "an object of queries"),
        ({"queries": '{"q": {"query": 1}}'}, 400, "queries.q.query"),
        ({"queries": '{"q": {"query": "x", "limit": 0}}'}, 400, "queries.q.limit"),
        ({"queries": '{"q": {"query": "x", "typ": "y"}}'}, 400, "'typ'"),
        ({"queries": '{"q": {"query": "x", "properties": [{"pid": "a"}]}}'}, 400, "'v'"),
        ({"queries": "[" * 100_000}, 400, "nested"),
        ({"queries": json.dumps({str(i): {"query": "x"} for i in range(101)})}, 413, "at most 100"),
        ({"queries": json.dumps({"q": {"query": "x" * 2001}})}, 413, "2001"),
        ({"queries": "x" * 2**20}, 413, "larger"),
        ({"extend": '{"ids": ["a"]}'}, 400, "extend.properties"),
        ({"extend": json.dumps({"ids": ["a"] * 501, "properties": []})}, 413, "501"),
        ({"query": "legacy"}, 400, "queries"),
    ],
)
def test_what_is_not_understood_is_told(
    client: Client, fields: dict[str, str], status: int, told: str
) -> None:
    answer = client("POST", "/reconcile", data=fields)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


def test_other_bodies_are_refused(client: Client) -> None:
    answer = client("POST", "/reconcile", json={"q": {"query": "x"}})

    assert answer.status_code == 415
    assert client("POST", "/reconcile", data={"queries": ["{}", "{}"]}).status_code == 400


def test_scripts_of_other_sites_may_ask(client: Client) -> None:
    for path in ("/reconcile", "/reconcile/suggest/entity"):
        answer = client("OPTIONS", path)

        assert answer.status_code == 204
        assert "POST" in answer.headers["access-control-allow-methods"]
