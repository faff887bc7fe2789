"""The difference of two releases makes one of the other: as a patch, and as a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import Dataset, Literal, NamedNode, Quad, RdfFormat, parse

from kg.description import value

if TYPE_CHECKING:
    import httpx

BASE = "https://w3id.org/cluster-atlas/"
VERSION_OF = NamedNode("http://purl.org/dc/terms/isVersionOf")
TREE = "https://w3id.org/tree#"
LDES = "https://w3id.org/ldes#"
DELETE = NamedNode("https://www.w3.org/ns/activitystreams#Delete")
SEQUENCE = NamedNode("https://schema.org/position")
PUBLISHED = NamedNode("https://www.w3.org/ns/activitystreams#published")


def apply(patch: str, quads: set[Quad]) -> set[Quad]:
    """Apply an RDF Patch strictly: only what is there goes, only what is not there comes."""
    found = set(quads)
    for line in patch.splitlines():
        sign, _, rest = line.partition(" ")
        if sign in {"A", "D"}:
            (quad,) = parse(rest, format=RdfFormat.N_QUADS)
            assert (quad in found) == (sign == "D")
            found ^= {quad}
        else:
            assert sign in {"H", "TX", "TC"}
    return found


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (0, 1), (0, 2)])
def test_a_patch_makes_one_release_of_the_other(
    client: httpx.Client, quads: tuple[Dataset, Dataset], before: int, after: int
) -> None:
    releases = {0: set[Quad](), 1: set(quads[0]), 2: set(quads[1])}
    answer = client.get(f"/changes/{before}/{after}")

    assert answer.headers["Content-Type"] == "application/rdf-patch"
    assert answer.headers["X-Release"] == str(after)
    assert "immutable" in answer.headers["Cache-Control"]
    assert apply(answer.text, releases[before]) == releases[after]


def test_a_patch_is_a_transaction_with_deletions_first(client: httpx.Client) -> None:
    lines = client.get("/changes/1/2").text.splitlines()
    signs = [line.split()[0] for line in lines]

    assert lines[0] == f"H id <{BASE}changes/1/2> ."
    assert f"H from <{BASE}release/1> ." in lines
    assert lines[signs.index("TX")] == "TX ."
    assert lines[-1] == "TC ."
    rows = [sign for sign in signs if sign in "AD"]
    assert rows == sorted(rows, reverse=True)
    assert len(rows) == 7


def test_patches_that_cannot_be(client: httpx.Client) -> None:
    assert client.get("/changes/2/2").status_code == 400
    assert client.get("/changes/1/9").status_code == 404
    assert client.get("/changes/9/1").status_code == 404
    assert client.get("/changes/a/b").status_code == 422
    assert client.get("/changes/-1/2").status_code == 422
    assert client.get("/changes/1/2", headers={"Accept": "image/png"}).status_code == 406


def nodes(quads: set[Quad], predicate: str) -> list[str]:
    return [value(q.object) for q in quads if q.predicate.value == predicate]


def fetch(client: httpx.Client, url: str, accept: str = "application/n-quads") -> set[Quad]:
    answer = client.get(url, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return set(parse(answer.content, format=RdfFormat.from_media_type(accept)))


def pages(client: httpx.Client, first: str) -> list[set[Quad]]:
    """Follow the relations from page to page."""
    found = []
    following = [first]
    while following:
        found.append(fetch(client, following[0]))
        following = nodes(found[-1], TREE + "node")
    return found


def replayed(client: httpx.Client, url: str) -> set[Quad]:
    """Build a copy out of the feed alone, as a client of such feeds does."""
    root = fetch(client, url)
    firsts = [value(q.object) for q in root if q.predicate.value == TREE + "node"]
    versions = [v for first in firsts for page in pages(client, first) for v in members(page)]
    in_order = sorted(versions, key=lambda version: version[0])
    copy = {thing: said for _, thing, said in in_order}
    return set().union(*copy.values())


def members(page: set[Quad]) -> list[tuple[int, str, set[Quad]]]:
    """Return the versions on a page: their place in the sequence, whose they are, what they say."""
    about: dict[object, set[Quad]] = {}
    for quad in page:
        about.setdefault(quad.subject, set()).add(quad)
    things = {q.subject: q.object for q in page if q.predicate == VERSION_OF}
    assert {value(m) for m in things} == set(nodes(page, TREE + "member"))
    found = []
    for member, thing in things.items():
        assert isinstance(thing, NamedNode)
        (place,) = (q.object for q in about[member] if q.predicate == SEQUENCE)
        said = {
            Quad(thing, q.predicate, q.object, q.graph_name)
            for q in about[member]
            if q.predicate not in {VERSION_OF, PUBLISHED, SEQUENCE}
        }
        deleted = any(q.object == DELETE for q in said)
        assert isinstance(place, Literal)
        found.append((int(place.value), thing.value, set() if deleted else said))
    return found


def test_the_feed_alone_builds_the_release(
    client: httpx.Client, quads: tuple[Dataset, Dataset]
) -> None:
    assert replayed(client, "/changes") == set(quads[1])


def test_the_feed_describes_itself(client: httpx.Client) -> None:
    answer = client.get("/changes")
    root = fetch(client, "/changes")

    assert LDES + "EventStream" in nodes(root, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    assert nodes(root, LDES + "timestampPath") == [PUBLISHED.value]
    assert nodes(root, LDES + "versionOfPath") == [VERSION_OF.value]
    assert nodes(root, TREE + "view") == [str(client.base_url.join("/changes"))]
    assert len(nodes(root, TREE + "relation")) == 2
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.headers["X-Release"] == "2"


def test_pages_never_change_and_hold_at_most_so_much(client: httpx.Client) -> None:
    found = pages(client, "/changes/0/1/1")
    answer = client.get("/changes/0/1/1")

    sizes = [len(nodes(page, TREE + "member")) for page in found]
    assert len(sizes) == 2
    assert sizes[0] == 250
    assert "immutable" in answer.headers["Cache-Control"]
    assert '</changes/0/1/2>; rel="next"' in answer.headers["Link"]
    assert client.get("/changes/0/1/3").status_code == 404


def test_a_step_names_what_changed_came_and_went(client: httpx.Client) -> None:
    page = fetch(client, "/changes/1/2/1")
    things = {value(q.object) for q in page if q.predicate == VERSION_OF}

    assert things == {
        f"{BASE}id/project/changed",
        f"{BASE}id/project/dropped",
        f"{BASE}id/organisation/new",
    }
    deleted = {value(q.subject) for q in page if q.object == DELETE}
    assert len(deleted) == 1
    assert "dropped" in deleted.pop()


def test_versions_dereference(client: httpx.Client) -> None:
    for member in nodes(fetch(client, "/changes/0/1/1"), TREE + "member")[:5]:
        answer = client.get("/" + member.removeprefix(BASE))
        assert answer.status_code == 200
        assert answer.headers["X-Release"] == "1"


@pytest.mark.parametrize(
    "accept",
    ["text/turtle", "application/trig", "application/n-quads", "application/n-triples"],
)
def test_the_feed_comes_in_the_syntaxes_of_such_feeds(client: httpx.Client, accept: str) -> None:
    for url in ("/changes", "/changes/1/2/1"):
        assert fetch(client, url, accept)


def test_changes_alone_bring_a_copy_up_to_date(growing: tuple[Any, Any]) -> None:
    """A harvester that took release 1 asks only for changes and ends with release 3."""
    site, publish = growing
    listed = site.client.get("/dumps").json()
    copy = apply(site.client.get("/changes/0/1").text, set())
    have = listed["release"]
    kept = set(copy)
    for number in (2, 3):
        removed = {q for q in kept if f"member-{number:03}" in str(q.subject)}
        kept = kept - removed
        publish(site.workspace, number, kept)

    newest = int(site.client.get("/changes").headers["X-Release"])
    copy = apply(site.client.get(f"/changes/{have}/{newest}").text, copy)

    assert newest == 3
    assert copy == kept
    assert replayed(site.client, "/changes") == kept
    gone = site.client.get("/id/organisation/member-002", follow_redirects=True)
    assert gone.status_code == 410


def test_a_release_that_is_rolled_back_is_not_in_the_feed(growing: tuple[Any, Any]) -> None:
    from kg import releases  # noqa: PLC0415 - here alone

    site, publish = growing
    before = replayed(site.client, "/changes")
    publish(site.workspace, 2, list(before)[:50])
    tag = site.client.get("/changes").headers["ETag"]
    releases.use(site.workspace, 1)

    again = site.client.get("/changes", headers={"If-None-Match": tag})

    assert again.status_code == 200
    assert replayed(site.client, "/changes") == before
