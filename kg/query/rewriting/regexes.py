r"""Regular expressions of XPath (XPath Functions, section 5.6.1) as the engine's own mean the same.

| XPath | the engine | instead |
|---|---|---|
| flag `x` | drops blanks in classes too, and what follows `#` | the pattern without its blanks |
| `[a-z-[aeiou]]` | a class of all these | `[a-z--[aeiou]]` |
| `\i`, `\c` | an error | their characters |
| `\w`, `\s`, `.` | other characters | those of XPath |
| `(a)\1`, `\p{IsGreek}` | an error, or another class | refused |

Only constant patterns with constant flags are looked at.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from kg.errors import QueryRefusedError
from kg.query.tokens import place

if TYPE_CHECKING:
    from kg.query.rewriting.writer import Writer
    from kg.query.syntax import Node

_PLACES: Final = {"REGEX": 1, "REPLACE": 1}
_ESCAPED: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_CONTROLS: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_NAME_START: Final = (
    r":A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}"
    r"\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}"
    r"\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}"
)
_NAME: Final = _NAME_START + r"\-.0-9\x{B7}\x{300}-\x{36F}\x{203F}-\x{2040}"
_CLASSES: Final = {
    "i": f"[{_NAME_START}]",
    "I": f"[^{_NAME_START}]",
    "c": f"[{_NAME}]",
    "C": f"[^{_NAME}]",
    "s": r"[ \t\n\r]",
    "S": r"[^ \t\n\r]",
    "w": r"[^\p{P}\p{Z}\p{C}]",
    "W": r"[\p{P}\p{Z}\p{C}]",
}
_PIECE: Final = re.compile(r"\\[pP]\{\w+\}|\\.|\[\^?|.", re.DOTALL)
_BLANKS: Final = " \t\n\r"
# Set operations of the engine, which are plain characters in XPath.
_DOUBLED: Final = ("&", "~", "-")


class Regexes:
    """The rule for REGEX and REPLACE."""

    def __init__(self, text: str) -> None:
        self._text = text

    def write(self, writer: Writer, node: Node) -> str | None:
        """Return what to write for a call; None if its pattern means the same to the engine.

        Raises:
            QueryRefusedError: the engine has nothing that means the same.
        """
        if node.tag not in _PLACES:
            return None
        number = _PLACES[node.tag]
        pattern = self._constant(node.parts[number])
        flags_at = number + (1 if node.tag == "REGEX" else 2)
        flags = self._constant(node.parts[flags_at]) if len(node.parts) > flags_at else ""
        if pattern is None or flags is None or "q" in flags:
            return None
        try:
            translated = translate(pattern, flags)
        except ValueError as error:
            raise self._refusal(node.parts[number], str(error)) from None
        if (translated, "x" in flags) == (pattern, False):
            return None
        arguments = [writer.write(part) for part in node.parts]
        arguments[number] = str(Literal(translated))
        if "x" in flags:
            arguments[flags_at] = str(Literal(flags.replace("x", "")))
        return f"{node.tag}({', '.join(arguments)})"

    def _constant(self, expression: Node) -> str | None:
        """Return the text of an expression that is a plain string alone."""
        text = self._text[expression.start : expression.end]
        if [part.kind for part in expression.parts] != ["literal"] or text[0] not in "\"'":
            return None
        marks = 3 if text[:3] in {'"""', "'''"} else 1
        if text[-1] != text[0] or len(text) < 2 * marks:
            return None
        return _ESCAPED.sub(_character, text[marks:-marks])

    def _refusal(self, node: Node, reason: str) -> QueryRefusedError:
        line, column = place(self._text, node.start)
        token = self._text[node.start : node.end]
        detail = f"Line {line}, column {column}, at {token}: {reason}"
        return QueryRefusedError(detail, line=line, column=column, token=token)


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _CONTROLS.get(match[3], match[3])


def translate(pattern: str, flags: str) -> str:
    r"""Return the engine's expression for a pattern of XPath; the flag `x` is spent.

    Raises:
        ValueError: there is none; why.
    """
    pieces = deque(match[0] for match in _PIECE.finditer(pattern))
    written: list[str] = []
    while pieces:
        piece = pieces.popleft()
        if piece[0] == "[":
            written.append(_class(piece, pieces))
        elif piece == "." and "s" not in flags:
            written.append(r"[^\n\r]")
        elif "x" not in flags or piece not in _BLANKS:
            written.append(_escape(piece))
    return "".join(written)


def _class(opening: str, pieces: deque[str]) -> str:
    """Read a character class to its end."""
    content: list[str] = []
    while pieces:
        piece = pieces.popleft()
        if piece == "]" and content:
            return f"{opening}{''.join(content)}]"
        if piece[0] == "[" and content and content[-1] == "-":
            content.pop()
            without = _class(piece, pieces)
            if pieces and pieces[0] == "]":
                pieces.popleft()
            return f"[{opening}{''.join(content)}]--{without}]"
        if piece in _DOUBLED and content and content[-1] == piece:
            piece = "\\" + piece
        content.append(_escape(piece))
    return f"{opening}{''.join(content)}"


def _escape(piece: str) -> str:
    if piece[0] != "\\" or len(piece) == 1:
        return piece
    if piece[1].isdigit():
        raise ValueError("the engine has no references to groups within a pattern")
    if piece[1:].startswith(("p{Is", "P{Is")):
        raise ValueError("the engine does not know blocks of characters; name their range")
    return _CLASSES.get(piece[1:], piece)
