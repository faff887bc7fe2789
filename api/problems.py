"""One shape for all errors: problem details (RFC 9457) as `application/problem+json`.

An AtlasError brings its own status, title and members; what FastAPI and Starlette raise (a
parameter of the wrong type, an unknown path, a wrong method) is put into the same shape. A browser,
which prefers HTML to anything, gets the same as a page: somebody reads it there.
"""

from __future__ import annotations

import json
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from api import accept
from api.pages import policy, stylesheet
from kg.errors import AtlasError, BusyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request
    from fastapi.responses import Response
    from starlette.applications import Starlette

MEDIA_TYPE = "application/problem+json"


def problem_response(
    problem: dict[str, Any], headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return the answer for a problem details object."""
    return JSONResponse(problem, problem["status"], headers, media_type=MEDIA_TYPE)


def error_response(error: AtlasError) -> JSONResponse:
    """Return the answer for an error of ours."""
    retry = error.members.get("retry_after") if isinstance(error, BusyError) else None
    return problem_response(error.problem(), {"Retry-After": str(retry)} if retry else None)


def _negotiated(request: Request, answer: JSONResponse) -> Response:
    """Return an error as it is, or as a page for people who look at it in a browser."""
    wanted = accept.media_type(request.headers.get("accept", ""), (MEDIA_TYPE, "text/html"))
    headers = {n: v for n, v in answer.headers.items() if not n.startswith("content-")}
    headers["Vary"] = "Accept"
    if wanted != "text/html":
        answer.headers["Vary"] = "Accept"
        return answer
    headers["Content-Security-Policy"] = policy()
    return HTMLResponse(_page(request, json.loads(bytes(answer.body))), answer.status_code, headers)


def _page(request: Request, problem: Mapping[str, Any]) -> str:
    """Return the page of a problem: what is wrong, what may have been meant, and a way back."""
    root = escape(str(request.scope.get("root_path", "")).rstrip("/"))
    title, detail = escape(problem["title"]), escape(problem.get("detail", ""))
    members = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(_text(value))}</dd>"
        for name, value in problem.items()
        if name not in {"type", "title", "detail"}
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: Cluster Atlas</title>
<style>{stylesheet()}</style>
</head>
<body>
<header>
<nav aria-label="Cluster Atlas"><a class="home" href="{root}/">Cluster Atlas</a></nav>
</header>
<main id="content">
<h1>{title}</h1>
<p class="note" role="alert">{detail}</p>
<dl>{members}</dl>
</main>
</body>
</html>
"""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def _atlas_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AtlasError)  # noqa: S101 - registered for this class alone
    return _negotiated(request, error_response(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    status = HTTPStatus(error.status_code)
    problem = {"type": "about:blank", "title": status.phrase, "status": error.status_code}
    if error.detail != status.phrase:
        problem["detail"] = error.detail
    elif status == HTTPStatus.NOT_FOUND:
        root = request.scope.get("root_path", "")
        problem["detail"] = f"There is nothing at {request.url.path}; {root}/docs has what there is"
    return _negotiated(request, problem_response(problem, dict(error.headers or {})))


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    faults = [
        {"in": str(e["loc"][0]), "name": ".".join(map(str, e["loc"][1:])), "expected": e["msg"]}
        for e in error.errors()
    ]
    names = ", ".join(f["name"] or f["in"] for f in faults)
    problem = {
        "type": "urn:cluster-atlas:problem:InvalidRequest",
        "title": "Request not understood",
        "status": 422,
        "detail": f"These parts of the request are not as expected: {names}",
        "faults": faults,
    }
    return _negotiated(request, problem_response(problem))


async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
    """Answer for a defect of ours: the traceback goes to the server's log, not to the client."""
    return problem_response(
        {
            "type": "about:blank",
            "title": "Internal error",
            "status": 500,
            "detail": "The server failed; the fault is in its log",
        },
        {"Access-Control-Allow-Origin": "*"},  # what adds it elsewhere is within what failed
    )


def install(app: Starlette) -> None:
    """Have an application answer every error in this shape."""
    app.add_exception_handler(AtlasError, _atlas_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(Exception, _unexpected)
