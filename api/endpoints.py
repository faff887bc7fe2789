"""Endpoints of the SPARQL protocols that write: plain ASGI applications with one way to refuse.

They read bodies themselves, bounded, and answer an AtlasError with what the protocols add to a
problem: the challenge of 401, Allow of 405, and leave for scripts of other sites to read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from api.answers import CROSS_ORIGIN
from api.problems import problem_response
from kg.errors import AtlasError, MethodNotAllowedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    Answering = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {name.decode(): value.decode() for name, value in CROSS_ORIGIN}


class Endpoint:
    """An ASGI application that answers the methods it is given, OPTIONS, and errors."""

    def __init__(self, answer: Answering, methods: tuple[str, ...]) -> None:
        self._answer = answer
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=self._preflight())(scope, receive, send)
            return
        try:
            if scope["method"] not in self._methods:
                detail = f"{scope['method']} is not a method of {scope['path']}"
                raise MethodNotAllowedError(detail, allowed=[*self._methods, "OPTIONS"])
            await self._answer(scope, receive, send)
        except AtlasError as error:
            await refusal(error)(scope, receive, send)

    def _preflight(self) -> dict[str, str]:
        methods = ", ".join([*self._methods, "OPTIONS"])
        return {
            **HEADERS,
            "Allow": methods,
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": "accept, authorization, content-type, if-none-match",
            "Access-Control-Max-Age": "86400",
        }


def refusal(error: AtlasError) -> Response:
    """Return the answer to a request that is not carried out."""
    headers = {**HEADERS, "Cache-Control": "no-store"}
    if error.status == 401:  # noqa: PLR2004 - the status's name
        headers["WWW-Authenticate"] = 'Bearer realm="Cluster Atlas"'
    if error.status == 405:  # noqa: PLR2004 - the status's name
        headers["Allow"] = ", ".join(error.members["allowed"])
    return problem_response(error.problem(), headers)
