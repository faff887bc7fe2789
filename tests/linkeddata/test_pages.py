"""Pages show every value as text, link only what is safe, and need nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

PATHS = [
    "/page/organisation/evil",
    "/page/organisation/lens-gmbh",
    "/page/cluster/hub?page=2",
    "/page/project/dropped",
    "/page/project/changed?release=1",
    "/about?iri=http://data.europa.eu/8mn/euroscivoc/1&format=html",
    "/ontology?format=html",
    "/catalog?format=html",
    "/changes?format=html",
]
VOID_ELEMENTS = {"meta", "link", "br"}
BY_ACCEPT = ["/dumps", "/dumps/2"]


class Reader(HTMLParser):
    """Collects the elements of a page and checks that they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID_ELEMENTS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the element that ends is the one that began last."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def read(client: httpx.Client, path: str, language: str = "en") -> Reader:
    headers = {"Accept": "text/html", "Accept-Language": language}
    answer = client.get(path, headers=headers)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Reader(answer.text)


@pytest.mark.parametrize("path", PATHS + BY_ACCEPT)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_is_accessible_and_complete_in_itself(
    client: httpx.Client, path: str, language: str
) -> None:
    page = read(client, path, language)

    assert page.all("html") == [{"lang": language}]
    assert len(page.all("h1")) == 1
    assert len(page.all("title")) == len(page.all("main")) == len(page.all("header")) == 1
    names = {name for name, _ in page.elements}
    assert names & {"script", "img", "iframe", "object", "form", "base", "embed"} == set()
    assert all(a.get("rel") == "alternate" for a in page.all("link"))
    assert not [key for _, attributes in page.elements for key in attributes if key[:2] == "on"]
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(header.get("scope") for header in page.all("th"))
    targets = [a["href"] or "" for a in page.all("a")]
    assert all(re.match(r"(/|\?|#|https?://)", target, re.IGNORECASE) for target in targets)


def test_values_are_text_whatever_they_say(client: httpx.Client) -> None:
    page = read(client, "/page/organisation/evil")

    assert "<script>alert(1)</script>\"'&" in page.texts
    assert "</style><img src=x onerror=alert(1)>{{ 7*7 }}" in page.texts
    assert "javascript:alert%281%29" in page.texts


def test_only_web_addresses_are_links(client: httpx.Client) -> None:
    targets = [a["href"] or "" for a in read(client, "/page/organisation/evil").all("a")]

    assert "HTTPS://shouting.example/?a=1&b=%27'" in targets
    assert not [t for t in targets if t.lower().startswith(("javascript:", "data:"))]


def test_the_policy_allows_the_style_sheet_and_nothing_else(client: httpx.Client) -> None:
    answer = client.get("/page/organisation/evil")
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "path", "expected", "label"),
    [
        ("de-CH, en;q=0.5", "/page/cluster/hub", "de", "Optik-Verbund"),
        ("en", "/page/cluster/hub", "en", "Hub of optics"),
        ("fr", "/page/cluster/hub", "en", "Hub of optics"),
        ("en", "/page/cluster/hub?lang=de", "de", "Optik-Verbund"),
    ],
)
def test_the_reader_chooses_the_language(
    client: httpx.Client, accepted: str, path: str, expected: str, label: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": accepted})

    assert answer.headers["Content-Language"] == expected
    assert label in Reader(answer.text).texts
    assert "Accept-Language" in answer.headers["Vary"] if "lang" not in path else True


def test_languages_have_entity_tags_of_their_own(client: httpx.Client) -> None:
    german = client.get("/page/cluster/hub", headers={"Accept-Language": "de"}).headers["ETag"]
    headers = {"Accept-Language": "en", "If-None-Match": german}

    assert client.get("/page/cluster/hub", headers=headers).status_code == 200


def test_a_language_without_pages_is_refused(client: httpx.Client) -> None:
    answer = client.get("/page/cluster/hub?lang=fr")

    assert answer.status_code == 400
    assert answer.json()["allowed"] == ["en", "de"]


def test_every_local_link_of_a_page_leads_somewhere(client: httpx.Client) -> None:
    seen: set[str] = set()
    for path in [*PATHS[1:3], "/ontology?format=html", "/catalog?format=html"]:
        for attributes in read(client, path).all("a"):
            target = attributes["href"] or ""
            if target.startswith("/") and target not in seen:
                seen.add(target)
                answer = client.get(target, headers={"Accept": "text/html"})
                assert answer.status_code == 200, target

    assert len(seen) > 50


def test_pages_of_the_past_say_so_and_stay_there(client: httpx.Client) -> None:
    page = read(client, "/page/project/changed?release=1")

    assert "This is release 1, not the newest." in page.texts
    targets = [a["href"] or "" for a in page.all("a")]
    assert "/catalog?release=1" in targets
    assert "?release=1&lang=de" in targets


def test_both_languages_have_the_same_words() -> None:
    from api.words import WORDS  # noqa: PLC0415 - here alone

    assert set(WORDS["en"]) == set(WORDS["de"])
    for name in WORDS["en"]:
        fields = [set(re.findall(r"{\w*}", WORDS[lang][name])) for lang in ("en", "de")]
        assert fields[0] == fields[1]


def test_programs_are_led_to_the_catalogue(client: httpx.Client) -> None:
    answer = client.get("/", headers={"Accept": "text/turtle"}, follow_redirects=True)

    assert answer.url.path == "/catalog"
    assert answer.status_code == 200
