"""`/searches`: the searches of who holds a token, of any role.

A search is a saved query or a look-up with its parameters, a title and, if wanted, a webhook. It is
kept in the workspace under the token's id; whoever else asks for it is told that there is none.

While the server runs, every search is asked of each new release, and webhooks are delivered when
the operator has allowed hosts for them.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request  # noqa: TC002 - FastAPI reads annotations when it starts

from api import protocol
from api.endpoints import HEADERS, refusal
from api.watching import LOOKUPS, watching
from kg.errors import (
    AtlasError,
    BusyError,
    NotFoundError,
    ParameterError,
    UnsupportedMediaError,
)
from kg.watching import outbox, signing
from kg.watching.outgoing import Allowed
from kg.watching.searches import LONGEST_TITLE, Search, Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from fastapi import FastAPI

    from api.watching import Watching
    from kg.tokens import Tokens
    from kg.watching.history import Step
    from kg.watching.searches import Question

_LARGEST: Final = 64 * 1024
_SECONDS: Final = 20.0
_EVERY: Final = 5.0
"""Seconds between two looks for a new release and for deliveries that are due."""

_LOGGER: Final = logging.getLogger(__name__)
_JSON: Final = "application/json"

Value = str | int | float | bool


class WebhookBody(BaseModel):
    """Where changes are to be sent; the operator must allow the host."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2000, examples=["https://hooks.example.org/atlas"])


class SearchBody(BaseModel):
    """A search: either a saved query or a look-up, with its parameters."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, max_length=LONGEST_TITLE)
    query: str | None = Field(default=None, description="A saved query.", examples=["partners-of"])
    lookup: str | None = Field(default=None, description=f"One of {', '.join(LOOKUPS)}.")
    parameters: dict[str, Value | list[Value]] = Field(
        default_factory=dict, examples=[{"organisation": "998872439", "country": ["DE", "FR"]}]
    )
    webhook: WebhookBody | None = None

    def given(self) -> dict[str, list[str]]:
        """Return the parameters as they would stand in an address."""
        return {
            name: [_written(v) for v in (value if isinstance(value, list) else [value])]
            for name, value in self.parameters.items()
        }


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Refusing(APIRoute):
    """A route that refuses as endpoints with tokens do: with the challenge, and uncached."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request, errors included."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except AtlasError as error:
                return refusal(error)

        return answer


router = APIRouter(prefix="/searches", tags=["searches"], route_class=Refusing)

IdPath = Annotated[str, Path(description="The id of a search.")]
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "No token, or none that is known"},
}
_NOT_THERE: Final[dict[int | str, dict[str, Any]]] = {
    **_REFUSED,
    404: {"description": "The holder of the token has no such search"},
}
_NOT_ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not a search: what is not as expected, with candidates where known"},
    403: {"description": "The operator does not allow the webhook's host"},
}
_SECURE: Final[dict[str, Any]] = {"security": [{"Bearer": []}]}


def _schema() -> dict[str, Any]:
    """Return the schema of the body without references, which would lead out of it."""
    schema = SearchBody.model_json_schema()
    inner = schema.pop("$defs")["WebhookBody"]
    schema["properties"]["webhook"] = {"anyOf": [inner, {"type": "null"}], "default": None}
    return schema


_WITH_BODY: Final[dict[str, Any]] = {
    **_SECURE,
    "requestBody": {"required": True, "content": {_JSON: {"schema": _schema()}}},
}


async def _holder(request: Request) -> str:
    tokens: Tokens = request.app.state.tokens
    given = request.headers.get("authorization")
    return (await asyncio.to_thread(tokens.holder, given)).id


async def _body(request: Request) -> SearchBody:
    media_type = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    if media_type != _JSON:
        raise UnsupportedMediaError("A search is sent as JSON", accepted=[_JSON])
    content = await protocol.read_body(request.receive, _LARGEST, _SECONDS)
    try:
        body = SearchBody.model_validate_json(content)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()]
        raise ParameterError(f"This is no search: {'; '.join(faults)}", faults=faults) from None
    if (body.query is None) == (body.lookup is None):
        raise ParameterError("A search names either a query or a lookup", parameter="query")
    return body


async def _question(watched: Watching, body: SearchBody) -> Question:
    if body.query is not None:
        return await asyncio.to_thread(watched.query, body.query, body.given())
    return await watched.lookup(body.lookup or "", body.given())


def _webhook(request: Request, body: SearchBody, since: int, old: Webhook | None) -> Webhook | None:
    """Return the webhook of a search: the old one, secret and all, if its address is the same."""
    if body.webhook is None:
        return None
    url = body.webhook.url
    request.app.state.webhooks.check(url)
    if old is not None and old.url == url:
        return old
    return Webhook(url, signing.new_secret(), since)


async def _begun(watched: Watching, search: Search) -> Step | None:
    """Return what a search answers now; None if that is found out later."""
    history = watched.searches.history(search)
    with suppress(BusyError):
        await watched.follow(search.question, history, search.since)
    return await asyncio.to_thread(history.last)


@router.post(
    "",
    status_code=201,
    summary="Keep a search",
    responses={**_REFUSED, **_NOT_ACCEPTED, 201: {"description": "The search, kept from now on"}},
    openapi_extra=_WITH_BODY,
)
async def keep(request: Request) -> Response:
    """Keep a search for the token's holder; what later releases change in it is told by its feed.

    The answer has the secret of the webhook, which is not shown again.
    """
    owner = await _holder(request)
    body, watched = await _body(request), watching(request.app)
    question = await _question(watched, body)
    since = watched.kept()[-1].number
    hook = _webhook(request, body, since, None)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    title = body.title or question.name
    create = watched.searches.create
    search = await asyncio.to_thread(create, owner, title, question, since, now, hook)
    last = await _begun(watched, search)
    shown = await asyncio.to_thread(_shown, watched, search, secret=True)
    shown["watched"] = _state(last)
    return _answer(shown, 201, {"Location": f"/searches/{search.id}"})


@router.get("", summary="The searches that are kept", responses=_REFUSED, openapi_extra=_SECURE)
async def every(request: Request) -> Response:
    """List the searches of the token's holder, the oldest first."""
    owner = await _holder(request)
    watched = watching(request.app)

    def shown() -> list[dict[str, Any]]:
        return [_shown(watched, search) for search in watched.searches.of(owner)]

    return _answer({"searches": await asyncio.to_thread(shown)})


@router.get("/{search}", summary="A search", responses=_NOT_THERE, openapi_extra=_SECURE)
async def one(request: Request, search: IdPath) -> Response:
    """Show a search: what is asked, its feed, and how its deliveries fare."""
    owner = await _holder(request)
    watched = watching(request.app)

    def shown() -> dict[str, Any]:
        found = watched.searches.find(search, owner)
        state = _state(watched.searches.history(found).last())
        return {**_shown(watched, found), "watched": state}

    return _answer(await asyncio.to_thread(shown))


@router.put(
    "/{search}",
    summary="Change a search",
    responses={**_NOT_THERE, **_NOT_ACCEPTED},
    openapi_extra=_WITH_BODY,
)
async def change(request: Request, search: IdPath) -> Response:
    """Replace a search; if it asks something else from now on, its feed begins anew."""
    owner = await _holder(request)
    watched = watching(request.app)
    old = await asyncio.to_thread(watched.searches.find, search, owner)
    body = await _body(request)
    question = await _question(watched, body)
    now = watched.kept()[-1].number
    hook = _webhook(request, body, now, old.webhook)
    since = old.since if question.key == old.question.key else now
    title = body.title or question.name
    new = replace(old, title=title, question=question, since=since, webhook=hook)
    await asyncio.to_thread(watched.searches.save, new)
    last = await _begun(watched, new)
    shown = await asyncio.to_thread(_shown, watched, new, secret=hook is not old.webhook)
    return _answer({**shown, "watched": _state(last)})


@router.delete(
    "/{search}",
    status_code=204,
    summary="Forget a search",
    responses=_NOT_THERE,
    openapi_extra=_SECURE,
)
async def forget(request: Request, search: IdPath) -> Response:
    """Forget a search, its feed and what has not been delivered."""
    owner = await _holder(request)
    watched = watching(request.app)
    found = await asyncio.to_thread(watched.searches.find, search, owner)
    await asyncio.to_thread(watched.searches.delete, found)
    return Response(status_code=204, headers=HEADERS)


@router.post(
    "/{search}/webhook/test",
    summary="Send a delivery that tells of no change to a webhook",
    responses={**_NOT_THERE, 200: {"description": "Whether it arrived, and if not, why"}},
    openapi_extra=_SECURE,
)
async def try_webhook(request: Request, search: IdPath) -> Response:
    """Send a signed delivery of the type `search.test` at once, once.

    Raises:
        NotFoundError: the search has no webhook.
    """
    owner = await _holder(request)
    watched, allowed = watching(request.app), request.app.state.webhooks
    found = await asyncio.to_thread(watched.searches.find, search, owner)
    if found.webhook is None:
        raise NotFoundError(f"The search {search} has no webhook", search=search)
    sent = await asyncio.to_thread(outbox.tried, found, found.webhook, allowed)
    shown = {"id": sent.id, "url": found.webhook.url, "delivered": sent.state == "delivered"}
    return _answer(shown | ({"failure": sent.told} if sent.told else {}))


def _answer(
    content: Mapping[str, Any], status: int = 200, more: Mapping[str, str] | None = None
) -> Response:
    headers = {**HEADERS, "Cache-Control": "no-store", **(more or {})}
    return JSONResponse(dict(content), status, headers)


def _shown(watched: Watching, search: Search, *, secret: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": search.id,
        "title": search.title,
        search.question.kind: search.question.name,
        "parameters": {name: list(v) for name, v in search.question.parameters.items()},
        "created": search.created,
        "since": search.since,
        "feed": f"/feeds/{search.feed_name}",
    }
    if search.webhook is not None:
        hook: dict[str, Any] = {"url": search.webhook.url}
        if secret:
            hook["secret"] = search.webhook.secret
        shown["webhook"] = {**hook, **outbox.counts(watched.searches.deliveries(search))}
    return shown


def _state(last: Step | None) -> dict[str, Any] | None:
    """Return how far a search has come: how many rows are known, and whether that is all."""
    if last is None:
        return None
    state = {"release": last.release, "rows": len(last.rows or ()), "complete": last.complete}
    return {**state, "failure": last.failure} if last.failure else state


@router.options("", include_in_schema=False)
@router.options("/{search}", include_in_schema=False)
@router.options("/{search}/webhook/test", include_in_schema=False)
def preflight() -> Response:
    """Answer what a browser asks before a script's request (Fetch, section 3.3.2)."""
    methods = "GET, POST, PUT, DELETE, OPTIONS"
    headers = {
        **HEADERS,
        "Allow": methods,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "accept, authorization, content-type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=headers)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep up with releases and deliver while the server runs."""
    app.state.webhooks = Allowed.by(app.state.settings)
    task = asyncio.create_task(_keep_watch(app))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_watch(app: FastAPI) -> None:
    watched, allowed, settings = watching(app), app.state.webhooks, app.state.settings
    patience = outbox.Patience(dead=settings.webhook_days * 86400)
    seen: int | None = None
    while True:
        await asyncio.sleep(_EVERY)
        try:
            number = watched.kept()[-1].number
            if number != seen:
                seen = number if await watched.follow_all() else None
            if allowed.origins:
                await watched.deliver(allowed, patience)
        except (AtlasError, OSError) as error:
            _LOGGER.warning("watching failed and is tried again: %s", error)
