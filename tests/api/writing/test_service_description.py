"""`/sparql` without a query: RDF about the service for programs, a page with a form for people."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

if TYPE_CHECKING:
    from conftest import Server

SD = "http://www.w3.org/ns/sparql-service-description#"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"]
)
def test_programs_get_rdf(server: Server, accept: str) -> None:
    answer = httpx.get(f"{server.url}/sparql", headers={"Accept": accept})
    form = RdfFormat.from_media_type(accept)
    assert form is not None
    store = Store()
    store.extend(parse(answer.content, form))

    assert answer.status_code == 200
    endpoints = [q.object for q in store.quads_for_pattern(None, NamedNode(SD + "endpoint"), None)]
    assert endpoints == [NamedNode(f"{server.url}/sparql")]
    feature = NamedNode(SD + "UnionDefaultGraph")
    assert list(store.quads_for_pattern(None, NamedNode(SD + "feature"), feature))
    names = {q.object.value for q in store.quads_for_pattern(None, NamedNode(SD + "name"), None)}  # type: ignore[union-attr] # names are IRIs
    assert "https://w3id.org/cluster-atlas/graph/cordis" in names


class Addresses(HTMLParser):
    """Collects the addresses that a page would fetch or send to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag and of its addresses."""
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in {"href", "src", "action"}]


@pytest.mark.parametrize("accept", [BROWSER, "text/html"])
def test_people_get_a_form(server: Server, accept: str) -> None:
    answer = httpx.get(f"{server.url}/sparql", headers={"Accept": accept})
    page = Addresses()
    page.feed(answer.text)

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert all(address.startswith(("/", "?", "#")) for address in page.found)  # of this site
    assert {"form", "textarea"} <= page.tags
    assert "script" not in page.tags
    assert "&lt;https://w3id.org/cluster-atlas/" in answer.text


def test_a_post_without_a_query_is_an_error(server: Server) -> None:
    form = {"format": "json"}

    assert httpx.post(f"{server.url}/sparql", data=form).status_code == 400
