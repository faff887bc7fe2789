"""The preferred representation is chosen as RFC 9110 says."""

from __future__ import annotations

import pytest

from api import accept

OFFERS = ("text/turtle", "application/ld+json", "text/html")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/*", "text/turtle"),
        ("text/*;q=0.5, application/ld+json;q=0.4", "text/turtle"),
        ("application/ld+json, text/turtle;q=0.9", "application/ld+json"),
        ("text/html;q=0, text/*", "text/turtle"),
        ("text/turtle;q=0, */*;q=0.1", "application/ld+json"),
        ("text/turtle;q=0, application/*;q=0.2, */*;q=0.1", "application/ld+json"),
        ("text/turtle;q=0, text/*;q=0.001, application/*;q=0", "text/html"),
        ("text/html;level=1;q=0.3, text/turtle;q=0.2", "text/html"),
        ("text/html ; q=0.3 , text/turtle ; q=0.4", "text/turtle"),
        ("text/turtle;q=nonsense, text/html", "text/html"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/turtle;q=0.000", None),
    ],
)
def test_media_types(header: str, expected: str | None) -> None:
    assert accept.media_type(header, OFFERS) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("fr, de;q=0.5, en;q=0.4", "de"),
        ("en-GB;q=0.8, de;q=0.9", "de"),
        ("fr", "en"),
        ("de;q=0, *", "en"),
    ],
)
def test_languages(header: str, expected: str) -> None:
    assert accept.language(header, ("en", "de")) == expected
