"""Names as they are compared: folded, in words, without legal form.

1. Case, diacritics and letters that some keyboards lack go (`Universität`, `UNIVERSITAET` and
   `universitat` are one word); Unicode Standard, section 5.18, and NFKD of Annex 15.
2. Apostrophes, dots and hyphens part words; single letters that follow each other are one word
   again (`S.p.A.`, `e. V.`).
3. Words that only join others go; usual abbreviations are written out.
4. Legal forms are set aside: two names may differ in them and mean the same, or not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Final

from kg.reconciliation import legalforms

MOST_CHARACTERS: Final = 500
"""What is longer than this is no name; the rest of it is not looked at."""

_LETTERS: Final = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "a",
        "œ": "o",
        "þ": "th",
        "\u0131": "i",
    }
)
# German and Danish write umlauts with an e where the letter is missing.
_DIGRAPHS: Final = re.compile(r"(?<=[^aeiouq\W_])(a|o|u)e(?=[^\W_])|^(a|o|u)e(?=[^aeiou\W_])")
_ELISION: Final = re.compile(r"\b(?:[cdlmns]|qu|dell|nell|all|sull|un)['\u2019`\u00b4]", re.UNICODE)
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
_JOINING: Final = frozenset(
    {"and", "the", "of", "for", "in", "und", "der", "die", "das", "des", "fur", "im", "et", "du"}
    | {"de", "la", "le", "les", "pour", "par", "y", "e", "el", "los", "las", "para", "do", "da"}
    | {"i", "di", "del", "della", "per", "en", "het", "van", "voor", "og", "och", "ja"}
)
_WRITTEN_OUT: Final = {
    "assoc": "association",
    "centre": "center",
    "centr": "center",
    "ctr": "center",
    "dept": "department",
    "dpt": "department",
    "intl": "international",
    "natl": "national",
    "uni": "university",
    "univ": "university",
    "inst": "institute",
    "ges": "gesellschaft",
    "mgmt": "management",
    "st": "saint",
    "tech": "technology",
    "tu": "technische universitat",
    "fh": "fachhochschule",
    "univers": "university",
}


class Name:
    """A name: its words without joining ones and legal forms, and the forms."""

    def __init__(self, text: str, *, typed: bool = False) -> None:
        """Take a text apart; in one that was `typed`, legal forms may be mistyped."""
        self.text = text[:MOST_CHARACTERS]
        written, self.forms = legalforms.split(words(self.text), typed=typed)
        kept = tuple(w for w in written if w not in _JOINING) or written
        self.words = tuple(" ".join(_WRITTEN_OUT.get(w, w) for w in kept).split())

    @cached_property
    def key(self) -> str:
        """What is equal for names that differ in case, accents, legal form and order only."""
        return " ".join(sorted(self.words))

    @cached_property
    def joined(self) -> str:
        """The words without blanks."""
        return "".join(self.words)


def fold(text: str) -> str:
    """Return a text without case, diacritics and letters of single languages."""
    if text.isascii():
        plain = text.lower()
    else:
        # What is decomposed may hold capitals, and what is folded may be decomposed further.
        folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
        decomposed = unicodedata.normalize("NFKD", folded)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _DIGRAPHS.sub(lambda m: m[1] or m[2], plain) if "e" in plain else plain


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, single letters in a row as one."""
    found: list[str] = []
    letters = ""
    for word in _WORD.findall(_ELISION.sub("", fold(text))):
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            found.append(letters)
            letters = ""
        found.append(word)
    if letters:
        found.append(letters)
    return tuple(found)


def key(text: str) -> str:
    """Return what is equal for two spellings of a place or another short name."""
    return " ".join(words(text))
