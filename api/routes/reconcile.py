"""`/reconcile`: the Reconciliation Service API 0.2, for OpenRefine and its like.

One address takes batches of queries (`queries`) and data extension queries (`extend`), in the query
string or in a form, and without either is the manifest. The rest is what the manifest links to:
suggestions, flyouts, previews, properties to fetch.

Every answer may be read by scripts of any site (section 2.3 of the specification), errors too. Who
cannot do that asks with `callback=` for JSONP.
"""

from __future__ import annotations

import asyncio
import json
import re
from html import escape
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

import kg
from api.linked import visit
from api.problems import problem_response
from kg.errors import (
    AtlasError,
    ParameterError,
    RequestTimeoutError,
    TooLargeError,
    UnsupportedMediaError,
)
from kg.reconciliation import answers, queries
from kg.reconciliation.current import Current
from kg.reconciliation.scoring import FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kg.reconciliation.index import Index

_FORM: Final = "application/x-www-form-urlencoded"
_BODY_SECONDS: Final = 15.0
_FIELDS: Final = 20
_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*", re.ASCII)
_LONGEST_CALLBACK: Final = 100
_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Release",
    "X-Content-Type-Options": "nosniff",
}
_JSONP: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {}, "application/javascript": {}}},
    400: {"description": "A parameter is not as it should be; the detail says what was expected."},
}
_HTML: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/html": {}}},
    404: {"description": "This release has no such thing."},
}
_NO_SCRIPT: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class _Open(APIRoute):
    """A route whose answers, errors among them, may be read by scripts of any site."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the headers of CORS (Fetch, section 3.2) on what it answers."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                response = await answer(request)
            except AtlasError as error:
                response = problem_response(error.problem())
            response.headers.update(_CORS)
            return response

        return handler


router = APIRouter(tags=["reconciliation"], route_class=_Open)

CallbackQuery = Annotated[
    str | None, Query(description="The function that a JSONP answer calls with the JSON.")
]
PrefixQuery = Annotated[str, Query(max_length=500, description="What was typed so far.")]
CursorQuery = Annotated[int, Query(ge=0, le=10_000, description="How many to leave out.")]
WhatPath = Annotated[str, Path(description="What the words are about: entity, property or type.")]
IdQuery = Annotated[str, Query(alias="id", max_length=2000, description="The identifier.")]


def current_index(request: Request) -> Index:
    """Return the index of the current release."""
    state = request.app.state
    if not hasattr(state, "reconciliation"):
        state.reconciliation = Current(state.settings.base)
    current: Current = state.reconciliation
    return current.of(visit(request).opened)


def _json(request: Request, value: Any, callback: str | None = None) -> Response:
    text = json.dumps(value, ensure_ascii=False)
    headers = {"X-Release": str(visit(request).opened.number)}
    if callback is None:
        return Response(text, headers=headers, media_type="application/json")
    if len(callback) > _LONGEST_CALLBACK or not _CALLBACK.fullmatch(callback):
        raise ParameterError("'callback' is no name of a function", parameter="callback")
    # Both line separators are JSON, but end a line of script (ECMA-262 before 2019).
    safe = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    script = f"/**/{callback}({safe});"
    return Response(script, headers=headers, media_type="application/javascript")


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; its body is read here, the rest is done in a thread."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        detail = f"A body of type {media_type or 'unknown'!r} is not read"
        raise UnsupportedMediaError(detail, accepted=[_FORM])
    largest = request.app.state.settings.request_bytes
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > largest:
                    raise TooLargeError(f"The body is larger than {largest} bytes", limit=largest)
    except TimeoutError:
        detail = f"The body did not come within {_BODY_SECONDS:g} s"
        raise RequestTimeoutError(detail) from None
    return _fields(bytes(body))


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except UnicodeDecodeError as error:
        raise ParameterError("The form is not UTF-8") from error
    except ValueError as error:
        raise ParameterError(f"The form has more than {_FIELDS} fields") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise ParameterError(f"{name!r} is given more than once", parameter=name)
        fields[name] = value
    return fields


def _answer(request: Request, fields: dict[str, str]) -> Response:
    """Answer a batch, a data extension query, or neither: with the manifest."""
    callback, base = fields.get("callback"), request.app.state.settings.base
    if fields.get("queries"):
        batch = queries.batch(fields["queries"])
        return _json(request, answers.results(current_index(request), batch, base), callback)
    if fields.get("extend"):
        asked = queries.extension(fields["extend"])
        store = visit(request).opened.store
        return _json(
            request, answers.extended(store, current_index(request), base, asked), callback
        )
    if "query" in fields:
        detail = "Queries come as 'queries', a JSON object of them (version 0.2 of the interface)"
        raise ParameterError(detail, parameter="query", allowed=["queries", "extend"])
    to = visit(request)
    return _json(request, answers.manifest(base, to.site + to.root, kg.__version__), callback)


@router.get(
    "/reconcile", summary="The manifest, or answers", response_class=Response, responses=_JSONP
)
def get(
    request: Request,
    queries: Annotated[str | None, Query(description="A batch of queries (JSON).")] = None,
    extend: Annotated[str | None, Query(description="A data extension query (JSON).")] = None,
    callback: CallbackQuery = None,
) -> Response:
    """Return the manifest, the candidates for a batch of queries, or values of properties."""
    given = {"queries": queries, "extend": extend, "callback": callback}
    fields = {name: value for name, value in given.items() if value is not None}
    if "query" in request.query_params:
        fields["query"] = ""
    return _answer(request, fields)


@router.post(
    "/reconcile",
    summary="Answers to a batch of queries",
    response_class=Response,
    responses={
        **_JSONP,
        408: {"description": "The body does not come."},
        413: {"description": "The body is larger than is read; `limit` says how much is."},
        415: {"description": "The body is no form."},
    },
    openapi_extra={
        "requestBody": {
            "content": {
                _FORM: {
                    "schema": {
                        "type": "object",
                        "properties": {"queries": {"type": "string"}, "extend": {"type": "string"}},
                    }
                }
            }
        }
    },
)
def post(request: Request, fields: Annotated[dict[str, str], Depends(_form)]) -> Response:
    """Return the candidates for a batch of queries, or values of properties."""
    return _answer(request, fields)


@router.get(
    "/reconcile/suggest/entity",
    summary="Entities by prefix",
    response_class=Response,
    responses=_JSONP,
)
def suggest_entity(
    request: Request,
    prefix: PrefixQuery,
    cursor: CursorQuery = 0,
    callback: CallbackQuery = None,
) -> Response:
    """Return entities that are named like what was typed."""
    base = request.app.state.settings.base
    found = answers.suggested_entities(current_index(request), prefix, cursor, base)
    return _json(request, found, callback)


@router.get(
    "/reconcile/suggest/property",
    summary="Properties by prefix",
    response_class=Response,
    responses=_JSONP,
)
def suggest_property(
    request: Request,
    prefix: PrefixQuery,
    cursor: CursorQuery = 0,
    callback: CallbackQuery = None,
) -> Response:
    """Return properties that are named like what was typed."""
    return _json(request, answers.suggested_properties(prefix, cursor), callback)


@router.get(
    "/reconcile/suggest/type", summary="Types by prefix", response_class=Response, responses=_JSONP
)
def suggest_type(
    request: Request,
    prefix: PrefixQuery,
    cursor: CursorQuery = 0,
    callback: CallbackQuery = None,
) -> Response:
    """Return types that are named like what was typed."""
    base = request.app.state.settings.base
    return _json(request, answers.suggested_types(prefix, cursor, base), callback)


@router.get(
    "/reconcile/flyout/{what}", summary="A few words", response_class=Response, responses=_JSONP
)
def flyout(
    request: Request, what: WhatPath, identifier: IdQuery, callback: CallbackQuery = None
) -> Response:
    """Return a few words of HTML about an entity, a property or a type."""
    match what:
        case "entity":
            told = answers.entity_flyout(current_index(request), identifier)
        case "property":
            told = answers.property_flyout(identifier)
        case "type":
            told = answers.type_flyout(identifier)
        case _:
            known = ["entity", "property", "type"]
            raise ParameterError(f"There are no flyouts for {what[:100]!r}", allowed=known)
    return _json(request, told, callback)


@router.get(
    "/reconcile/properties",
    summary="Properties to fetch",
    response_class=Response,
    responses=_JSONP,
)
def propose(
    request: Request,
    type_id: Annotated[str | None, Query(alias="type", description="The type.")] = None,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="The most.")] = None,
    callback: CallbackQuery = None,
) -> Response:
    """Return the properties that can be fetched for entities of a type."""
    return _json(request, answers.proposed(type_id, limit), callback)


@router.get(
    "/reconcile/preview",
    summary="An entity in a few lines",
    response_class=Response,
    responses=_HTML,
)
def preview(request: Request, identifier: IdQuery) -> Response:
    """Return the preview of an entity: HTML to be shown in a frame, without script."""
    opened = visit(request).opened
    base = request.app.state.settings.base
    html = answers.preview(opened.store, current_index(request), base, identifier)
    headers = {"X-Release": str(opened.number), "Content-Security-Policy": _NO_SCRIPT}
    return Response(html, headers=headers, media_type="text/html")


@router.get(
    "/reconcile/features",
    summary="What the features mean",
    response_class=Response,
    responses=_HTML,
)
def features(request: Request) -> Response:
    """Return what each feature of a candidate says, as HTML with an anchor for each."""
    items = "".join(
        f'<dt id="{escape(name)}">{escape(name)}</dt><dd>{escape(told)}</dd>'
        for name, told in FEATURES.items()
    )
    head = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Features</title>'
    release = str(visit(request).opened.number)
    headers = {"X-Release": release, "Content-Security-Policy": _NO_SCRIPT}
    return Response(f"{head}<dl>{items}</dl></html>", headers=headers, media_type="text/html")


@router.options("/reconcile", include_in_schema=False)
@router.options("/reconcile/{rest:path}", include_in_schema=False)
def preflight() -> Response:
    """Answer what a browser asks before a script's request (Fetch, section 3.3.2)."""
    headers = {
        "Allow": "GET, POST, OPTIONS",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Accept, Content-Type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(None, 204, headers)
