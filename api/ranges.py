"""Parts of a file over HTTP (RFC 9110, section 14).

One range of bytes is served as 206. Several ranges, another unit or a field that is not well-formed
are ignored, which the standard allows, and the whole file comes; a range that begins after the end
of the file is answered 416.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fastapi.responses import StreamingResponse

from api.problems import problem_response
from kg.errors import AtlasError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fastapi import Request
    from fastapi.responses import Response

_ONE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")
_BLOCK: Final = 256 * 1024


class RangeError(AtlasError):
    """The range begins after the end of the file; `size` says how long it is."""

    status = 416
    title = "Range not satisfiable"


def wanted(field: str | None, size: int) -> tuple[int, int] | None:
    """Return first and last byte of the range that a Range field asks for; None for all.

    Raises:
        RangeError: nothing of the range lies in the file.
    """
    match = _ONE.fullmatch(field or "")
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = int(match[2])
        first, last = (max(0, size - length), size - 1) if length else (size, size)
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first >= size:
        raise RangeError(f"The file has {size} bytes, none of them in {field!r}", size=size)
    return first, last


def answer(request: Request, path: Path, media_type: str, headers: Mapping[str, str]) -> Response:
    """Return a file or a part of it, streamed; `headers` has its ETag and Last-Modified."""
    size = path.stat().st_size
    condition = request.headers.get("if-range")
    # A part of another representation would be worth nothing (section 13.1.5).
    fresh = condition is None or condition in {headers["ETag"], headers["Last-Modified"]}
    try:
        part = wanted(request.headers.get("range"), size) if fresh else None
    except RangeError as error:
        return problem_response(error.problem(), {"Content-Range": f"bytes */{size}"})
    first, last = part or (0, size - 1)
    more = {"Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
    if part:
        more["Content-Range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(
        _blocks(path, first, last + 1), 206 if part else 200, {**headers, **more}, media_type
    )


def _blocks(path: Path, first: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(first)
        left = end - first
        while left and (block := stream.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
