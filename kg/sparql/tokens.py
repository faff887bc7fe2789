"""The text of a query as tokens (SPARQL 1.1, section 19.8, productions [139] to [173]).

| kind | text |
|---|---|
| iri | `<…>`, without the brackets, escapes resolved |
| name | prefixed name, `prefix:local`, as written |
| blank | `_:label` |
| var | name without `?` or `$` |
| string | content, escapes resolved |
| lang | tag without `@` |
| integer, decimal, double | as written |
| word | keyword or function name, as written |
| mark | punctuation |
| end | empty |
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kg.errors import QuerySyntaxError

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_START = _BASE + "_"
_CHAR = _START + r"0-9\u00b7\u0300-\u036f\u203f\u2040"
_PREFIX = rf"(?:[{_BASE}](?:[{_CHAR}.-]*[{_CHAR}-])?)?"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL = rf"(?:[{_START}:0-9]|{_PLX})(?:(?:[{_CHAR}.:-]|{_PLX})*(?:[{_CHAR}:-]|{_PLX}))?"
_EXPONENT = r"[eE][+-]?[0-9]+"
_POINT = r"u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}"
_CONTENT = rf"\\(?:[tbnrf\\\"']|{_POINT})"
_LONG = (
    rf"\"\"\"(?:\"{{0,2}}(?:[^\"\\]|{_CONTENT}))*\"\"\""
    rf"|\'\'\'(?:'{{0,2}}(?:[^'\\]|{_CONTENT}))*\'\'\'"
)
_SHORT = rf"\"(?:[^\"\\\n\r]|{_CONTENT})*\"|'(?:[^'\\\n\r]|{_CONTENT})*'"

_TOKEN: Final = re.compile(
    rf"""
    (?P<space>(?:[ \t\r\n]+|\#[^\r\n]*)+)
  | (?P<long>{_LONG})
  | (?P<string>{_SHORT})
  | (?P<iri><[^<>"{{}}|^`\\\x00-\x20]*>)
  | (?P<var>[?$][{_START}0-9][{_START}0-9\u00b7\u0300-\u036f\u203f\u2040]*)
  | (?P<blank>_:[{_START}0-9](?:[{_CHAR}.-]*[{_CHAR}-])?)
  | (?P<name>{_PREFIX}:(?:{_LOCAL})?)
  | (?P<lang>@[a-zA-Z]+(?:-[a-zA-Z0-9]+)*)
  | (?P<double>(?:[0-9]+\.[0-9]*|\.?[0-9]+){_EXPONENT})
  | (?P<decimal>[0-9]*\.[0-9]+)
  | (?P<integer>[0-9]+)
  | (?P<word>[A-Za-z][A-Za-z0-9_]*)
  | (?P<mark>\^\^|&&|\|\||!=|<=|>=|[{{}}()\[\].;,=<>!+*/|^?-])
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_OR_CODE_POINT = re.compile(
    rf"(?P<kept>{_LONG}|{_SHORT}|<[^<>\"{{}}|^`\\\x00-\x20]*>|\#[^\r\n]*)|\\(?P<point>{_POINT})",
    re.DOTALL,
)
_LAST: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_ESCAPE = re.compile(rf"\\({_POINT}|.)", re.DOTALL)
_ESCAPES: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


class Token(NamedTuple):
    """A piece of the text; `position` is where it begins."""

    kind: str
    text: str
    position: int


def unescape_code_points(text: str) -> str:
    r"""Return the text with `\uXXXX` and `\UXXXXXXXX` resolved (section 19.2).

    Those in strings are resolved with their other escapes, so that none makes another one.
    """
    if "\\u" not in text and "\\U" not in text:
        return text
    return _QUOTED_OR_CODE_POINT.sub(lambda match: _resolved(text, match), text)


def _resolved(text: str, match: re.Match[str]) -> str:
    if match["point"]:
        return _character(text, match.start(), match["point"])
    for inner in _ESCAPE.finditer(match[0] if match[0][0] != "#" else ""):
        _unescaped(text, match.start() + inner.start(), inner[1])
    return match[0]


def _character(text: str, position: int, point: str) -> str:
    number = int(point[1:], 16)
    if number > _LAST or number in _SURROGATES:
        raise syntax_error(text, position, f"\\{point}", "a Unicode scalar value")
    return chr(number)


def _unescaped(text: str, position: int, escape: str) -> str:
    if len(escape) > 1:
        return _character(text, position, escape)
    return _ESCAPES.get(escape, escape)


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a query, blanks and comments left out, an `end` token last.

    Raises:
        QuerySyntaxError: a character that begins no token; says where.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise syntax_error(text, position, text[position : position + 12])
        kind = str(match.lastgroup)
        if kind != "space":
            tokens.append(
                Token("string" if kind == "long" else kind, _content(kind, match[0]), position)
            )
        position = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def _content(kind: str, text: str) -> str:
    match kind:
        case "iri":
            return text[1:-1]
        case "var" | "lang":
            return text[1:]
        case "string":
            return unescape(text[1:-1])
        case "long":
            return unescape(text[3:-3])
    return text


def unescape(text: str) -> str:
    """Return a string's or local name's content with its backslash escapes resolved."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _unescaped(text, match.start(), match[1]), text)


def syntax_error(text: str, position: int, token: str, expected: str = "") -> QuerySyntaxError:
    """Return the error for a place in the text, with line and column from 1."""
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    found = f"{token!r}" if token else "the end of the query"
    wanted = f", expected {expected}" if expected else ""
    return QuerySyntaxError(
        f"Line {line}, column {column}: {found} does not fit here{wanted}",
        line=line,
        column=column,
        token=token,
    )
