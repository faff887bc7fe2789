"""The small queries of one release, answered in the process that asks (kg.query.small)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from kg.query import small
from kg.query.evaluation import Source
from kg.query.run import Answer

if TYPE_CHECKING:
    from pyoxigraph import Store

    from kg.query.request import QueryRequest


class QueryIds:
    """Makes the ids of queries: eight digits of this object, eight that count."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(4)
        self._count = 0

    def new(self) -> str:
        """Return an id that no other query has."""
        self._count += 1
        return f"{self._prefix}{self._count:08x}"


class Near:
    """A release whose store is open here; `base` as in `QueryPool`."""

    def __init__(self, store: Store, release: str, base: str | None) -> None:
        self.release = release
        self._source = Source.of(store, base)
        self._ids = QueryIds()

    def new_id(self) -> str:
        """Return an id that no other query has."""
        return self._ids.new()

    def at_once(self, request: QueryRequest) -> Answer | None:
        """Return the answer of a small query, None of any other."""
        found = small.answer(self._source, request)
        if found is None:
            return None
        return Answer(self.new_id(), self.release, found[0], found[1])
