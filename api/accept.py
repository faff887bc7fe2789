"""What a client prefers among what is offered (RFC 9110, sections 12.4.2, 12.5.1 and 12.5.4).

A media type has the quality of the most specific range that matches it: `type/subtype`, `type/*`,
`*/*`. Parameters other than `q` are not looked at. Among equal qualities the first offer wins; an
empty header accepts everything.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WEIGHT: Final = re.compile(r"\s*[qQ]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*")


def _qualities(header: str) -> dict[str, float]:
    """Return the quality of each range of a header; what is not well-formed is left out."""
    qualities: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = part.split(";")
        weights = [p for p in parameters if p.strip()[:2].lower() == "q="]
        found = _WEIGHT.fullmatch(weights[0]) if weights else None
        if name.strip() and (found or not weights):
            qualities[name.strip().lower()] = float(found[1]) if found else 1.0
    return qualities


@lru_cache(maxsize=1024)
def media_type(header: str, offers: tuple[str, ...]) -> str | None:
    """Return the offered media type that an Accept header prefers, or None."""
    qualities = _qualities(header) or {"*/*": 1.0}

    def quality(offer: str) -> float:
        main = offer.partition("/")[0]
        ranges = (offer, f"{main}/*", "*/*")
        return next((qualities[r] for r in ranges if r in qualities), 0.0)

    best = max(offers, key=quality)
    return best if quality(best) > 0 else None


@lru_cache(maxsize=256)
def language(header: str, offers: tuple[str, ...]) -> str:
    """Return the offered language that an Accept-Language header prefers, else the first.

    A reader of `de-AT` reads `de` (RFC 4647, section 3.4: lookup).
    """
    qualities = _qualities(header)

    def quality(offer: str) -> float:
        matching = [q for r, q in qualities.items() if r.partition("-")[0] == offer]
        return max(matching, default=qualities.get("*", 0.0))

    return max(offers, key=quality)
