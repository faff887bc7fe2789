"""What is new, changed or gone between two answers, and what is known after the second.

1. A row is known by its key: a thing's IRI, the columns that a saved query declares, or all of it.
2. An answer that was cut has the first rows of more. What it lacks may be behind the cut, so that
   nothing is gone, and what was known stays known; what it shows for the first time is new.
3. A question that could not be answered in a release changes nothing that is known.

So every change is told once: a row that leaves and enters the part of an answer that is seen is not
told again and again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["new", "changed", "gone"]

MOST_KNOWN: Final = 50_000
"""Rows that stay known behind the cut of an answer."""


@dataclass(frozen=True)
class Row:
    """A row of an answer: its key, the IRI it is about if any, a name for people, its values."""

    key: str
    id: str | None
    label: str
    values: Mapping[str, Any]

    def entry(self) -> dict[str, Any]:
        """Return the row as JSON."""
        return {"key": self.key, "id": self.id, "label": self.label, "values": dict(self.values)}


@dataclass(frozen=True)
class Observed:
    """An answer: its rows by key and whether these are all; or, in `failure`, why there is none."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    complete: bool = True
    failure: str = ""


@dataclass(frozen=True)
class Change:
    """What happened to a row; `before` are the values that a changed one had."""

    kind: Kind
    row: Row
    before: Mapping[str, Any] | None = None

    def entry(self) -> dict[str, Any]:
        """Return the change as JSON."""
        said = {"change": self.kind, **self.row.entry()}
        return said if self.before is None else {**said, "before": dict(self.before)}

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Change:
        """Read what `entry` returned."""
        row = Row(entry["key"], entry["id"], entry["label"], entry["values"])
        return cls(entry["change"], row, entry.get("before"))


def compare(
    known: Mapping[str, Row], observed: Observed
) -> tuple[tuple[Change, ...], Mapping[str, Row]]:
    """Return the changes that an answer brings, and the rows that are known with it."""
    if observed.failure:
        return (), known
    new = [Change("new", row) for key, row in observed.rows.items() if key not in known]
    changed = [
        Change("changed", row, known[key].values)
        for key, row in observed.rows.items()
        if key in known and known[key].values != row.values
    ]
    absent = [row for key, row in known.items() if key not in observed.rows]
    if observed.complete:
        return _ordered([*new, *changed, *(Change("gone", row) for row in absent)]), observed.rows
    behind = {row.key: row for row in absent[: max(0, MOST_KNOWN - len(observed.rows))]}
    return _ordered([*new, *changed]), {**observed.rows, **behind}


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    kinds = ("new", "changed", "gone")
    return tuple(sorted(changes, key=lambda c: (kinds.index(c.kind), c.row.label, c.row.key)))


def keyed(rows: Iterable[Row]) -> dict[str, Row]:
    """Return rows by key; where several have one, all but the first in order get a number."""
    groups: dict[str, dict[str, Row]] = {}
    for row in rows:
        text = json.dumps(dict(row.values), sort_keys=True, ensure_ascii=False)
        groups.setdefault(row.key, {})[text] = row
    found: dict[str, Row] = {}
    for key, group in groups.items():
        for number, text in enumerate(sorted(group)):
            one = group[text]
            name = f"{key}#{number + 1}" if number else key
            found[name] = Row(name, one.id, one.label, one.values)
    return found
