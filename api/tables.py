"""Solutions as a table for people: things by their labels, linked; numbers to the right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from api import pages
from api.pages import Shown
from api.words import WORDS
from kg.description import Description, labels
from kg.terms import XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.linked import Visit

    Solution = Mapping[str, Mapping[str, str]]

_NUMBERS: Final = (XSD_INTEGER, XSD_DECIMAL)
_UNGROUPED: Final = 4
"""Digits of a number that is read at a glance."""


class Cell(NamedTuple):
    """A value as a table shows it."""

    shown: Shown
    number: bool = False


class Table(NamedTuple):
    """The titles of the columns, and the rows."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def table(to: Visit, columns: Sequence[str], solutions: Sequence[Solution], chosen: str) -> Table:
    """Return solutions (SPARQL 1.1 Query Results JSON) as a table in a language.

    A column that says nothing but the label of the thing beside it is left out.
    """
    iris = {t["value"] for row in solutions for t in row.values() if t["type"] == "uri"}
    names = Description("", (), (), tuple(labels(to.opened.store, sorted(iris))), 1, more=False)
    rows = [[_cell(to, names, row.get(name), chosen) for name in columns] for row in solutions]
    kept = [n for n in range(len(columns)) if not (n and _repeats(rows, n - 1, n))]
    return Table(
        [_title(columns[n]) for n in kept],
        [[row[n] for n in kept] for row in rows],
    )


def _repeats(rows: Sequence[Sequence[Cell]], thing: int, text: int) -> bool:
    return bool(rows) and all(
        row[thing].shown.href is not None and row[thing].shown.text == row[text].shown.text
        for row in rows
    )


def _title(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)
    return words[:1].upper() + words[1:]


def _cell(to: Visit, names: Description, term: Mapping[str, str] | None, chosen: str) -> Cell:
    if term is None:
        return Cell(Shown(""))
    if term["type"] == "uri":
        return Cell(pages.thing(to, names, term["value"], chosen))
    value, datatype = term["value"], term.get("datatype")
    if datatype == XSD_BOOLEAN:
        value = WORDS[chosen]["yes" if value in {"true", "1"} else "no"]
    number = datatype in _NUMBERS
    return Cell(Shown(_grouped(value) if number else value, language=term.get("xml:lang")), number)


def _grouped(number: str) -> str:
    """Return a number with its thousands apart, in the manner that every language reads."""
    whole, point, rest = number.partition(".")
    if len(whole.lstrip("+-")) <= _UNGROUPED or not whole.lstrip("+-").isdigit():
        return number
    return f"{int(whole):,}".replace(",", "\u202f") + point + rest
