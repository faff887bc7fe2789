"""`/sitemap.xml`: the page of every thing, for search engines (sitemaps.org, protocol 0.9).

Above 50,000 pages it is an index of site maps. `/robots.txt` says where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse, Response

from api import documents
from api.linked import Visit, in_forms, readable, uri, visit
from api.representations import HTML
from kg import asof, database, distribution
from kg.database import quoted
from kg.errors import NotFoundError

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable

router = APIRouter(tags=["linked data"])

LARGEST: Final = 50_000
"""How many addresses a site map may have."""

_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XML: Final = "application/xml"


def _subjects(to: Visit) -> pathlib.Path:
    memory = to.request.app.state.settings.memory
    return distribution.of(to.opened, to.base, memory).subjects


def _count(to: Visit) -> int:
    query = f"SELECT count(*) FROM read_parquet({quoted(_subjects(to))}) WHERE {_ENTITY}"
    with database.small() as connection:
        (row,) = connection.execute(query, [to.base + "id/"]).fetchall()
    return int(row[0])


_ENTITY: Final = "starts_with(subject, ?)"


def _entities(to: Visit, number: int, largest: int) -> list[str]:
    query = f"""SELECT subject FROM read_parquet({quoted(_subjects(to))})
        WHERE {_ENTITY} ORDER BY subject LIMIT {largest} OFFSET {(number - 1) * largest}"""
    with database.small() as connection:
        return [iri for (iri,) in connection.execute(query, [to.base + "id/"]).fetchall()]


def _document(to: Visit, root: str, entry: str, addresses: Iterable[str]) -> bytes:
    day = asof.created(to.opened.release).date().isoformat()
    entries = "".join(
        f"<{entry}><loc>{escape(uri(address))}</loc><lastmod>{day}</lastmod></{entry}>\n"
        for address in addresses
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SPACE}">\n'
    return f"{head}{entries}</{root}>\n".encode()


def one(to: Visit, number: int, largest: int = LARGEST) -> bytes:
    """Return one part of the site map, counted from 1."""
    pages = (documents.url(to, iri, HTML) for iri in _entities(to, number, largest))
    return _document(to, "urlset", "url", pages)


def build(to: Visit, largest: int = LARGEST) -> bytes:
    """Return the site map, or the index of several when there are more than `largest` pages."""
    parts = -(-_count(to) // largest)
    if parts <= 1:
        return one(to, 1, largest)
    maps = (f"{to.site}/sitemap-{number}.xml" for number in range(1, parts + 1))
    return _document(to, "sitemapindex", "sitemap", maps)


@readable(router, "/sitemap.xml", "The site map", responses=in_forms(_XML))
def sitemap(request: Request) -> Response:
    """List the pages of all things, or the site maps that do."""
    to = visit(request)
    return to.answer(lambda: build(to), _XML, to.headers("sitemap"))


@readable(
    router,
    "/sitemap-{number}.xml",
    "A part of the site map",
    responses=in_forms(_XML),
)
def part(
    request: Request, number: Annotated[int, Path(description="The part, from 1.")]
) -> Response:
    """List the pages of one part.

    Raises:
        NotFoundError: there are not so many parts.
    """
    to = visit(request)
    parts = -(-_count(to) // LARGEST)
    if not 1 <= number <= parts:
        raise NotFoundError(f"There is no part {number} of the site map", parts=parts)
    return to.answer(lambda: one(to, number), _XML, to.headers(f"sitemap-{number}"))


@readable(router, "/robots.txt", include_in_schema=False)
def robots(request: Request) -> PlainTextResponse:
    """Say where the site map is, and keep robots from the endpoint that computes."""
    to = visit(request)
    text = f"User-agent: *\nDisallow: {to.root}/sparql\nSitemap: {to.site}/sitemap.xml\n"
    return PlainTextResponse(text)
