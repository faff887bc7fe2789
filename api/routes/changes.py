"""`/changes`: what changed between releases.

- `/changes` is the root of the feed (a Linked Data Event Stream) and the list of patches.
- `/changes/<from>/<to>` is the RDF Patch from one release to another, in either direction; 0 is the
  empty release before the first.
- `/changes/<from>/<to>/<page>` is a page of the feed. Patches and pages never change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response, StreamingResponse

from api import accept, pages
from api.linked import (
    FormatQuery,
    LanguageQuery,
    Link,
    Visit,
    in_forms,
    readable,
    shelf,
    unchanged,
    visit,
)
from api.pages import Alternate
from api.representations import HTML, JSON_LD, N_QUADS, N_TRIPLES, TRIG, TURTLE, negotiate
from kg import asof, changes, feed
from kg.changes import PATCH_TYPE, Change
from kg.errors import NotAcceptableError, NotFoundError, ParameterError
from kg.feed import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyoxigraph import Quad

    from kg.store import OpenRelease

router = APIRouter(tags=["changes"])

FromPath = Annotated[int, Path(ge=0, description="The earlier release; 0 for nothing.")]
ToPath = Annotated[int, Path(ge=1, description="The later release.")]
PagePath = Annotated[int, Path(ge=1, description="The page, from 1.")]

# The syntaxes that a server of such a feed may use (LDES server primer, section 2).
_FORMS: Final = (TURTLE, TRIG, N_QUADS, N_TRIPLES, JSON_LD)
_NO_CHANGE: Final = {"description": "Between a release and itself there is no change."}
_PATCH_NAMES: Final = (PATCH_TYPE, "text/plain")


def _kept(request: Request) -> list[OpenRelease]:
    """Return the releases up to the current one, open."""
    archive = shelf(request.app).archive
    return [archive.open(r.number) for r in asof.kept(request.app.state.workspace)]


def _change(request: Request, before: int, to: Visit) -> Change:
    """Return the difference; it is made if nobody asked for it before.

    Raises:
        ParameterError: both releases are the same one.
        UnknownReleaseError: one is not kept.
    """
    if before == to.opened.number:
        detail = "Between a release and itself there is no change"
        raise ParameterError(detail, parameter="from")
    earlier = shelf(request.app).archive.open(before) if before else None
    memory = request.app.state.settings.memory
    return changes.between(earlier, to.opened, to.base, memory)


@readable(
    router,
    "/changes",
    "The feed of changes and the list of patches",
    responses=in_forms(*_FORMS, HTML),
)
def root(request: Request, named: FormatQuery = None, lang: LanguageQuery = None) -> Response:
    """Describe the feed: its steps from release to release, each with its patch."""
    to = visit(request)
    form = negotiate(request.headers.get("accept", ""), named, (*_FORMS, HTML))
    vary = () if named else ("Accept",)
    others = [
        Alternate(f.name, f.media_type, to.local("/changes", format=f.extension))
        for f in _FORMS
        if f is not form
    ]
    links = [Link(one.href, "alternate", {"type": one.media_type}) for one in others]
    if form is HTML:
        return pages.answer(
            to,
            "changes.html",
            lambda _: _page(to),
            lang,
            alternates=others,
            links=links,
            vary=vary,
        )
    headers = to.headers(form.extension, links, vary)
    return to.answer(
        lambda: to.write(form, (*_itself(to, ""), *feed.root(to.site, to.base, _kept(request)))),
        form.content_type,
        headers,
    )


def _itself(to: Visit, place: str) -> Iterator[Quad]:
    return to.itself(f"{to.site}/changes{place}", feed.stream_iri(to.base))


def _page(to: Visit) -> Mapping[str, Any]:
    return {
        "steps": [
            {
                "before": step.before,
                "after": step.after.number,
                "created": step.after.release.manifest["created"],
                "patch": f"{to.root}/changes/{step.before}/{step.after.number}",
                "feed": f"{to.root}/changes/{step.before}/{step.after.number}/1",
            }
            for step in reversed(feed.steps(_kept(to.request)))
        ]
    }


@readable(
    router,
    "/changes/{before}/{after}",
    "The RDF Patch between two releases",
    responses={
        **in_forms(*_PATCH_NAMES),
        400: _NO_CHANGE,
        406: {"description": "The difference is an RDF Patch."},
    },
)
def patch(request: Request, before: FromPath, after: ToPath) -> Response:
    """Return what to delete and to add to make one release of the other.

    Raises:
        ParameterError: both are the same release.
        UnknownReleaseError: one is not kept.
        NotAcceptableError: the client accepts no RDF Patch.
    """
    media_type = accept.media_type(request.headers.get("accept", ""), _PATCH_NAMES)
    if media_type is None:
        raise NotAcceptableError("The difference is an RDF Patch", available=list(_PATCH_NAMES))
    to = visit(request, after)
    change = _change(request, before, to)
    first = Link(f"{to.root}/changes/{before}/{after}/1", "alternate", {"type": TURTLE.media_type})
    links = [first, Link(f"{to.root}/changes", "collection")]
    headers = to.headers(f"patch-{before}", links, ("Accept",))
    if unchanged(request, headers):
        return Response(None, 304, headers)
    return StreamingResponse(change.patch(to.base), 200, headers, media_type)


@readable(
    router,
    "/changes/{before}/{after}/{page}",
    "A page of the feed of changes",
    responses={**in_forms(*_FORMS), 400: _NO_CHANGE},
)
def page_of(
    request: Request,
    before: FromPath,
    after: ToPath,
    page: PagePath,
    named: FormatQuery = None,
) -> Response:
    """Return changed things as they are in the later release, 250 to a page.

    Raises:
        ParameterError: both are the same release.
        UnknownReleaseError: one is not kept.
        NotFoundError: there are not so many pages.
    """
    form = negotiate(request.headers.get("accept", ""), named, _FORMS)
    to = visit(request, after)
    step, change = Step(before, to.opened), _change(request, before, to)
    if page > change.pages:
        detail = f"From release {before} to {after} there are {change.pages} pages"
        raise NotFoundError(detail, pages=change.pages)
    links = [Link(f"{to.root}/changes", "collection")]
    if page < change.pages:
        links.append(Link(f"{to.root}/changes/{before}/{after}/{page + 1}", "next"))
    headers = to.headers(f"{form.extension}-{before}", links, () if named else ("Accept",))
    itself = _itself(to, f"/{before}/{after}/{page}")
    return to.answer(
        lambda: to.write(form, (*itself, *feed.page(to.site, to.base, step, change, page))),
        form.content_type,
        headers,
    )
