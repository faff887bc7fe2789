"""Texts that were damaged on their way: encodings, invisible signs, look-alike letters, spaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kg.fixes.fix import Reading

INVISIBLE: Final = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff")
)
"""Signs that are not seen and say nothing, for `str.translate`."""

_SPACES: Final = re.compile(r"[ \t\r\n\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
# Cyrillic and Greek letters that look like Latin ones (Unicode Technical Standard 39, confusables).
_LOOKS: Final = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422"
    "\u0423\u0425\u0430\u0435\u0456\u0458\u043e\u0440\u0441\u0443\u0445\u0455\u0501"
    "\u04bb\u051b\u051d\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f"
    "\u03a1\u03a4\u03a5\u03a7\u03bf",
    "ABESIJKMHOPCTYXaeijopcyxsdhqwABEZHIKMNOPTYXo",
)
_LATIN: Final = re.compile(r"[A-Za-z]")
_WORD: Final = re.compile(r"\w+")
# A sign that Windows-1252 shows for a byte from 0x80 to 0xBF, and what UTF-8 begins with.
_CONTINUED: Final = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
_SEQUENCE: Final = re.compile(
    f"[\u00c2-\u00c5\u00ce-\u00d1]{_CONTINUED}|[\u00e0-\u00ef]{_CONTINUED}{{2}}|\u00f0{_CONTINUED}{{3}}"
)


def mended(text: str) -> Reading | None:
    """Read a text without what damaged it: all of it at once, as sure as the least sure step."""
    value, sure, en, de = text, 1.0, list[str](), list[str]()
    for step in (_decoded, _visible, _one_script, _spaced):
        if found := step(value):
            value, sure = found[0], min(sure, found[1])
            en.append(found[2])
            de.append(found[3])
    return (value, sure, " ".join(en), " ".join(de)) if en and value else None


def _decoded(text: str) -> Reading | None:
    """Undo that UTF-8 was read as Windows-1252, once or twice."""
    value = text
    for _ in range(2):
        value = _decoded_once(value)
    if value == text:
        return None
    return (value, 0.97, "UTF-8 was read as Windows-1252.", "UTF-8 wurde als Windows-1252 gelesen.")


def _decoded_once(text: str) -> str:
    return _SEQUENCE.sub(lambda match: _sequence(match[0]), text)


def _sequence(signs: str) -> str:
    """Return the sign whose bytes in UTF-8 were shown one by one; the same if they are none."""
    try:
        return b"".join(map(_byte, signs)).decode("utf-8")
    except UnicodeError:
        return signs


def _byte(sign: str) -> bytes:
    """Return the byte that Windows-1252, or Latin-1 where that has none, reads as a sign."""
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")


def _visible(text: str) -> Reading | None:
    value = _CONTROLS.sub("", text.translate(INVISIBLE))
    if value == text:
        return None
    return (value, 0.97, "Invisible signs are left out.", "Unsichtbare Zeichen sind weggelassen.")


def _one_script(text: str) -> Reading | None:
    value = _WORD.sub(lambda match: _latin(match[0]), text)
    if value == text:
        return None
    en = "Letters of another script are replaced by the Latin ones they look like."
    de = "Buchstaben einer anderen Schrift sind durch gleich aussehende lateinische ersetzt."
    return (value, 0.92, en, de)


def _latin(word: str) -> str:
    """Return a word that mixes scripts in Latin letters, if all of them have one."""
    if not _LATIN.search(word):
        return word
    value = word.translate(_LOOKS)
    foreign = any("\u0370" <= sign <= "\u03ff" or "\u0400" <= sign <= "\u052f" for sign in value)
    return word if foreign else value


def _spaced(text: str) -> Reading | None:
    value = _SPACES.sub(" ", text).strip()
    if value == text:
        return None
    return (value, 0.98, "Spaces are written once.", "Leerzeichen stehen einfach.")
