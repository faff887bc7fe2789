"""`/id/…`: the things, by their IRIs; `/data/…`, `/page/…` and `/about`: the documents about them.

A thing is not a document, so its IRI answers 303 See Other with the document that suits the client
(Cool URIs for the Semantic Web, W3C 2008, section 4.2). With `Accept-Datetime` (RFC 7089) or
`release=` it is the document of an older release. Imports and nodes that had no name of their own
lead to `/about`, which describes any IRI that the release knows, and graphs to the catalogue.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from api import documents
from api.linked import (
    FormatQuery,
    LanguageQuery,
    Link,
    PageQuery,
    ReleaseQuery,
    Visit,
    in_forms,
    listed,
    readable,
    shelf,
    uri,
    visit,
)
from api.representations import BY_EXTENSION, FORMS, HTML, Form, negotiate
from kg import asof
from kg.description import exists
from kg.description import named as named_node
from kg.errors import NotFoundError, ParameterError

router = APIRouter(tags=["linked data"])

DatetimeHeader = Annotated[
    str | None, Header(alias="Accept-Datetime", description="A moment of the past (RFC 7089).")
]
IriQuery = Annotated[str, Query(description="The IRI of what is asked about.")]

_VARY: Final = ("Accept", "Accept-Datetime")
_RESPONSES: Final = {
    **in_forms(*FORMS),
    303: {"description": "The document that describes it."},
    400: {"description": "What is asked about is no IRI, or a parameter is none."},
    404: {"description": "No release that is kept says anything of it."},
    406: {"description": "No representation that the client accepts."},
    410: {"description": "A later release dropped it: a tombstone."},
}


def _at(request: Request, release: int | None, moment: str | None) -> Visit:
    """Return a visit to the release that is named, or was the newest at a moment."""
    if release is None and moment is not None:
        found = asof.release_at(request.app.state.workspace, asof.parse_http_date(moment))
        return visit(request, found.number)
    return visit(request, release)


def _accepted(request: Request, named: str | None) -> Form:
    return negotiate(request.headers.get("accept", ""), named)


def _see(to: Visit, iri: str, form: Form) -> Response:
    """Return the way from a thing to its document, or its tombstone."""
    if not exists(to.opened.store, iri):
        return documents.gone(to, iri, form, vary=_VARY)
    headers = {
        "Location": uri(documents.href(to, iri, form)),
        "X-Release": str(to.opened.number),
        "Cache-Control": "public, no-cache",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Link, Location, X-Release",
    }
    return Response(None, 303, headers | listed(documents.described_by(to, iri), _VARY))


@readable(router, "/id/{path:path}", "The document about a thing", responses=_RESPONSES)
def see_entity(
    request: Request,
    release: ReleaseQuery = None,
    named: FormatQuery = None,
    moment: DatetimeHeader = None,
) -> Response:
    """Answer 303 with the document about `{base}id/<path>` in the form that the client accepts."""
    to, form = _at(request, release, moment), _accepted(request, named)
    return _see(to, documents.resolve(to.opened.store, to.base, request, "/id/"), form)


@readable(router, "/graph/{path:path}", "What there is to say of a graph", responses=_RESPONSES)
def see_graph(request: Request, release: ReleaseQuery = None) -> Response:
    """Answer 303 with the catalogue, which describes every graph of the release.

    Raises:
        NotFoundError: the release has no such graph; it names those that it has.
    """
    to = visit(request, release)
    graphs = list(to.opened.release.manifest["graphs"])
    iri = f"{to.base}graph/{documents.raw_path(request, '/graph/')}"
    if iri not in graphs:
        detail = f"Release {to.opened.number} has no graph {iri}"
        raise NotFoundError(detail, graphs=graphs)
    return RedirectResponse(to.local("/catalog"), 303)


@readable(router, "/import/{path:path}", "The document about an import", responses=_RESPONSES)
def see_import(request: Request, release: ReleaseQuery = None) -> Response:
    """Answer 303 with the document about an import or a file of one."""
    to = visit(request, release)
    iri = documents.resolve(to.opened.store, to.base, request, "/import/")
    return _see(to, iri, _accepted(request, None))


@readable(
    router,
    "/.well-known/genid/{path:path}",
    "The document about a node without a name",
    responses=_RESPONSES,
)
def see_node(request: Request, release: ReleaseQuery = None) -> Response:
    """Answer 303 with the document about what was a blank node (RDF 1.1 Concepts, section 3.5)."""
    to = visit(request, release)
    iri = documents.resolve(to.opened.store, to.base, request, "/.well-known/genid/")
    return _see(to, iri, _accepted(request, None))


@readable(router, "/data/{path:path}", "A description in an RDF syntax", responses=_RESPONSES)
def data(request: Request, release: ReleaseQuery = None, page: PageQuery = 1) -> Response:
    """Describe the thing of the path; the file name extension says in which syntax."""
    to = visit(request, release)
    whole, _, extension = documents.raw_path(request, "/data/").rpartition(".")
    form = BY_EXTENSION.get(extension)
    if form is None or form is HTML:
        known = [name for name in BY_EXTENSION if name != HTML.extension]
        detail = f"There is no syntax {extension!r}" if whole else "The path names no syntax"
        raise NotFoundError(detail, extensions=known)
    iri = documents.resolved(to.opened.store, f"{to.base}id/{whole}")
    return documents.answer(to, iri, form, page)


@readable(router, "/page/{path:path}", "A description for people", responses=_RESPONSES)
def page_of(
    request: Request,
    release: ReleaseQuery = None,
    page: PageQuery = 1,
    lang: LanguageQuery = None,
) -> Response:
    """Describe the thing of the path as an HTML page."""
    to = visit(request, release)
    rest = documents.raw_path(request, "/page/")
    iri = documents.resolved(to.opened.store, f"{to.base}id/{rest}")
    return documents.answer(to, iri, HTML, page, lang)


@readable(router, "/about", "A description of any IRI", responses=_RESPONSES)
def about(
    request: Request,
    iri: IriQuery,
    release: ReleaseQuery = None,
    page: PageQuery = 1,
    lang: LanguageQuery = None,
    named: FormatQuery = None,
    moment: DatetimeHeader = None,
) -> Response:
    """Describe an IRI that the release knows, such as a code of a vocabulary it refers to."""
    if named_node(iri) is None:
        detail = f"{iri!r} is no absolute IRI"
        raise ParameterError(detail, parameter="iri")
    to, form = _at(request, release, moment), _accepted(request, named)
    vary = _VARY if named is None else _VARY[1:]
    return documents.answer(to, documents.resolved(to.opened.store, iri), form, page, lang, vary)


@readable(
    router,
    "/timemap",
    "The past of a thing",
    responses={
        200: {"content": {"application/link-format": {}}},
        404: {"description": "No release that is kept says anything of it."},
    },
)
def timemap(request: Request, iri: IriQuery) -> Response:
    """List the releases that describe an IRI (RFC 7089, section 5, as RFC 6690 links).

    Raises:
        NotFoundError: none does.
    """
    here, archive = visit(request), shelf(request.app).archive
    original = here.site + documents.original_of(here, iri).removeprefix(here.root)
    lines = [Link(original, "original timegate")]
    for release in asof.kept(request.app.state.workspace):
        past = Visit(request, archive.open(release.number), lasting=True)
        if exists(past.opened.store, iri):
            when = {"datetime": asof.http_date(asof.created(release))}
            address = f"{original}{'&' if '?' in original else '?'}release={release.number}"
            lines.append(Link(address, "memento", when))
    if len(lines) == 1:
        raise NotFoundError(f"No release that is kept says anything of {iri}", iri=iri)
    text = ",\n".join(map(str, lines)) + "\n"
    return PlainTextResponse(text, media_type="application/link-format")
