"""Dumps are whole, checkable, and can be fetched in parts; no path leads out of their folder."""

from __future__ import annotations

import base64
import fcntl
import gzip
import hashlib
import http.client
import os
from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import Dataset, Quad, RdfFormat, parse

from kg import distribution
from kg.errors import BusyError, NotFoundError
from kg.releases import Release
from kg.store import OpenRelease
from kg.workspace import PARTIAL

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

BASE = "https://w3id.org/cluster-atlas/"
WHOLE = "/dumps/2/cluster-atlas-2.nq.gz"


def quads_of(content: bytes) -> set[Quad]:
    return set(parse(gzip.decompress(content), format=RdfFormat.N_QUADS))


def test_the_whole_dump_is_the_release(
    client: httpx.Client, quads: tuple[Dataset, Dataset]
) -> None:
    answer = client.get(WHOLE)

    assert answer.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in answer.headers
    assert quads_of(answer.content) == set(quads[1])


def test_dumps_of_an_older_release_stay(
    client: httpx.Client, quads: tuple[Dataset, Dataset]
) -> None:
    answer = client.get("/dumps/1/cluster-atlas-1.nq.gz")

    assert quads_of(answer.content) == set(quads[0])
    assert answer.headers["X-Release"] == "1"


def test_graphs_together_are_the_whole(client: httpx.Client) -> None:
    files = client.get("/dumps/2").json()["files"]
    parts = [f for f in files if f["graph"] and f["name"].endswith(".nq.gz")]

    found = [quads_of(client.get(f["href"]).content) for f in parts]

    assert {str(q.graph_name)[1:-1] for part in found for q in part} == {f["graph"] for f in parts}
    assert set().union(*found) == quads_of(client.get(WHOLE).content)


@pytest.mark.parametrize("number", [1, 2])
def test_turtle_says_the_same_triples(client: httpx.Client, number: int) -> None:
    files = client.get(f"/dumps/{number}").json()["files"]
    for file in (f for f in files if f["mediaType"] == "text/turtle"):
        turtle = gzip.decompress(client.get(file["href"]).content)
        lines = client.get(file["href"].replace(".ttl.", ".nq.")).content

        found = {(t.subject, t.predicate, t.object) for t in parse(turtle, format=RdfFormat.TURTLE)}
        assert found == {(q.subject, q.predicate, q.object) for q in quads_of(lines)}
        assert turtle.startswith(b"@prefix atlas:")


def test_sizes_and_sums_are_right(client: httpx.Client) -> None:
    listing = client.get("/dumps/2").json()
    lines = client.get("/dumps/2/SHA256SUMS").text.splitlines()
    sums = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    for file in listing["files"]:
        answer = client.get(file["href"])
        digest = hashlib.sha256(answer.content)
        assert digest.hexdigest() == file["sha256"] == sums[file["name"]]
        assert len(answer.content) == file["bytes"] == int(answer.headers["Content-Length"])
        written = base64.b64encode(digest.digest()).decode()
        assert answer.headers["Repr-Digest"] == f"sha-256=:{written}:"
        assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
        assert "immutable" in answer.headers["Cache-Control"]


def test_equal_releases_give_equal_files(
    client: httpx.Client, opened: OpenRelease, tmp_path: Path
) -> None:
    folder = tmp_path / "2"
    folder.mkdir()

    again = distribution.of(OpenRelease(Release(folder), opened.store), BASE, 512)

    listing = client.get("/dumps/2").json()
    assert [f.sha256 for f in again.files] == [f["sha256"] for f in listing["files"]]


def test_files_are_made_once_and_leftovers_go(opened: OpenRelease, tmp_path: Path) -> None:
    folder = tmp_path / "2"
    (folder / f"{PARTIAL}dumps-1").mkdir(parents=True)
    release = OpenRelease(Release(folder), opened.store)

    first = distribution.of(release, BASE, 512)
    made = first.folder.stat().st_ino
    second = distribution.of(release, BASE, 512)

    assert second == first
    assert second.folder.stat().st_ino == made
    assert [p.name for p in folder.iterdir()] == ["dumps"]


def test_who_waits_too_long_is_told_to_come_again(
    opened: OpenRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "_WAIT_SECONDS", 0.1)
    folder = tmp_path / "2"
    folder.mkdir()
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)

    with pytest.raises(BusyError) as caught:
        distribution.of(OpenRelease(Release(folder), opened.store), BASE, 512)

    os.close(held)
    assert caught.value.members["retry_after"] > 0
    assert not (folder / "dumps").exists()


def test_a_broken_download_goes_on(client: httpx.Client) -> None:
    whole = client.get(WHOLE)
    tag = whole.headers["ETag"]
    first = client.get(WHOLE, headers={"Range": "bytes=0-999"})
    rest = client.get(WHOLE, headers={"Range": "bytes=1000-", "If-Range": tag})

    assert first.status_code == rest.status_code == 206
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert first.headers["Content-Range"] == f"bytes 0-999/{len(whole.content)}"
    assert first.content + rest.content == whole.content
    tail = client.get(WHOLE, headers={"Range": "bytes=-8"})
    assert tail.content == whole.content[-8:]


def test_a_part_of_something_else_is_not_given(client: httpx.Client) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": '"another"'}

    assert client.get(WHOLE, headers=headers).status_code == 200


@pytest.mark.parametrize("field", ["bytes=0-1,3-4", "lines=0-1", "bytes=x"])
def test_other_ranges_are_ignored(client: httpx.Client, field: str) -> None:
    assert client.get(WHOLE, headers={"Range": field}).status_code == 200


def test_a_range_outside_the_file_is_416(client: httpx.Client) -> None:
    size = len(client.get(WHOLE).content)
    answer = client.get(WHOLE, headers={"Range": f"bytes={size}-"})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/dumps/2/../manifest.json",
        "/dumps/2/..%2fmanifest.json",
        "/dumps/2/%2e%2e%2fmanifest.json",
        "/dumps/2/..%5cmanifest.json",
        "/dumps/2/%2fetc%2fpasswd",
        "/dumps/2//etc/passwd",
        "/dumps/2/manifest.json",
        "/dumps/2/subjects.parquet",
        "/dumps/2/cluster-atlas-2.nq.gz%00",
        "/dumps/2/./cluster-atlas-2.nq.gz",
        "/dumps/..%2f2/cluster-atlas-2.nq.gz",
        "/dumps/7/cluster-atlas-7.nq.gz",
        "/dumps/2/cluster-atlas-1.nq.gz",
    ],
)
def test_no_path_leads_out(site: Any, path: str) -> None:
    """Sent as it is: clients tidy such paths up before they send them."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()

    assert answer.status in {404, 422}
    assert b"digest" not in body
    assert b"root:" not in body


def test_only_listed_files_are_found(opened: OpenRelease) -> None:
    found = distribution.of(opened, BASE, 512)

    with pytest.raises(NotFoundError) as caught:
        found.file("statistics.json")
    assert "cluster-atlas-2.nq.gz" in caught.value.members["files"]


def test_files_are_signposted(client: httpx.Client) -> None:
    link = client.get(WHOLE).headers["Link"]

    assert '</catalog?release=2>; rel="collection"' in link
    assert 'rel="license"' in link
