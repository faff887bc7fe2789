"""The feed of changes: a Linked Data Event Stream (https://w3id.org/ldes/specification).

1. A member is a version of a thing: it carries all outgoing statements that the thing has in a
   release, when that was published, its number (several may come in one second), and whose version
   it is. A thing that the release dropped has a member of type as:Delete with no statements.
2. The members of a step between two releases fill pages that never change (TREE: tree:Node), each
   leading to the next.
3. The root, which does change, leads to the first page of each step: from nothing to the oldest
   release that is kept, and from each release to the next. Who knows the oldest can start there;
   who has read up to a release goes on with the steps after it.

Statements keep their graphs where the syntax can say them (TriG, N-Quads). Replacing everything
said of a thing by its newest version, oldest release first, gives the newest release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from pyoxigraph import NamedNode, Quad

from kg import asof
from kg.quads import link, moment, number, text
from kg.terms import DCTERMS, RDF_TYPE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.changes import Change
    from kg.store import OpenRelease

ACTIVITY: Final = "https://www.w3.org/ns/activitystreams#"
LDES: Final = "https://w3id.org/ldes#"
TREE: Final = "https://w3id.org/tree#"

PUBLISHED: Final = ACTIVITY + "published"
SEQUENCE: Final = SCHEMA + "position"
VERSION_OF: Final = DCTERMS + "isVersionOf"
DELETE: Final = ACTIVITY + "Delete"


class Step(NamedTuple):
    """From one release to the next that is kept; 0 stands for nothing."""

    before: int
    after: OpenRelease


def steps(kept: Sequence[OpenRelease]) -> list[Step]:
    """Return the steps that lead from nothing to the newest of the releases, oldest first."""
    numbers = [0, *(release.number for release in kept)]
    return [Step(before, after) for before, after in zip(numbers, kept, strict=False)]


def stream_iri(base: str) -> str:
    """Return the IRI of the feed."""
    return f"{base}changes#feed"


def version_iri(base: str, iri: str, release: int) -> str:
    """Return the IRI of a thing's version; it leads to its description in that release."""
    return f"{base}about?iri={quote(iri, safe='')}&release={release}"


def page_url(site: str, step: Step, page: int) -> str:
    """Return where a page of a step is."""
    return f"{site}/changes/{step.before}/{step.after.number}/{page}"


def root(site: str, base: str, kept: Sequence[OpenRelease]) -> Iterator[Quad]:
    """Yield what the root of the feed says, at `site` + `/changes`."""
    stream, node = stream_iri(base), f"{site}/changes"
    yield from _stream(stream, node)
    yield link(stream, LDES + "timestampPath", PUBLISHED)
    yield link(stream, LDES + "sequencePath", SEQUENCE)
    yield link(stream, LDES + "versionOfPath", VERSION_OF)
    yield link(stream, LDES + "versionDeletePath", RDF_TYPE)
    yield link(stream, LDES + "versionDeleteObject", DELETE)
    yield link(node, RDF_TYPE, TREE + "RootNode")
    for step in steps(kept):
        relation = f"{node}#release-{step.after.number}"
        yield link(node, TREE + "relation", relation)
        yield link(relation, RDF_TYPE, TREE + "GreaterThanOrEqualToRelation")
        yield link(relation, TREE + "node", page_url(site, step, 1))
        yield link(relation, TREE + "path", PUBLISHED)
        yield moment(relation, TREE + "value", asof.created(step.after.release))
        yield from _patch(f"{node}/{step.before}/{step.after.number}", stream, step, base)


def _patch(patch: str, stream: str, step: Step, base: str) -> Iterator[Quad]:
    """Yield that there is a patch which does in one document what the pages of a step do."""
    yield link(patch, DCTERMS + "isPartOf", stream)
    yield text(patch, DCTERMS + "format", "application/rdf-patch")
    yield link(patch, DCTERMS + "references", f"{base}release/{step.after.number}")
    if step.before:
        yield link(patch, DCTERMS + "requires", f"{base}release/{step.before}")


def page(site: str, base: str, step: Step, change: Change, place: int) -> Iterator[Quad]:
    """Yield a page of a step: the members on it and the way to the next page."""
    stream, node = stream_iri(base), page_url(site, step, place)
    yield from _stream(stream, f"{site}/changes")
    yield link(node, RDF_TYPE, TREE + "Node")
    if place < change.pages:
        relation = f"{node}#next"
        yield link(node, TREE + "relation", relation)
        yield link(relation, RDF_TYPE, TREE + "Relation")
        yield link(relation, TREE + "node", page_url(site, step, place + 1))
    for iri in change.entities(place):
        member = version_iri(base, iri, step.after.number)
        yield link(stream, TREE + "member", member)
        yield from _member(member, iri, step.after)


def _member(member: str, iri: str, release: OpenRelease) -> Iterator[Quad]:
    yield link(member, VERSION_OF, iri)
    yield moment(member, PUBLISHED, asof.created(release.release))
    yield number(member, SEQUENCE, release.number)
    outgoing = sorted(release.store.quads_for_pattern(NamedNode(iri), None, None), key=str)
    if not outgoing:
        yield link(member, RDF_TYPE, DELETE)
    for quad in outgoing:
        yield Quad(NamedNode(member), quad.predicate, quad.object, quad.graph_name)


def _stream(stream: str, node: str) -> Iterator[Quad]:
    yield link(stream, RDF_TYPE, LDES + "EventStream")
    yield link(stream, TREE + "view", node)
