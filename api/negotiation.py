"""Choosing among representations by Accept and Accept-Encoding (RFC 9110, section 12.5).

A media range counts by its most specific match: `type/subtype`, then `type/*`, then `*/*`. Among
equal qualities the server's order decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kg.errors import NotAcceptableError
from kg.query.formats import FORMATS
from kg.query.request import Acceptable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.query.formats import Format, Kind

_WEIGHT: Final = re.compile(r"[qQ]=([01](?:\.[0-9]{0,3})?)$")

_FOR_PEOPLE: Final[dict[str, tuple[str | None, str | None]]] = {
    "json": ("json", "jsonld"),
    "xml": ("xml", "rdfxml"),
    "csv": ("csv", None),
    "tsv": ("tsv", None),
    "turtle": (None, "turtle"),
    "ttl": (None, "turtle"),
    "ntriples": (None, "ntriples"),
    "nt": (None, "ntriples"),
    "n-triples": (None, "ntriples"),
    "jsonld": (None, "jsonld"),
    "json-ld": (None, "jsonld"),
    "rdfxml": (None, "rdfxml"),
    "rdf": (None, "rdfxml"),
    "rdf+xml": (None, "rdfxml"),
    "nquads": (None, "nquads"),
    "nq": (None, "nquads"),
    "trig": (None, "trig"),
    "n3": (None, "n3"),
}
"""What `format=` may say: the format for solutions and booleans, and that for graphs."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The format of each kind of answer, and the media type by which the client asked for it.

    `name` tells one choice from another.
    """

    acceptable: Acceptable
    asked: Mapping[str, str]
    name: str = ""

    def media_type(self, sent: str) -> str:
        """Return the Content-Type of an answer whose format has the media type `sent`."""
        return self.asked.get(sent, sent)


def _weights(header: str) -> dict[str, float]:
    """Return the quality of each range of an Accept or Accept-Encoding header."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        found = [match for p in parameters if (match := _WEIGHT.match(p))]
        if name:
            weights[name] = float(found[-1][1]) if found else 1.0
    return weights


def _quality(weights: dict[str, float], media_type: str) -> float:
    main = media_type.partition("/")[0] + "/*"
    return weights.get(media_type, weights.get(main, weights.get("*/*", 0.0)))


def _best(weights: dict[str, float], formats: tuple[Format, ...]) -> tuple[Format, str] | None:
    """Return the preferred format and the media type by which it was found."""
    best: tuple[Format, str] | None = None
    quality = 0.0
    for form in formats:
        for position, media_type in enumerate(form.types):
            # Another name of a format is meant only by who writes it out.
            value = weights.get(media_type, 0.0) if position else _quality(weights, media_type)
            if value > quality:
                best, quality = (form, media_type), value
    return best


@lru_cache(maxsize=512)
def by_accept(header: str) -> Choice:
    """Return the formats that an Accept header prefers; an empty one accepts everything.

    Raises:
        NotAcceptableError: it accepts no format of any kind of answer.
    """
    weights = _weights(header) or {"*/*": 1.0}
    found = {kind: _best(weights, formats) for kind, formats in FORMATS.items()}
    if not any(found.values()):
        raise NotAcceptableError(f"Nothing is available as {header}", available=_available())
    asked = {
        best[0].media_type: best[1]
        for best in found.values()
        if best is not None and best[1] != best[0].types[0]
    }
    acceptable = Acceptable(*(best and best[0].name for best in found.values()))
    return Choice(acceptable, asked, f"{acceptable}{asked}")


def by_name(name: str) -> Choice:
    """Return the formats that `format=` names: a short name, or a media type.

    Raises:
        NotAcceptableError: nothing has that name.
    """
    if "/" in name:
        # A plus sign in a query string is a space.
        return by_accept(name.replace(" ", "+"))
    if name.lower() not in _FOR_PEOPLE:
        names = sorted(_FOR_PEOPLE)
        raise NotAcceptableError(f"There is no format {name!r}", available=names)
    table, graph = _FOR_PEOPLE[name.lower()]
    acceptable = Acceptable(table, table, graph)
    return Choice(acceptable, {}, str(acceptable))


def _available() -> list[str]:
    every: list[str] = []
    kinds: list[Kind] = ["solutions", "graph"]
    for kind in kinds:
        every += [form.media_type for form in FORMATS[kind]]
    return every


@lru_cache(maxsize=128)
def coding(header: str) -> str:
    """Return the content coding that an Accept-Encoding header prefers."""
    weights = _weights(header)
    other = weights.get("*", 0.0)
    qualities = {name: weights.get(name, other) for name in ("zstd", "gzip")}
    best = max(qualities, key=lambda name: qualities[name])
    return best if qualities[best] > 0 else "identity"
