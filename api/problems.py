"""One shape for all errors: problem details (RFC 9457) as `application/problem+json`.

An AtlasError brings its own status, title and members; what FastAPI and Starlette raise (a
parameter of the wrong type, an unknown path, a wrong method) is put into the same shape.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kg.errors import AtlasError, BusyError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

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


async def _atlas_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AtlasError)  # noqa: S101 - registered for this class alone
    return error_response(error)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    status = HTTPStatus(error.status_code)
    problem = {"type": "about:blank", "title": status.phrase, "status": error.status_code}
    if error.detail != status.phrase:
        problem["detail"] = error.detail
    return problem_response(problem, dict(error.headers or {}))


async def _invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    faults = [
        {"in": str(e["loc"][0]), "name": ".".join(map(str, e["loc"][1:])), "expected": e["msg"]}
        for e in error.errors()
    ]
    names = ", ".join(f["name"] or f["in"] for f in faults)
    return problem_response(
        {
            "type": "urn:cluster-atlas:problem:InvalidRequest",
            "title": "Request not understood",
            "status": 422,
            "detail": f"These parts of the request are not as expected: {names}",
            "faults": faults,
        }
    )


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


def install(app: FastAPI) -> None:
    """Have an application answer every error in this shape."""
    app.add_exception_handler(AtlasError, _atlas_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(Exception, _unexpected)
