"""Look-ups that rank or list: what their answers have in common.

1. An answer is of one release, which it names; a cursor keeps to the release it began with.
2. `items` are the things with `id`, `label`, what is shown of them and, where ranked, `score` and
   `explanation`; `facets` count all that was found; `next` is the address of the next page.
3. It comes as JSON, JSON-LD (schema.org ItemList), CSV, XLSX or GeoJSON: by `format=` or Accept.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import threading
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query
from openpyxl import Workbook
from pydantic_core import to_json

from api import accept
from api.linked import Visit, visit
from api.representations import JSON_LD, Form
from kg.asof import kept
from kg.errors import NotAcceptableError, ParameterError
from kg.matching import Matching, build_index, open_matching
from kg.matching.conditions import Box
from kg.matching.index import FOLDER, complete
from kg.matching.landscape import today
from kg.query.cache import LeastRecentlyUsed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from multiprocessing.process import BaseProcess

    from fastapi import Request
    from fastapi.responses import Response

    from kg.matching.competences import Found
    from kg.releases import Release

JSON: Final = Form("json", "application/json", None, "JSON")
CSV: Final = Form("csv", "text/csv", None, "CSV")
GEO_JSON: Final = Form("geojson", "application/geo+json", None, "GeoJSON")
XLSX: Final = Form(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    None,
    "Excel",
)
FORMS: Final = (JSON, JSON_LD, CSV, XLSX, GEO_JSON)
_KEPT: Final = 2
_RANKINGS: Final = 16
_SCHEMA: Final = "https://schema.org/"

LimitQuery = Annotated[int, Query(ge=1, le=1000, description="Items on a page.")]
CursorQuery = Annotated[
    str | None, Query(description="Where the next page begins: `next` of an answer has it.")
]
FormQuery = Annotated[
    str | None,
    Query(alias="format", description="json, jsonld, csv, xlsx or geojson, instead of Accept."),
]
RegionQuery = Annotated[
    str | None, Query(description="Seat in a region: NUTS code or beginning of one, name or IRI.")
]
CountryQuery = Annotated[
    list[str] | None, Query(description="Seat in any of these countries: code, name or IRI.")
]
BoxQuery = Annotated[
    str | None, Query(description="Inside a map box: west,south,east,north in degrees.")
]
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The items, best or first ones first",
        "content": {form.media_type: {} for form in FORMS},
    },
    400: {"description": "A parameter is not as expected; `candidates` may name what is meant"},
    404: {"description": "This release has no such thing"},
    406: {"description": "No form of the answer that the client accepts"},
}


class Opened:
    """The indexes of the releases that were looked up in last, and finished answers.

    A release never changes, so an answer is kept until it is crowded out.
    """

    def __init__(self, base: str, cache_bytes: int) -> None:
        self._base = base
        self._matching: dict[str, Matching] = {}
        self._building: dict[str, BaseProcess] = {}
        self._answers: LeastRecentlyUsed[bytes] = LeastRecentlyUsed(cache_bytes)
        self._found: LeastRecentlyUsed[Any] = LeastRecentlyUsed(_RANKINGS)
        self._opening, self._keeping = threading.Lock(), threading.Lock()

    def of(self, release: Release) -> Matching:
        """Return what is searched and ranked in a release, built first if it has no index."""
        key = release.name
        with self._opening:
            found = self._matching.get(key)
            if found is None:
                found = open_matching(release, self._base)
                while len(self._matching) >= _KEPT:
                    self._matching.pop(next(iter(self._matching)))
                self._matching[key] = found
        return found

    def indexed(self, release: Release) -> bool:
        """Tell whether a release can be looked up in without building its index first."""
        return release.name in self._matching or complete(release.folder / FOLDER)

    def begin(self, release: Release) -> None:
        """Have another process build the index of a release, unless one was told to already."""
        key = release.name
        with self._keeping:
            if key not in self._building:
                process = get_context("spawn").Process(
                    target=build_index, args=(release.folder, self._base), daemon=True
                )
                process.start()
                self._building = {key: process}

    def answered(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the answer that is kept under a key, or make and keep it."""
        with self._keeping:
            found = self._answers.get(key)
        if found is None:
            found = make()
            with self._keeping:
                self._answers.put(key, found, len(found) + len(str(key)))
        return found

    def found(self, key: Hashable, look_up: Callable[[], Any]) -> Any:
        """Return what was found for a question: other pages and forms of it need no new ranking."""
        with self._keeping:
            kept_already = self._found.get(key)
        if kept_already is None:
            kept_already = look_up()
            with self._keeping:
                self._found.put(key, kept_already, 1)
        return kept_already


def _opened(at: Visit) -> Opened:
    state = at.request.app.state
    if not hasattr(state, "matchings"):
        state.matchings = Opened(at.base, state.settings.cache_bytes)
    opened: Opened = state.matchings
    return opened


def found(at: Visit, question: Hashable, look_up: Callable[[], Found]) -> Found:
    """Return what `look_up` finds for a question in the release of a visit, kept for a while."""
    kept_or_new: Found = _opened(at).found((at.opened.release.name, today(), question), look_up)
    return kept_or_new


def matching(at: Visit) -> Matching:
    """Return what is searched and ranked in the release of a visit."""
    return _opened(at).of(at.opened.release)


def _current(request: Request) -> Visit:
    """Return a visit to the newest release with an index; without any, to the current one.

    The index of a new release may take a while: look-ups go on in the one before, and name it.
    """
    at = visit(request)
    opened = _opened(at)
    if opened.indexed(at.opened.release):
        return at
    earlier = [r for r in kept(request.app.state.workspace)[:-1] if opened.indexed(r)]
    if not earlier:
        return at
    opened.begin(at.opened.release)
    return Visit(request, at.shelf.archive.open(earlier[-1].number), lasting=False)


@dataclass(frozen=True)
class Page:
    """Which items of which release: where the page begins, and how many it may have."""

    at: Visit
    begin: int
    limit: int


def page(request: Request, cursor: str | None, limit: int) -> Page:
    """Return the page that a cursor names, or the first of the current release.

    Raises:
        ParameterError: the cursor is none of ours.
        UnknownReleaseError: the release of the cursor is no longer kept.
    """
    if not cursor:
        return Page(_current(request), 0, limit)
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        release, begin = map(int, base64.urlsafe_b64decode(padded).decode("ascii").split("."))
    except ValueError:
        raise ParameterError("The cursor is none of ours", parameter="cursor") from None
    if begin < 0 or release < 1:
        raise ParameterError("The cursor is none of ours", parameter="cursor")
    return Page(visit(request, release), begin, limit)


def box(text: str | None) -> Box | None:
    """Return a map box.

    Raises:
        ParameterError: it is not four numbers in the range of degrees.
    """
    if text is None:
        return None
    try:
        found = Box(*map(float, text.split(",")))
    except (ValueError, TypeError):
        found = Box(999, 999, 999, 999)
    across = all(-180 <= x <= 180 for x in (found.west, found.east))  # noqa: PLR2004 - degrees
    if not across or not -90 <= found.south <= found.north <= 90:  # noqa: PLR2004 - degrees
        detail = f"bbox: west,south,east,north in degrees was expected, not {text!r}"
        raise ParameterError(detail, parameter="bbox")
    return found


@dataclass(frozen=True)
class Answer:
    """What was found: how many in all, the items of the page, facets, and what else there is."""

    total: int
    items: Sequence[Mapping[str, Any]]
    facets: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    sparql: str = ""


def respond(shown: Page, form: str | None, name: str, make: Callable[[], Answer]) -> Response:
    """Return an answer in the form asked for, or 304 when the client has it already.

    Raises:
        NotAcceptableError: there is no such form.
    """
    request = shown.at.request
    chosen = _form(request.headers.get("accept", ""), form)
    vary = () if form else ("Accept",)
    asked = hashlib.sha256(str(request.url.query).encode()).hexdigest()[:16]
    variant = f"{name}-{asked}-{chosen.extension}"
    headers = shown.at.headers(variant, vary=vary)
    if chosen in {CSV, XLSX}:
        headers["Content-Disposition"] = f'inline; filename="{name}.{chosen.extension}"'
    # Projects run and listings are valid on a day, so that the day is part of the question.
    key = (shown.at.opened.release.name, today(), str(request.url), chosen.extension)

    def write() -> bytes:
        return _WRITERS[chosen.extension](make(), shown, name)

    return shown.at.answer(
        lambda: _opened(shown.at).answered(key, write), chosen.content_type, headers
    )


def _form(header: str, named: str | None) -> Form:
    """Return the form that `format=` names, or else the one that the Accept header prefers."""
    if named:
        found = next((f for f in FORMS if named in {f.extension, f.media_type}), None)
        if found is None:
            extensions = [f.extension for f in FORMS]
            raise NotAcceptableError(f"There is no format {named!r}", available=extensions)
        return found
    best = accept.media_type(header, tuple(f.media_type for f in FORMS))
    if best is None:
        available = [f.media_type for f in FORMS]
        raise NotAcceptableError(f"Nothing is available as {header!r}", available=available)
    return next(f for f in FORMS if f.media_type == best)


def _next(answer: Answer, shown: Page) -> str | None:
    end = shown.begin + len(answer.items)
    if not answer.items or end >= answer.total:
        return None
    cursor = base64.urlsafe_b64encode(f"{shown.at.opened.number}.{end}".encode()).decode()
    kept = [(k, v) for k, v in shown.at.request.query_params.multi_items() if k != "cursor"]
    return f"{shown.at.request.url.path}?{urlencode([*kept, ('cursor', cursor.rstrip('='))])}"


def _document(answer: Answer, shown: Page) -> dict[str, Any]:
    document = {
        "release": shown.at.opened.number,
        "query": answer.query,
        "total": answer.total,
        "items": answer.items,
        "facets": answer.facets,
        **answer.more,
        "next": _next(answer, shown),
    }
    if answer.sparql:
        address = f"{shown.at.root}/sparql?{urlencode({'query': answer.sparql})}"
        document["sparql"] = {"query": answer.sparql, "href": address}
    return document


def _serialised(document: Any) -> bytes:
    """Return a document as JSON: as pydantic writes it, in a sixth of the time."""
    return to_json(document)


def _json(answer: Answer, shown: Page, name: str) -> bytes:
    del name
    return _serialised(_document(answer, shown))


def _json_ld(answer: Answer, shown: Page, name: str) -> bytes:
    context = {
        "@vocab": _SCHEMA,
        "atlas": f"{shown.at.base}ontology#",
        "label": "name",
        "score": "atlas:score",
        "homepage": {"@id": "url", "@type": "@id"},
        "country": {"@id": "atlas:country", "@type": "@id"},
        "region": {"@id": "atlas:region", "@type": "@id"},
    }
    shared = set(context) | {"latitude", "longitude"}
    elements = [
        {
            "@type": "ListItem",
            "position": shown.begin + n,
            "item": {"@id": item["id"]}
            | {k: v for k, v in item.items() if k in shared and v is not None},
        }
        for n, item in enumerate(answer.items, 1)
    ]
    document = {
        "@context": context,
        "@id": str(shown.at.request.url),
        "@type": "ItemList",
        "name": name,
        "numberOfItems": answer.total,
        "itemListElement": elements,
    }
    return _serialised(document)


def _columns(answer: Answer) -> list[str]:
    """Return the names of what is one value in every item that has it."""
    names = dict.fromkeys(key for item in answer.items for key in item)
    return [n for n in names if not any(isinstance(i.get(n), dict) for i in answer.items)]


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "; ".join(str(_named(part)) for part in value)
    return "" if value is None else value


def _named(part: Any) -> Any:
    """Return a thing in a list by its name: a table has no room for more."""
    return part.get("label") or part.get("id", "") if isinstance(part, dict) else part


def _csv(answer: Answer, shown: Page, name: str) -> bytes:
    del shown, name
    out = io.StringIO()
    writer = csv.writer(out)
    columns = [c for c in _columns(answer) if c != "explanation"]
    writer.writerow(columns)
    writer.writerows([_safe(_cell(item.get(c))) for c in columns] for item in answer.items)
    return out.getvalue().encode()


def _safe(value: Any) -> Any:
    """Return a value that a spreadsheet does not take for a formula (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@\t\r") else value


def _xlsx(answer: Answer, shown: Page, name: str) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    columns = [c for c in _columns(answer) if c != "explanation"]
    sheet.append(columns)
    for item in answer.items:
        sheet.append([_safe(_cell(item.get(c))) for c in columns])
    about = book.create_sheet("about")
    about.append(["release", shown.at.opened.number])
    about.append(["total", answer.total])
    about.append(["address", str(shown.at.request.url)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _geo_json(answer: Answer, shown: Page, name: str) -> bytes:
    features = [_feature(item) for item in answer.items]
    document = {
        "type": "FeatureCollection",
        "name": name,
        "release": shown.at.opened.number,
        "total": answer.total,
        "next": _next(answer, shown),
        "features": features,
    }
    return _serialised(document)


def _feature(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a feature (RFC 7946, section 3.2); without a place its geometry is null."""
    where = [item.get("longitude"), item.get("latitude")]
    placed = None not in where and all(x == x for x in where)  # noqa: PLR0124 - NaN is not itself
    properties = {k: v for k, v in item.items() if k not in {"id", "explanation"}}
    geometry = {"type": "Point", "coordinates": where} if placed else None
    return {"type": "Feature", "id": item["id"], "geometry": geometry, "properties": properties}


_WRITERS: Final = {
    "json": _json,
    "jsonld": _json_ld,
    "csv": _csv,
    "xlsx": _xlsx,
    "geojson": _geo_json,
}
