"""Split a CORDIS download in two by a day, to try `atlas evaluate --test` before a year is over.

`python -m benchmarks.split DOWNLOAD.zip 2024-03-01 early.zip late.zip` writes what was signed
before the day into the first and the rest into the second, whole rows as they are. Projects without
a day of signature go by the day they start. `--unsigned` leaves the signatures out of the
second, as downloads of 2026 do.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PROJECTS: Final = "project.csv"
_SIGNED: Final = "ecSignatureDate"

csv.field_size_limit(1 << 30)


def split(download: str, day: str, early: str, late: str, *, unsigned: bool = False) -> list[int]:
    """Write both downloads and return how many projects each has."""
    with zipfile.ZipFile(download) as source:
        first = {row["id"] for row in _rows(source, _PROJECTS) if _begun(row) < day}
        counts = []
        for target, wanted in ((early, True), (late, False)):
            without = (_SIGNED,) if unsigned and not wanted else ()
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
                for name in source.namelist():
                    kept = (
                        row
                        for row in _rows(source, name)
                        if ((row.get("projectID") or row.get("id")) in first) is wanted
                    )
                    text, number = _written(kept, without)
                    made.writestr(name, text)
                    if name == _PROJECTS:
                        counts.append(number)
    return counts


def _begun(row: Mapping[str, str]) -> str:
    return row.get(_SIGNED) or row["startDate"]


def _rows(source: zipfile.ZipFile, name: str) -> Iterator[dict[str, str]]:
    with source.open(name) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        yield from csv.DictReader(text, delimiter=";")


def _written(rows: Iterable[dict[str, str]], without: Sequence[str]) -> tuple[str, int]:
    """Return rows as CSV without some columns, and how many there are."""
    target, number = io.StringIO(newline=""), 0
    for number, row in enumerate(rows, 1):
        kept = {name: value for name, value in row.items() if name not in without}
        if number == 1:
            writer = csv.DictWriter(target, list(kept), delimiter=";", quoting=csv.QUOTE_ALL)
            writer.writeheader()
        writer.writerow(kept)
    return target.getvalue(), number


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for argument in ("download", "day", "early", "late"):
        parser.add_argument(argument)
    parser.add_argument("--unsigned", action="store_true")
    given = parser.parse_args()
    before, after = split(
        given.download, given.day, given.early, given.late, unsigned=given.unsigned
    )
    print(f"{before} projects before {given.day}, {after} from then on")
