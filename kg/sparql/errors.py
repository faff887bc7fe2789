"""The error that sends a query to the other engine."""

from __future__ import annotations

from kg.errors import QueryRefusedError


class NotCompilable(QueryRefusedError):  # noqa: N818 - it says what the query is
    """The query is legal, but not covered by the compiler; raised before anything runs."""

    title = "Query not compiled to columns"
