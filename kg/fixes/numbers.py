"""Numbers and truth values as people and spreadsheets write them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from kg.fixes.texts import INVISIBLE

if TYPE_CHECKING:
    from kg.fixes.fix import Reading

_CURRENCY: Final = re.compile(r"(?i)^(?:eur(?:o|os)?|€)\s*|\s*(?:eur(?:o|os)?|€|,-|\.-)$")
_BLANKS: Final = re.compile(r"(?<=\d)[ '\u2019](?=\d{3}(?!\d))")
_PLAIN: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d{1,2}")
_GROUPED: Final = (
    # The group sign, and the sign of the decimals that goes with it.
    (re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?"), ".", ","),
    (re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"), ",", "."),
)
_ONE_GROUP: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+")
_WORN: Final = str.maketrans("OoIl", "0011")
_TRUE: Final = {"true", "yes", "y", "ja", "j", "wahr", "1", "oui", "si", "sí", "x", "t", "vrai"}
_FALSE: Final = {"false", "no", "n", "nein", "falsch", "0", "non", "f", "faux", "-"}


def amount(text: str) -> Reading | None:
    """Read a sum of money: separators, currency, exponent; a sum below 0 has lost its sense."""
    found = number(text)
    value, sure, en, de = found or (text, 1.0, "", "")
    if not value.startswith("-"):
        return found
    if not _PLAIN.fullmatch(value) or not value.strip("-0."):
        return None
    en = f"{en} No amount here is below 0; the sign is taken for a mistake.".strip()
    de = f"{de} Kein Betrag liegt hier unter 0; das Vorzeichen gilt als Versehen.".strip()
    return (value[1:], min(sure, 0.75), en, de)


def number(text: str) -> Reading | None:
    """Read a decimal number; None if it is one already or cannot be read."""
    if _PLAIN.fullmatch(text):
        return None
    cleaned = _cleaned(text)
    bare = _BLANKS.sub("", _CURRENCY.sub("", _CURRENCY.sub("", cleaned)))
    return next((found for read in _READINGS if (found := read(bare))), None)


def whole(text: str) -> Reading | None:
    """Read a whole number: one with nothing but zeros behind the point, too."""
    value, sure, en, de = number(text) or (text, 0.95, "", "")
    match = re.fullmatch(r"([+-]?\d+)\.0+", value)
    if match:
        en = f"{en} It has no fraction.".strip()
        de = f"{de} Die Zahl hat keinen Bruchteil.".strip()
        return (match[1], sure, en, de)
    return (value, sure, en, de) if en and re.fullmatch(r"[+-]?\d+", value) else None


def truth(text: str) -> Reading | None:
    """Read yes and no in some languages."""
    word = _cleaned(text).casefold()
    for value, words in (("true", _TRUE), ("false", _FALSE)):
        if word in words:
            sure = 0.97 if len(word) > 1 or word in "01yjn" else 0.8
            return (value, sure, f"“{text}” says {value}.", f"„{text}“ heißt {value}.")
    return None


def _cleaned(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(INVISIBLE)
    folded = folded.replace("\u2212", "-").replace("\u2013", "-")
    return folded.strip(" \t\r\n'\u2018\u2019\"")


def _as_it_is(text: str) -> Reading | None:
    if not _PLAIN.fullmatch(text):
        return None
    en = "Only digits, sign and decimal point are kept."
    return (text, 0.96, en, "Nur Ziffern, Vorzeichen und Dezimalpunkt bleiben.")


def _scientific(text: str) -> Reading | None:
    if not _SCIENTIFIC.fullmatch(text):
        return None
    try:
        value = format(Decimal(text.replace(",", ".")), "f")
    except InvalidOperation:  # pragma: no cover - the pattern is that of a number
        return None
    return (value, 0.95, "Written without exponent.", "Ohne Exponent geschrieben.")


def _grouped(text: str) -> Reading | None:
    """Read groups of three digits; `1.234` alone may as well be a number below 10."""
    for pattern, group, point in _GROUPED:
        if pattern.fullmatch(text):
            value = text.replace(group, "").replace(point, ".")
            sure = 0.7 if _ONE_GROUP.fullmatch(text) else 0.97
            return (value, sure, "Thousands are not separated.", "Tausender stehen ohne Zeichen.")
    return None


def _comma(text: str) -> Reading | None:
    if not _DECIMAL_COMMA.fullmatch(text):
        return None
    value = text.replace(",", ".")
    return (value, 0.96, "The decimal sign is a point.", "Das Dezimalzeichen ist ein Punkt.")


def _worn(text: str) -> Reading | None:
    """Read the letters O and l as the digits they look like, where digits are the most."""
    value = text.translate(_WORN)
    letters = sum(sign.isalpha() for sign in text)
    if value == text or not _PLAIN.fullmatch(value) or letters * 2 >= len(text):
        return None
    return (value, 0.8, "Letters that look like digits.", "Buchstaben, die wie Ziffern aussehen.")


_READINGS: Final = (_as_it_is, _scientific, _grouped, _comma, _worn)
