"""`/dumps`: releases as files, whole and by graph in N-Quads and Turtle, whole as a Parquet table.

A file never changes, so it may be kept for ever, its entity tag is its SHA-256, and a broken
download goes on with a range. Its name is looked up among those of the release; nothing of the
request ever becomes a path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from api import accept, pages, ranges
from api.linked import (
    LanguageQuery,
    Link,
    NumberPath,
    Visit,
    in_forms,
    listed,
    readable,
    unchanged,
    visit,
)
from api.representations import HTML
from api.routes.catalogue import described
from kg import asof, distribution
from kg.errors import NotAcceptableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.catalogue import Catalogue
    from kg.distribution import DumpFile

router = APIRouter(tags=["dumps"])

_JSON: Final = "application/json"
_GZIP: Final = "application/gzip"
_PARQUET: Final = distribution.FORMATS["parquet"]
NamePath = Annotated[str, Path(description="The name of a file of that release.")]
_LISTED: Final = in_forms(_JSON, HTML) | {406: {"description": "The list is JSON or HTML."}}
_FILE_RESPONSES: Final = {
    **in_forms(_GZIP, _PARQUET),
    206: {"description": "The range that was asked for."},
    416: {"description": "The range lies outside the file."},
}


def _listing(known: Catalogue) -> dict[str, Any]:
    release = known.opened.release
    return {
        "release": release.number,
        "created": release.manifest["created"],
        "files": [_entry(known, file) for file in known.distribution.files],
    }


def _entry(known: Catalogue, file: DumpFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "href": known.url(file),
        "graph": file.graph,
        "mediaType": distribution.FORMATS[file.form],
        "bytes": file.size,
        "sha256": file.sha256,
    }


def _answer(to: Visit, listing: Mapping[str, Any], page: Any, lang: str | None) -> Response:
    """Return a list as JSON, or as a page for who prefers that.

    Raises:
        NotAcceptableError: the client accepts neither.
    """
    offers = (_JSON, HTML.media_type)
    chosen = accept.media_type(to.request.headers.get("accept", ""), offers)
    if chosen is None:
        raise NotAcceptableError("The list is JSON or HTML", available=list(offers))
    if chosen == HTML.media_type:
        return pages.answer(to, "dumps.html", lambda _: {"releases": page}, lang, vary=("Accept",))
    headers = to.headers("json", vary=("Accept",))
    return to.answer(lambda: bytes(JSONResponse(listing).body), _JSON, headers)


@readable(router, "/dumps", "The releases that are kept", responses=_LISTED)
def releases(request: Request, lang: LanguageQuery = None) -> Response:
    """List the releases whose files can be fetched, newest first."""
    to = visit(request)
    found = [
        {
            "number": release.number,
            "created": release.manifest["created"],
            "quads": release.manifest["quads"],
            "href": f"{to.site}/dumps/{release.number}",
        }
        for release in reversed(asof.kept(request.app.state.workspace))
    ]
    page = [{**one, "files": []} for one in found]
    return _answer(to, {"release": to.opened.number, "releases": found}, page, lang)


@readable(router, "/dumps/{number}", "The files of a release", responses=_LISTED)
def files(request: Request, number: NumberPath, lang: LanguageQuery = None) -> Response:
    """List the files of a release with their sizes and SHA-256 sums.

    Raises:
        UnknownReleaseError: it is not kept.
    """
    to = visit(request, number)
    listing = _listing(described(to))
    page = [{"number": number, "created": listing["created"], "files": listing["files"]}]
    return _answer(to, listing, page, lang)


@readable(
    router,
    "/dumps/{number}/SHA256SUMS",
    "The sums of a release's files",
    responses=in_forms("text/plain"),
)
def sums(request: Request, number: NumberPath) -> Response:
    """List the sums in the form that `sha256sum --check` reads."""
    to = visit(request, number)

    def body() -> bytes:
        files = described(to).distribution.files
        return "".join(f"{file.sha256}  {file.name}\n" for file in files).encode()

    return to.answer(body, "text/plain; charset=utf-8", to.headers("sums"))


@readable(router, "/dumps/{number}/{name}", "A file of a release", responses=_FILE_RESPONSES)
def file(request: Request, number: NumberPath, name: NamePath) -> Response:
    """Return a file, or the range of it that is asked for.

    Raises:
        UnknownReleaseError: the release is not kept.
        NotFoundError: it has no file of that name.
    """
    to = visit(request, number)
    known = described(to)
    found, path = known.distribution.file(name)
    headers = to.headers("file") | _of_file(to, known, found)
    if unchanged(request, headers):
        return Response(None, 304, headers)
    return ranges.answer(request, path, found.content_type, headers)


def _of_file(to: Visit, known: Catalogue, found: DumpFile) -> dict[str, str]:
    graphs = [found.graph] if found.graph else known.graphs
    links = [
        Link(f"{to.root}/catalog?release={to.opened.number}", "collection"),
        Link(f"{to.root}/catalog?release={to.opened.number}&format=ttl", "describedby"),
        *(Link(one, "license") for one in to.shelf.licences(graphs)),
    ]
    return {
        "ETag": f'"{found.sha256}"',
        "Repr-Digest": found.digest,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
        **listed(links),
    }
