"""The site map lists the page of every thing, and is cut into parts when it grows large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from api.linked import Visit
from api.routes import sitemap

if TYPE_CHECKING:
    import httpx

    from kg.store import OpenRelease

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def locations(content: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(content).iter(f"{SPACE}loc")]  # noqa: S314 - our own


def test_every_thing_has_its_page_in_it(client: httpx.Client) -> None:
    found = locations(client.get("/sitemap.xml").content)

    assert len(found) == len(set(found)) == 265
    assert all(url.startswith(f"{client.base_url}/page/") for url in found)
    for url in [u for u in found if "member-" not in u]:
        assert client.get(url).status_code == 200, url


def test_above_the_limit_it_is_an_index(site: Any, opened: OpenRelease) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/sitemap.xml",
        "headers": [(b"host", b"atlas.example")],
        "scheme": "https",
        "server": ("atlas.example", 443),
        "query_string": b"",
        "root_path": "",
        "app": site.app,
    }
    from fastapi import Request  # noqa: PLC0415 - here alone

    to = Visit(Request(scope), opened, lasting=False)

    index = sitemap.build(to, largest=100)

    assert locations(index) == [f"https://atlas.example/sitemap-{n}.xml" for n in (1, 2, 3)]
    parts = [url for n in (1, 2, 3) for url in locations(sitemap.one(to, n, 100))]
    assert parts == locations(sitemap.build(to))


def test_parts(client: httpx.Client) -> None:
    assert client.get("/sitemap-1.xml").content == client.get("/sitemap.xml").content
    assert client.get("/sitemap-2.xml").status_code == 404
    assert client.get("/sitemap-x.xml").status_code == 422


def test_robots_are_told_of_it(client: httpx.Client) -> None:
    assert f"Sitemap: {client.base_url}/sitemap.xml" in client.get("/robots.txt").text
