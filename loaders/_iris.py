"""Web addresses as people type them, made into IRIs where that is sound (RFC 3987)."""

from __future__ import annotations

import re
from typing import Final

from kg.terms import is_iri

# Formatting characters that no IRI may hold (RFC 3987, section 4.1) and that come in by copying.
_INVISIBLE: Final = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"
# Hyphens of word processors, where a host can only have the plain one.
_TYPED: Final = dict.fromkeys(map(ord, _INVISIBLE)) | dict.fromkeys(map(ord, "\u2010\u2011"), "-")
_SCHEME = re.compile(r"https?:/*(?=[^/])", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
# A host: labels of letters (of any script), digits and hyphens, with a dot between them.
_HOST = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+\.?", re.UNICODE)
_ANOTHER = re.compile(r"[\s,;]\s*(?:https?:|www\.)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


def web_address(text: str) -> str:
    """Return `text` as an http or https IRI.

    A missing scheme becomes `http://`, a broken one (`http:/`, `http//`) is mended, blanks and
    other characters that no IRI holds are percent-encoded after the host.

    Raises:
        ValueError: it is no web address: another scheme, no host with a dot, several addresses.
    """
    address = text.translate(_TYPED).strip()
    scheme, rest = _split(address)
    host, slash, path = re.match(r"([^/?#]*)([/?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not _HOST.fullmatch(re.sub(r":\d+$", "", host)):
        raise ValueError(f"{text!r} is no web address")
    if _ANOTHER.search(path):
        raise ValueError(f"{text!r} holds several web addresses; expected one")
    iri = scheme + host + slash + _UNSAFE.sub(lambda m: f"%{ord(m[0]):02X}", path)
    if not is_iri(iri):
        raise ValueError(f"{text!r} is no web address")
    return iri


def _split(address: str) -> tuple[str, str]:
    """Return the scheme with its slashes, and the rest."""
    if address.lower().startswith(("http//", "https//")):
        address = address.replace("//", "://", 1)
    if match := _SCHEME.match(address):
        return match[0].rstrip("/") + "//", address[match.end() :]
    if _OTHER_SCHEME.match(address):
        raise ValueError(f"{address!r} is no http or https address")
    return "http://", address.lstrip("/")
