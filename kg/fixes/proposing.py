"""Proposing: which module reads a value again, by the rule, the property and the datatype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.fixes import codes, coordinates, dates, identifiers, numbers, pairs, texts
from kg.fixes.fix import FLOOR, Fix, local
from kg.statements import IRI
from kg.terms import XSD, XSD_BOOLEAN, XSD_DATE, XSD_DATE_TIME, XSD_DECIMAL, XSD_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.fixes.fix import Fault, Reading
    from kg.fixes.lists import Lists

_BY_DATATYPE: Final[dict[str, Callable[[str], Reading | None]]] = {
    XSD_DATE: dates.day,
    XSD_DATE_TIME: dates.day_and_time,
    XSD + "gYear": dates.year,
    XSD_DECIMAL: numbers.amount,
    XSD_INTEGER: numbers.whole,
    XSD_BOOLEAN: numbers.truth,
}
_BY_PROPERTY: Final[dict[str, Callable[[str], Reading | None]]] = {
    "pic": identifiers.pic,
    "vatNumber": identifiers.vat,
    "grantDoi": identifiers.doi,
    "homepage": identifiers.web_address,
    "website": identifiers.web_address,
    "activityType": codes.activity,
    "status": codes.state,
    "role": codes.role,
    "latitude": lambda text: coordinates.degrees(text, coordinates.LATITUDE),
    "longitude": lambda text: coordinates.degrees(text, coordinates.LONGITUDE),
    "position": coordinates.position,
}
_PERIODS: Final = ("PeriodOrder", "ValidityOrder", "Period")
_POSITIONS: Final = ("Latitude", "Longitude", "PositionInCountry")
# Of these the statements are in contradiction: which of them is right is decided by kg.choice.
_NO_FIX: Final = ("OneValueStated", "CountryOne")
_TEXTS: Final = "Text"
# Exceeding another value says nothing about what the value should be.
_COMPARING: Final = ("WithinCost", "WithinGrant", "NetContribution", "InTime", "Plausible")


def propose(fault: Fault, lists: Lists, namespace: str) -> Fix | None:
    """Return what a value was most likely meant to be, None if nothing is sure enough.

    Args:
        fault: what breaks a rule.
        lists: the code lists to look codes up in.
        namespace: the ontology's, for the properties of fixes that change two values.
    """
    if fault.rule in _NO_FIX or fault.rule.endswith(_COMPARING):
        return None
    found = _of_node(fault, lists, namespace) or _of_value(fault, lists)
    return found if found and found.confidence >= FLOOR else None


def _of_node(fault: Fault, lists: Lists, namespace: str) -> Fix | None:
    """Return a fix that other values of the node suggest."""
    if fault.rule.endswith(_PERIODS):
        return pairs.period(fault, namespace)
    if fault.rule in _POSITIONS:
        return pairs.place(fault, namespace)
    if fault.rule == "RegionInCountry":
        return pairs.country_of_region(fault, lists, namespace)
    return None


def _of_value(fault: Fault, lists: Lists) -> Fix | None:
    name, text = local(fault.path), fault.value
    if not text or (fault.path is None and fault.kind == IRI):
        return None
    if name in {"country", "targetCountry"}:
        return _coded(fault, codes.country(_code(fault), lists), lists.countries.get)
    if name in {"region", "nutsCode"}:
        return _coded(fault, codes.region(_code(fault), lists), lists.regions.get)
    if name == "field":
        notation = _code(fault).rpartition("euroscivoc-")[2]
        found = codes.field_of_science(notation, fault.label, lists)
        return _coded(fault, found, lists.fields.get)
    read = _BY_PROPERTY.get(name) or _BY_DATATYPE.get(fault.datatype or "")
    if read is None and fault.rule.startswith(_TEXTS):
        read = texts.mended
    return _fix(fault, read(text)) if read else None


def _code(fault: Fault) -> str:
    """Return the code as it was written: an IRI was made of it by the loader."""
    return local(fault.value) if fault.kind == IRI else fault.value


def _coded(fault: Fault, found: Reading | None, iri_of: Callable[[str], str | None]) -> Fix | None:
    """Return the fix in the kind of term that was found."""
    if found is None:
        return None
    value = iri_of(found[0]) if fault.kind == IRI else found[0]
    return _fix(fault, (value, *found[1:])) if value else None


def _fix(fault: Fault, found: Reading | None) -> Fix | None:
    return Fix(*found) if found and found[0] != fault.value else None
