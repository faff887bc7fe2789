"""Look-ups that rank or list: what their answers have in common.

1. An answer is of one release, which it names; a cursor keeps to the release it began with.
2. `items` are the things with `id`, `label`, what is shown of them and, where ranked, `score` and
   `explanation`; `facets` count all that was found; `next` is the address of the next page.
3. It comes as JSON, JSON-LD (schema.org ItemList), CSV, XLSX or GeoJSON: by `format=` or Accept.
4. `Link` leads to the next page, and to what the look-up is in SPARQL, in every form.
5. A parameter that the look-up does not have is refused: a condition that is misspelt would
   otherwise be one that is not set.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from datetime import UTC, datetime, time
from difflib import get_close_matches
from multiprocessing import get_context
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

from fastapi import Query
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api import forms
from api.forms import CSV, FORMS, XLSX, Page
from api.linked import TAGGED, Visit, listed, unchanged, visit
from kg.asof import created, http_date, kept
from kg.errors import ParameterError
from kg.matching import Matching, build_index, open_matching
from kg.matching.conditions import Box
from kg.matching.index import FOLDER, complete
from kg.matching.landscape import today
from kg.query.cache import LeastRecentlyUsed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from multiprocessing.process import BaseProcess

    from fastapi import Request

    from api.forms import Answer, Written
    from kg.matching.competences import Found
    from kg.releases import Release

_KEPT: Final = 2
_RANKINGS: Final = 16
_LINKS: Final = 4000
"""Bytes that the links of a kept answer take at most."""


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
    **TAGGED,
    200: {
        "description": "The items, best or first ones first",
        "content": {form.media_type: {} for form in FORMS},
    },
    400: {"description": "A parameter is not as expected; `candidates` may name what is meant"},
    404: {"description": "This release has no such thing"},
    406: {"description": "No form of the answer that the client accepts"},
    503: {"description": "Too many wait for an answer, or nothing is published yet"},
    504: {"description": "It took longer than a query may"},
}


class Opened:
    """The indexes of the releases that were looked up in last, and finished answers.

    A release never changes, so an answer is kept until it is crowded out.
    """

    def __init__(self, base: str, cache_bytes: int) -> None:
        self._base = base
        self._matching: dict[str, Matching] = {}
        self._building: dict[str, BaseProcess] = {}
        self._answers: LeastRecentlyUsed[Written] = LeastRecentlyUsed(cache_bytes)
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

    def answered(self, key: Hashable, make: Callable[[], Written]) -> Written:
        """Return the answer that is kept under a key, or make and keep it."""
        with self._keeping:
            found = self._answers.get(key)
        if found is None:
            found = make()
            with self._keeping:
                self._answers.put(key, found, len(found.body) + len(str(key)) + _LINKS)
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


def page(request: Request, cursor: str | None, limit: int) -> Page:
    """Return the page that a cursor names, or the first of the current release.

    Every look-up begins here, so here its parameters are looked at.

    Raises:
        ParameterError: the cursor is none of ours.
        UnknownReleaseError: the release of the cursor is no longer kept.
    """
    _only_known(request)
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


def _only_known(request: Request) -> None:
    """Refuse parameters that the look-up does not have, or that are given too often.

    Raises:
        ParameterError: as it says.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    fields = dict(_parameters(route))
    for name in request.query_params:
        times = len(request.query_params.getlist(name))
        if name not in fields:
            near = get_close_matches(name, fields, 1)
            detail = f"There is no parameter {name!r}" + "".join(f"; perhaps {n}" for n in near)
            raise ParameterError(detail, parameter=name, allowed=sorted(fields))
        if times > 1 and not many(fields[name]):
            detail = f"{name!r} is given {times} times; once is expected"
            raise ParameterError(detail, parameter=name)


def _parameters(route: APIRoute) -> Iterator[tuple[str, Any]]:
    """Yield the parameters of a route, each by itself or in a model, and what they are."""
    for field in route.dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, info in annotation.model_fields.items():
                yield info.alias or name, info.annotation
        else:
            yield field.alias, annotation


def many(annotation: Any) -> bool:
    """Tell whether a parameter may be given several times."""
    return list in {get_origin(a) for a in (annotation, *get_args(annotation))}


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


def respond(shown: Page, form: str | None, name: str, make: Callable[[], Answer]) -> Response:
    """Return an answer in the form asked for, or 304 when the client has it already.

    Raises:
        NotAcceptableError: there is no such form.
        ParameterError: the cursor is beyond what was found.
    """
    request = shown.at.request
    chosen = forms.chosen(request.headers.get("accept", ""), form)
    vary = () if form else ("Accept",)
    asked = hashlib.sha256(str(request.url.query).encode()).hexdigest()[:16]
    # Projects run and listings are valid on a day, so that the day is part of the question.
    day = today()
    headers = shown.at.headers(f"{name}-{asked}-{day}-{chosen.extension}", vary=vary)
    since = max(created(shown.at.opened.release), datetime.combine(day, time(), UTC))
    headers["Last-Modified"] = http_date(since)
    if chosen in {CSV, XLSX}:
        headers["Content-Disposition"] = f'inline; filename="{name}.{chosen.extension}"'
    if unchanged(request, headers):
        return Response(None, 304, headers)

    def write() -> Written:
        return forms.write(forms.begun(make(), shown), chosen, shown, name)

    key = (shown.at.opened.release.name, day, str(request.url), chosen.extension)
    written = _opened(shown.at).answered(key, write)
    return Response(
        written.body, 200, headers | listed(written.links), media_type=chosen.content_type
    )
