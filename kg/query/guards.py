"""What a query would do, told from its tokens before anything is evaluated.

Refused are federation (SERVICE fetches any address, this machine's included, and the engine has no
switch for it; what is allowed of it was carried out before, see kg.query.services) and updates
(LOAD too). Told are the facts that evaluation needs: whether the query describes its own dataset
and whether its answer lasts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import QueryRefusedError
from kg.query.tokens import DOUBTFUL, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.query.tokens import Token

_UPDATES: Final = frozenset(
    ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
)
_VOLATILE: Final = frozenset(["NOW", "RAND", "UUID", "STRUUID"])


_NOTABLE: Final = re.compile(
    r"service|from|now|rand|uuid|graph|bnode|group_concat|regex|replace|\bas\b|[|!\\~]|<<\("
    r"|count\s*+\((?!\s*+(?:distinct\b\s*+)?(?:\*|[?$]\w++)\s*+\))"
    r"|\b(?!(?-i:true|false)\b)(?:true|false)\b"
    rf"|<(?:(?!{DOUBTFUL.pattern})[^\s<>])*+(?:{DOUBTFUL.pattern})"
    r"|\?(?![A-Za-z_])"
    r"|(?<!select )(?<!\()\*",
    re.IGNORECASE,
)
"""What a query must contain, somewhere, to be of another nature than most.

Nothing in it is read twice: a text of a million characters takes a moment, whatever it is.
"""
_EXISTS: Final = re.compile("exists", re.IGNORECASE)
_INNER: Final = re.compile(r"\b(?:select|bind)\b", re.IGNORECASE)


class Nature(NamedTuple):
    """What the tokens tell of a query."""

    own_dataset: bool
    lasting: bool


PLAIN: Final = Nature(own_dataset=False, lasting=True)


def plain(text: str) -> bool:
    """Tell whether a look at the characters is enough: nothing to refuse, nothing to rewrite.

    Escapes, keywords that matter and operators of paths count wherever they stand, in a string
    too; for such a query the tokens have to be looked at. Updates are left to the engine's grammar.
    """
    if _NOTABLE.search(text) is not None:
        return False
    exists = _EXISTS.search(text)
    return exists is None or _INNER.search(text, exists.end()) is None


def _refuse(text: str, token: Token, reason: str) -> QueryRefusedError:
    line, column = place(text, token.start)
    return QueryRefusedError(
        f"Line {line}, column {column}, at {token.text!r}: {reason}",
        line=line,
        column=column,
        token=token.text,
    )


def _first_word(tokens: Sequence[Token]) -> Token | None:
    """Return the first keyword after the prologue (BASE and PREFIX declarations)."""
    return next((t for t in tokens if t.upper and t.upper not in {"BASE", "PREFIX"}), None)


def inspect(text: str, tokens: Sequence[Token]) -> Nature:
    """Return the nature of a query.

    Raises:
        QueryRefusedError: it contains SERVICE or is an update.
    """
    first = _first_word(tokens)
    if first is not None and first.upper in _UPDATES:
        reason = "this is an update; the query operation only reads"
        raise _refuse(text, first, reason)
    words = {token.upper: token for token in tokens if token.kind == "word"}
    if "SERVICE" in words:
        reason = (
            "no other endpoint is asked from here; ask it yourself and give its answer in VALUES"
        )
        raise _refuse(text, words["SERVICE"], reason)
    return Nature("FROM" in words, _VOLATILE.isdisjoint(words))
