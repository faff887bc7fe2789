"""Sets of characters, as the character classes of XML Schema regular expressions denote them.

A set is a sorted tuple of ranges of code points, both ends included. Surrogates are in none: they
are no characters. Standards: XML Schema 1.1 part 2, appendix G.4 (classes, categories, blocks and
multi-character escapes); XPath Functions 3.1, section 5.6.1.1 (case-blind matching).
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Range: TypeAlias = tuple[int, int]
CharSet: TypeAlias = tuple[Range, ...]

ALL: Final[CharSet] = ((0, 0xD7FF), (0xE000, sys.maxunicode))
SPACE: Final[CharSet] = ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20))
# NameStartChar and NameChar of XML 1.0, fifth edition, productions [4] and [4a].
NAME_START: Final[CharSet] = (
    *((0x3A, 0x3A), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6)),
    *((0xF8, 0x2FF), (0x370, 0x37D), (0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F)),
    *((0x2C00, 0x2FEF), (0x3001, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF)),
)
_NAME_ONLY: Final[CharSet] = (
    *((0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040)),
)
# Blocks of Unicode under the names of XML Schema, appendix G.4.2.3: spaces left out.
BLOCKS: Final[dict[str, Range]] = {
    "BasicLatin": (0x0000, 0x007F),
    "Latin-1Supplement": (0x0080, 0x00FF),
    "LatinExtended-A": (0x0100, 0x017F),
    "LatinExtended-B": (0x0180, 0x024F),
    "IPAExtensions": (0x0250, 0x02AF),
    "SpacingModifierLetters": (0x02B0, 0x02FF),
    "CombiningDiacriticalMarks": (0x0300, 0x036F),
    "Greek": (0x0370, 0x03FF),
    "GreekandCoptic": (0x0370, 0x03FF),
    "Cyrillic": (0x0400, 0x04FF),
    "Armenian": (0x0530, 0x058F),
    "Hebrew": (0x0590, 0x05FF),
    "Arabic": (0x0600, 0x06FF),
    "Syriac": (0x0700, 0x074F),
    "Thaana": (0x0780, 0x07BF),
    "Devanagari": (0x0900, 0x097F),
    "Bengali": (0x0980, 0x09FF),
    "Gurmukhi": (0x0A00, 0x0A7F),
    "Gujarati": (0x0A80, 0x0AFF),
    "Oriya": (0x0B00, 0x0B7F),
    "Tamil": (0x0B80, 0x0BFF),
    "Telugu": (0x0C00, 0x0C7F),
    "Kannada": (0x0C80, 0x0CFF),
    "Malayalam": (0x0D00, 0x0D7F),
    "Sinhala": (0x0D80, 0x0DFF),
    "Thai": (0x0E00, 0x0E7F),
    "Lao": (0x0E80, 0x0EFF),
    "Tibetan": (0x0F00, 0x0FFF),
    "Myanmar": (0x1000, 0x109F),
    "Georgian": (0x10A0, 0x10FF),
    "HangulJamo": (0x1100, 0x11FF),
    "Ethiopic": (0x1200, 0x137F),
    "Cherokee": (0x13A0, 0x13FF),
    "UnifiedCanadianAboriginalSyllabics": (0x1400, 0x167F),
    "Ogham": (0x1680, 0x169F),
    "Runic": (0x16A0, 0x16FF),
    "Khmer": (0x1780, 0x17FF),
    "Mongolian": (0x1800, 0x18AF),
    "LatinExtendedAdditional": (0x1E00, 0x1EFF),
    "GreekExtended": (0x1F00, 0x1FFF),
    "GeneralPunctuation": (0x2000, 0x206F),
    "SuperscriptsandSubscripts": (0x2070, 0x209F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "CombiningMarksforSymbols": (0x20D0, 0x20FF),
    "CombiningDiacriticalMarksforSymbols": (0x20D0, 0x20FF),
    "LetterlikeSymbols": (0x2100, 0x214F),
    "NumberForms": (0x2150, 0x218F),
    "Arrows": (0x2190, 0x21FF),
    "MathematicalOperators": (0x2200, 0x22FF),
    "MiscellaneousTechnical": (0x2300, 0x23FF),
    "ControlPictures": (0x2400, 0x243F),
    "OpticalCharacterRecognition": (0x2440, 0x245F),
    "EnclosedAlphanumerics": (0x2460, 0x24FF),
    "BoxDrawing": (0x2500, 0x257F),
    "BlockElements": (0x2580, 0x259F),
    "GeometricShapes": (0x25A0, 0x25FF),
    "MiscellaneousSymbols": (0x2600, 0x26FF),
    "Dingbats": (0x2700, 0x27BF),
    "BraillePatterns": (0x2800, 0x28FF),
    "CJKRadicalsSupplement": (0x2E80, 0x2EFF),
    "KangxiRadicals": (0x2F00, 0x2FDF),
    "IdeographicDescriptionCharacters": (0x2FF0, 0x2FFF),
    "CJKSymbolsandPunctuation": (0x3000, 0x303F),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "Bopomofo": (0x3100, 0x312F),
    "HangulCompatibilityJamo": (0x3130, 0x318F),
    "Kanbun": (0x3190, 0x319F),
    "BopomofoExtended": (0x31A0, 0x31BF),
    "EnclosedCJKLettersandMonths": (0x3200, 0x32FF),
    "CJKCompatibility": (0x3300, 0x33FF),
    "CJKUnifiedIdeographsExtensionA": (0x3400, 0x4DBF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "YiSyllables": (0xA000, 0xA48F),
    "YiRadicals": (0xA490, 0xA4CF),
    "HangulSyllables": (0xAC00, 0xD7AF),
    "PrivateUse": (0xE000, 0xF8FF),
    "PrivateUseArea": (0xE000, 0xF8FF),
    "CJKCompatibilityIdeographs": (0xF900, 0xFAFF),
    "AlphabeticPresentationForms": (0xFB00, 0xFB4F),
    "ArabicPresentationForms-A": (0xFB50, 0xFDFF),
    "CombiningHalfMarks": (0xFE20, 0xFE2F),
    "CJKCompatibilityForms": (0xFE30, 0xFE4F),
    "SmallFormVariants": (0xFE50, 0xFE6F),
    "ArabicPresentationForms-B": (0xFE70, 0xFEFF),
    "HalfwidthandFullwidthForms": (0xFF00, 0xFFEF),
    "Specials": (0xFFF0, 0xFFFF),
    "OldItalic": (0x10300, 0x1032F),
    "Gothic": (0x10330, 0x1034F),
    "Deseret": (0x10400, 0x1044F),
    "ByzantineMusicalSymbols": (0x1D000, 0x1D0FF),
    "MusicalSymbols": (0x1D100, 0x1D1FF),
    "MathematicalAlphanumericSymbols": (0x1D400, 0x1D7FF),
    "CJKUnifiedIdeographsExtensionB": (0x20000, 0x2A6DF),
    "CJKCompatibilityIdeographsSupplement": (0x2F800, 0x2FA1F),
    "Tags": (0xE0000, 0xE007F),
}


def union(ranges: Iterable[Range]) -> CharSet:
    """Return the set of everything in `ranges`, merged and sorted."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def minus(left: CharSet, right: CharSet) -> CharSet:
    """Return what is in `left` but not in `right`."""
    return tuple(piece for each in left for piece in _cut(each, right))


def _cut(whole: Range, right: CharSet) -> Iterator[Range]:
    low, high = whole
    for start, end in right:
        if end < low or start > high:
            continue
        if start > low:
            yield low, start - 1
        low = end + 1
    if low <= high:
        yield low, high


def complement(chars: CharSet) -> CharSet:
    """Return every character that is not in `chars`."""
    return minus(ALL, chars)


def one(char: str) -> CharSet:
    """Return the set of one character."""
    return ((ord(char), ord(char)),)


@functools.cache
def _categories() -> dict[str, CharSet]:
    found: dict[str, list[Range]] = defaultdict(list)
    for low, high in ALL:
        for code in range(low, high + 1):
            ranges = found[unicodedata.category(chr(code))]
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    return {name: tuple(ranges) for name, ranges in found.items()}


@functools.cache
def category(name: str) -> CharSet:
    """Return the characters of a general category such as Lu, or of a group such as L.

    Raises:
        KeyError: there is none of that name.
    """
    ranges = [each for key, part in _categories().items() if key.startswith(name) for each in part]
    if not ranges or name == "Cs":
        raise KeyError(name)
    return union(ranges)


def property_named(name: str) -> CharSet:
    r"""Return what `\p{name}` denotes.

    Raises:
        KeyError: no category or block of that name.
    """
    return (BLOCKS[name[2:]],) if name.startswith("Is") else category(name)


@functools.cache
def escape(letter: str) -> CharSet:
    r"""Return what a multi-character escape such as `\d` denotes.

    Raises:
        KeyError: there is none of that letter.
    """
    if letter.isupper():
        return complement(escape(letter.lower()))
    match letter:
        case "s":
            return SPACE
        case "i":
            return NAME_START
        case "c":
            return union((*NAME_START, *_NAME_ONLY))
        case "d":
            return category("Nd")
        case "w":
            return complement(union((*category("P"), *category("Z"), *category("C"))))
    raise KeyError(letter)


@functools.cache
def _variants() -> dict[int, frozenset[int]]:
    """Return for every cased character those that its upper or lower case is shared with."""
    by_case: dict[tuple[str, str], set[int]] = defaultdict(set)
    changed = [
        char for char in map(chr, range(0x1E944)) if char.upper() != char or char.lower() != char
    ]
    mapped_to = (mapped for char in changed for mapped in (char.upper(), char.lower()))
    for char in {*changed, *(mapped for mapped in mapped_to if len(mapped) == 1)}:
        code = ord(char)
        for kind, mapped in (("upper", char.upper()), ("lower", char.lower())):
            by_case[kind, mapped].add(code)
    found: dict[int, set[int]] = defaultdict(set)
    for codes in by_case.values():
        if len(codes) > 1:
            for code in codes:
                found[code] |= codes
    return {code: frozenset(codes) for code, codes in found.items()}


def case_blind(chars: CharSet) -> CharSet:
    """Return `chars` with the case variants of each (XPath Functions, flag i)."""
    cased, variants = _cased(), _variants()
    extra = [
        (other, other)
        for low, high in chars
        for code in cased[bisect_left(cased, low) : bisect_right(cased, high)]
        for other in variants[code]
    ]
    return union((*chars, *extra))


@functools.cache
def _cased() -> list[int]:
    return sorted(_variants())
