"""Frames arrive whole, however the bytes are cut."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from kg.query.frames import DATA, FrameReader, Head, frame
from kg.query.request import Acceptable, Dataset, QueryRequest

frames = st.lists(st.tuples(st.sampled_from([b"H", b"D", b"E"]), st.binary(max_size=40)))


@given(frames, st.integers(1, 20))
def test_frames_are_cut_anywhere(sent: list[tuple[bytes, bytes]], size: int) -> None:
    """Kinds and payloads are those that were sent, in their order; pieces of a body may be cut."""
    data = b"".join(frame(kind, payload) for kind, payload in sent)
    reader = FrameReader()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    got = [frame for piece in pieces for frame in reader.feed(piece)]
    assert joined(got) == joined(sent)
    assert all(payload or kind != DATA for kind, payload in got)


def joined(frames: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the frames with pieces that follow each other in one."""
    found: list[tuple[bytes, bytes]] = []
    for kind, group in groupby(frames, key=itemgetter(0)):
        payloads = [payload for _, payload in group]
        whole = b"".join(payloads)
        if kind != DATA:
            found += [(kind, payload) for payload in payloads]
        elif whole:
            found.append((kind, whole))
    return found


@given(st.booleans(), st.binary())
def test_heads_carry_bodies(lasting: bool, body: bytes) -> None:  # noqa: FBT001 - hypothesis
    """A body may hold any bytes, line ends too."""
    head = Head("text/csv; charset=utf-8", "gzip", lasting)

    assert Head.unpack(head.pack(body)) == (head, body)


def test_requests_keep_their_parts() -> None:
    """The time limit stays with the sender."""
    request = QueryRequest(
        'ASK { ?s ?p "ä😀\n" }',
        Dataset(("http://e/a",), ("http://e/b", "http://e/c")),
        Acceptable("csv", None, "trig"),
        "zstd",
    )

    assert QueryRequest.from_json(request.to_json()) == request
