"""A release that an update made is answered at once, and from its columns a little later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from conftest import Server

PATIENCE = 120


def test_columns_and_index_follow_an_update(server: Server) -> None:
    """Both engines see what was added; look-ups go on meanwhile."""
    added = server.update(
        "INSERT DATA { GRAPH <https://w3id.org/cluster-atlas/graph/updates> "
        '{ organisation:late a atlas:Organisation ; rdfs:label "Later" ; '
        'atlas:legalName "Later" } }'
    )
    assert added.is_success, added.text
    assert server.ask("organisation:late a atlas:Organisation")
    looked = httpx.get(server.url + "/competences", params={"q": "photonics"}, timeout=60)
    assert looked.is_success

    end = time.monotonic() + PATIENCE
    while not httpx.get(server.url + "/healthz").json()["complete"]:
        assert time.monotonic() < end, "the release was not completed"
        time.sleep(0.2)
    query = (
        "SELECT (COUNT(*) AS ?n) { ?o a <https://w3id.org/cluster-atlas/ontology#Organisation> }"
    )
    counts = []
    for engine in ("columns", "oxigraph"):
        parameters = {"query": query, "engine": engine, "format": "json"}
        answer = httpx.get(server.url + "/sparql", params=parameters, timeout=60)
        assert answer.headers["X-Engine"] == engine
        counts.append(answer.json()["results"]["bindings"][0]["n"]["value"])
    assert counts[0] == counts[1]
