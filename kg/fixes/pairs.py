"""Two values of one node that make sense the other way round."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from kg.fixes import coordinates
from kg.fixes.fix import Fix, local
from kg.statements import IRI

if TYPE_CHECKING:
    from kg.fixes.fix import Fault
    from kg.fixes.lists import Lists

_LONGEST: Final = 15 * 366
_YEAR_TYPED: Final = 366


def period(fault: Fault, namespace: str) -> Fix | None:
    """Exchange start and end where that makes a period of some weeks to some years."""
    names = _period_names(fault)
    start, end = (fault.beside.get(name) for name in names)
    days = _days(end, start)
    if start is None or end is None or days is None:
        return None
    if not 0 < days <= _LONGEST:
        return None
    sure = 0.9 if days > _YEAR_TYPED // 2 else 0.7
    return Fix(
        end,
        sure,
        "Start and end are exchanged.",
        "Beginn und Ende sind vertauscht.",
        namespace + names[0],
        ((namespace + names[1], start),),
    )


def _period_names(fault: Fault) -> tuple[str, str]:
    if fault.rule.startswith("Listing"):
        return "validFrom", "validUntil"
    return ("since", "until") if fault.rule.startswith("Membership") else ("startDate", "endDate")


def _days(first: str | None, last: str | None) -> int | None:
    try:
        return (date.fromisoformat(last or "") - date.fromisoformat(first or "")).days
    except ValueError:
        return None


def place(fault: Fault, namespace: str) -> Fix | None:
    """Exchange latitude and longitude, or turn a sign, where that leads into the country."""
    latitude, longitude = (fault.beside.get(name) for name in ("latitude", "longitude"))
    if latitude is None or longitude is None:
        return None
    country = local(fault.beside.get("country"))
    lat, lon = namespace + "latitude", namespace + "longitude"
    if sure := coordinates.exchanged(latitude, longitude, country):
        en = "Latitude and longitude are exchanged."
        de = "Breite und Länge sind vertauscht."
        return Fix(longitude, sure, en, de, lat, ((lon, latitude),))
    if turned := coordinates.mirrored(latitude, longitude, country):
        en, de = "A sign was lost or added.", "Ein Vorzeichen ging verloren oder kam hinzu."
        if turned[0] == latitude:
            return Fix(turned[1], 0.9, en, de, lon)
        also = () if turned[1] == longitude else ((lon, turned[1]),)
        return Fix(turned[0], 0.9, en, de, lat, also)
    return None


def country_of_region(fault: Fault, lists: Lists, namespace: str) -> Fix | None:
    """Take the country of the region where it differs only by the spelling of the code."""
    region = local(fault.beside.get("region"))
    told = local(fault.beside.get("country"))
    meant = lists.countries.get(region[:2])
    if not meant or not told or local(meant) == told or fault.kind != IRI:
        return None
    latitude, longitude = (fault.beside.get(name) for name in ("latitude", "longitude"))
    inside = {name: _inside(name, latitude, longitude) for name in (local(meant), told)}
    if inside[local(meant)] and not inside[told]:
        en = "Region and coordinates lie in this country."
        de = "Region und Koordinaten liegen in diesem Land."
        return Fix(meant, 0.85, en, de, namespace + "country")
    return None


def _inside(country: str, latitude: str | None, longitude: str | None) -> bool:
    box = coordinates.BOXES.get(country)
    try:
        return bool(box and box.holds(float(latitude or ""), float(longitude or "")))
    except ValueError:
        return False
