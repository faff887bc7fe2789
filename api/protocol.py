"""The query operation of the SPARQL 1.1 Protocol (section 2.1): an HTTP request as a query.

Three ways to ask: GET, POST of a form, POST of the query itself. The dataset parameters stand in
the query string, or in the form; what is in both counts together.
"""

from __future__ import annotations

import asyncio
import math
import re
from binascii import a2b_qp
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, cast, get_args
from urllib.parse import parse_qsl, unquote_to_bytes

from api.negotiation import Choice, by_accept, by_name, coding
from api.past import Moment, moment_of
from kg.errors import (
    MethodNotAllowedError,
    ParameterError,
    RequestTimeoutError,
    TooLargeError,
    UnsupportedMediaError,
)
from kg.query.request import WHOLE, Dataset, EngineName, QueryRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope

METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"

_BODY_SECONDS: Final = 15.0
"""How long a client may take to send a body that fits into one network packet or a few."""

_FIELDS: Final = 1000
_NO_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^!-~]")
_OF_UPDATES: Final = ("update", "using-graph-uri", "using-named-graph-uri")


class Asked(NamedTuple):
    """A request to the query operation; `query` is None when it names no query at all.

    `lint` if the client wants to know what is odd about the query; `at` is the release or the
    moment that it is about, None for the current release.
    """

    query: QueryRequest | None
    choice: Choice
    headers: dict[bytes, bytes]
    lint: bool = False
    at: Moment | None = None


def headers_of(given: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the header fields; those that came more than once are joined by commas."""
    fields: dict[bytes, bytes] = {}
    for name, value in given:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


async def read(scope: Scope, receive: Receive, largest: int) -> Asked:
    """Read a request whose method is GET, HEAD or POST.

    Raises:
        MethodNotAllowedError: another method.
        UnsupportedMediaError: a POST of something that is neither a form nor a query.
        TooLargeError, RequestTimeoutError: the body is too large, or does not come.
        ParameterError: a parameter is missing, doubled, unknown to this operation or ill-formed.
        NotAcceptableError: no format that the client accepts.
    """
    headers = headers_of(scope["headers"])
    if scope["method"] in {"GET", "HEAD"}:
        return read_get(scope["query_string"], headers)
    parameters = parameters_of(scope["query_string"], "query string")
    if scope["method"] == "POST":
        await _read_post(headers, receive, largest, parameters)
    else:
        detail = f"{scope['method']} is not a method of the query operation"
        raise MethodNotAllowedError(detail, allowed=list(METHODS))
    return _asked(parameters, headers)


def read_get(query_string: bytes, headers: dict[bytes, bytes]) -> Asked:
    """Read a request whose method is GET or HEAD; raises as `read` does."""
    alone = query_string.startswith(b"query=") and b"&" not in query_string
    if alone and b"accept-datetime" not in headers:
        # By far the most requests: nothing but a query.
        return _query_alone(_unquoted(query_string[6:]), headers)
    return _asked(parameters_of(query_string, "query string"), headers)


def _query_alone(text: str, headers: dict[bytes, bytes]) -> Asked:
    choice = by_accept(headers.get(b"accept", b"").decode("latin-1"))
    coded = coding(headers.get(b"accept-encoding", b"").decode("latin-1"))
    return Asked(QueryRequest(text, WHOLE, choice.acceptable, coded), choice, headers)


def _unquoted(data: bytes) -> str:
    """Return the text of a value in a query string.

    Where every percent sign begins an escape, the decoder of quoted-printable (RFC 2045), which is
    C, does the same with its own sign of escape; it is told that what looks like that is meant.
    """
    if _NO_ESCAPE.search(data):
        return utf8(unquote_to_bytes(data.replace(b"+", b" ")), "query string")
    quoted = data.replace(b"=", b"=3D").replace(b"%", b"=").replace(b"+", b"=20")
    return utf8(a2b_qp(quoted), "query string")


async def _read_post(
    headers: dict[bytes, bytes], receive: Receive, largest: int, parameters: dict[str, list[str]]
) -> None:
    media_type = body_type(headers, DIRECT)
    body = await read_body(receive, largest)
    if media_type == DIRECT:
        if "query" in parameters:
            raise ParameterError("The query stands in the body and in the query string")
        parameters["query"].append(utf8(body, "body"))
        return
    for name, values in parameters_of(body, "form").items():
        parameters[name] += values


def body_type(headers: dict[bytes, bytes], direct: str) -> str:
    """Return the media type of a body that is a form, or `direct`, in UTF-8.

    Raises:
        UnsupportedMediaError: it is something else.
    """
    content_type = headers.get(b"content-type", b"").decode("latin-1").lower()
    media_type, *options = (part.strip() for part in content_type.split(";"))
    charset = next((o[8:].strip("\"' ") for o in options if o.startswith("charset=")), "utf-8")
    if media_type not in {FORM, direct} or charset not in {"utf-8", "us-ascii"}:
        detail = f"A body of type {content_type or 'unknown'!r} is not read"
        raise UnsupportedMediaError(detail, accepted=[FORM, direct])
    return media_type


async def read_body(receive: Receive, largest: int, seconds: float = _BODY_SECONDS) -> bytes:
    """Return the body of a request.

    Raises:
        TooLargeError, RequestTimeoutError: it is too large, or does not come.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestTimeoutError("The client went away before the body was complete")
                body += message.get("body", b"")
                if len(body) > largest:
                    detail = f"The body is larger than {largest} bytes"
                    raise TooLargeError(detail, limit=largest)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        detail = f"The body did not come within {seconds:g} s"
        raise RequestTimeoutError(detail) from None


def utf8(data: bytes, where: str) -> str:
    """Return the text of bytes.

    Raises:
        ParameterError: they are not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"The {where} is not UTF-8 at byte {error.start}"
        raise ParameterError(detail, position=error.start) from error


def parameters_of(data: bytes, where: str) -> dict[str, list[str]]:
    """Return the values of each parameter (the URL Standard, section 5.1, but strict on UTF-8).

    Raises:
        ParameterError: they are not UTF-8, or too many.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    try:
        pairs = parse_qsl(
            utf8(data, where), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except UnicodeDecodeError as error:
        detail = f"The {where} holds percent-encoded bytes that are not UTF-8"
        raise ParameterError(detail) from error
    except ValueError as error:
        raise ParameterError(f"The {where} has more than {_FIELDS} parameters") from error
    for name, value in pairs:
        found[name].append(value)
    return found


def _asked(parameters: dict[str, list[str]], headers: dict[bytes, bytes]) -> Asked:
    for name in _OF_UPDATES:
        if name in parameters:
            detail = f"{name!r} belongs to the update operation; this one takes 'query'"
            raise ParameterError(detail, parameter=name)
    text = single(parameters, "query")
    if text is None:
        # What is described instead of an answer has other formats.
        return Asked(None, by_accept(""), headers)
    choice = _choice(parameters, headers)
    request = QueryRequest(
        text,
        Dataset(graphs(parameters, "default-graph-uri"), graphs(parameters, "named-graph-uri")),
        choice.acceptable,
        coding(headers.get(b"accept-encoding", b"").decode("latin-1")),
        _seconds(single(parameters, "timeout")),
        _engine(single(parameters, "engine")),
    )
    at = moment_of(single(parameters, "release"), headers)
    return Asked(request, choice, headers, single(parameters, "lint") == "1", at)


def _engine(name: str | None) -> EngineName:
    found = next((known for known in get_args(EngineName) if name in {known, None}), None)
    if found is None:
        detail = f"'engine' is {name!r}; expected one of {', '.join(get_args(EngineName))}"
        raise ParameterError(detail, parameter="engine", allowed=list(get_args(EngineName)))
    return cast("EngineName", found)


def _choice(parameters: dict[str, list[str]], headers: dict[bytes, bytes]) -> Choice:
    # SPARQLWrapper and others say `output` for what we call `format`.
    name = single(parameters, "format") or single(parameters, "output")
    if name:
        return by_name(name)
    return by_accept(headers.get(b"accept", b"").decode("latin-1"))


def single(parameters: dict[str, list[str]], name: str) -> str | None:
    """Return the value of a parameter that may be given once.

    Raises:
        ParameterError: it is given more often.
    """
    values = parameters.get(name, [])
    if len(values) > 1:
        detail = f"{name!r} is given {len(values)} times; once is expected"
        raise ParameterError(detail, parameter=name)
    return values[0] if values else None


def graphs(parameters: dict[str, list[str]], name: str) -> tuple[str, ...]:
    """Return the graphs that a parameter names, each once."""
    return tuple(dict.fromkeys(value for value in parameters.get(name, []) if value))


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0 or math.isinf(seconds):
        detail = f"'timeout' is {text!r}; a positive number of seconds is expected"
        raise ParameterError(detail, parameter="timeout")
    return seconds
