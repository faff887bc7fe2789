"""Keeping up: asking each release that came what it changes, once, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg import asof
from kg.errors import UnknownReleaseError, WorkspaceError
from kg.watching.asking import TRANSIENT
from kg.watching.history import following

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from kg.releases import Release
    from kg.watching.comparing import Observed
    from kg.watching.history import History
    from kg.watching.searches import Question

    Observe = Callable[[Release, Question], Awaitable[Observed]]


async def follow(
    history: History, asked: Question, kept: Iterable[Release], since: int, observe: Observe
) -> bool:
    """Remember what every release from `since` on that is kept changed; tell whether all are done.

    `kept` are the releases, oldest first; those that are remembered already are not asked again.

    Raises:
        WorkspaceError: what is remembered is damaged, or the disk is full.
    """
    first = max([since, *(number + 1 for number in history.releases()[-1:])])
    for release in kept:
        if release.number < first:
            continue
        try:
            created = asof.created(release).isoformat()
            observed = await observe(release, asked)
        except UnknownReleaseError:
            continue  # removed meanwhile: the next one is compared with the one before it
        except TRANSIENT as error:
            if isinstance(error, WorkspaceError) and not release.folder.exists():
                continue
            return False
        history.append(following(history.last(), release.number, created, observed))
    return True
