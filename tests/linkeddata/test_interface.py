"""The description of the interface names every resource of linked data and how it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def test_every_resource_is_described(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    for path in ("/id/{path}", "/data/{path}", "/ontology", "/catalog", "/changes", "/sitemap.xml"):
        operation = paths[path]["get"]
        assert operation["summary"]
        assert operation["description"]
        assert "head" not in paths[path]
    names = [one["operationId"] for path in paths.values() for one in path.values()]
    assert len(names) == len(set(names))


def test_an_unexpected_method_is_405(client: httpx.Client) -> None:
    answer = client.post("/id/organisation/lens-gmbh")

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"
