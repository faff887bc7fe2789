"""Reconciliation: time to make the index, time of a look-up, and how often it is right.

Needs a workspace with full CORDIS, named by `ATLAS_HOME`; reads it and writes nothing. Machines
differ and others may be at work: compare the seconds of one run with each other only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measure import measured, table
from kg.reconciliation import evaluation, index
from kg.settings import Settings
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.reconciliation.index import Index

SEED = 5
ASKED = 500


def _index(home: Path, base: str) -> Index:
    return index.build(Serving(Workspace(home)).current().store, base)


def making(home: Path, base: str) -> tuple[int, float, float]:
    """Return entities, seconds and seconds of processor to make the index."""
    begin, cpu = time.perf_counter(), time.process_time()
    made = _index(home, base)
    return len(made.entities), time.perf_counter() - begin, time.process_time() - cpu


def right(home: Path, base: str) -> list[list[object]]:
    """Return how often the first candidate is right, for each way to change names."""
    made, rows = _index(home, base), []
    asked = evaluation.organisations(made, ASKED, SEED)
    for change in evaluation.CHANGES:
        for evidence in ((), ("country",)):
            begin = time.perf_counter()
            found = evaluation.first(made, asked, change, SEED, evidence)
            milliseconds = (time.perf_counter() - begin) * 1000 / found.asked
            rows.append(
                [change, ", ".join(evidence) or "-", found.asked, found.share, milliseconds]
            )
    return rows


def held_out(home: Path, base: str) -> list[list[object]]:
    """Return the automatic matches of organisations that the release is not to hold.

    A match by name needs the same full name, by VAT number the same number: only organisations that
    share one with another can be matched at all, so that asking for these is asking for all.
    """
    made, rows = _index(home, base), []
    asked = made.namesakes()
    for evidence in (
        ("country",),
        ("country", "city"),
        ("country", "city", "postcode"),
        ("country", "web"),
        ("vat",),
        ("pic", "vat", "country", "city", "postcode", "web"),
    ):
        found = list(evaluation.wrong(made, asked, evidence))
        again = sum(one.again for one in found)
        rows.append([", ".join(evidence), len(asked), again, len(found) - again])
    return rows


def main() -> None:
    """Measure and print."""
    settings = Settings()
    if not (settings.home / "current").exists():
        print(f"needs a workspace with a release; there is none in {settings.home}")
        return
    home, base = settings.home.resolve(), settings.base
    made = measured(making, home, base)
    table(["entities", "s", "s of processor", "MB"], [[*made.result, made.megabytes]])
    print()
    header = ["name changed in", "also stated", "asked", "first is right", "ms per look-up"]
    table(header, right(home, base))
    print()
    header = ["stated with the name", "could match", "registered twice", "wrong matches"]
    table(header, held_out(home, base))
