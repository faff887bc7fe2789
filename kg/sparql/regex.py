"""XPath regular expressions as RE2 writes them (XPath Functions, section 5.6.1).

Only what means the same in both, or can be rewritten to it, is let through; the rest is refused
while the query is compiled, for RE2 fails at the first row otherwise, or misreads in silence.
"""

from __future__ import annotations

import re
from typing import Final

from kg.sparql.errors import NotCompilable

# Escapes inside and outside a character class, as RE2 writes XPath's meaning.
_CLASSES: Final = {"d": r"\p{Nd}", "D": r"\P{Nd}"}
_SPACES: Final = {"s": r" \t\n\r"}
_SELF: Final = frozenset("\\|.?*+(){}[]-^$nrt/")
_FLAGS: Final = frozenset("smixq")
_PIECE: Final = re.compile(r"\\(p\{\w+\}|P\{\w+\}|.)|(\[)|(\])|(\(\?)|(.)", re.DOTALL)
_QUANTIFIER: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_MOST_REPEATS: Final = 1000


def translate(pattern: str, flags: str) -> str:
    """Return the RE2 expression of an XPath pattern with its flags.

    Raises:
        NotCompilable: something in it means another thing in RE2, or nothing.
    """
    if set(flags) - _FLAGS:
        raise NotCompilable(f"The regular expression flags {flags!r} are not compiled")
    if "q" in flags:
        return _head(flags) + re.escape(pattern)
    if "x" in flags:
        raise NotCompilable("The regular expression flag x is not compiled")
    _check_repeats(pattern)
    body = "".join(_pieces(pattern, dot="." if "s" in flags else r"[^\n\r]"))
    _check(body)
    return _head(flags) + body


def _head(flags: str) -> str:
    on = "".join(flag for flag in "ims" if flag in flags)
    off = "".join(flag for flag in "ims" if flag not in flags)
    return f"(?{on}-{off})" if off else f"(?{on})"


def _check_repeats(pattern: str) -> None:
    for match in _QUANTIFIER.finditer(pattern):
        if any(int(number) > _MOST_REPEATS for number in match.groups() if number):
            raise NotCompilable("A regular expression with so many repetitions is not compiled")


def _check(body: str) -> None:
    """Refuse what is no regular expression for Python either; RE2 is stricter nowhere else."""
    plain = re.sub(r"\\[pP]\{\w+\}", "a", body)
    try:
        re.compile(plain)
    except re.error as problem:
        raise NotCompilable(f"The regular expression is not compiled: {problem}") from problem


def _pieces(pattern: str, dot: str) -> list[str]:
    pieces = []
    depth = 0
    for match in _PIECE.finditer(pattern):
        escape, opening, closing, group, plain = match.groups()
        if escape is not None:
            pieces.append(_escape(escape, inside=depth > 0))
        elif group is not None:
            _refuse_unless(depth > 0, "(?")
            pieces.append(r"\(?" if depth else group)
        elif opening is not None:
            _refuse_unless(depth == 0, "[ inside a character class")
            depth = 1
            pieces.append("[")
        else:
            depth -= closing is not None and depth > 0
            pieces.append(dot if plain == "." and not depth else closing or plain)
    return pieces


def _refuse_unless(condition: bool, what: str) -> None:  # noqa: FBT001 - as assert has it
    if not condition:
        raise NotCompilable(f"A regular expression with {what} is not compiled")


def _escape(text: str, *, inside: bool) -> str:
    if text in _CLASSES:
        return _CLASSES[text]
    if text in _SPACES:
        return _SPACES[text] if inside else f"[{_SPACES[text]}]"
    if text == "S" and not inside:
        return f"[^{_SPACES['s']}]"
    if text[0] in "pP" and len(text) > 1:
        _refuse_unless(re.fullmatch(r"[pP]\{[LMNPSZC][a-z]?\}", text) is not None, f"\\{text}")
        return "\\" + text
    _refuse_unless(text in _SELF, f"\\{text}")
    return "\\" + text


def replacement(text: str, groups: int) -> str:
    r"""Return the RE2 replacement of an XPath one: `$1` becomes `\1`, `\$` becomes `$`.

    Raises:
        NotCompilable: a group that is not there, or a stray backslash or dollar.
    """
    parts = []
    for match in re.finditer(r"\\([\\$])|\$(\d+)|([\\$])|([^\\$]+)", text):
        literal, group, stray, plain = match.groups()
        _refuse_unless(stray is None, "such a replacement")
        if group is not None:
            _refuse_unless(len(group) == 1 and int(group) <= groups, f"group {group}")
            parts.append("\\" + group)
        else:
            parts.append((literal or plain).replace("\\", "\\\\"))
    return "".join(parts)


def groups(body: str) -> int:
    """Return how many groups an RE2 expression has."""
    return re.compile(_plain(body)).groups


def matches_empty(body: str) -> bool:
    """Whether an RE2 expression matches the empty text, where fn:replace is in error."""
    return re.compile(_plain(body)).search("") is not None


def _plain(body: str) -> str:
    return re.sub(r"\\[pP]\{\w+\}", "a", re.sub(r"^\(\?[^)]*\)", "", body))
