"""Identifiers of organisations as people write them, in one spelling each, or None.

PIC: the nine digits of the EU's participant register. VAT: Council Directive 2006/112/EC, article
215. ROR: nine characters, the alphabet without i, l, o, u (ror.org, identifier pattern).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_PIC = re.compile(r"[1-9][0-9]{8}")
_VAT = re.compile(r"[A-Z]{2,3}[0-9A-Z]{5,14}")
_ROR = re.compile(r"(?:https?://)?(?:www\.)?(?:ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}[0-9]{2})/?")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+", re.UNICODE)
# Below these, others than the owner of the domain have their pages.
_SHARED: Final = frozenset(
    {"facebook.com", "linkedin.com", "twitter.com", "x.com", "instagram.com", "youtube.com"}
    | {"google.com", "wixsite.com", "wordpress.com", "blogspot.com", "github.io", "github.com"}
    | {"weebly.com", "europa.eu", "wikipedia.org"}
)
_SECOND: Final = frozenset(
    {"ac", "co", "com", "edu", "gov", "gouv", "org", "net", "gob", "gv", "mil", "nhs", "or"}
)
_COUNTRY_CODE: Final = 2


def pic(text: str) -> str | None:
    """Return a PIC."""
    plain = re.sub(r"\s", "", text).removesuffix(".0")
    return plain if _PIC.fullmatch(plain) else None


def vat(text: str) -> str | None:
    """Return a VAT number with its country, without blanks and dots."""
    plain = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    return plain if _VAT.fullmatch(plain) and any(map(str.isdigit, plain)) else None


def ror(text: str) -> str | None:
    """Return the nine characters of a ROR identifier or address."""
    found = _ROR.fullmatch(text.strip().lower())
    return found[1] if found else None


def web(text: str) -> str | None:
    """Return the domain that an organisation has of its own, out of an address or e-mail domain."""
    address = text.strip().lower()
    address = address if "//" in address else f"//{address}"
    try:
        host = (urlsplit(address).hostname or "").removesuffix(".")
    except ValueError:
        return None
    if not _HOST.fullmatch(host):
        return None
    return _own(host)


def _own(host: str) -> str | None:
    """Return the registered part of a host: `dep.uni.ac.uk` → `uni.ac.uk`."""
    labels = host.split(".")
    country = len(labels[-1]) == _COUNTRY_CODE
    size = 3 if country and len(labels) > 2 and labels[-2] in _SECOND else 2  # noqa: PLR2004
    domain = ".".join(labels[-size:])
    return None if domain in _SHARED else domain
