"""The header of a saved query: the comment lines that begin with `#+`.

Together they are a YAML document (grlc, "Query decorators") of which only this much is read: block
mappings of plain one-line or folded scalars, nested by indentation of two blanks, and flow lists
`[a, b]`. That is enough for a header and needs no YAML library.

```
#+ summary: Organisations active in a technology
#+ tags: [organisations, technologies]
#+ params:
#+   technology:
#+     type: technology
#+     en: The technology
```
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from kg.errors import QuerySyntaxError

Header: TypeAlias = "dict[str, str | list[str] | Header]"

_MARK: Final = "#+"
_LINE = re.compile(
    r"(?P<indent> *)(?:(?P<key>[A-Za-z_][\w-]*):(?: +(?P<value>.*))?|(?P<text>\S.*))"
)


def parse(text: str, file: str) -> Header:
    """Return the header of the query `text`, empty if it has none.

    Raises:
        QuerySyntaxError: a line of the header cannot be read; it names file and line.
    """
    open_mappings: list[tuple[int, Header]] = [(-1, {})]
    last = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith(_MARK):
            continue
        match = _LINE.fullmatch(line.removeprefix(_MARK).removeprefix(" ").rstrip())
        if match is None or (match["text"] and not last):
            raise QuerySyntaxError(f"{file}, line {number}: not a header line: {line}", line=number)
        if match["text"]:
            _fold(open_mappings[-1][1], last, match["text"])
        else:
            last = _enter(open_mappings, len(match["indent"]), match["key"], match["value"])
    return open_mappings[0][1]


def _enter(
    open_mappings: list[tuple[int, Header]], indent: int, key: str, value: str | None
) -> str:
    """Add a key to the innermost mapping that is less indented than it; return the key."""
    while len(open_mappings) > 1 and open_mappings[-1][0] >= indent:
        open_mappings.pop()
    mapping = open_mappings[-1][1]
    if value:
        mapping[key] = _scalar(value)
    else:
        inner: Header = {}
        mapping[key] = inner
        open_mappings.append((indent, inner))
    return key


def _fold(mapping: Header, key: str, text: str) -> None:
    before = mapping.get(key, "")
    mapping[key] = f"{before} {text}".strip() if isinstance(before, str) else text


def _scalar(value: str) -> str | list[str]:
    if value.startswith("[") and value.endswith("]"):
        return [item.strip() for item in value[1:-1].split(",") if item.strip()]
    return value
