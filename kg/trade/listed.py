"""Offers and requests with a quantity, read out of a release."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kg.matching.landscape import day_number
from kg.matching.words import fold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from kg.matching.landscape import Landscape

KINDS: Final = ("Offer", "Request")
_FOREVER: Final = 10**6


@dataclass(frozen=True)
class Listing:
    """An offer or a request; places and technologies are IRIs, the quantity is exact."""

    iri: str
    label: str
    kind: str
    product: str
    unit: str
    quantity: Fraction
    country: str | None
    region: str | None
    targets: frozenset[str]
    technologies: frozenset[int]

    @property
    def key(self) -> tuple[str, str]:
        """Product and unit in the spelling in which they are compared."""
        return fold(self.product), unit_key(self.unit)


class Unusable(NamedTuple):
    """A listing that cannot be reckoned with, and why."""

    iri: str
    label: str
    reason: str


def unit_key(unit: str) -> str:
    """Return a unit as it is compared: without case, `/` read as `per`."""
    return " ".join(fold(unit.replace("/", " per ")).split())


def read(landscape: Landscape, day: date) -> tuple[list[Listing], list[Unusable]]:
    """Return the offers and requests that are valid on a day and have a quantity.

    One of the kind CapacityOffer or CapacityRequest whose quantity cannot be used is told as such;
    without a product the technologies stand for it.
    """
    relations = _related(landscape, "target"), _related(landscape, "entry_technology")
    found: list[Listing] = []
    unusable: list[Unusable] = []
    classes = landscape.column("entry", "classes")
    for row in np.flatnonzero(_valid(landscape, day)).tolist():
        own = set(classes[row] or ())
        kind = next((k for k in KINDS if k in own), None)
        if kind is None:
            continue
        made = _listing(landscape, row, kind, relations)
        if isinstance(made, Listing):
            found.append(made)
        elif own & {"CapacityOffer", "CapacityRequest"}:
            unusable.append(made)
    return found, unusable


def _valid(landscape: Landscape, day: date) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    number = day_number(day)
    begin = landscape.days("entry", "valid_from")
    end = landscape.days("entry", "valid_until")
    return np.asarray((begin <= number) & (np.where(end < 0, _FOREVER, end) >= number))


def _related(landscape: Landscape, table: str) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    columns = [landscape.pairs(table, name).tolist() for name in ("subject", "object")]
    for subject, thing in zip(*columns, strict=True):
        found[subject].append(thing)
    return found


def _listing(
    landscape: Landscape,
    row: int,
    kind: str,
    relations: tuple[Mapping[int, list[int]], Mapping[int, list[int]]],
) -> Listing | Unusable:
    names = ("iri", "label", "product", "unit", "quantity", "country", "region")
    iri, label, product, unit, written, country, region = (
        landscape.column("entry", name)[row] for name in names
    )
    quantity = _quantity(written)
    if quantity is None:
        reason = f"{written!r} is no quantity" if written else "no quantity is given"
        return Unusable(iri, label or iri, reason)
    places = landscape.column("place", "iri")
    targets, technologies = (relation.get(row, []) for relation in relations)
    canonical = [int(landscape.canonical[n]) for n in technologies]
    concepts = landscape.column("concept", "label")
    product = product or ", ".join(sorted({concepts[n] or "" for n in canonical}))
    if not product:
        return Unusable(iri, label or iri, "neither a product nor a technology is given")
    return Listing(
        iri,
        label or iri,
        kind,
        product,
        unit or "",
        quantity,
        country,
        region,
        frozenset(places[n] for n in targets),
        frozenset(canonical),
    )


def _quantity(written: str | None) -> Fraction | None:
    try:
        found = Fraction(written or "")
    except (ValueError, ZeroDivisionError):
        return None
    return found if found > 0 else None
