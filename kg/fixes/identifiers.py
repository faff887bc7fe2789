"""Identifiers and addresses: what stands around them, and what was left out."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from kg.fixes.texts import INVISIBLE

if TYPE_CHECKING:
    from kg.fixes.fix import Reading

_PIC: Final = re.compile(r"\d{9}")
_PREFIX: Final = re.compile(r"(?i)^(?:pic|vat|ust[- ]?id(?:nr)?|tva|n[o°])[.:\s-]*")
_VAT: Final = re.compile(r"[A-Z0-9][A-Z0-9+*]{3,14}")
_DOI: Final = re.compile(r"10\.\d{4,9}/\S+")
_HOST: Final = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.[^\W\d_]{2,}")
_TYPED: Final = re.compile(r"(?i)^h?t{1,3}ps?[;:.,/\\]*(?:/|\\)+|^https?(?=www\.)")
_SPREADSHEET_ZERO: Final = re.compile(r"(\d{9})\.0+")


def pic(text: str) -> Reading | None:
    """Read a participant code: nine digits with something around or between them."""
    cleaned = _PREFIX.sub("", _folded(text))
    whole = _SPREADSHEET_ZERO.fullmatch(cleaned)
    digits = whole[1] if whole else re.sub(r"[\s.,'-]", "", cleaned)
    if digits == text or not _PIC.fullmatch(digits):
        return None
    return (digits, 0.96, "The nine digits alone.", "Nur die neun Ziffern.")


def vat(text: str) -> Reading | None:
    """Read a VAT number without what stands around and between its signs."""
    value = re.sub(r"[^A-Z0-9+*]", "", _PREFIX.sub("", _folded(text)).upper())
    if value == text or not _VAT.fullmatch(value) or not re.search(r"\d{4}|\d.*\d.*\d", value):
        return None
    return (value, 0.85, "Letters and digits alone.", "Nur Buchstaben und Ziffern.")


def doi(text: str) -> Reading | None:
    """Read a DOI without the address of its resolver."""
    match = _DOI.search(_folded(text))
    if not match or match[0] == text:
        return None
    return (match[0], 0.97, "The DOI without its resolver.", "Die DOI ohne ihren Auflöser.")


def web_address(text: str) -> Reading | None:
    """Read a web address: without blanks, with a scheme, the first one of several is not chosen."""
    cleaned = re.sub(r"\s+", "", _folded(text)).strip("<>\"'()[].,;")
    cleaned = cleaned.replace("\\", "/")
    secure = cleaned.lower().startswith("https")
    rest = re.sub(r"^/+", "", _TYPED.sub("", cleaned)).replace(",", ".", cleaned.count(",") == 1)
    host, slash, path = rest.partition("/")
    host = re.sub(r"(?i)^www[.;:]*(?=[^.])", "www.", re.sub(r"\.{2,}", ".", host))
    if not _HOST.fullmatch(host) or "@" in rest or "http" in rest.lower():
        return None
    value = f"{'https' if secure else 'http'}://{host}{slash}{path}"
    if value == text:
        return None
    en = "Written as a whole address, without blanks."
    return (value, 0.85, en, "Als ganze Adresse geschrieben, ohne Leerzeichen.")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(INVISIBLE).strip()
