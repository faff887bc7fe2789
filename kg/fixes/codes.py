"""Codes of lists: case, aliases, names instead of codes, and the nearest match above a floor."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from kg.fixes.lists import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.fixes.fix import Reading
    from kg.fixes.lists import Lists

NEAREST: Final = 0.78
"""Names less alike than this (Ratcliff and Obershelp's measure) are not taken for each other."""

AHEAD: Final = 0.06
"""How much nearer the nearest has to be than the second."""

# Codes that others use for what the EU writes otherwise (Interinstitutional style guide, 7.1).
_COUNTRY_ALIASES: Final = {"GB": "UK", "GR": "EL", "EN": "UK", "SF": "FI", "XKX": "XK", "KS": "XK"}
# What people call countries in German and otherwise than the list does.
_COUNTRIES: Final = {
    "DE": (
        "deutschland",
        "allemagne",
    ),
    "AT": (
        "osterreich",
        "autriche",
    ),
    "FR": ("frankreich",),
    "IT": (
        "italien",
        "italia",
    ),
    "ES": (
        "spanien",
        "espana",
    ),
    "CH": (
        "schweiz",
        "suisse",
    ),
    "BE": (
        "belgien",
        "belgique",
        "belgie",
    ),
    "NL": (
        "niederlande",
        "nederland",
        "the netherlands",
        "holland",
    ),
    "PL": (
        "polen",
        "polska",
    ),
    "CZ": (
        "tschechien",
        "czech republic",
    ),
    "EL": (
        "griechenland",
        "hellas",
    ),
    "UK": (
        "great britain",
        "england",
        "united kingdom",
        "vereinigtes konigreich",
        "schottland",
    ),
    "HU": ("ungarn",),
    "RO": ("rumanien",),
    "DK": ("danemark",),
    "SE": (
        "schweden",
        "sverige",
    ),
    "FI": (
        "finnland",
        "suomi",
    ),
    "NO": (
        "norwegen",
        "norge",
    ),
    "TR": (
        "turkei",
        "turkey",
    ),
    "US": (
        "usa",
        "united states",
    ),
    "IE": (
        "irland",
        "eire",
    ),
    "SI": ("slowenien",),
    "SK": ("slowakei",),
    "HR": ("kroatien",),
    "BG": ("bulgarien",),
    "LT": ("litauen",),
    "LV": ("lettland",),
    "EE": ("estland",),
    "LU": ("luxemburg",),
    "CY": ("zypern",),
}
_COUNTRY_NAMES: Final = {name: code for code, names in _COUNTRIES.items() for name in names}
_ACTIVITIES: Final = {
    "PRC": ("company", "private company", "for profit", "enterprise", "sme", "industry", "firma",
            "unternehmen", "private for profit entities", "priv", "ind", "com", "kmu"),
    "HES": ("university", "higher education", "hochschule", "universitat", "hei", "uni",
            "higher or secondary education establishments", "edu"),
    "REC": ("research organisation", "research organisations", "research organization", "rto",
            "research institute", "forschungseinrichtung", "res", "research centre", "institut"),
    "PUB": ("public body", "public bodies", "behorde", "government", "gov", "offentliche stelle"),
    "OTH": ("other", "others", "andere", "sonstige", "ngo", "association", "verein"),
}  # fmt: skip
_ROLES: Final = {
    "coordinator": ("koordinator", "lead partner", "lead", "co ordinator", "coord", "leader"),
    "participant": ("teilnehmer", "beteiligter", "part", "project partner", "member"),
    "associatedPartner": ("associated partner", "associated", "assoziierter partner", "assoc"),
    "thirdParty": ("third party", "third parties", "linked third party", "dritter", "3rd party"),
}
_STATES: Final = {
    "SIGNED": ("sign", "unterzeichnet", "grant signed"),
    "CLOSED": ("completed", "finished", "ended", "abgeschlossen", "beendet", "close"),
    "TERMINATED": ("terminated early", "abgebrochen", "aborted"),
    "ONGOING": ("running", "in progress", "laufend", "on going", "active"),
    "PLANNED": ("geplant", "future"),
    "CANCELLED": ("canceled", "storniert"),
}
_NUTS: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{0,3}")
_DIGIT_LETTERS: Final = str.maketrans("OIL", "011")


def country(text: str, lists: Lists) -> Reading | None:
    """Read a country; the value is its alpha-2 code as the EU writes it."""
    code = re.sub(r"[^A-Z]", "", text.upper())
    code = _COUNTRY_ALIASES.get(code, code)
    if code in lists.countries:
        sure = 0.98 if len(code) == 2 else 0.9  # noqa: PLR2004 - letters of a code
        return _read(code, sure, text)
    for alpha_2, iri in lists.countries.items():
        if iri.endswith(f"/{code}"):
            return _read(alpha_2, 0.97, text)
    name = folded(text)
    if known := _COUNTRY_NAMES.get(name) or lists.country_names.get(name):
        return _read(known, 0.97, text) if known in lists.countries else None
    names = {**lists.country_names, **_COUNTRY_NAMES}
    found = nearest(name, names) if len(name) > 3 else None  # noqa: PLR2004 - no code
    return _near(names[found[0]], found[1], text) if found else None


def region(text: str, lists: Lists) -> Reading | None:
    """Read a NUTS code; digits are not guessed, for codes of older editions look alike."""
    code = re.sub(r"[^0-9A-Z]", "", text.upper())
    tried = [code, *_other_prefixes(code), code[:2] + code[2:].translate(_DIGIT_LETTERS)]
    if len(code) > 2 and code[:2] not in {known[:2] for known in lists.regions}:  # noqa: PLR2004
        tried.append(code[1] + code[0] + code[2:])
    found = next((c for c in tried if c != text and c in lists.regions), None)
    if found:
        return _read(found, 0.97 if found in tried[:2] else 0.88, text)
    if (
        code != text
        and _NUTS.fullmatch(code)
        and code[:2] in {known[:2] for known in lists.regions}
    ):
        return _read(code, 0.85, text)
    return None


def _other_prefixes(code: str) -> list[str]:
    return [new + code[2:] for old, new in (("GR", "EL"), ("GB", "UK")) if code.startswith(old)]


def field_of_science(notation: str, label: str | None, lists: Lists) -> Reading | None:
    """Read a EuroSciVoc code that the vocabulary does not have, by the name beside it."""
    digits = notation.strip("/ ").rpartition("/")[2]
    if digits != notation and digits in lists.fields:
        return _read(digits, 0.97, notation)
    if not label:
        return None
    name = folded(label)
    if known := lists.field_names.get(name):
        return _read(known, 0.95, label)
    found = nearest(name, lists.field_names, 0.93)
    known = lists.field_names[found[0]] if found else None
    return _near(known, found[1], label) if found and known else None


def activity(text: str) -> Reading | None:
    """Read one of the five kinds of activity."""
    return _chosen(text, _ACTIVITIES)


def role(text: str) -> Reading | None:
    """Read the role of a participant."""
    return _chosen(text, _ROLES)


def state(text: str) -> Reading | None:
    """Read the state of a project."""
    return _chosen(text, _STATES)


def _chosen(text: str, words: Mapping[str, Iterable[str]]) -> Reading | None:
    """Read a code by itself in another case, by a word that stands for it, or by the nearest."""
    name = folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    known = {folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code)): code for code in words}
    if name in known:
        return _read(known[name], 0.98, text)
    meant = {folded(word): code for code, others in words.items() for word in others}
    if name in meant:
        return _read(meant[name], 0.9, text)
    found = nearest(name, known, 0.8)
    return _near(known[found[0]], found[1], text) if found else None


def nearest(
    name: str, known: Mapping[str, object], floor: float = NEAREST
) -> tuple[str, float] | None:
    """Return the known name nearest to another and how alike they are, if it stands out."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(name)
    ranked: list[tuple[float, str]] = []
    for one in known:
        matcher.set_seq1(one)
        if matcher.real_quick_ratio() >= floor - AHEAD and matcher.quick_ratio() >= floor - AHEAD:
            ranked.append((matcher.ratio(), one))
    ranked.sort(reverse=True)
    if not ranked or ranked[0][0] < floor:
        return None
    meant = known[ranked[0][1]]
    others = [alike for alike, one in ranked[1:] if known[one] != meant]
    if others and ranked[0][0] - others[0] < AHEAD:
        return None
    return ranked[0][1], ranked[0][0]


def _read(code: str, sure: float, text: str) -> Reading:
    return code, sure, f"“{text}” stands for {code}.", f"„{text}“ steht für {code}."


def _near(code: str, alike: float, text: str) -> Reading:
    en = f"{code} is the nearest match to “{text}”."
    return code, round(0.95 * alike, 2), en, f"{code} kommt „{text}“ am nächsten."
