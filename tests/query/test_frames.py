"""Frames arrive whole, however the bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.query.frames import FrameReader, Head, frame
from kg.query.request import Acceptable, Dataset, QueryRequest

frames = st.lists(st.tuples(st.sampled_from([b"H", b"D", b"E"]), st.binary(max_size=40)))


@given(frames, st.integers(1, 20))
def test_frames_are_cut_anywhere(sent: list[tuple[bytes, bytes]], size: int) -> None:
    """Kinds and payloads are those that were sent, in their order."""
    data = b"".join(frame(kind, payload) for kind, payload in sent)
    reader = FrameReader()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    assert [got for piece in pieces for got in reader.feed(piece)] == sent


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
