"""`/sparql/lint`, `/sparql/why-empty`, `/sparql/explain`: help for who writes queries.

They are asked as the query operation is, by GET or POST, with the same parameters; the form of the
answer alone is chosen here. `/sparql?lint=1` has the number of remarks in `X-Lint` and leads to
them by a Link. That is done on request only: to look at a query costs one to ten milliseconds of
the process that serves all others, and a look-up costs less than one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import past, protocol
from api.accept import media_type
from kg.analysis.explain import Explainer
from kg.analysis.lint import lint
from kg.analysis.reading import Reading
from kg.analysis.vocabulary import Vocabulary
from kg.analysis.whyempty import why_empty
from kg.errors import (
    BusyError,
    NotAcceptableError,
    ParameterError,
    QueryCancelledError,
    QueryError,
    WorkspaceError,
)
from kg.query.request import Acceptable, QueryRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fastapi import FastAPI

    from api.past import Moment
    from kg.analysis.remarks import Remark
    from kg.query.pool import QueryPool
    from kg.settings import Settings
    from kg.store import OpenRelease

    Gone = Callable[[], Awaitable[None]]

_EXPLAINED_AT_ONCE: Final = 2
_VOCABULARIES: Final = 2
_PART_SECONDS: Final = 2.0
_SEARCH_SECONDS: Final = 20.0
_LONGEST_LINK: Final = 2000
_FORMS: Final = {"json": "application/json", "text": "text/plain"}

router = APIRouter(tags=["SPARQL"])


class Desk:
    """What helping needs and keeps between requests: the terms of releases."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, Vocabulary] = {}
        self.explaining = asyncio.Semaphore(_EXPLAINED_AT_ONCE)

    def vocabulary(self, opened: OpenRelease) -> Vocabulary:
        """Return the terms of a release; those of the last two are kept."""
        name = opened.release.name
        found = self._known.get(name)
        if found is None:
            found = Vocabulary.of(opened, self._settings.base)
            while len(self._known) >= _VOCABULARIES:
                self._known.pop(next(iter(self._known)), None)
            self._known[name] = found
        return found

    def lint(self, text: str, opened: OpenRelease) -> list[Remark]:
        """Return the remarks on a query; raises as kg.analysis.lint does."""
        return lint(text, self.vocabulary(opened), self._settings.base)

    async def fields(self, app: FastAPI, text: str, at: Moment | None) -> list[tuple[bytes, bytes]]:
        """Return the header fields for an answer that is asked for with `lint=1`."""
        try:
            opened = await past.opened_at(app, at)
            remarks = await asyncio.to_thread(self.lint, text, opened)
        except (QueryError, WorkspaceError):
            return []  # what is wrong is for the query operation to say, which knows more syntax
        found = [(b"x-lint", str(len(remarks)).encode())]
        target = f"sparql/lint?query={quote(text, safe='')}"
        if remarks and len(target) <= _LONGEST_LINK:
            link = f'<{target}>; rel="describedby"; type="application/json"'
            found.append((b"link", link.encode()))
        return found

    def explainer(self, request: QueryRequest, opened: OpenRelease) -> Explainer:
        """Return what explains a query within the limits that it would be evaluated in."""
        settings = self._settings
        seconds = min(request.timeout or settings.query_timeout, settings.query_timeout_max)
        return Explainer(opened, seconds, settings.query_memory * 1024 * 1024)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Set the desk up while the server runs."""
    app.state.desk = Desk(app.state.settings)
    yield


async def _asked(request: Request) -> tuple[QueryRequest, OpenRelease]:
    """Return the query of a request and the release that it is about.

    What the request accepts is not the query operation's matter.
    """
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name != "format"]
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"accept"]
    scope = {**request.scope, "query_string": urlencode(kept).encode(), "headers": headers}
    largest = request.app.state.settings.request_bytes
    asked = await protocol.read(scope, request.receive, largest)
    if asked.query is None:
        raise ParameterError("The parameter 'query' is missing", parameter="query")
    return asked.query, await past.opened_at(request.app, asked.at)


async def _left(request: Request) -> None:
    """Return when the client has gone away; the request's body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _form(request: Request) -> str:
    """Return the form that `format=` names, or else the one that the Accept header prefers."""
    name = request.query_params.get("format")
    if name in _FORMS:
        return name
    found = media_type(request.headers.get("accept", ""), tuple(_FORMS.values()))
    if name or found is None:
        wanted = name or request.headers["accept"]
        raise NotAcceptableError(f"There is no form {wanted!r}", available=list(_FORMS.values()))
    return next(form for form, named in _FORMS.items() if named == found)


def _answer(opened: OpenRelease, content: str, form: str = "json") -> Response:
    headers = {
        "X-Release": str(opened.number),
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "X-Release",
    }
    return Response(content, 200, headers, _FORMS[form])


def _json(opened: OpenRelease, document: dict[str, Any]) -> Response:
    return _answer(opened, json.dumps({"release": opened.number, **document}, ensure_ascii=False))


async def lint_query(request: Request) -> Response:
    """Say what is odd about a query, without running it: code, message, place, suggestion."""
    query, opened = await _asked(request)
    remarks = await asyncio.to_thread(request.app.state.desk.lint, query.text, opened)
    return _json(opened, {"remarks": [remark.document() for remark in remarks]})


async def explain_empty_answer(request: Request) -> Response:
    """Say which part of a query empties its answer, and which of its terms occur nowhere."""
    query, opened = await _asked(request)
    state = request.app.state
    vocabulary = await asyncio.to_thread(state.desk.vocabulary, opened)
    pool = await past.pool_of(state, opened.release)
    reading = Reading.of(query.text, state.settings.base)
    if reading.undeclared:
        prefix = reading.source(reading.undeclared[0]).partition(":")[0]
        raise ParameterError(f"The prefix '{prefix}:' is not declared", prefix=prefix)
    count = partial(_count, pool, query, partial(_left, request))
    found = await why_empty(reading, vocabulary, count, _SEARCH_SECONDS)
    return _json(opened, found.document())


async def _count(pool: QueryPool, query: QueryRequest, gone: Gone, text: str) -> int | None:
    """Return how many rows a query has; None if that cannot be known."""
    seconds = min(query.timeout or _PART_SECONDS, _PART_SECONDS)
    form = Acceptable("csv")
    # Oxigraph stops at the first rows; the columns would make all of them.
    request = QueryRequest(text, query.dataset, form, timeout=seconds, engine="oxigraph")
    try:
        answer = await pool.evaluate(request, gone)
    except (BusyError, QueryCancelledError):
        raise
    except QueryError:
        return None
    return len((answer.body or b"").splitlines()) - 1


async def explain_plan(request: Request) -> Response:
    """Run a query and return the engine's plan with the rows and seconds of each step."""
    form = _form(request)
    query, opened = await _asked(request)
    desk: Desk = request.app.state.desk
    if desk.explaining.locked():
        detail = f"{_EXPLAINED_AT_ONCE} queries are being explained, which is as many as may"
        raise BusyError(detail, retry_after=5)
    async with desk.explaining:
        explainer = desk.explainer(query, opened)
        plan = await explainer.explain(query, partial(_left, request))
    if form == "text":
        return _answer(explainer.opened, plan.text(), form)
    return _json(explainer.opened, plan.document())


_QUERY: Final = {"type": "string"}
_FORMAT: Final = {"type": "string", "enum": sorted(_FORMS)}


def _parameter(
    name: str, schema: dict[str, Any], text: str, *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": text,
        "schema": schema,
    }


_ASKED: Final = _parameter("query", _QUERY, "A SPARQL 1.1 query.", required=True)
_RELEASE: Final = _parameter(
    "release",
    {"type": "integer", "minimum": 1},
    "The number of a kept release instead of the current one.",
)
_TIMEOUT: Final = _parameter("timeout", {"type": "number"}, "Seconds that the query may take.")


def _register(path: str, summary: str, function: Any, forms: tuple[str, ...] = ("json",)) -> None:
    """Have a function answer GET and POST at a path, and tell other sites that they may ask."""
    content: dict[str, Any] = {_FORMS[form]: {} for form in forms}
    known = {
        200: {"description": summary, "content": content},
        400: {"description": "No query, or none that is evaluated here: line, column, token."},
        408: {"description": "The body of the request does not come."},
        413: {"description": "The body of the request is larger than is read."},
        415: {"description": "The body is neither a form nor a query."},
        503: {"description": "Too many queries at once; Retry-After says when to come back."},
        504: {"description": "The time limit was reached."},
        507: {"description": "The memory limit was reached."},
    }
    more = [_RELEASE, _TIMEOUT]
    if len(forms) > 1:
        more.append(_parameter("format", _FORMAT, "The form, instead of Accept: json or text."))
    common: dict[str, Any] = {"response_class": Response, "responses": known}
    router.get(
        path,
        summary=summary,
        openapi_extra={"parameters": [_ASKED, *more]},
        **common,
    )(function)
    form = {"type": "object", "required": ["query"], "properties": {"query": _QUERY}}
    bodies = {protocol.DIRECT: {"schema": {"type": "string"}}, protocol.FORM: {"schema": form}}
    router.post(
        path,
        summary=f"{summary} (long queries)",
        openapi_extra={
            "parameters": more,
            "requestBody": {"required": True, "content": bodies},
        },
        **common,
    )(function)
    # FastAPI would need an operation of its own for HEAD in the interface's description.
    router.head(path, include_in_schema=False)(function)
    router.options(path, include_in_schema=False)(_preflight)


def _preflight() -> Response:
    """Answer what a browser asks before a script's request (Fetch, section 3.3.2)."""
    methods = "GET, HEAD, POST, OPTIONS"
    headers = {
        "Allow": methods,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Accept, Content-Type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(None, 204, headers)


_register("/sparql/lint", "What is odd about a query", lint_query)
_register("/sparql/why-empty", "Why a query has no rows", explain_empty_answer)
_register("/sparql/explain", "The plan of a query", explain_plan, ("json", "text"))
