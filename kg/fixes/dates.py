"""Days and times written otherwise than XML Schema writes them (XSD 1.1 Part 2, section 3.3.9)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from kg.fixes.texts import INVISIBLE

if TYPE_CHECKING:
    from kg.fixes.fix import Reading

_EARLIEST, _LATEST = 1950, 2100
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_EXCEL: Final = re.compile(r"([2-6]\d{4})(?:\.\d+)?")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})")
_YEAR_LAST: Final = re.compile(r"(\d{1,2})\s?([-./ ])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})")
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)")
_NAMED: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[. -]*([^\W\d_]{3,})[., -]*(\d{4})")
_NAME_FIRST: Final = re.compile(r"([^\W\d_]{3,})[. ]+(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})")
_TIME: Final = re.compile(r"[T ]+(\d\d?:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d|UTC)?$")
# The first three letters name a month in English, French, Spanish, Italian, Dutch and German.
_MONTHS: Final = (
    ("jan", "ene", "gen"),
    ("feb", "fev", "fév"),
    ("mar", "mär", "mae", "mrz", "maa"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mag", "mei"),
    ("jun", "giu", "juin"),
    ("jul", "lug", "juil"),
    ("aug", "aou", "aoû", "ago"),
    ("sep", "set"),
    ("oct", "okt", "ott"),
    ("nov",),
    ("dec", "dez", "dic", "déc"),
)

_SURE: Final = 0.98


def day(text: str) -> Reading | None:
    """Read a day: other orders and signs, names of months, a time after it, a serial number."""
    cleaned = _cleaned(text)
    bare = _TIME.sub("", cleaned)
    for read in (_year_first, _year_last, _compact, _named, _excel):
        if found := read(bare):
            return found
    return None


def day_and_time(text: str) -> Reading | None:
    """Read a day with a time of day; midnight is not made up where there is none."""
    cleaned = _cleaned(text)
    match = _TIME.search(cleaned)
    if match is None:
        return None
    clock = match[1].rjust(5, "0") if match[1].count(":") == 1 else match[1].rjust(8, "0")
    clock = f"{clock}:00" if clock.count(":") == 1 else clock
    found = day(cleaned[: match.start()])
    if found is None:
        return None
    zone = "Z" if match[2] == "UTC" else (match[2] or "")
    return (f"{found[0]}T{clock}{zone}", *found[1:])


def year(text: str) -> Reading | None:
    """Read a year alone out of a text that names exactly one."""
    years = set(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", _cleaned(text)))
    if len(years) != 1:
        return None
    return (years.pop(), 0.9, "The only year in the text.", "Das einzige Jahr im Text.")


def _cleaned(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(INVISIBLE)
    return " ".join(folded.strip(" '\"\t").split())


def _made(year: int, month: int, day: int) -> str | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found.isoformat() if _EARLIEST <= year <= _LATEST else None


def _year_first(text: str) -> Reading | None:
    match = _YEAR_FIRST.fullmatch(text)
    if not match:
        return None
    whole, month, day = map(int, match.groups())
    if made := _made(whole, month, day):
        return (made, _SURE, "Written as year-month-day.", "Als Jahr-Monat-Tag geschrieben.")
    if made := _made(whole, day, month):
        return (made, 0.85, "Month and day are exchanged.", "Monat und Tag sind vertauscht.")
    return None


def _year_last(text: str) -> Reading | None:
    """Read day, month, year; a slash may also stand for the American month, day, year."""
    match = _YEAR_LAST.fullmatch(text)
    if not match:
        return None
    first, sign, second, written = match.groups()
    whole = int(written) + (0 if len(written) == 4 else 2000)  # noqa: PLR2004 - digits of a year
    sure = _SURE if len(written) == 4 else 0.8  # noqa: PLR2004 - the same
    european, american = (
        _made(whole, int(second), int(first)),
        _made(whole, int(first), int(second)),
    )
    en, de = "Written as day, month, year.", "Als Tag, Monat, Jahr geschrieben."
    if european and (american in {None, european} or sign == "."):
        return (european, sure, en, de)
    if european:
        return (
            european,
            0.7,
            f"{en} Month, day, year is possible.",
            f"{de} Auch Monat, Tag, Jahr.",
        )
    if american:
        return (american, 0.9, "Written as month, day, year.", "Als Monat, Tag, Jahr geschrieben.")
    return None


def _compact(text: str) -> Reading | None:
    match = _COMPACT.fullmatch(text)
    made = match and _made(*map(int, match.groups()))
    if not made:
        return None
    return (made, 0.95, "Written without hyphens.", "Ohne Bindestriche geschrieben.")


def _named(text: str) -> Reading | None:
    if match := _NAMED.fullmatch(text):
        day, name, whole = match.groups()
    elif match := _NAME_FIRST.fullmatch(text):
        name, day, whole = match.groups()
    else:
        return None
    month = _month(name.casefold())
    made = month and _made(int(whole), month, int(day))
    if not made:
        return None
    return (made, _SURE, "The month is written as a word.", "Der Monat ist ausgeschrieben.")


def _month(name: str) -> int | None:
    hits = [number for number, names in enumerate(_MONTHS, 1) if any(map(name.startswith, names))]
    return hits[0] if len(hits) == 1 else None


def _excel(text: str) -> Reading | None:
    """Read the number of days since 1900 that Excel stores (ISO/IEC 29500-1, 18.17.4.1)."""
    match = _EXCEL.fullmatch(text)
    if not match:
        return None
    found = _EXCEL_EPOCH + timedelta(days=int(match[1]))
    made = _made(found.year, found.month, found.day)
    if not made:
        return None
    return (made, 0.93, "The serial number of a day in Excel.", "Die Tageszahl von Excel.")
