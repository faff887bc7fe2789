"""Countries: their status on a day, and which are neighbours.

`countries.csv` has a row for each status that a country has or had, from a day until and with
another; each row names the text that it is taken from, and says whether it is certain.
`neighbours.csv` has pairs of countries that are joined by land, or by a bridge, tunnel or ferry
that much is carried over.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.terms import COUNTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Status:
    """A status of a country, such as `MemberState`, from a day until and with another, if any."""

    country: str
    name: str
    begin: date
    end: date | None
    certain: bool
    note: str
    source: str

    def holds(self, day: date) -> bool:
        """Tell whether the country has the status on a day."""
        return self.begin <= day and (self.end is None or day <= self.end)


@cache
def statuses() -> tuple[Status, ...]:
    """Return every row of `countries.csv`."""
    return tuple(
        Status(
            COUNTRY + row["country"],
            row["status"],
            date.fromisoformat(row["from"]),
            date.fromisoformat(row["until"]) if row["until"] else None,
            row["certain"] == "yes",
            row["note"],
            row["source"],
        )
        for row in _rows("countries.csv")
    )


def on(country: str | None, day: date) -> list[Status]:
    """Return what a country (IRI) is on a day."""
    return [s for s in statuses() if s.country == country and s.holds(day)]


@cache
def neighbours() -> frozenset[tuple[str, str]]:
    """Return the pairs of neighbours as IRIs, each in both directions."""
    pairs = [(COUNTRY + r["country"], COUNTRY + r["neighbour"]) for r in _rows("neighbours.csv")]
    return frozenset(pairs) | {(b, a) for a, b in pairs}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)
