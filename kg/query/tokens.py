r"""The tokens of SPARQL 1.1 (Query Language, section 19.8, productions [139] to [173]) and of 1.2.

Three things are decided here and nowhere else, so that no disguise passes a guard:

1. Codepoint escapes (section 19.2) are resolved first, except inside strings, where the engine
   resolves them itself: `\u0053ERVICE` is the keyword SERVICE.
2. The longest match wins, so what stands in a string, an IRI or a comment is no keyword.
3. Words are compared without regard to case; the keyword `a` alone is told from `A`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from kg.errors import QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["iri", "string", "var", "bnode", "pname", "lang", "number", "word", "mark", "end"]

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_U = _BASE + "_"
_CHAR = _U + r"\-0-9\u00b7\u0300-\u036f\u203f-\u2040"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_ESCAPE = r"\\(?:[tbnrf\\\"']|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
_STRING = rf"""
    '''(?:(?:'|'')?(?:[^'\\]|{_ESCAPE}))*'''
  | \"\"\"(?:(?:"|"")?(?:[^"\\]|{_ESCAPE}))*\"\"\"
  | '(?:[^'\\\r\n]|{_ESCAPE})*'
  | "(?:[^"\\\r\n]|{_ESCAPE})*"
"""
_EXPONENT = r"[eE][+-]?[0-9]+"
# The marks around triple terms, reified triples and annotations; `?a<<x>` compares with an IRI.
_QUOTING = r"<<\(|\)>>|<<(?![^<>\"{}|^`\\\x00-\x20]*>)|>>|\{\||\|\}"

_TOKEN: Final = re.compile(
    rf"""
    (?P<blank>[ \t\r\n]+|\#[^\r\n]*)
  | (?P<iri><[^<>"{{}}|^`\\\x00-\x20]*>)
  | (?P<var>[?$][{_U}0-9][{_U}0-9\u00b7\u0300-\u036f\u203f-\u2040]*)
  | (?P<string>{_STRING})
  | (?P<bnode>_:[{_U}0-9](?:[{_CHAR}.]*[{_CHAR}])?)
  | (?P<pname>(?:[{_BASE}](?:[{_CHAR}.]*[{_CHAR}])?)?:
      (?:(?:[{_U}:0-9]|{_PLX})(?:(?:[{_CHAR}.:]|{_PLX})*(?:[{_CHAR}:]|{_PLX}))?)?)
  | (?P<lang>@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--(?:ltr|rtl))?)
  | (?P<number>[0-9]+\.[0-9]*{_EXPONENT}|\.?[0-9]+{_EXPONENT}|[0-9]*\.[0-9]+|[0-9]+)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>\^\^|&&|\|\||!=|<=|>=|{_QUOTING}|[{{}}()\[\].;,*/+\-|^?!=<>~])
    """,
    re.VERBOSE,
)

_BOOLEANS: Final = {"TRUE": "true", "FALSE": "false"}
_CODEPOINT: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_QUOTED_OR_CODEPOINT: Final = re.compile(
    rf"""
    (?P<kept>{_STRING}|\#[^\r\n]*)
  | \\(?:u(?P<short>[0-9A-Fa-f]{{4}})|U(?P<long>[0-9A-Fa-f]{{8}}))
  | <[^<>"{{}}|^`\x00-\x20]*>
    """,
    re.VERBOSE,
)

DOUBTFUL: Final = re.compile("&&|[,()]")
"""What an IRI contains that the engine may read as operators between two comparisons."""


class Token(NamedTuple):
    """A token and where it stands: `text[start:end]`."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The word in capitals; empty for every other kind."""
        return self.text.upper() if self.kind == "word" else ""


class Place(NamedTuple):
    """A place in a text as editors show it, both counted from 1."""

    line: int
    column: int


def place(text: str, offset: int) -> Place:
    """Return the line and the column of an offset."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def syntax_error(
    text: str,
    offset: int,
    token: str,
    reason: str,
    kind: type[QuerySyntaxError] = QuerySyntaxError,
) -> QuerySyntaxError:
    """Return the error that names the place, the token and the reason."""
    line, column = place(text, offset)
    shown = repr(token) if token else "the end of the query"
    return kind(
        f"Line {line}, column {column}, at {shown}: {reason}",
        line=line,
        column=column,
        token=token,
    )


def _resolved(text: str, match: re.Match[str]) -> str:
    if match["kept"]:
        _CODEPOINT.sub(lambda inner: _character(text, match, inner[1] or inner[2]), match[0])
        return match[0]
    if match[0].startswith("<"):
        return _CODEPOINT.sub(lambda inner: _character(text, match, inner[1] or inner[2]), match[0])
    return _character(text, match, match["short"] or match["long"])


def _character(text: str, match: re.Match[str], code: str) -> str:
    try:
        character = chr(int(code, 16))
        character.encode()
    except (ValueError, OverflowError):
        reason = "the escape names no character"
        raise syntax_error(text, match.start(), match[0], reason) from None
    return character


def unescape(text: str) -> str:
    r"""Resolve codepoint escapes outside of strings and comments (section 19.2).

    Raises:
        QuerySyntaxError: an escape names a surrogate or nothing at all.
    """
    if "\\u" not in text and "\\U" not in text:
        return text
    return _QUOTED_OR_CODEPOINT.sub(lambda match: _resolved(text, match), text)


def _scan(text: str) -> Iterator[Token]:
    position = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if start != position:
            break
        position = end
        kind = match.lastgroup
        if kind != "blank":
            yield Token(kind, match[0], start, end)  # type: ignore[arg-type]
    if position != len(text):
        raise _unreadable(text, position)
    yield Token("end", "", position, position)


def _unreadable(text: str, position: int) -> QuerySyntaxError:
    first = text[position]
    if first in "'\"":
        return syntax_error(
            text, position, first, "the string is not closed or its escape is unknown"
        )
    return syntax_error(text, position, first, "no token of SPARQL begins like this")


def with_booleans(text: str, tokens: list[Token]) -> str:
    """Return a text with `TRUE` and `FALSE` as the engine knows them; no token changes its place.

    Keywords are compared without regard to case (section 19.8, note 1), those of booleans too.
    """
    pieces = []
    position = 0
    for token in tokens:
        if token.upper in _BOOLEANS:
            pieces += [text[position : token.start], _BOOLEANS[token.upper]]
            position = token.end
    return "".join(pieces) + text[position:] if pieces else text


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a query whose codepoint escapes are resolved; the last is an `end`.

    Raises:
        QuerySyntaxError: something is no token: where it stands.
    """
    return list(_scan(text))
