"""The description of the interface names every resource of linked data and how it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/.well-known/void", "/.well-known/void"),
        ("/catalog", "/catalog"),
        ("/dumps/{number}", "/dumps/1"),
        ("/dumps/{number}/SHA256SUMS", "/dumps/1/SHA256SUMS"),
        ("/dumps/{number}/{name}", "/dumps/1/cluster-atlas-1.nq.gz"),
        ("/dumps/{number}/{name}", "/dumps/1/cluster-atlas-1.parquet"),
        ("/changes/{before}/{after}", "/changes/1/2"),
        ("/changes/{before}/{after}/{page}", "/changes/1/2/1"),
        ("/changes/{before}/{after}", "/changes/1/1"),
        ("/changes/{before}/{after}/{page}", "/changes/1/2/99"),
        ("/release/{number}", "/release/1"),
        ("/release/{number}", "/release/9"),
    ],
)
def test_what_is_made_of_releases_answers_as_described(
    client: httpx.Client, path: str, address: str
) -> None:
    """Status and media type, also for who has it already and for who accepts none."""
    responses = client.get("/openapi.json").json()["paths"][path]["get"]["responses"]
    for headers in ({}, {"If-None-Match": "*"}, {"Accept": "image/png"}, {"Range": "bytes=0-1"}):
        answer = client.get(address, headers=headers)

        assert str(answer.status_code) in responses, (headers, answer.status_code)
        if answer.status_code == 200:
            found = answer.headers["Content-Type"].partition(";")[0]
            assert found in responses["200"]["content"]


def test_an_unexpected_method_is_405(client: httpx.Client) -> None:
    answer = client.post("/id/organisation/lens-gmbh")

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"
