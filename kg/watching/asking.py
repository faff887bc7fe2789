"""Asking a release a saved query for watching: in a worker that can be ended, up to a bound.

1. Values are resolved once, when a search is made: "Photonik" becomes the concept that it names.
2. In each release the query runs with room for `MOST_ROWS` rows; one more says that it was cut.
3. It runs in a process of its own with the limits of queries from outside, and on the same engine
   as long as that is able to: two could write a text differently though nothing has changed.
4. `today` is the day on which the release was made.
"""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from kg import asof, savedqueries
from kg.errors import (
    AtlasError,
    BusyError,
    ParameterError,
    QueryCancelledError,
    QueryMemoryError,
    QueryTimeoutError,
    WorkspaceError,
)
from kg.query.pool import QueryPool
from kg.query.request import QueryRequest
from kg.savedqueries.answers import plain
from kg.savedqueries.definition import LIMIT
from kg.watching.comparing import Observed, Row, keyed
from kg.watching.searches import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from kg.asof import Archive
    from kg.identifiers import Identifiers
    from kg.query.limits import Limits
    from kg.releases import Release
    from kg.savedqueries import SavedQuery, Vocabulary

MOST_ROWS: Final = 10_000
"""Rows of an answer that are watched."""

TRANSIENT: Final = (BusyError, QueryCancelledError, WorkspaceError)
"""What says nothing of the question: it is asked again later."""

_NAMED: Final = frozenset(["country", "region", "technology", "organisation"])
_DIGITS: Final = 12


def question(
    query: SavedQuery, given: Mapping[str, Sequence[str]], vocabulary: Vocabulary
) -> Question:
    """Return a saved query with values as a question, names and codes resolved to IRIs.

    Raises:
        ParameterError: as `savedqueries.bind`; `limit` is none of a question's parameters, for all
            rows are watched.
    """
    if LIMIT in given:
        raise ParameterError("All rows are watched: leave limit out", parameter=LIMIT)
    bound = savedqueries.bind(query, given, vocabulary)
    parameters: dict[str, tuple[str, ...]] = {}
    for parameter in query.parameters:
        values = tuple(text for value in given.get(parameter.name, ()) if (text := value.strip()))
        if parameter.kind.name in _NAMED:
            values = tuple(term.value for term in bound.terms.get(parameter.name, ()))
        if values:
            parameters[parameter.name] = tuple(sorted(set(values)))
    return Question("query", query.name, parameters)


class QueryAsker:
    """Asks saved queries of releases; its processes live from `async with` to its end."""

    def __init__(
        self,
        queries: Mapping[str, SavedQuery],
        archive: Archive,
        identifiers: Identifiers,
        limits: Limits,
    ) -> None:
        self._queries = queries
        self._archive = archive
        self._identifiers = identifiers
        self._pool = QueryPool(replace(limits, lane=1, cache=0), identifiers.base)

    async def __aenter__(self) -> Self:
        """Begin; no process runs yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes."""
        await self._pool.stop()

    async def observe(self, release: Release, asked: Question) -> Observed:
        """Return the answer of a release, or why it has none.

        Raises:
            BusyError, QueryCancelledError, WorkspaceError: it could not be asked now.
            UnknownReleaseError: the release has been removed.
        """
        query = savedqueries.find(self._queries, asked.name)
        try:
            bound = await asyncio.to_thread(self._bound, query, release, asked)
            answered = await self._rows(release, bound.limited(MOST_ROWS + 1))
        except TRANSIENT:
            raise
        except AtlasError as error:
            if not release.folder.exists():
                raise
            return Observed(failure=error.detail)
        complete = len(answered["results"]["bindings"]) <= MOST_ROWS
        return Observed(rows(query, answered), complete)

    def _bound(self, query: SavedQuery, release: Release, asked: Question) -> savedqueries.Bound:
        opened = self._archive.open(release.number)
        day = asof.created(release).date()
        vocabulary = savedqueries.Vocabulary(opened.store, self._identifiers, day)
        return savedqueries.bind(query, asked.parameters, vocabulary)

    async def _rows(self, release: Release, text: str) -> dict[str, Any]:
        name = release.name
        if self._pool.release != name:
            await self._pool.use(release.store, name)
        try:
            answer = await self._pool.evaluate(QueryRequest(text, engine="oxigraph"))
        except (QueryTimeoutError, QueryMemoryError):
            answer = await self._pool.evaluate(QueryRequest(text, engine="auto"))
        body = answer.body
        if body is None:
            body = b"".join([piece async for piece in answer.pieces()])
        found: dict[str, Any] = json.loads(body)
        return found


def rows(query: SavedQuery, answered: Mapping[str, Any]) -> dict[str, Row]:
    """Return the rows of an answer (SPARQL 1.1 Query Results JSON) by their keys."""
    columns = answered["head"]["vars"]
    bindings = answered["results"]["bindings"][:MOST_ROWS]
    return keyed(_row(query.key or columns, columns, binding) for binding in bindings)


def _row(key: Sequence[str], columns: Sequence[str], binding: Mapping[str, Any]) -> Row:
    values = {column: comparable(plain(binding.get(column))) for column in columns}
    things = [
        binding[c]["value"] for c in (*key, *columns) if binding.get(c, {}).get("type") == "uri"
    ]
    thing = things[0] if things else None
    alone = len(key) == 1 and thing is not None and values[key[0]] == thing
    name = thing if alone and thing else json.dumps([values[c] for c in key], ensure_ascii=False)
    return Row(name, thing, _label(values) or thing or name, values)


def _label(values: Mapping[str, Any]) -> str:
    names = sorted(values, key=lambda name: name != "label")
    told = (str(values[n]) for n in names if n.lower().endswith(("label", "acronym", "title")))
    return next((text for text in told if text and text != "None"), "")


def comparable(value: Any) -> Any:
    """Return a value of which equals are equal, whatever order they were made in.

    The last bits of a sum depend on it, and so does a list of which the order means nothing.
    """
    if isinstance(value, list):
        return sorted(map(comparable, value), key=str)
    if not isinstance(value, float):
        return value
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else str(value)
