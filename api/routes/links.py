"""`/links`: which things of different sources may be one, and what curators decide about them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads annotations when it starts
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request  # noqa: TC002 - the same

from api.curation import Refusing, allowed, answer, curating, journal, settings, workspace
from api.routes.reconcile import current_index
from api.routes.update import seen
from kg import links, staging
from kg.curation import linking, requests
from kg.errors import NotFoundError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.curation.decisions import Decision
    from kg.links import LinkCandidate
    from kg.store import OpenRelease
    from kg.tokens import Role

_EITHER: Final[tuple[Role, ...]] = ("curator", "operator")
_CURATOR: Final[tuple[Role, ...]] = ("curator",)
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "No token, or none that is known"},
    403: {"description": "The token has another role"},
}
_SECURE: Final[dict[str, Any]] = {"security": [{"Bearer": []}]}

router = APIRouter(tags=["curation"], route_class=Refusing)


class AnswerBody(BaseModel):
    """What a curator says about a candidate."""

    model_config = ConfigDict(extra="forbid")

    one: str = Field(max_length=2000, description="The first thing, as the candidate names it.")
    other: str = Field(max_length=2000, description="The other thing.")
    state: Literal["linked", "distinct"]
    why: str = Field(min_length=1, max_length=2000, description="The reason.")
    publish: bool = Field(default=True, description="Publish a release with it at once.")


@router.get("/links", summary="Candidates for links", responses=_REFUSED, openapi_extra=_SECURE)
async def listing(
    request: Request,
    kind: Annotated[
        Literal["duplicate", "register", "manager"] | None,
        Query(description="Only those of this kind."),
    ] = None,
    state: Annotated[
        Literal["open", "linked", "distinct"] | None,
        Query(description="Only those about which this was decided."),
    ] = "open",
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    offset: Annotated[int, Query(ge=0, description="How many to pass over.")] = 0,
) -> Response:
    """List what may be one thing or belong together, the surest first, with what speaks for it.

    The candidates are those of the current release; an empty `state` lists all.
    """
    await allowed(request, _EITHER)

    def told() -> dict[str, Any]:
        opened, found = _candidates(request)
        held = staging.deciding(workspace(request), settings(request), linking.SOURCE)
        asked = [
            question
            for question in linking.questions(found, held)
            if kind in (None, question.candidate.kind) and state in (None, question.state)
        ]
        page = [question.entry() for question in asked[offset : offset + limit]]
        return {"release": opened.number, "total": len(asked), "offset": offset, "links": page}

    return answer(await asyncio.to_thread(told))


@router.post(
    "/links/decisions",
    summary="Decide about a link",
    status_code=201,
    responses={**_REFUSED, 400: {"description": "The two are no candidate"}},
    openapi_extra=_SECURE,
)
async def decide(request: Request, body: AnswerBody) -> Response:
    """Say that two things are linked or distinct.

    `release` is null when something else is being written: the next release has it.
    """
    who = await allowed(request, _CURATOR)

    def kept() -> dict[str, Any]:
        _, found = _candidates(request)
        base = settings(request).base
        decision = linking.answer(found, body.one, body.other, body.state, body.why, base)
        return _keep(request, decision, who, publish=body.publish)

    return await _told(request, await asyncio.to_thread(kept), 201)


@router.delete(
    "/links/decisions/{decision}",
    summary="Take back a decision about a link",
    responses={**_REFUSED, 404: {"description": "No such decision"}},
    openapi_extra=_SECURE,
)
async def withdraw(
    request: Request,
    decision: Annotated[str, Path(description="The id of the decision.")],
    why: Annotated[str, Query(description="The reason.", max_length=2000)] = "taken back",
    *,
    publish: Annotated[bool, Query(description="Publish a release at once.")] = True,
) -> Response:
    """Take back a decision; the graph is as if it had never been made."""
    who = await allowed(request, _CURATOR)

    def kept() -> dict[str, Any]:
        every = [d for d in journal(request).every() if d.source == linking.SOURCE]
        made = requests.withdrawals(every, decision, why)
        if not made:
            raise NotFoundError(f"There is no decision {decision!r} about links")
        return _keep(request, made[0], who, publish=publish)

    return await _told(request, await asyncio.to_thread(kept))


def _keep(request: Request, decision: Decision, who: str, *, publish: bool) -> dict[str, Any]:
    """Keep a decision, and publish it if nobody else is writing; return what came of it."""
    (made,) = journal(request).append([decision], who)
    told: dict[str, Any] = {"decision": made.entry(), "release": None}
    if publish:
        try:
            with workspace(request).writing():
                told["release"] = curating(request).publish()[0].number
        except WorkspaceError as error:
            told["pending"] = error.detail
    return told


async def _told(request: Request, told: dict[str, Any], status: int = 200) -> Response:
    """Answer once queries see the release that was made."""
    if told["release"]:
        await seen(request.app.state, told["release"])
    return answer(told, status)


def _candidates(request: Request) -> tuple[OpenRelease, Sequence[LinkCandidate]]:
    """Return the release that is served and its candidates."""
    opened: OpenRelease = request.app.state.serving.current()
    return opened, links.candidates(current_index(request), opened.store, settings(request).base)
