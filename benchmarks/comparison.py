"""What a benchmark of queries keeps of each engine: times and digests of answers.

An answer is kept as how many solutions it has and as a digest of their bag, so that engines can be
measured one after the other, in runs of their own, and still be compared.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Measurement(NamedTuple):
    """How long a query took at best, how many solutions it has, and the digest of their bag.

    Without solutions it took too long or failed.
    """

    seconds: float
    solutions: int | None
    digest: str


class _Term(TypedDict, total=False):
    type: str
    value: str
    datatype: str


def measurement(seconds: float, data: bytes | None) -> Measurement:
    """Return what is kept of an answer in SPARQL JSON, None if there is none."""
    if data is None:
        return Measurement(seconds, None, "")
    found = bag(data)
    digest = hashlib.blake2b(digest_size=16)
    for solution, count in sorted((sorted(row), count) for row, count in found.items()):
        digest.update(repr((solution, count)).encode())
    return Measurement(seconds, found.total(), digest.hexdigest())


def bag(data: bytes) -> Counter[frozenset[tuple[str, str]]]:
    """Return a JSON answer's solutions; numbers to twelve digits."""
    rows = json.loads(data)["results"]["bindings"]
    return Counter(frozenset((name, _term(term)) for name, term in row.items()) for row in rows)


def _term(term: _Term) -> str:
    datatype = term.get("datatype", "")
    value = term["value"]
    if datatype.endswith(("decimal", "integer", "double")):
        with suppress(ValueError):  # ill-typed
            value = f"{float(value):.12g}"
    if datatype.endswith("boolean"):
        value = {"0": "false", "1": "true"}.get(value, value)
    kind = term["type"].removeprefix("typed-")
    return f"{kind} {value} {datatype} {term.get('xml:lang', '')}"


def verdict(text: str, mine: Measurement, theirs: Measurement) -> str:
    """Return whether two answers are the same, as the table says it."""
    if theirs.solutions is None:
        return "not compared"
    if mine.digest == theirs.digest:
        return "equal"
    sliced = "LIMIT" in text and mine.solutions == theirs.solutions
    return "other rows under LIMIT" if sliced and "ORDER BY" not in text else "DIFFERENT"


def mean(ratios: Iterable[float]) -> float:
    """Return the geometric mean, NaN of nothing."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else math.nan


class Kept:
    """A folder of results that several runs share, one file for each step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "results"
        self._folder.mkdir(parents=True, exist_ok=True)

    def keep(self, step: str, found: Any) -> None:
        """Write the result of a step, in the place of an older one."""
        (self._folder / f"{step}.json").write_text(json.dumps(found))

    def kept(self, step: str) -> Any:
        """Return the result of a step, None if it has not run."""
        file = self._folder / f"{step}.json"
        return json.loads(file.read_text()) if file.exists() else None

    def measurements(self, step: str) -> dict[str, Measurement] | None:
        """Return what a step measured by the name of the query, None if it has not run."""
        found = self.kept(step)
        return found and {name: Measurement(*row) for name, row in found.items()}
