"""How good fixes are: values whose truth is known are damaged as people and programs damage them.

Of each kind of damage it is counted how many values were damaged, for how many a fix was proposed,
and how many of the fixes are the truth. What nobody could repair (a day that does not exist, a
number that is none) is damage of its own: there every proposal is wrong.

- precision: right proposals of all proposals
- recall: right proposals of all damaged values that can be repaired
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.fixes import coordinates
from kg.fixes.fix import Fault
from kg.fixes.proposing import propose
from kg.statements import IRI
from kg.terms import COUNTRY, NUTS, XSD_BOOLEAN, XSD_DATE, XSD_DECIMAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.fixes.lists import Lists

    Damage = Iterator[tuple[str, Fault, str | None]]

_NAMESPACE: Final = "https://example.org/ontology#"
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August",
                  "September", "October", "November", "December")  # fmt: skip
_MONATE: Final = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August",
                  "September", "Oktober", "November", "Dezember")  # fmt: skip
_NAMES: Final = ("Universität Köln", "Göteborgs Högskola", "Institut für Lasertechnik",
                 "Politécnica de Madrid", "Société générale", "Łódź Technology Centre")  # fmt: skip
_SWAPPED: Final = ("PeriodOrder", "startDate", "endDate")


class Measured(NamedTuple):
    """What became of a kind of damage."""

    kind: str
    damaged: int
    repairable: int
    proposed: int
    right: int


def measure(lists: Lists, each: int = 50, seed: int = 1) -> list[Measured]:
    """Damage `each` values in every way, and count what is proposed for them."""
    counts: dict[str, Counter[str]] = {}
    chance = random.Random(seed)  # noqa: S311 - the same values in every run
    for _ in range(each):
        for make in _DAMAGES:
            for kind, fault, truth in make(chance, lists):
                count = counts.setdefault(kind, Counter())
                fix = propose(fault, lists, _NAMESPACE)
                count["damaged"] += 1
                count["repairable"] += truth is not None
                count["proposed"] += fix is not None
                count["right"] += fix is not None and fix.value == truth
    return [
        Measured(kind, *(c[name] for name in Measured._fields[1:])) for kind, c in counts.items()
    ]


def total(measured: list[Measured]) -> tuple[float, float]:
    """Return precision and recall of all proposals."""
    right = sum(one.right for one in measured)
    proposed = sum(one.proposed for one in measured)
    repairable = sum(one.repairable for one in measured)
    return right / max(1, proposed), right / max(1, repairable)


def table(measured: list[Measured]) -> str:
    """Return the counts as text, with precision and recall below."""
    precision, recall = total(measured)
    lines = [f"{'kind':<28}{'damaged':>8}{'repairable':>11}{'proposed':>9}{'right':>7}"]
    lines += [
        f"{m.kind:<28}{m.damaged:>8}{m.repairable:>11}{m.proposed:>9}{m.right:>7}" for m in measured
    ]
    return "\n".join([*lines, f"precision {precision:.3f}, recall {recall:.3f}"])


def _literal(name: str, value: str, datatype: str | None = None, rule: str = "Any") -> Fault:
    return Fault(rule, _NAMESPACE + name, value, datatype=datatype)


def _dates(chance: random.Random, _lists: Lists) -> Damage:
    day = date(2015, 1, 1) + timedelta(days=chance.randrange(5000))
    truth = day.isoformat()
    serial = (day - date(1899, 12, 30)).days
    clear = day.day > 12  # noqa: PLR2004 - months of a year
    for kind, text, right in (
        ("day.month.year", f"{day:%d.%m.%Y}", truth),
        ("day/month/year", f"{day:%d/%m/%Y}", truth),
        ("day, English month", f"{day.day} {_MONTHS[day.month - 1]} {day.year}", truth),
        ("day, German month", f"{day.day}. {_MONATE[day.month - 1]} {day.year}", truth),
        ("date without hyphens", f"{day:%Y%m%d}", truth),
        ("date with time", f"{truth} 00:00:00", truth),
        ("serial number of Excel", str(serial), truth),
        ("month and day exchanged", f"{day:%Y-%d-%m}", truth if clear else None),
        ("no such day", f"{day.year}-02-3{chance.randrange(2)}", None),
        ("no date", chance.choice(["unknown", "soon", "n/a", "Q3", "99/99/9999"]), None),
    ):
        if kind != "month and day exchanged" or clear:
            yield kind, _literal("startDate", text, XSD_DATE, "StartDate"), right
    other = (day + timedelta(days=chance.randrange(200, 1500))).isoformat()
    beside = {"startDate": other, "endDate": truth}
    rule, start, _end = _SWAPPED
    yield "start and end exchanged", Fault(rule, _NAMESPACE + start, other, 2, None, beside), truth


def _amounts(chance: random.Random, _lists: Lists) -> Damage:
    whole, cents = chance.randrange(100_000, 9_000_000), chance.randrange(10, 99)
    truth = f"{whole}.{cents}"
    german = f"{whole:,}".replace(",", ".") + f",{cents}"
    for kind, text, right in (
        ("1.234.567,89", german, truth),
        ("1,234,567.89", f"{whole:,}.{cents}", truth),
        ("1 234 567,89", f"{whole:,}".replace(",", "\u00a0") + f",{cents}", truth),
        ("decimal comma", f"{whole},{cents}", truth),
        ("currency", chance.choice(["EUR {}", "{} EUR", "€{}", "{} €"]).format(truth), truth),
        ("exponent", f"{whole / 1e6:.6f}E6", str(whole)),
        ("sign", f"-{truth}", truth),
        ("no amount", chance.choice(["many", "tbd", "=SUM(A1)", "12-15", "1.2.3"]), None),
    ):
        yield kind, _literal("ecContribution", text, XSD_DECIMAL), right
    word, right = chance.choice(
        [("ja", "true"), ("NEIN", "false"), ("Yes", "true"), ("0", "false")]
    )
    yield "truth in words", _literal("isSme", word, XSD_BOOLEAN), right


def _codes(chance: random.Random, lists: Lists) -> Damage:
    names = sorted(name for name in lists.country_names if len(name) > 5)  # noqa: PLR2004
    name = chance.choice(names)
    code = lists.country_names[name]
    yield "country by name", _literal("country", name.title()), code
    yield "country mistyped", _literal("country", _mistyped(chance, name)), code
    iso = chance.choice(["GB", "GR"])
    eu = {"GB": "UK", "GR": "EL"}[iso]
    yield "country of ISO 3166", _literal("country", iso), eu
    alpha_3 = lists.countries[code].removeprefix(COUNTRY)
    yield "country by alpha-3", _literal("country", alpha_3), code
    yield "no country", _literal("country", chance.choice(["XH", "QQ", "Atlantis", "??"])), None
    region = chance.choice(sorted(r for r in lists.regions if len(r) > 3))  # noqa: PLR2004
    lower = Fault("RegionCode", _NAMESPACE + "region", NUTS + region.lower(), IRI)
    yield "region in small letters", lower, lists.regions[region]
    spaced = f"{region[:2]} {region[2:]}"
    yield "region with a blank", _literal("nutsCode", spaced), region
    greek = chance.choice(sorted(r for r in lists.regions if r.startswith("EL")))
    yield "region of GR", _literal("nutsCode", f"GR{greek[2:]}"), greek
    yield "no region", _literal("nutsCode", f"{region[:2]}99{chance.randrange(10)}9"), None
    roles = ("coordinator", "participant", "associatedPartner", "thirdParty")
    role = chance.choice(roles)
    yield "role mistyped", _literal("role", _mistyped(chance, role)), role
    yield "no role", _literal("role", chance.choice(["boss", "friend", "x", "evaluator"])), None
    kind, word = chance.choice([("HES", "University"), ("PRC", "company"), ("REC", "rec")])
    yield "activity in words", _literal("activityType", word), kind


def _mistyped(chance: random.Random, word: str) -> str:
    """Return a word with one sign left out, doubled, or exchanged with the next."""
    at = chance.randrange(1, len(word) - 2)
    way = chance.randrange(3)
    if way == 0:
        return word[:at] + word[at + 1 :]
    if way == 1:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _texts(chance: random.Random, _lists: Lists) -> Damage:
    name = chance.choice(_NAMES)
    wrong = name.encode().decode("cp1252", "replace")
    if "\ufffd" not in wrong:
        yield "wrong encoding", _literal("legalName", wrong, rule="TextEncoding"), name
    at = chance.randrange(1, len(name) - 1)
    hidden = name[:at] + "\u200b" + name[at:]
    yield "invisible sign", _literal("legalName", hidden, rule="TextInvisible"), name
    plain = "Institute of Photonics"
    alike = plain.replace(*chance.choice([("o", "\u043e"), ("e", "\u0435"), ("c", "\u0441")]))
    yield "homoglyph", _literal("legalName", alike, rule="TextScript"), plain
    yield "formula", _literal("legalName", "=1+1", rule="TextFormula"), None


def _identifiers(chance: random.Random, _lists: Lists) -> Damage:
    pic = str(chance.randrange(900_000_000, 999_999_999))
    spaced = f"{pic[:3]} {pic[3:6]} {pic[6:]}"
    yield "PIC with blanks", _literal("pic", spaced), pic
    yield "PIC as a number", _literal("pic", f"{pic}.0"), pic
    yield "PIC too short", _literal("pic", pic[:8]), None
    doi = f"10.3030/{chance.randrange(10**8, 10**9)}"
    yield "DOI with resolver", _literal("grantDoi", f"https://doi.org/{doi}"), doi
    host = f"www.site{chance.randrange(1000)}.eu"
    yield "address without scheme", _literal("homepage", host), f"http://{host}"
    yield "address mistyped", _literal("homepage", f"htp://{host}/a"), f"http://{host}/a"
    none = chance.choice(["none", "see below", "info@site.eu"])
    yield "no address", _literal("homepage", none), None


def _places(chance: random.Random, _lists: Lists) -> Damage:
    country = chance.choice(sorted(coordinates.BOXES))
    box = coordinates.BOXES[country]
    lat = f"{chance.uniform(box.south, box.north):.5f}"
    lon = f"{chance.uniform(box.west, box.east):.5f}"

    def beside(latitude: str, longitude: str) -> Fault:
        values = {"latitude": latitude, "longitude": longitude, "country": COUNTRY + country}
        return Fault("PositionInCountry", None, "urn:node", IRI, None, values)

    if not box.holds(float(lon), float(lat)):
        yield "coordinates exchanged", beside(lon, lat), lat
    yield "decimal comma of degrees", _latitude(lat.replace(".", ",")), lat
    yield "no position", _literal("position", chance.choice(["here", "1,2,3", "N/A"])), None
    yield "position with commas", _position(lat, lon), f"{lat},{lon}"


def _latitude(text: str) -> Fault:
    return _literal("latitude", text, XSD_DECIMAL, "Latitude")


def _position(lat: str, lon: str) -> Fault:
    return _literal("position", f"{lat.replace('.', ',')};{lon.replace('.', ',')}")


_DAMAGES: Final[tuple[Callable[[random.Random, Lists], Damage], ...]] = (
    _dates,
    _amounts,
    _codes,
    _texts,
    _identifiers,
    _places,
)
