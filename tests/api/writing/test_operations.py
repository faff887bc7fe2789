"""An operator sees the queries that run and ends one."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from conftest import Server

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_only_an_operator_sees_queries(server: Server) -> None:
    url = f"{server.url}/operations/queries"

    assert httpx.get(url).status_code == 401
    assert httpx.get(url).headers["www-authenticate"].startswith("Bearer")
    assert server.write("GET", "/operations/queries").status_code == 403
    assert httpx.delete(f"{url}/x").status_code == 401


def test_an_operator_ends_a_query(server: Server) -> None:
    """Its client gets 503 as a problem."""
    answers: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(
            httpx.get(f"{server.url}/sparql", params={"query": ENDLESS}, timeout=60)
        )
    )
    asking.start()
    headers = {"Authorization": f"Bearer {server.operator}"}
    url = f"{server.url}/operations/queries"
    for _ in range(1200):
        found = httpx.get(url, headers=headers, timeout=60).json()["queries"]
        if found:
            break
        time.sleep(0.05)

    assert found[0]["text"] == ENDLESS
    assert {"id", "release", "state", "seconds", "cpu", "sent"} <= set(found[0])
    assert httpx.delete(f"{url}/{found[0]['id']}", headers=headers, timeout=60).status_code == 204
    asking.join()
    assert answers[0].status_code == 503
    assert httpx.delete(f"{url}/{found[0]['id']}", headers=headers, timeout=60).status_code == 404
