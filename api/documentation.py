"""The description of the interface (OpenAPI 3.1), and the page to try it out: all from here.

FastAPI writes what the routes say of themselves. What holds for many of them is added here, so that
no route has to repeat it: how a token is sent, the one shape of errors (RFC 9457), and the errors
that follow from what an operation takes. Swagger UI comes out of the package fastapi-swagger: no
content delivery network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

_ASSETS: Final = "/docs/assets"
_METHODS: Final = ("get", "put", "post", "delete")
_INVALID: Final = "Validation Error"
"""What FastAPI says of a request that it does not understand."""

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "An error (RFC 9457). Further members say more, such as `parameter`, `allowed`.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Which error it is."},
        "title": {"type": "string", "description": "The same for people."},
        "status": {"type": "integer", "description": "The status of the response."},
        "detail": {"type": "string", "description": "What was wrong here, and what was expected."},
    },
}
_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token that `atlas token create` made; of a profile, the one it came with.",
}
_BY_PARAMETER: Final = {
    "release": (404, "The release is not kept; those that are."),
    "format": (406, "There is no such form; those that there are."),
    "lang": (400, "Nothing is written in that language; those that there are."),
}
_SECURED: Final = (
    (401, "No token, or none that is known."),
    (403, "The token's role does not allow it."),
)
_UNKNOWN: Final = (404, "There is no such thing, or it is not kept.")
_OTHER: Final = "Any other error, such as 503 while nothing is published, in the same shape."


def _page(app: FastAPI) -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url=app.openapi_url or "/openapi.json",
        title=f"{app.title}: interface",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon-32x32.png",
    )


def install(app: FastAPI) -> None:
    """Add `/docs` and its assets to an application, and complete its description."""
    files = StaticFiles(packages=[("fastapi_swagger", "resources")])
    app.mount(_ASSETS, files, name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return _page(app)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title, version=app.version, summary=app.summary, routes=app.routes
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add to a description what holds for many operations."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"Bearer": _BEARER}
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for operations in document["paths"].values():
        for method in _METHODS:
            if method in operations:
                _complete_operation(operations[method])
    return document


def _complete_operation(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if responses.get("422", {}).get("description") == _INVALID:
        said = "A parameter is not of its type or in its range: `faults` says which and why."
        responses["422"] = {"description": said}
    for status, text in _errors(operation):
        responses.setdefault(str(status), {"description": text})
    responses.setdefault("default", {"description": _OTHER})
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, response in responses.items():
        if status == "default" or status >= "400":
            response.setdefault("content", problem)
    operation["responses"] = dict(sorted(responses.items()))


def _errors(operation: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the errors that follow from what an operation takes."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            yield _UNKNOWN
        elif parameter["in"] == "query" and parameter["name"] in _BY_PARAMETER:
            yield _BY_PARAMETER[parameter["name"]]
    if "security" in operation:
        yield from _SECURED
