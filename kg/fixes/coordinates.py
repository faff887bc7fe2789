"""Positions: other notations of degrees, exchanged or shifted numbers, and where a country lies."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.fixes import numbers

if TYPE_CHECKING:
    from kg.fixes.fix import Reading

LATITUDE: Final = 90.0
LONGITUDE: Final = 180.0

_DEGREES: Final = re.compile(
    r"([NSEWO]?)\s*(-?\d{1,3})\s*°\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['\u2032\u2019]\s*)?"
    r"(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:\"|\u2033|''|\u201d)\s*)?([NSEWO]?)",
)
_HEMISPHERE: Final = re.compile(r"([NSEW]?)\s*(\d{1,3}(?:[.,]\d+)?)\s*°?\s*([NSEW]?)")
_LOST_POINT: Final = re.compile(r"(-?)(\d{6,9})")
_SIXTY: Final = 60


class Box(NamedTuple):
    """South, west, north and east of a country's territory in Europe, in degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Tell whether a position lies in it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


# Rounded outwards to half a degree; with the islands that are regions of the country itself.
BOXES: Final = {
    "ALB": Box(39.5, 19.0, 43.0, 21.5),
    "AUT": Box(46.0, 9.5, 49.5, 17.5),
    "BEL": Box(49.0, 2.5, 52.0, 6.5),
    "BGR": Box(41.0, 22.0, 44.5, 29.0),
    "BIH": Box(42.5, 15.5, 45.5, 20.0),
    "CHE": Box(45.5, 5.5, 48.0, 10.5),
    "CYP": Box(34.5, 32.0, 36.0, 35.0),
    "CZE": Box(48.5, 12.0, 51.5, 19.0),
    "DEU": Box(47.0, 5.5, 55.5, 15.5),
    "DNK": Box(54.5, 8.0, 58.0, 15.5),
    "ESP": Box(27.5, -18.5, 44.0, 4.5),
    "EST": Box(57.5, 21.5, 60.0, 28.5),
    "FIN": Box(59.5, 19.0, 70.5, 32.0),
    "FRA": Box(41.0, -5.5, 51.5, 10.0),
    "GBR": Box(49.5, -9.0, 61.0, 2.0),
    "GRC": Box(34.5, 19.0, 42.0, 30.0),
    "HRV": Box(42.0, 13.0, 47.0, 19.5),
    "HUN": Box(45.5, 16.0, 49.0, 23.0),
    "IRL": Box(51.0, -11.0, 55.5, -5.5),
    "ISL": Box(63.0, -25.0, 67.0, -13.0),
    "ISR": Box(29.0, 34.0, 33.5, 36.0),
    "ITA": Box(35.0, 6.5, 47.5, 19.0),
    "LTU": Box(53.5, 20.5, 56.5, 27.0),
    "LUX": Box(49.0, 5.5, 50.5, 7.0),
    "LVA": Box(55.5, 20.5, 58.5, 28.5),
    "MKD": Box(40.5, 20.0, 42.5, 23.5),
    "MLT": Box(35.5, 14.0, 36.5, 15.0),
    "MNE": Box(41.5, 18.0, 44.0, 20.5),
    "NLD": Box(50.5, 3.0, 54.0, 7.5),
    "NOR": Box(57.5, 4.0, 81.0, 31.5),
    "POL": Box(48.5, 14.0, 55.0, 24.5),
    "PRT": Box(30.0, -31.5, 42.5, -6.0),
    "ROU": Box(43.5, 20.0, 48.5, 30.0),
    "SRB": Box(42.0, 18.5, 46.5, 23.5),
    "SVK": Box(47.5, 16.5, 50.0, 23.0),
    "SVN": Box(45.0, 13.0, 47.0, 17.0),
    "SWE": Box(55.0, 10.5, 69.5, 24.5),
    "TUR": Box(35.5, 25.5, 42.5, 45.0),
    "UKR": Box(44.0, 22.0, 52.5, 40.5),
    "XKX": Box(41.5, 19.5, 43.5, 22.0),
}
"""Where countries lie, by their alpha-3 code."""


def degrees(text: str, limit: float) -> Reading | None:
    """Read one coordinate whose amount is at most `limit`; None if it is right or unreadable."""
    for read in (_written, _sexagesimal, _hemisphere, _point):
        found = read(text)
        if found and abs(float(found[0])) <= limit:
            return found
    return None


def position(text: str) -> Reading | None:
    """Read a cell that should hold `latitude,longitude`."""
    cleaned = unicodedata.normalize("NFKC", text).strip("()[] ")
    for separator in (";", "|", " / ", "/", ", ", " ", ","):
        parts = [part.strip() for part in cleaned.split(separator) if part.strip()]
        if len(parts) == 2:  # noqa: PLR2004 - latitude and longitude
            return _pair(*parts)
    comma = re.fullmatch(r"(-?\d{1,2}),(\d+),(-?\d{1,3}),(\d+)", cleaned.replace(" ", ""))
    return _pair(f"{comma[1]}.{comma[2]}", f"{comma[3]}.{comma[4]}") if comma else None


def _pair(first: str, second: str) -> Reading | None:
    values = []
    for text, limit in ((first, LATITUDE), (second, LONGITUDE)):
        found = degrees(text, limit)
        value = found[0] if found else text
        if not re.fullmatch(r"-?\d+(\.\d+)?", value) or abs(float(value)) > limit:
            return None
        values.append(value)
    en = "Latitude and longitude, separated by a comma."
    return (",".join(values), 0.93, en, "Breite und Länge, durch ein Komma getrennt.")


def exchanged(latitude: str, longitude: str, country: str | None) -> float:
    """Return how sure it is that latitude and longitude were exchanged, 0 if that helps nothing."""
    try:
        lat, lon = float(latitude), float(longitude)
    except ValueError:
        return 0.0
    if not (abs(lon) <= LATITUDE and abs(lat) <= LONGITUDE):
        return 0.0
    box = BOXES.get(country or "")
    if box is None:
        return 0.75 if abs(lat) > LATITUDE else 0.0
    if box.holds(lat, lon):
        return 0.0
    return 0.97 if box.holds(lon, lat) else 0.0


def mirrored(latitude: str, longitude: str, country: str | None) -> tuple[str, str] | None:
    """Return the position with the sign that puts it into its country, if one does."""
    box = BOXES.get(country or "")
    try:
        lat, lon = float(latitude), float(longitude)
    except ValueError:
        return None
    if box is None or box.holds(lat, lon):
        return None
    fits = [(a, b) for a, b in ((1, -1), (-1, 1), (-1, -1)) if box.holds(a * lat, b * lon)]
    if len(fits) != 1:
        return None
    return _signed(latitude, fits[0][0]), _signed(longitude, fits[0][1])


def _signed(text: str, sign: int) -> str:
    if sign > 0:
        return text
    return text[1:] if text.startswith("-") else f"-{text.lstrip('+')}"


def _written(text: str) -> Reading | None:
    """Read a number of another notation; `52,520` is no number with thousands here."""
    plain = re.fullmatch(r"\s*([+-]?\d{1,3}),(\d+)\s*", text)
    if plain:
        en, de = "The decimal sign is a point.", "Das Dezimalzeichen ist ein Punkt."
        return (f"{plain[1]}.{plain[2]}", 0.96, en, de)
    return numbers.number(text)


def _sexagesimal(text: str) -> Reading | None:
    """Read degrees, minutes and seconds (ISO 6709, annex D)."""
    match = _DEGREES.fullmatch(unicodedata.normalize("NFC", text).strip())
    if not match or not (match[3] or match[4]):
        return None
    before, whole, minutes, seconds, after = match.groups()
    parts = [float((part or "0").replace(",", ".")) for part in (minutes, seconds)]
    amount = abs(int(whole)) + parts[0] / _SIXTY + parts[1] / _SIXTY**2
    south = (before or after) in {"S", "W"} or whole.startswith("-")
    value = f"{'-' if south else ''}{amount:.6f}".rstrip("0").rstrip(".")
    en = "Degrees, minutes and seconds as a decimal number."
    return (value, 0.96, en, "Grad, Minuten und Sekunden als Dezimalzahl.")


def _hemisphere(text: str) -> Reading | None:
    match = _HEMISPHERE.fullmatch(text.strip())
    if not match or not (match[1] or match[3] or "°" in text):
        return None
    sign = "-" if (match[1] or match[3]) in {"S", "W"} else ""
    en = "The sign says the hemisphere."
    return (sign + match[2].replace(",", "."), 0.96, en, "Das Vorzeichen nennt die Halbkugel.")


def _point(text: str) -> Reading | None:
    """Put back a decimal point that was lost: positions of Europe have two digits before it."""
    match = _LOST_POINT.fullmatch(text.strip())
    if not match:
        return None
    value = f"{match[1]}{match[2][:2]}.{match[2][2:]}"
    return (value, 0.65, "The decimal point was lost.", "Der Dezimalpunkt ging verloren.")
