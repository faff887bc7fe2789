"""`/profiles`: profiles of organisations and clusters, offers and requests, submitted at any time.

Who submits one needs no account: the answer has a token, shown once, with which the profile is
changed, renewed or withdrawn. Curators accept and reject with their own tokens.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response

import loaders
from api import protocol
from api.authorisation import require
from api.routes.reports import chosen_language
from kg.errors import ParameterError, UnsupportedMediaError
from kg.profiles import Desk, telling
from kg.profiles.keeping import STATES
from kg.profiles.reading import JSON, MEDIA_TYPES
from kg.profiles.schema import MEDIA_TYPE
from kg.staging import read_rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from kg.profiles import Profile
    from kg.profiles.keeping import State

router = APIRouter(tags=["profiles"])

NamePath = Annotated[str, Path(description="The id of a profile.")]
LangQuery = Annotated[
    str | None, Query(description="The language, instead of Accept-Language: en or de.")
]
KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="8 to 255 characters of your own: a submission repeated with them counts once.",
    ),
]
_HEADERS: Final = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"$ref": "/profiles/schema"}},
            **{one: {"schema": {"type": "string"}} for one in MEDIA_TYPES[1:]},
        },
    }
}
_CURATOR: Final[dict[str, Any]] = {"security": [{"Bearer": []}]}
_OWN: Final[dict[str, Any]] = {"security": [{"Bearer": []}]}
_SMALL: Final = 16 * 1024
_NOT_OWN: Final = {"description": "Neither the token of this profile nor a curator's."}
_STATE: Final = {"description": "The profile is in a state in which that cannot be done."}
_NO_OBJECT: Final = {"description": "The body is no JSON object, or lacks what is needed."}
_BODIES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "A parameter or the key is not as it should be."},
    408: {"description": "The body does not come."},
    413: {"description": "It is larger than is read; `limit` says how much is."},
    415: {"description": "It is of a type that is not read."},
    422: {"description": "It is no profile: `faults` says where, and what was expected."},
}


def _small(name: str, text: str) -> dict[str, Any]:
    """Return the description of a body that is an object with one member."""
    members = {name: {"type": "string", "description": text}}
    schema = {"type": "object", "required": [name], "properties": members}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.profiles
    return desk


def _bearer(request: Request) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").strip().partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


async def _curator(request: Request) -> str:
    """Return the name of the curator whose token came along.

    Raises:
        UnauthorisedError, ForbiddenError: none came.
    """
    return await require(
        request.app.state, protocol.headers_of(request.scope["headers"]), "curator"
    )


async def _body(request: Request) -> tuple[bytes, str]:
    """Return the body of a submission and its media type.

    Raises:
        UnsupportedMediaError: it is of a type that is not read.
        TooLargeError, RequestTimeoutError: it is too large, or does not come.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        detail = f"A profile of type {media_type or 'unknown'!r} is not read"
        raise UnsupportedMediaError(detail, accepted=list(MEDIA_TYPES))
    largest = request.app.state.settings.profile_bytes
    return await protocol.read_body(request.receive, largest), media_type


async def _object(request: Request) -> dict[str, Any]:
    """Return a small JSON object; an empty body is an empty one.

    Raises:
        ParameterError: it is none.
    """
    body = await protocol.read_body(request.receive, _SMALL)
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ParameterError("The body is no JSON object", parameter="body")
    return value


def _told(profile: Profile, language: str, status: int = 200, **more: Any) -> JSONResponse:
    headers = {**_HEADERS, "Content-Language": language, "Vary": "Accept-Language"}
    return JSONResponse(telling.whole(profile, language) | more, status, headers)


@router.get(
    "/profiles/schema",
    summary="The JSON Schema of profiles",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
def schema(request: Request, lang: LangQuery = None) -> Response:
    """Return what a profile may say, as a schema derived from the rules it is checked by."""
    language = chosen_language(request, lang)
    content = json.dumps(_desk(request).schema(language), ensure_ascii=False, indent=1)
    headers = {
        "Cache-Control": "public, max-age=3600",
        "Access-Control-Allow-Origin": "*",
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return Response(content, headers=headers, media_type=MEDIA_TYPE)


@router.post(
    "/profiles",
    summary="Submit a profile",
    status_code=201,
    openapi_extra=_BODY,
    responses={
        **_BODIES,
        200: {"description": "It was submitted with this Idempotency-Key before, or only checked."},
        201: {"description": "It waits for a curator: its findings, and the token to change it."},
        409: {"description": "The Idempotency-Key came with something else before."},
        429: {"description": "Too many from this address."},
        503: {"description": "Too many wait for a curator."},
    },
)
async def submit(
    request: Request,
    key: KeyHeader = None,
    lang: LangQuery = None,
    check: Annotated[bool, Query(description="Only check it; keep nothing.")] = False,  # noqa: FBT002 - a query parameter
) -> JSONResponse:
    """Check a profile at once and put it into the curators' queue.

    The answer has what the rules find, with proposed fixes, in the client's language. Findings do
    not keep it out of the queue; violations keep it from being published.
    """
    language = chosen_language(request, lang)
    body, media_type = await _body(request)
    desk = _desk(request)
    if check:
        found = await asyncio.to_thread(desk.rehearse, body, media_type)
        return JSONResponse({"findings": telling.findings(found, language)}, 200, _HEADERS)
    address = request.client.host if request.client else ""
    answer = await asyncio.to_thread(desk.submit, body, media_type, language, key, address)
    told = _told(answer.profile, language, 201 if answer.fresh else 200, token=answer.token)
    told.headers["Location"] = f"{request.scope.get('root_path', '')}/profiles/{answer.profile.id}"
    return told


@router.get(
    "/profiles",
    summary="The profiles that were submitted",
    openapi_extra=_CURATOR,
    responses={
        400: {"description": "There is no such state, or `after` is none of ours."},
        401: {"description": "No token."},
        403: {"description": "No curator's token."},
    },
)
async def profiles(
    request: Request,
    state: Annotated[
        str | None, Query(description=f"Only those of a state: {', '.join(STATES)}.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    after: Annotated[str, Query(description="The `next` of the page before.")] = "",
) -> JSONResponse:
    """List profiles, the oldest first; for curators."""
    await _curator(request)
    if state is not None and state not in STATES:
        detail = f"There is no state {state!r}"
        raise ParameterError(detail, parameter="state", allowed=list(STATES))
    wanted: State | None = next((one for one in STATES if one == state), None)
    found = await asyncio.to_thread(_desk(request).shelf.every, wanted)
    rest = [one for one in found if f"{one.created}.{one.id}" > after]
    page = rest[:limit]
    last = f"{page[-1].created}.{page[-1].id}" if len(rest) > limit else None
    listed = [telling.summary(one) for one in page]
    return JSONResponse({"total": len(found), "profiles": listed, "next": last}, headers=_HEADERS)


@router.get(
    "/profiles/{name}",
    summary="A profile that was submitted",
    openapi_extra=_OWN,
    responses={401: _NOT_OWN},
)
async def profile(request: Request, name: NamePath, lang: LangQuery = None) -> JSONResponse:
    """Tell a profile with its findings; for who submitted it, and for curators."""
    language = chosen_language(request, lang)
    await _allowed(request, name)
    found = await asyncio.to_thread(_desk(request).shelf.find, name)
    return _told(found, language)


async def _allowed(request: Request, name: str) -> str:
    """Return who asks: the submitter by the profile's token, or a curator.

    Raises:
        NotFoundError: there is no such profile.
        UnauthorisedError: neither.
    """
    token = _bearer(request)
    if token is None or token.startswith("profile_"):
        await asyncio.to_thread(_desk(request).of_token, name, token)
        return "submitter"
    return await _curator(request)


@router.put(
    "/profiles/{name}",
    summary="Change a profile",
    openapi_extra={**_BODY, **_OWN},
    responses={401: _NOT_OWN, 409: _STATE, **_BODIES},
)
async def edit(request: Request, name: NamePath, lang: LangQuery = None) -> JSONResponse:
    """Submit a profile anew; what is published stays until a curator accepts the change."""
    language = chosen_language(request, lang)
    body, media_type = await _body(request)
    desk = _desk(request)
    changed = await asyncio.to_thread(desk.edit, name, _bearer(request), body, media_type)
    return _told(changed, language)


@router.delete(
    "/profiles/{name}",
    summary="Withdraw a profile",
    openapi_extra=_OWN,
    responses={401: _NOT_OWN, 409: _STATE},
)
async def withdraw(request: Request, name: NamePath, lang: LangQuery = None) -> JSONResponse:
    """Take a profile back, by its token or a curator's; if published, a release goes without it."""
    language = chosen_language(request, lang)
    who = await _allowed(request, name)
    return _told(await asyncio.to_thread(_desk(request).withdraw, name, who), language)


@router.post(
    "/profiles/{name}/renewal",
    summary="Renew an offer or request",
    openapi_extra={**_OWN, **_small("validUntil", "The new last day, such as 2027-12-31.")},
    responses={400: _NO_OBJECT, 401: _NOT_OWN, 409: _STATE},
)
async def renew(request: Request, name: NamePath, lang: LangQuery = None) -> JSONResponse:
    """Set another last day: `{"validUntil": "2027-12-31"}`."""
    language = chosen_language(request, lang)
    until = (await _object(request)).get("validUntil")
    if not isinstance(until, str):
        raise ParameterError("'validUntil' is missing", parameter="validUntil")
    desk = _desk(request)
    return _told(await asyncio.to_thread(desk.renew, name, _bearer(request), until), language)


@router.post(
    "/profiles/{name}/acceptance",
    summary="Accept a profile",
    openapi_extra=_CURATOR,
    responses={
        200: {"description": "It is published: the release."},
        409: {"description": "It is not in the queue."},
        422: {"description": "It breaks rules: `findings`."},
    },
)
async def accept(request: Request, name: NamePath, lang: LangQuery = None) -> JSONResponse:
    """Publish a profile with a small release; for curators."""
    language, who = chosen_language(request, lang), await _curator(request)
    desk = _desk(request)
    number = await asyncio.to_thread(desk.accept, [name], who)
    found = await asyncio.to_thread(desk.shelf.find, name)
    told = _told(found, language, release=number)
    told.headers["X-Release"] = str(number)
    return told


@router.post(
    "/profiles/{name}/rejection",
    summary="Reject a profile",
    openapi_extra={**_CURATOR, **_small("reason", "Why; who submitted it reads it.")},
    responses={400: _NO_OBJECT, 409: {"description": "It is not in the queue."}},
)
async def reject(request: Request, name: NamePath, lang: LangQuery = None) -> JSONResponse:
    """Refuse a profile with a reason: `{"reason": "…"}`; for curators."""
    language, who = chosen_language(request, lang), await _curator(request)
    why = (await _object(request)).get("reason", "")
    if not isinstance(why, str) or not why.strip():
        raise ParameterError("'reason' is missing: who submitted it reads it", parameter="reason")
    return _told(await asyncio.to_thread(_desk(request).reject, name, who, why), language)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the desk for profiles over the workspace."""
    state = app.state
    sources = {name: loaders.find(name) for name in loaders.names()}
    state.profiles = Desk(
        state.workspace,
        state.settings,
        lambda: read_rules(state.settings.base),
        sources,
        lambda: state.serving.current().store,
    )
    await asyncio.to_thread(state.profiles.shelf.tidy)
    yield
    await asyncio.to_thread(state.profiles.close)
