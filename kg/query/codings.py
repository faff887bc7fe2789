"""Content codings of answers (RFC 9110, section 8.4.1): gzip and zstd, or none."""

from __future__ import annotations

import zlib
from typing import Any, Final

import zstandard

_WORTH: Final = 1024
"""Bytes below which a complete answer is sent as it is."""


class _Identity:
    """The content coding that changes nothing, in the manner of the compressors."""

    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def compressor(coding: str) -> Any:
    """Return an object with `compress(data)` and `flush()` for a coding, or for `identity`."""
    if coding == "gzip":
        return zlib.compressobj(level=3, wbits=31)
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    return _Identity()


def encoded(coding: str, body: bytes) -> tuple[str, bytes]:
    """Return a complete body in a coding, if it is worth it, and the name of the one it has."""
    if coding == "identity" or len(body) < _WORTH:
        return "identity", body
    made = compressor(coding)
    return coding, made.compress(body) + made.flush()
