"""`/imports/{id}/report`: what was found in an import, in the form and language asked for.

The answer begins with the first findings, before the last are looked for. It is about an import,
which never changes; what is proposed depends on the code lists of the day, so it is asked again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from api import accept
from api.curation import allowed
from api.linked import LANGUAGES
from kg import imports
from kg.errors import NotAcceptableError, ParameterError
from kg.fixes import read_lists
from kg.reports import FORMS, MEDIA_TYPES, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.imports import Import
    from kg.settings import Settings
    from kg.workspace import Workspace

router = APIRouter(tags=["curation"])

# In the order of preference: who accepts everything gets JSON.
_OFFERED: Final = ("json", "csv", "xlsx", "ttl", "sarif", "table")
_BY_TYPE: Final = {MEDIA_TYPES[form].partition(";")[0]: form for form in _OFFERED}

FormQuery = Annotated[
    str | None,
    Query(alias="format", description=f"The form, instead of Accept: {', '.join(_OFFERED)}."),
]
LimitQuery = Annotated[int, Query(ge=0, description="At most so many findings; 0 for all.")]


def chosen_form(header: str, named: str | None) -> str:
    """Return the form that `format=` names or an Accept header prefers.

    Raises:
        NotAcceptableError: there is none such.
    """
    if named is not None:
        if named not in FORMS:
            detail = f"There is no report in the form {named!r}"
            raise NotAcceptableError(detail, available=list(_OFFERED))
        return named
    best = accept.media_type(header, tuple(_BY_TYPE))
    if best is None:
        raise NotAcceptableError(f"There is no report as {header}", available=list(_BY_TYPE))
    return _BY_TYPE[best]


def chosen_language(request: Request, named: str | None) -> str:
    """Return the language that `lang=` names or Accept-Language prefers.

    Raises:
        ParameterError: nothing is written in it.
    """
    if named is None:
        return accept.language(request.headers.get("accept-language", ""), LANGUAGES)
    if named not in LANGUAGES:
        detail = f"Messages are not written in {named!r}"
        raise ParameterError(detail, parameter="lang", allowed=list(LANGUAGES))
    return named


@router.get(
    "/imports/{key}/report",
    summary="What was found in an import",
    response_class=Response,
    openapi_extra={"security": [{"Bearer": []}]},
    responses={
        200: {"content": {media_type: {} for media_type in _BY_TYPE}},
        401: {"description": "No token, or none that is known."},
        403: {"description": "The token has another role."},
        404: {"description": "No such import, or no finding of that rule."},
        406: {"description": "No form that the client accepts."},
    },
)
async def report(
    request: Request,
    key: Annotated[str, Path(description="An import's id, or a source for its current one.")],
    named: FormQuery = None,
    lang: Annotated[
        str | None, Query(description="The language, instead of Accept-Language: en or de.")
    ] = None,
    rule: Annotated[
        str | None, Query(description="Only this rule: its IRI, or the name after its #.")
    ] = None,
    limit: LimitQuery = 1_000,
) -> StreamingResponse:
    """Report the findings of an import, given by its id or its source's name.

    Each has its file, line and column, what stands there, its rule, the message and, where one is
    sound, a proposed fix with its confidence and reason. For curators and operators.
    """
    await allowed(request, ("curator", "operator"))
    settings: Settings = request.app.state.settings
    workspace: Workspace = request.app.state.workspace
    form = chosen_form(request.headers.get("accept", ""), named)
    language = chosen_language(request, lang)

    def begun() -> tuple[Import, bytes, Iterator[bytes]]:
        # The first piece is made before the answer begins, so that an error still can be one.
        one, lists = imports.find(workspace, key), read_lists(workspace, settings.base)
        pieces = render(one, form, language, rule=rule, limit=limit, lists=lists)
        return one, next(pieces, b""), pieces

    one, first, pieces = await asyncio.to_thread(begun)
    headers = {
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Language",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if form == "xlsx":
        headers["Content-Disposition"] = f'attachment; filename="report-{one.id}.xlsx"'
    return StreamingResponse(_after(first, pieces), headers=headers, media_type=MEDIA_TYPES[form])


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
