r"""XPath regular expressions, read by their own grammar and written for RE2 and for Python.

SHACL's sh:pattern means what SPARQL's REGEX means, and that is XPath's fn:matches (XPath Functions
3.1, section 5.6.1; XML Schema 1.1 part 2, appendix G). Its dialect differs from both RE2 and
Python: `\d` and `\w` are Unicode, `\i` and `\c` are XML names, `[a-z-[aeiou]]` subtracts,
`\p{IsGreek}` is a block, `$` never matches before a final newline. So none is handed on as it is:

1. parse it into a tree, every character class a set of code points;
2. with flag i, widen the literal characters and ranges by their case variants;
3. write the tree with explicit ranges only, for RE2 where RE2 can say it, else for Python.

Look-around is no part of XPath but what authors write has one meaning only: Python evaluates it.
What is neither (`\b`, `\x41`, possessive quantifiers ...) is refused with the reason.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from kg.shacl import characters

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.shacl.characters import CharSet, Range

_FLAGS: Final = "smixq"
_SINGLE: Final = {"n": "\n", "r": "\r", "t": "\t"}
_LOOK: Final = ("(?=", "(?!", "(?<=", "(?<!")


class PatternError(ValueError):
    """The text is no XPath regular expression; says why and where."""


class Chars(NamedTuple):
    """One character of a set."""

    chars: CharSet


class Anchor(NamedTuple):
    """`^` or `$`."""

    sign: str
    lines: bool


class BackReference(NamedTuple):
    """What a group matched, once more."""

    group: int
    blind: bool


@dataclass(frozen=True)
class Repeat:
    """A piece repeated; `most` is None without a bound."""

    piece: Node
    least: int
    most: int | None


@dataclass(frozen=True)
class Group:
    """Alternatives in parentheses: `opening` is `(`, `(?:` or a look-around."""

    opening: str
    branches: tuple[tuple[Node, ...], ...]


Node: TypeAlias = Chars | Anchor | BackReference | Repeat | Group


class Translation(NamedTuple):
    """A pattern for RE2, None where RE2 cannot say it, and for Python's `re`."""

    re2: str | None
    python: str


def check_pattern(pattern: str, flags: str) -> str:
    """Return why this is no XPath regular expression, or an empty text."""
    try:
        translate(pattern, flags)
    except PatternError as error:
        return str(error)
    return ""


@functools.lru_cache(maxsize=512)
def translate(pattern: str, flags: str = "") -> Translation:
    """Return `pattern` for both engines.

    Raises:
        PatternError: it is no XPath regular expression.
    """
    unknown = set(flags) - set(_FLAGS)
    if unknown:
        raise PatternError(f"flag {min(unknown)!r} is none of {', '.join(_FLAGS)}")
    tree = _Parser(pattern, flags).parse()
    return Translation(_write(tree, _RE2), _write(tree, _PYTHON) or "")


class _Parser:
    """Recursive descent over one pattern."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.text = pattern
        self.at = 0
        self.blind = "i" in flags
        self.lines = "m" in flags
        self.dot_all = "s" in flags
        self.spaced = "x" in flags and "q" not in flags
        self.literal = "q" in flags
        self.groups = 0
        self.closed: set[int] = set()

    def parse(self) -> Group:
        """Return the whole pattern as one non-capturing group."""
        if self.literal:
            return Group("(?:", (tuple(self._char(each) for each in self.text),))
        branches = self._branches()
        if self.at < len(self.text):
            raise self._fault("unbalanced )")
        return Group("(?:", branches)

    def _fault(self, why: str) -> PatternError:
        return PatternError(f"{why} at character {self.at + 1} of {self.text!r}")

    def _peek(self) -> str:
        while self.spaced and self.text[self.at : self.at + 1] in (" ", "\t", "\n", "\r"):
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        char = self.text[self.at : self.at + 1]
        if not char:
            raise self._fault("unexpected end")
        self.at += 1
        return char

    def _char(self, char: str) -> Chars:
        return Chars(self._widen(characters.one(char)))

    def _widen(self, chars: CharSet) -> CharSet:
        return characters.case_blind(chars) if self.blind else chars

    def _branches(self) -> tuple[tuple[Node, ...], ...]:
        branches = [self._branch()]
        while self._peek() == "|":
            self._take()
            branches.append(self._branch())
        return tuple(branches)

    def _branch(self) -> tuple[Node, ...]:
        pieces: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            pieces.append(self._quantified(self._atom()))
        return tuple(pieces)

    def _quantified(self, atom: Node) -> Node:
        sign = self._peek()
        if sign not in ("*", "+", "?", "{"):
            return atom
        self._take()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self._bounds()
        if self._peek() == "?":
            self._take()  # a reluctant quantifier finds the same strings
        if self._peek() in ("*", "+", "?", "{"):
            raise self._fault("a quantifier cannot follow a quantifier")
        return Repeat(atom, least, most)

    def _bounds(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        parts = self.text[self.at : end].split(",") if end > 0 else []
        digits = [part.isascii() and part.isdigit() for part in parts]
        if digits not in ([True], [True, True]) and not (parts[1:] == [""] and digits[0]):
            raise self._fault("expected a quantity such as {2}, {2,} or {2,5}")
        self.at = end + 1
        least = int(parts[0])
        most = least if len(parts) == 1 else int(parts[1]) if parts[1] else None
        if most is not None and most < least:
            raise self._fault("a quantity must not run backwards")
        return least, most

    def _atom(self) -> Node:
        char = self._take()
        match char:
            case "(":
                return self._group()
            case "[":
                return Chars(self._class())
            case "\\":
                return self._escape_outside()
            case ".":
                newline = () if self.dot_all else ((0x0A, 0x0A),)
                return Chars(characters.minus(characters.ALL, newline))
            case "^" | "$":
                return Anchor(char, self.lines)
            case "*" | "+" | "?" | "{" | "}" | "]":
                self.at -= 1
                raise self._fault(f"{char} must be escaped or follow something")
        return self._char(char)

    def _group(self) -> Group:
        start = self.at - 1
        opening = next((o for o in (*_LOOK, "(?:") if self.text.startswith(o, start)), "(")
        self.at = start + len(opening)
        if opening == "(":
            if self._peek() == "?":
                raise self._fault("expected (?: or a look-around after (?")
            self.groups += 1
        number = self.groups
        branches = self._branches()
        if self._peek() != ")":
            raise self._fault("expected )")
        self._take()
        if opening == "(":
            self.closed.add(number)
        return Group(opening, branches)

    def _escape_outside(self) -> Node:
        digit = self.text[self.at : self.at + 1]
        if digit.isascii() and digit.isdigit():
            return self._back_reference()
        chars, widened = self._escape()
        return Chars(self._widen(chars) if widened else chars)

    def _back_reference(self) -> BackReference:
        end = self.at + 1
        # "taken as long as there are that many groups" (5.6.1, back-references)
        while self._digits(end + 1) and int(self.text[self.at : end + 1]) <= self.groups:
            end += 1
        number = int(self.text[self.at : end])
        if number not in self.closed:
            raise self._fault(f"\\{number} refers to no group that is closed before it")
        self.at = end
        return BackReference(number, self.blind)

    def _digits(self, end: int) -> bool:
        taken = self.text[self.at : end]
        return end <= len(self.text) and taken.isascii() and taken.isdigit()

    def _escape(self) -> tuple[CharSet, bool]:
        """Return what an escape denotes, and whether it is one character (and so has a case)."""
        char = self._take()
        if char in "pP":
            found = self._property()
            return (found if char == "p" else characters.complement(found)), False
        if char in "sSiIcCdDwW":
            return characters.escape(char), False
        if char in _SINGLE or not char.isalnum():
            return characters.one(_SINGLE.get(char, char)), True
        self.at -= 1
        raise self._fault(f"\\{char} has no meaning in XPath")

    def _property(self) -> CharSet:
        end = self.text.find("}", self.at)
        name = self.text[self.at + 1 : end]
        if self.text[self.at : self.at + 1] != "{" or end < 0:
            raise self._fault("expected a category such as {Lu} or a block such as {IsGreek}")
        try:
            found = characters.property_named(name)
        except KeyError:
            raise self._fault(f"no category or block is named {name}") from None
        self.at = end + 1
        return found

    def _class(self) -> CharSet:
        """Read a character class after its `[`, with subtraction (appendix G.4.1)."""
        negated = self.text[self.at : self.at + 1] == "^"
        self.at += negated
        start = self.at
        ranges: list[Range] = []
        removed: CharSet = ()
        while True:
            char = self._take()
            if char == "]" and self.at - 1 > start:
                break
            if char == "-" and self.text[self.at : self.at + 1] == "[" and self.at - 1 > start:
                self._take()
                removed = self._class()
                if self._take() != "]":
                    raise self._fault("a subtraction must be the last part of a class")
                break
            ranges += self._class_part(char)
        chars = characters.union(ranges)
        return characters.minus(characters.complement(chars) if negated else chars, removed)

    def _class_part(self, char: str) -> CharSet:
        low, single = self._class_char(char)
        following = self.text[self.at : self.at + 2]
        if not single or following[:1] != "-" or following[1:] in ("]", "[", ""):
            return self._widen(low) if single else low
        self._take()
        high, single = self._class_char(self._take())
        if not single or high[0][0] < low[0][0]:
            raise self._fault("a range must go from a character to a later one")
        return self._widen(((low[0][0], high[0][0]),))

    def _class_char(self, char: str) -> tuple[CharSet, bool]:
        if char == "\\":
            return self._escape()
        if char in "[]":
            raise self._fault(f"{char} must be escaped inside a class")
        return characters.one(char), True


class _Dialect(NamedTuple):
    """How one engine writes what differs."""

    code: Callable[[int], str]
    nothing: str
    begin: str
    end: str
    begin_line: str | None
    end_line: str
    most: int | None
    backtracks: bool


_RE2: Final = _Dialect(
    code=lambda code: f"\\x{{{code:x}}}",
    nothing=r"[^\x00-\x{10FFFF}]",
    begin=r"\A",
    end=r"\z",
    begin_line=None,  # RE2 lets ^ match after a final newline, XPath does not
    end_line="(?m:$)",
    most=1000,
    backtracks=False,
)
_PYTHON: Final = _Dialect(
    code=lambda code: f"\\U{code:08x}",
    nothing="(?!)",
    begin=r"\A",
    end=r"\Z",
    begin_line=r"(?:\A|(?<=\n)(?!\Z))",
    end_line=r"(?=\n|\Z)",
    most=None,
    backtracks=True,
)


def _write(node: Node, dialect: _Dialect) -> str | None:
    """Return the tree in a dialect, None if that dialect cannot say it."""
    match node:
        case Chars(chars):
            return _write_chars(chars, dialect)
        case Anchor("^", lines):
            return dialect.begin_line if lines else dialect.begin
        case Anchor(_, lines):
            return dialect.end_line if lines else dialect.end
        case BackReference(group, blind):
            flags = "(?i:" if blind else "(?:"
            return f"(?({group}){flags}\\{group})|)" if dialect.backtracks else None
        case Repeat():
            return _write_repeat(node, dialect)
        case Group(opening, branches):
            return _write_group(opening, branches, dialect)


def _write_chars(chars: CharSet, dialect: _Dialect) -> str:
    parts = [
        dialect.code(low) if low == high else f"{dialect.code(low)}-{dialect.code(high)}"
        for low, high in chars
    ]
    return f"[{''.join(parts)}]" if parts else dialect.nothing


def _write_repeat(node: Repeat, dialect: _Dialect) -> str | None:
    bounds = (node.least, node.most or 0)
    piece = _write(node.piece, dialect)
    if piece is None or (dialect.most is not None and max(bounds) > dialect.most):
        return None
    most = "" if node.most is None else str(node.most)
    return f"(?:{piece}){{{node.least},{most}}}"


def _write_group(
    opening: str, branches: tuple[tuple[Node, ...], ...], dialect: _Dialect
) -> str | None:
    if opening in _LOOK and not dialect.backtracks:
        return None
    written = [[_write(piece, dialect) for piece in branch] for branch in branches]
    if any(piece is None for branch in written for piece in branch):
        return None
    body = "|".join("".join(piece or "" for piece in branch) for branch in written)
    return f"{opening}{body})"
