"""Conditions that a look-up sets: where, what kind, how large, in which cluster or programme.

Each condition is a mask of its own, so that an answer without items can say which of them to relax
and what that would give.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kg.errors import NotFoundError, ParameterError
from kg.matching.landscape import day_number, today

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from kg.matching.landscape import Landscape

    Mask = NDArray[np.bool_]

KINDS: Final = {
    "PRC": "Company",
    "REC": "ResearchOrganisation",
    "HES": "University",
    "PUB": "PublicBody",
    "OTH": "OtherOrganisation",
}
READY: Final = frozenset({"Competence", "Service", "Offer"})
"""What an organisation may have at a readiness level."""


class Box(NamedTuple):
    """A rectangle on the map: west, south, east, north in degrees."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Conditions:
    """What an organisation, or the projects that count for it, must be; nothing is asked if unset.

    Places, clusters and programmes are IRIs; `kinds` are classes or activity types of CORDIS.
    """

    region: str | None = None
    country: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    sme: bool | None = None
    cluster: str | None = None
    bbox: Box | None = None
    trl: int | None = None
    programme: str | None = None
    running: bool | None = None

    def named(self) -> dict[str, object]:
        """Return the conditions that are set, by name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if value not in {None, ()}}


def organisation_masks(landscape: Landscape, asked: Conditions) -> Mapping[str, Mask]:
    """Return for each condition on the organisation which ones meet it.

    Raises:
        ParameterError: a place, cluster or kind that this release does not have.
    """
    masks: dict[str, Mask] = {}
    try:
        if asked.region:
            masks["region"] = landscape.located("organisation", asked.region)
        if asked.country:
            found = [landscape.located("organisation", c) for c in asked.country]
            masks["country"] = np.logical_or.reduce(found)
        if asked.cluster:
            masks["cluster"] = _members(landscape, asked.cluster)
    except NotFoundError as error:
        raise ParameterError(error.detail, **error.members) from error
    if asked.kind:
        masks["kind"] = _of_kind(landscape, asked.kind)
    if asked.sme is not None:
        masks["sme"] = landscape.sme == asked.sme
    if asked.bbox:
        masks["bbox"] = inside(landscape, "organisation", asked.bbox)
    if asked.trl is not None:
        masks["trl"] = _at_level(landscape, asked.trl)
    return masks


def project_masks(landscape: Landscape, asked: Conditions, day: date | None = None) -> Mask | None:
    """Return which projects count, or None when all do.

    Raises:
        ParameterError: a programme that this release does not have.
    """
    if asked.programme is None and asked.running is None:
        return None
    mask = landscape.known.copy()
    if asked.running is not None:
        mask &= running(landscape, day or today()) == asked.running
    if asked.programme is not None:
        mask &= _of_programme(landscape, asked.programme)
    return mask


def running(landscape: Landscape, day: date) -> Mask:
    """Return which projects run on a day."""
    begin = landscape.days("project", "start_date")
    end = landscape.days("project", "end_date")
    number = day_number(day)
    return (begin <= number) & (end >= number)


def inside(landscape: Landscape, table: str, box: Box) -> Mask:
    """Return which rows of a table lie in a rectangle; one over the date line is two."""
    longitude, latitude = (
        np.array(landscape.column(table, name), np.float64) for name in ("longitude", "latitude")
    )
    beyond = box.west > box.east
    if beyond:
        across = (longitude >= box.west) | (longitude <= box.east)
    else:
        across = (longitude >= box.west) & (longitude <= box.east)
    return across & (latitude >= box.south) & (latitude <= box.north)


def _of_kind(landscape: Landscape, kinds: tuple[str, ...]) -> Mask:
    wanted = {KINDS.get(kind, kind) for kind in kinds}
    known = {c for classes in landscape.column("organisation", "classes") for c in classes or ()}
    if not wanted <= known | set(KINDS.values()):
        unknown = ", ".join(sorted(wanted - known))
        detail = f"No organisation is of the kind {unknown}; there are {', '.join(sorted(known))}"
        raise ParameterError(detail, parameter="kind", allowed=sorted(known | set(KINDS)))
    classes = landscape.column("organisation", "classes")
    return np.array([bool(wanted.intersection(c or ())) for c in classes], bool)


def ready(landscape: Landscape, level: int) -> Mask:
    """Return which entries (competences, services, listings) reach a technology readiness level."""
    low, high = (
        np.array(landscape.column("entry", name), np.float64)
        for name in ("trlfrom_value", "trlto_value")
    )
    # One bound alone: exactly that level.
    low, high = np.where(np.isnan(low), high, low), np.where(np.isnan(high), low, high)
    return np.asarray((low <= level) & (high >= level))


def _at_level(landscape: Landscape, level: int) -> Mask:
    """Return which organisations have a competence, service or offer at a readiness level."""
    entries = ready(landscape, level)
    for row in np.flatnonzero(entries).tolist():
        entries[row] = bool(READY.intersection(landscape.column("entry", "classes")[row] or ()))
    chosen = entries[landscape.pairs("entry_organisation", "subject")]
    mask = np.zeros(landscape.size("organisation"), bool)
    mask[landscape.pairs("entry_organisation", "object")[chosen]] = True
    return mask


def _members(landscape: Landscape, cluster: str) -> Mask:
    entry = landscape.row("entry", cluster)
    chosen = landscape.pairs("entry_organisation", "subject") == entry
    mask = np.zeros(landscape.size("organisation"), bool)
    mask[landscape.pairs("entry_organisation", "object")[chosen]] = True
    return mask


def _of_programme(landscape: Landscape, programme: str) -> Mask:
    if programme not in landscape.rows("programme"):
        detail = f"This release has no programme {programme}"
        raise ParameterError(detail, parameter="programme")
    # Programmes are parts of programmes; the code of a part begins with the whole's (HORIZON.2).
    same = [
        row
        for iri, row in landscape.rows("programme").items()
        if iri == programme or iri.startswith((programme + ".", programme + "-"))
    ]
    chosen = np.isin(landscape.pairs("project_programme", "object"), same)
    mask = np.zeros(landscape.size("project"), bool)
    mask[landscape.pairs("project_programme", "subject")[chosen]] = True
    return mask
