"""The saved queries on the workspace's release, in this process: first, with other values, again.

`first` is a query with the examples of its file that nobody has asked before; `others` the median
over other values of its first parameter that names a thing, when the query is warm; `again` the
same values once more. The store stays open, as it does in the service; ATLAS_HOME says where.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measure import table
from kg import savedqueries
from kg.errors import AtlasError
from kg.query import local
from kg.savedqueries.values import LISTED, listing
from kg.settings import Settings
from kg.store import Serving
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.savedqueries import Bound, Evaluation, SavedQuery
    from kg.savedqueries.kinds import Term
    from kg.store import OpenRelease

MOST: Final = 0.1
FAST: Final = 0.02
WARM: Final = 0.0015
_LISTED: Final = 400
# Every so many of the listed values is asked.
_STEP: Final = 20


def _others(query: SavedQuery, release: OpenRelease, base: str) -> list[Bound]:
    """Return the query with other values of its first parameter that names a thing."""
    for parameter in query.parameters:
        found = listing(parameter, "", _LISTED, base) if parameter.kind.name in LISTED else None
        if found is not None:
            rows = list(local.select(release.store, found.text))
            terms: list[Mapping[str, tuple[Term, ...]]] = [
                {**query.examples, parameter.name: (row["value"],)} for row in rows[::_STEP]
            ]
            return [savedqueries.Bound(query, each, query.limit) for each in terms]
    return []


def _timed(evaluation: Evaluation, bound: Bound, release: OpenRelease) -> float:
    begin = time.perf_counter()
    evaluation.answer(bound, release)
    return time.perf_counter() - begin


def _measured(query: SavedQuery, release: OpenRelease, base: str) -> tuple[float, ...]:
    """Return the first time, the others' median, the time again, and all times of others."""
    evaluation = savedqueries.Evaluation()
    examples = savedqueries.Bound(query, query.examples, query.limit)
    _timed(evaluation, savedqueries.Bound(query, query.examples, 1), release)  # opens the columns
    first = _timed(evaluation, examples, release)
    others = [_timed(evaluation, bound, release) for bound in _others(query, release, base)]
    again = min(_timed(evaluation, examples, release) for _ in range(5))
    return first, statistics.median(others) if others else first, again, *others


def main() -> None:
    """Measure every saved query."""
    settings = Settings()
    try:
        release = Serving(Workspace(settings.home)).current()
    except AtlasError as error:
        print(f"left out: {error.detail}", flush=True)
        return
    queries = savedqueries.discover(settings.base)
    times = {name: _measured(query, release, settings.base) for name, query in queries.items()}
    rows = [[name, *(each * 1e3 for each in found[:3])] for name, found in times.items()]
    table(["saved query", "first ms", "others ms", "again ms"], rows)
    firsts = [found[0] for found in times.values()]
    others = [each for found in times.values() for each in found[3:]]
    again = [found[2] for found in times.values()]
    summary: list[list[Any]] = [
        ["slowest first", max(firsts) * 1e3, MOST * 1e3],
        ["median first", statistics.median(firsts) * 1e3, FAST * 1e3],
        ["warm, other values, p50", statistics.median(others) * 1e3, WARM * 1e3],
        ["warm, again, p50", statistics.median(again) * 1e3, WARM * 1e3],
    ]
    print()
    table(["measured", "ms", "at most"], summary)


if __name__ == "__main__":
    main()
