"""`/queries` and `/queries/{name}`: the saved queries, each an operation of its own.

Every file `queries/<name>.rq` is a path with the file's parameters, so that the documentation page
and generated clients know them. The values are checked in one place only, kg.savedqueries.

The answer is JSON, CSV or SPARQL results, or the text of the SPARQL query that was asked, by
`format=` or by the Accept header. A release never changes, so the entity tag is made from release,
query and format, and a client that has the answer already is told so without asking the store.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api import questions
from api.accept import media_type
from api.linked import LanguageQuery, Visit, visit
from api.representations import HTML
from kg import savedqueries
from kg.errors import NotAcceptableError, ParameterError
from kg.identifiers import Identifiers
from kg.savedqueries.definition import LIMIT, MOST_ROWS
from kg.savedqueries.values import LISTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kg.savedqueries import Answer, Bound, Evaluation, Parameter, SavedQuery
    from kg.settings import Settings
    from kg.store import OpenRelease

FORMAT: Final = "format"
_LISTED: Final = ("application/json", HTML.media_type)
_TAG: Final = "saved queries"
_PROBLEM: Final = "application/problem+json"


class _Form(NamedTuple):
    """A form of the answer: its name in `format=`, its media type, and how it is written."""

    name: str
    media_type: str
    write: Callable[[Answer], str] | None


def _json(answer: Answer) -> str:
    return json.dumps(answer.document(), ensure_ascii=False)


def _results(answer: Answer) -> str:
    return json.dumps(answer.results(), ensure_ascii=False)


# Without a function to write it, the form is the text of the query, which needs no answer.
_FORMS: Final = (
    _Form("json", "application/json", _json),
    _Form("csv", "text/csv", savedqueries.Answer.csv),
    _Form("results", "application/sparql-results+json", _results),
    _Form("query", "application/sparql-query", None),
    _Form("text", "text/plain", None),
    _Form("html", "text/html", None),
)


def build_router(settings: Settings) -> APIRouter:
    """Return the router with one path for each saved query."""
    queries = savedqueries.discover(settings.base)
    evaluation = savedqueries.Evaluation(settings.query_memory // 2, settings.query_timeout)
    router = APIRouter(tags=[_TAG])

    def listing(request: Request, lang: LanguageQuery = None) -> Response:
        """List the saved queries: what each answers, and its parameters."""
        if media_type(request.headers.get("accept", ""), _LISTED) == HTML.media_type:
            return questions.listing(visit(request), queries, lang)
        shown = {"queries": [_shown(query) for query in queries.values()]}
        text, headers = json.dumps(shown, ensure_ascii=False), {"Vary": "Accept"}
        return Response(text, headers=headers, media_type="application/json")

    router.add_api_route(
        "/queries",
        listing,
        summary="The saved queries with their parameters",
        responses={200: _json_response("The saved queries", "queries")},
    )
    for query in queries.values():
        router.add_api_route(
            f"/queries/{query.name}",
            _endpoint(query, settings, evaluation),
            name=query.name,
            operation_id=query.name.replace("-", "_"),
            summary=query.summary["en"],
            description=query.description["en"],
            responses=_responses(),
            openapi_extra={"parameters": _described(query)},
        )

    def unknown(name: str) -> None:
        savedqueries.find(queries, name)

    router.add_api_route("/queries/{name}", unknown, include_in_schema=False)
    return router


def _endpoint(
    query: SavedQuery, settings: Settings, evaluation: Evaluation
) -> Callable[[Request], Response]:
    """Return the function that answers requests for one query."""
    identifiers = Identifiers(settings.base)

    def ask(release: OpenRelease, given: dict[str, list[str]]) -> Answer:
        given.pop(questions.LANGUAGE, None)
        vocabulary = savedqueries.Vocabulary(release.store, identifiers, datetime.now(UTC).date())
        return evaluation.answer(savedqueries.bind(query, given, vocabulary), release)

    def endpoint(request: Request) -> Response:
        given = _given(request)
        form = _form(given.pop(FORMAT, []), request.headers.get("accept", ""))
        release: OpenRelease = request.app.state.serving.current()
        if form.media_type == HTML.media_type:
            return questions.page(
                Visit(request, release, lasting=False), query, given, partial(ask, release, given)
            )
        today = datetime.now(UTC).date()
        vocabulary = savedqueries.Vocabulary(release.store, identifiers, today)
        bound = savedqueries.bind(query, given, vocabulary)
        headers = _headers(bound, form, release) | {"Link": _links(query, given)}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if form.write is None:
            return Response(bound.text, headers=headers, media_type=form.media_type)
        answer = evaluation.answer(bound, release)
        headers["X-Complete"] = str(answer.complete).lower()
        return Response(form.write(answer), headers=headers, media_type=form.media_type)

    return endpoint


def _given(request: Request) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return given


def _form(asked: list[str], accept: str) -> _Form:
    """Return the form that `format=` names, or else the one that the Accept header prefers."""
    if len(asked) > 1:
        raise ParameterError("format may be given once", parameter=FORMAT)
    if asked and asked[0]:
        found = next((form for form in _FORMS if form.name == asked[0]), None)
        if found is None:
            names = [form.name for form in _FORMS]
            detail = f"There is no format {asked[0]!r}; there are {', '.join(names)}"
            raise ParameterError(detail, parameter=FORMAT, allowed=names)
        return found
    offers = tuple(form.media_type for form in _FORMS)
    best = media_type(accept, offers)
    if best is None:
        raise NotAcceptableError(f"Nothing is available as {accept}", available=list(offers))
    return next(form for form in _FORMS if form.media_type == best)


def _headers(bound: Bound, form: _Form, release: OpenRelease) -> dict[str, str]:
    content = repr((release.number, release.release.manifest["digest"], bound.text, form.name))
    digest = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
    headers = {
        "ETag": f'"{digest}"',
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "X-Release": str(release.number),
    }
    if form.name == "csv":
        headers["Content-Disposition"] = f'inline; filename="{bound.query.name}.csv"'
    return headers


def _links(query: SavedQuery, given: Mapping[str, Sequence[str]]) -> str:
    """Return where a feed of what changes in the answer is, and the query itself (RFC 8288)."""
    kept = urlencode({name: values for name, values in given.items() if name != LIMIT}, doseq=True)
    feed = f"/queries/{query.name}/feed" + (f"?{kept}" if kept else "")
    text = f"/queries/{query.name}?{urlencode({**given, FORMAT: 'query'}, doseq=True)}"
    return (
        f'<{feed}>; rel="alternate"; type="application/atom+xml", '
        f'<{text}>; rel="related"; type="application/sparql-query"; title="The same in SPARQL"'
    )


def _shown(query: SavedQuery) -> dict[str, Any]:
    return {
        "name": query.name,
        "href": f"/queries/{query.name}",
        "summary": query.summary,
        "description": query.description,
        "tags": query.tags,
        "parameters": [_shown_parameter(query, p) for p in query.parameters],
        "limit": query.limit,
    }


def _shown_parameter(query: SavedQuery, parameter: Parameter) -> dict[str, Any]:
    said = {
        "name": parameter.name,
        "type": parameter.kind.name,
        "expected": parameter.kind.expected,
        "description": parameter.description,
        "required": parameter.required,
        "many": parameter.many,
        "default": parameter.default,
        "values": list(parameter.values) or None,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "example": [term.value for term in query.examples[parameter.name]],
        "href": _values_address(query, parameter),
    }
    return {key: value for key, value in said.items() if value is not None}


def _values_address(query: SavedQuery, parameter: Parameter) -> str | None:
    """Return where the values of a parameter are listed with counts, if they can be."""
    listed = parameter.values or parameter.kind.name in LISTED
    return f"/queries/{query.name}/parameters/{parameter.name}" if listed else None


def _described(query: SavedQuery) -> list[dict[str, Any]]:
    """Return the parameters of a query as OpenAPI describes them."""
    return [
        *(_openapi_parameter(query, parameter) for parameter in query.parameters),
        _in_query(
            LIMIT,
            "The most rows to return",
            {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": query.limit},
        ),
        _in_query(
            FORMAT,
            "The form of the answer; without it the Accept header decides",
            {"type": "string", "enum": [form.name for form in _FORMS]},
        ),
    ]


def _openapi_parameter(query: SavedQuery, parameter: Parameter) -> dict[str, Any]:
    schema = {**parameter.kind.schema, **_narrowed(parameter)}
    examples = [term.value for term in query.examples[parameter.name]]
    example: Any = int(examples[0]) if schema["type"] == "integer" else examples[0]
    if parameter.many:
        schema, example = {"type": "array", "items": schema, "minItems": 1}, [example]
    text = f"{parameter.description['en']}. Takes {parameter.kind.expected}."
    described = _in_query(parameter.name, text, schema, required=parameter.required)
    # An optional parameter gets no example, or the documentation page would fill it in.
    return {**described, "example": example} if parameter.required else described


def _narrowed(parameter: Parameter) -> Mapping[str, Any]:
    said = {
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "enum": list(parameter.values) or None,
        "default": None if parameter.many else parameter.default,
    }
    if parameter.kind.name == "integer" and parameter.default is not None:
        said["default"] = int(parameter.default)
    return {key: value for key, value in said.items() if value is not None}


def _in_query(
    name: str, description: str, schema: Mapping[str, Any], *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": dict(schema),
    }


def _responses() -> dict[int | str, dict[str, Any]]:
    answer = _json_response("The rows", "release", "query", "parameters", "columns", "items")
    text = {"schema": {"type": "string"}}
    others = {f.media_type: text for f in _FORMS if f.media_type not in answer["content"]}
    answer["content"] |= others
    refused = "A parameter is unknown, missing or ill-typed; the answer names what is accepted"
    return {
        200: answer,
        304: {"description": "The client has the answer already"},
        400: _problem(refused),
        406: _problem("No form of the answer that the client accepts"),
        503: _problem("Nothing is published yet, or the store cannot be read"),
    }


def _json_response(description: str, *names: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(names)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    names = ["type", "title", "status", "detail"]
    schema = {"type": "object", "required": names}
    return {"description": description, "content": {_PROBLEM: {"schema": schema}}}
