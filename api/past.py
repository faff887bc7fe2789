"""Which release answers a query: the current one, or with `release=` or `Accept-Datetime` another.

`release=` names a kept release by its number, and its answers never change. `Accept-Datetime`
(Memento, RFC 7089) takes the release that was the newest at a moment; the answer says with
`Content-Location` under which address that release always answers.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from api.linked import shelf
from kg import asof, releases
from kg.errors import ParameterError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.datastructures import State
    from starlette.types import Scope

    from kg.query.past import Past
    from kg.query.pool import QueryPool
    from kg.releases import Release
    from kg.store import OpenRelease

    Headers = list[tuple[bytes, bytes]]

Moment = int | datetime
"""The number of a release, or a moment in time."""

_LONGEST: Final = 4000
"""Bytes of an address that a header repeats."""


def moment_of(number: str | None, headers: dict[bytes, bytes]) -> Moment | None:
    """Return what a request asks about; None for the current release.

    Raises:
        ParameterError: the number or the date is none.
    """
    if number is not None:
        if not (number.isascii() and number.isdecimal() and 0 < int(number) < 2**31):
            detail = f"'release' is {number!r}; the number of a release is expected"
            raise ParameterError(detail, parameter="release")
        return int(number)
    date = headers.get(b"accept-datetime")
    return None if date is None else asof.parse_http_date(date.decode("latin-1"))


async def release_at(state: State, moment: Moment) -> Release:
    """Return the release that a request asks about.

    Raises:
        ParameterError: there are no releases, as in scratch mode.
        UnknownReleaseError: it is not kept.
        WorkspaceError: nothing was published yet.
    """
    if not hasattr(state, "past"):
        raise ParameterError("There are no releases here, only what is now", parameter="release")
    if isinstance(moment, datetime):
        return await asyncio.to_thread(asof.release_at, state.workspace, moment)
    return await asyncio.to_thread(releases.find, state.workspace, moment)


async def opened_at(app: FastAPI, moment: Moment | None) -> OpenRelease:
    """Return the release that a request asks about, open for reading.

    Raises:
        UnknownReleaseError: it is not kept.
        WorkspaceError: nothing was published yet.
    """
    number = None if moment is None else (await release_at(app.state, moment)).number
    return await asyncio.to_thread(shelf(app).archive.open, number)


async def pool_of(state: State, release: Release) -> QueryPool:
    """Return the pool that answers queries to a release.

    Raises:
        BusyError, WorkspaceError: as `kg.query.past.Past.pool`.
    """
    current: QueryPool = state.queries
    if release.name == current.release:
        return current
    past: Past = state.past
    return await past.pool(release)


def fields(scope: Scope, moment: Moment, release: Release) -> Headers:
    """Return the header fields by which an answer says of when it is."""
    created = asof.http_date(asof.created(release)).encode()
    found = [(b"memento-datetime", created)]
    asked = scope["query_string"]
    here = quote(scope["path"]).encode()
    if not isinstance(moment, datetime) or scope["method"] == "POST" or len(asked) > _LONGEST:
        return found
    address = b"%b?%b&release=%d" % (here, asked, release.number)
    link = b'<%b?%b>; rel="original timegate", <%b>; rel="memento"; datetime="%b"'
    return [
        *found,
        (b"content-location", address),
        (b"link", link % (here, asked, address, created)),
    ]
