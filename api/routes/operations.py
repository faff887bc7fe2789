"""`/operations/queries`: the queries that run, for who has an operator's token, and ending one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request  # noqa: TC002 - FastAPI reads annotations when it starts
from starlette.responses import Response

from api import protocol
from api.authorisation import require
from api.endpoints import refusal
from kg.errors import AtlasError, NotFoundError

if TYPE_CHECKING:
    from kg.query.past import Past
    from kg.query.pool import QueryPool

router = APIRouter(prefix="/operations", tags=["operation"])

_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "No token, or none that is known."},
    403: {"description": "The token's role is not operator."},
}


QueryPath = Annotated[str, Path(description="The X-Query-Id of a query that runs.")]


class Running(BaseModel):
    """A query that runs; `id` is the X-Query-Id of its answer."""

    id: str
    text: str
    release: str
    state: str
    seconds: float
    cpu: float
    sent: int


class Queries(BaseModel):
    """The queries that run, the oldest first."""

    queries: list[Running]


async def _allowed(request: Request) -> Response | None:
    """Return the refusal of who is no operator; it carries the challenge of the protocol."""
    headers = protocol.headers_of(request.scope["headers"])
    try:
        await require(request.app.state, headers, "operator")
    except AtlasError as error:
        return refusal(error)
    return None


@router.get(
    "/queries",
    summary="The queries that run",
    response_model=Queries,
    responses=_REFUSED,
    openapi_extra={"security": [{"Bearer": []}]},
)
async def running(request: Request) -> Response:
    """List text, release, state (light, export, heavy), seconds, processor time, bytes sent."""
    refused = await _allowed(request)
    if refused is not None:
        return refused
    pool: QueryPool = request.app.state.queries
    past: Past = request.app.state.past
    found = Queries(
        queries=[
            Running(
                id=query.id,
                text=query.text,
                release=query.release,
                state=query.stage,
                seconds=round(query.seconds, 3),
                cpu=round(query.cpu, 3),
                sent=query.sent,
            )
            for query in [*pool.running(), *past.running()]
        ]
    )
    headers = {"Cache-Control": "no-store"}
    return Response(found.model_dump_json(), headers=headers, media_type="application/json")


@router.delete(
    "/queries/{query}",
    summary="End a query",
    status_code=204,
    responses={**_REFUSED, 404: {"description": "No such query runs."}},
    openapi_extra={"security": [{"Bearer": []}]},
)
async def end(request: Request, query: QueryPath) -> Response:
    """End the query of that id; its client gets 503, or a broken connection."""
    refused = await _allowed(request)
    if refused is not None:
        return refused
    pool: QueryPool = request.app.state.queries
    past: Past = request.app.state.past
    if not pool.kill(query) and not past.kill(query):
        known = [running.id for running in [*pool.running(), *past.running()]]
        raise NotFoundError(f"No query {query!r} runs", known=known)
    return Response(status_code=204)
