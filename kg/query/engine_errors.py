"""What the engine says of a text that it does not accept, as our errors."""

from __future__ import annotations

import re
from typing import Final

from kg.errors import QuerySyntaxError

_PLACE: Final = re.compile(r"error at (\d+):(\d+): ")
_SENTENCE: Final = re.compile(r"(?:one of |, )((?:[A-Z][a-z]+|The SELECT) [^,\[\"]+)")


def syntax_fault(text: str, message: str) -> QuerySyntaxError:
    """Return the error for an update, from the engine's message, with its place if it names one."""
    found = _PLACE.search(message)
    if found is None:
        return QuerySyntaxError(f"Not an update: {message}")
    line, column = int(found[1]), int(found[2])
    lines = text.splitlines() or [""]
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    token = rest.split(maxsplit=1)[0] if rest.split() else ""
    sentence = _SENTENCE.search(message)
    reason = sentence[1].strip() if sentence else "something else was expected"
    shown = repr(token) if token else "its end"
    detail = f"Line {line}, column {column}, at {shown}: {reason}"
    return QuerySyntaxError(detail, line=line, column=column, token=token)
