"""What one cell of CORDIS lists or means: keywords, codes, names of participants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kg.errors import IdentifierError
from kg.identifiers import slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loaders._cordis_rows import Layout

# Separators of several codes in one cell, in the layouts before 2021.
_CODES = re.compile(r"\s*[;,]\s*")
# Keywords are separated by semicolons, else by commas outside parentheses.
_COMMA = re.compile(r"[,\n](?![^()]*\))")
_SEMICOLON = re.compile(r"[;\n]")


def keywords(text: str) -> list[str]:
    """Split a list of keywords: at semicolons if there are any, else at commas."""
    pattern = _SEMICOLON if ";" in text else _COMMA
    return [word for part in pattern.split(text) if (word := part.strip())]


def codes(text: str) -> list[str]:
    """Split a list of codes of topics or programmes."""
    return [code for code in _CODES.split(text) if code]


def framework_of(code: str) -> str:
    """Return the framework programme of a programme's code: `H2020-EU.1.3.` → `H2020`."""
    return re.split(r"[.-]", code, maxsplit=1)[0]


def participants(layout: Layout, cells: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield column, role and name of each participant that a project's own record lists."""
    if name := layout.cell(cells, "coordinator"):
        yield "coordinator", "CoordinatorRole", name
    for part in layout.cell(cells, "participants").split(";"):
        if name := part.strip():
            yield "participants", "ParticipantRole", name


def name_key(name: str) -> str:
    """Return the key of an organisation that is known by its name only."""
    try:
        return f"name-{slug(name)}"
    except IdentifierError:  # a name in another script is its own key
        return f"name-{name.casefold()}"
