"""`/imports`: what was imported, what was found in it, and what curators decide about it.

Reading needs a token of a curator or an operator, deciding one of a curator; either may undo an
import. A decision is kept when the answer says so, also where a release could not be made at once
because something else is being written: then the next one has it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads annotations when it starts
from starlette.requests import Request  # noqa: TC002 - the same

from api.curation import (
    JSON,
    Refusing,
    allowed,
    answer,
    body_schema,
    curating,
    find,
    journal,
    read_decisions,
    settings,
    workspace,
)
from api.routes.update import seen
from kg import imports, releases, staging
from kg.curation import accepting, answers, differences, recipes, records, requests
from kg.curation.conflicts import conflicts as conflicting
from kg.curation.effects import pending
from kg.errors import NotFoundError, ParameterError, WorkspaceError
from kg.fixes import read_lists

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from fastapi import FastAPI

    from api.curation import DecisionBody, DecisionsBody
    from kg.curation.decisions import Decision
    from kg.imports import Import
    from kg.tokens import Role

_EITHER: Final[tuple[Role, ...]] = ("curator", "operator")
_CURATOR: Final[tuple[Role, ...]] = ("curator",)


router = APIRouter(tags=["curation"], route_class=Refusing)

KeyPath = Annotated[str, Path(description="An import's id, or a source for its current one.")]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
OffsetQuery = Annotated[int, Query(ge=0, description="How many to pass over.")]
PublishQuery = Annotated[bool, Query(description="Publish a release at once.")]
WhyQuery = Annotated[str, Query(description="The reason.", max_length=2000)]
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "No token, or none that is known"},
    403: {"description": "The token has another role"},
}
_NOT_THERE: Final[dict[int | str, dict[str, Any]]] = {
    **_REFUSED,
    404: {"description": "No such import"},
}
_DECIDED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not a decision: what is missing or not as expected"},
    **_REFUSED,
    404: {"description": "No such import, finding, record or decision"},
}
_SECURE: Final[dict[str, Any]] = {"security": [{"Bearer": []}]}


_WITH_BODY: Final[dict[str, Any]] = {
    **_SECURE,
    "requestBody": {"required": True, "content": {JSON: {"schema": body_schema()}}},
}


# -- reading ------------------------------------------------------------------------------------


@router.get("/imports", summary="The imports", responses=_REFUSED, openapi_extra=_SECURE)
async def listing(
    request: Request,
    source: Annotated[str | None, Query(description="Only those of this source.")] = None,
) -> Response:
    """List the imports of each source, the oldest first, with what became of their records."""
    await allowed(request, _EITHER)

    def shown() -> list[dict[str, Any]]:
        every = imports.every(workspace(request))
        return [_shown(request, one) for one in every if source in (None, one.source)]

    return answer({"imports": await asyncio.to_thread(shown)})


@router.get("/imports/{key}", summary="An import", responses=_NOT_THERE, openapi_extra=_SECURE)
async def detail(request: Request, key: KeyPath) -> Response:
    """Show an import, and how often each decision that it was made under was used."""
    await allowed(request, _EITHER)

    def shown() -> dict[str, Any]:
        one = find(request, key)
        used = recipes.used(one)
        made = [d for d in journal(request).every() if d.id in used]
        told = [{**d.entry(), "used": used[d.id]} for d in made]
        return {**_shown(request, one), "decisions": told}

    return answer(await asyncio.to_thread(shown))


@router.get(
    "/imports/{key}/findings",
    summary="The findings of an import",
    responses=_NOT_THERE,
    openapi_extra=_SECURE,
)
async def findings(
    request: Request,
    key: KeyPath,
    rule: Annotated[str | None, Query(description="IRI, or the name after its #.")] = None,
    severity: Annotated[
        Literal["Violation", "Warning", "Info"] | None, Query(description="Only of this severity.")
    ] = None,
    record: Annotated[str | None, Query(description="Only in this record.")] = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> Response:
    """List findings with their cells; /imports/{key}/report has other forms, and proposals."""
    await allowed(request, _EITHER)
    told = await asyncio.to_thread(
        records.findings, find(request, key), rule=rule, severity=severity, record=record,
        limit=limit, offset=offset,
    )  # fmt: skip
    return answer(told)


@router.get(
    "/imports/{key}/records",
    summary="The records of an import that were not simply taken",
    responses=_NOT_THERE,
    openapi_extra=_SECURE,
)
async def states(
    request: Request,
    key: KeyPath,
    state: Annotated[records.State | None, Query(description="Only in this state.")] = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> Response:
    """List records that are quarantined, rejected by a curator, repaired or waived."""
    await allowed(request, _EITHER)
    told = await asyncio.to_thread(
        records.records, find(request, key), state=state, limit=limit, offset=offset
    )
    return answer(told)


@router.get(
    "/imports/{key}/diff",
    summary="What an import changes",
    responses=_NOT_THERE,
    openapi_extra=_SECURE,
)
async def diff(
    request: Request,
    key: KeyPath,
    seconds: Annotated[
        float, Query(ge=0, le=120, description="How long answers may be compared; 0 for not.")
    ] = 20,
    limit: Annotated[int, Query(ge=0, le=100, description="Examples of each kind.")] = 10,
) -> Response:
    """Tell the entities and findings that differ from the published import of the source.

    The published one itself is compared with the one before it. A current import is told as it
    will be under the decisions of today, published or not.
    Saved queries are asked of the release that there would be, as far as the time goes.
    """
    await allowed(request, _EITHER)
    return answer(await asyncio.to_thread(_difference, request, key, seconds, limit))


def _difference(request: Request, key: str, seconds: float, limit: int) -> dict[str, Any]:
    at, limits, curated = workspace(request), settings(request), curating(request)
    with (
        pending(at, find(request, key), limits, curated.rules) as one,
        TemporaryDirectory(prefix="atlas-") as spill,
    ):
        old = differences.before(at, one)
        found = differences.differences(old, one, FilePath(spill), limits.memory, limit)
        served = differences.published(at, one.source)
        if seconds and (served is None or served.id != one.id):
            found["answers"] = answers.changed(at, one, limits, curated.sources, seconds)
    return found


@router.get(
    "/imports/{key}/conflicts",
    summary="What records of an import say differently",
    responses=_NOT_THERE,
    openapi_extra=_SECURE,
)
async def conflicts(
    request: Request,
    key: KeyPath,
    entity: Annotated[str | None, Query(description="Only about this entity.")] = None,
    path: Annotated[
        str | None, Query(alias="property", description="Only about the property of this IRI.")
    ] = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> Response:
    """List contradictions side by side: each value, where it is stated, and which one holds."""
    await allowed(request, _EITHER)

    def told() -> dict[str, Any]:
        one = find(request, key)
        held = staging.deciding(workspace(request), settings(request), one.source)
        return conflicting(one, held, subject=entity, path=path, limit=limit, offset=offset)

    return answer(await asyncio.to_thread(told))


@router.get(
    "/recipes", summary="The decisions that hold", responses=_REFUSED, openapi_extra=_SECURE
)
async def listed_recipes(
    request: Request,
    source: Annotated[str | None, Query(description="Only those of this source.")] = None,
) -> Response:
    """List what is done to each import of a source; `used` 0 says that nothing needs it any more.

    It is null for a decision that no import was made under yet.
    """
    await allowed(request, _EITHER)
    base = settings(request).base
    found = await asyncio.to_thread(recipes.recipes, workspace(request), base, source)
    return answer({"recipes": [{**decision.entry(), "used": n} for decision, n in found]})


# -- deciding -----------------------------------------------------------------------------------


@router.post(
    "/imports/{key}/decisions",
    status_code=201,
    summary="Decide about findings",
    responses={**_DECIDED, 201: {"description": "The decisions, kept, and the release with them"}},
    openapi_extra=_WITH_BODY,
)
async def decide(request: Request, key: KeyPath) -> Response:
    """Keep decisions on the source of an import, all or none, and publish what follows.

    `release` is null when something else is being written: the next release has them.
    """
    who = await allowed(request, _CURATOR)
    body = await read_decisions(request)
    return await _told(request, await asyncio.to_thread(_keep, request, key, body, who), 201)


@router.delete(
    "/imports/{key}/decisions/{decision}",
    summary="Take a decision back",
    responses=_DECIDED,
    openapi_extra=_SECURE,
)
async def withdraw(
    request: Request,
    key: KeyPath,
    decision: Annotated[str, Path(description="A decision, or all that were made with it.")],
    why: WhyQuery = "taken back",
    *,
    publish: PublishQuery = True,
) -> Response:
    """Take back a decision; the graph is as if it had never been made."""
    who = await allowed(request, _CURATOR)

    def kept() -> dict[str, Any]:
        one, kept_in = find(request, key), journal(request)
        made = requests.withdrawals(
            [d for d in kept_in.every() if d.source == one.source], decision, why
        )
        if not made:
            raise NotFoundError(f"There is no decision {decision!r} on {one.source}")
        return _publish(request, kept_in.append(made, who), publish=publish)

    return await _told(request, await asyncio.to_thread(kept))


@router.post(
    "/imports/{key}/undo",
    summary="Undo an import",
    responses={
        **_NOT_THERE,
        400: {"description": "It is not the current import of its source, or the only one"},
        503: {"description": "Something else is being written; nothing has changed"},
    },
    openapi_extra=_SECURE,
)
async def undo(request: Request, key: KeyPath, *, publish: PublishQuery = True) -> Response:
    """Go back to the import that the source had before, or to none, and publish that."""
    await allowed(request, _EITHER)

    def undone() -> dict[str, Any]:
        one, at = find(request, key), curating(request)
        with workspace(request).writing():
            at.undo_import(one)
            release = at.publish()[0].number if publish else None
        now = imports.current(at.workspace).get(one.source)
        return {"undone": one.id, "current": now.id if now else None, "release": release}

    return await _told(request, await asyncio.to_thread(undone))


async def _told(request: Request, told: dict[str, Any], status: int = 200) -> Response:
    """Answer once queries see the release that was made."""
    if told["release"]:
        await seen(request.app.state, told["release"])
    return answer(told, status)


def _shown(request: Request, one: Import) -> dict[str, Any]:
    at = workspace(request)
    now = imports.current(at).get(one.source)
    served = differences.published(at, one.source)
    return {
        **one.manifest,
        "current": now is not None and now.id == one.id,
        "published": served is not None and served.id == one.id,
        "release": release.number if (release := releases.current(at)) else None,
    }


def _keep(request: Request, key: str, body: DecisionsBody, who: str) -> dict[str, Any]:
    one = find(request, key)
    made = [decision for asked in body.decisions for decision in _made(request, one, asked)]
    if not made:
        raise NotFoundError("No finding has a proposal that is sure enough")
    return _publish(request, journal(request).append(made, who), publish=body.publish)


def _made(request: Request, one: Import, asked: DecisionBody) -> list[Decision]:
    if asked.kind != "accept":
        given = asked.model_dump(exclude={"floor", "entity", "property"})
        wanted = requests.Request(**given, subject=asked.entity, path=asked.property)
        return requests.decide(one, wanted)
    if not asked.rule:
        raise ParameterError("Proposals are accepted for a rule", parameter="rule")
    lists = read_lists(workspace(request), settings(request).base)
    return accepting.accept(
        one, asked.rule, lists, floor=asked.floor, record=asked.record, everywhere=asked.everywhere
    ).decisions


def _publish(request: Request, made: Sequence[Decision], *, publish: bool) -> dict[str, Any]:
    """Publish decisions that are kept, if nobody else is writing; return what came of it."""
    release, pending = None, None
    if publish:
        try:
            with workspace(request).writing():
                release = curating(request).publish()[0].number
        except WorkspaceError as error:
            pending = error.detail
    told = {"decisions": [d.entry() for d in made], "release": release}
    return {**told, "pending": pending} if pending else told


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Have nothing read before the first decision."""
    app.state.curating = None
    yield
