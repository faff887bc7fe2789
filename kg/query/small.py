"""Small queries: the text proves that little is read, so they are answered in this process.

A query is small if it is, as a whole, one triple pattern under SELECT, ASK, CONSTRUCT WHERE or
DESCRIBE of one IRI, with at most prefixes before and LIMIT after it, and

1. the pattern's terms are IRIs, plain literals and variables, no variable twice: the engine reads
   one range of one index, and each quad in it is one row of the answer;
2. nothing is computed, ordered, counted, skipped or compared, and every variable that is asked for
   is in the pattern: each row takes some bytes of the answer;
3. it begins at a subject or an object, or ASK or LIMIT want few rows: the rest is not worth a try;
4. the answer is given up when it takes more bytes than `_ROWS` rows of its format must take.

So no more than about `_ROWS` quads are read, whatever the data are: a few milliseconds at worst,
and nothing that would have to be killed. What is not known to be small, and an answer that grew
too large, goes to a worker, where everything is decided anew. Both ways make the same answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.errors import NotAcceptableError
from kg.query.codings import encoded
from kg.query.evaluation import chosen
from kg.query.frames import Head

if TYPE_CHECKING:
    from kg.query.evaluation import Source
    from kg.query.request import QueryRequest

_ROWS: Final = 2048

_LEAST: Final = {
    "json": 30,  # {"x":{"type":"uri","value":""}}
    "xml": 40,  # <result><binding name="x"><uri/></binding></result>
    "csv": 2,  # the line's end
    "tsv": 2,
    "turtle": 3,  # a further object: a comma, a blank and a digit
    "n3": 3,
    "trig": 3,
    "ntriples": 10,
    "nquads": 10,
    "rdfxml": 10,
    "jsonld": 3,
}
"""Bytes that a row takes at least, by the name of the format."""

_FEW: Final = 4
"""Digits that a number of rows has when it is worth a try."""

_LONGEST: Final = 4096
"""Characters of a query that are looked at."""

_SPACE: Final = r"(?:[ \t\r\n]|\#[^\r\n]*+(?:[\r\n]|\Z))"
_SOME: Final = rf"{_SPACE}++"
_ANY: Final = rf"{_SPACE}*+"
_PREFIX: Final = r"(?:[A-Za-z][A-Za-z0-9_-]*+)?:"
_IRI: Final = r"<[^<>\"{}|^`\\\x00-\x20]*+>"
_PNAME: Final = rf"{_PREFIX}(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)?"
_VAR: Final = r"[?$][A-Za-z_][A-Za-z0-9_]*+"
_LITERAL: Final = (
    rf"\"[^\"\\\r\n]*+\"(?:@[A-Za-z]++(?:-[A-Za-z0-9]++)*+|\^\^(?:{_IRI}|{_PNAME}))?|[0-9]++"
)
_NODE: Final = rf"{_VAR}|{_IRI}|{_PNAME}"
_SMALL: Final = re.compile(
    rf"""{_ANY}
    (?:PREFIX{_SOME}{_PREFIX}{_ANY}{_IRI}{_ANY})*+
    (?: (?:SELECT{_SOME}(?:\*|(?P<asked>{_VAR}(?:{_SOME}{_VAR})*+)){_ANY}(?:WHERE{_ANY})?
          |(?P<ask>ASK){_ANY}(?:WHERE{_ANY})?
          |CONSTRUCT{_SOME}WHERE{_ANY})
        \{{ {_ANY} (?P<s>{_NODE}) {_ANY}
        (?P<p>{_NODE}|a(?=[ \t\r\n<"?$])) {_ANY}
        (?P<o>{_NODE}|{_LITERAL}) {_ANY} (?:\.{_ANY})?\}}
      | DESCRIBE{_ANY}(?:{_IRI}|{_PNAME})
    ){_ANY}
    (?:LIMIT{_SOME}(?P<limit>[0-9]++){_ANY})?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


_VARIABLE: Final = re.compile(_VAR)


class _TooLargeError(Exception):
    """More came than a small query has."""


class _Kept:
    """Keeps what the engine writes, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._most -= len(data)
        if self._most < 0:
            raise _TooLargeError
        self.pieces.append(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: all of it is here."""


def small(text: str) -> bool:
    """Tell whether the text of a query proves that its answer takes but a look."""
    match = _SMALL.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return False
    asked, *terms = match.group("asked", "s", "p", "o")
    variables = [term[1:] for term in terms if term and term[0] in "?$"]
    if len(set(variables)) != len(variables):
        return False
    if asked and not {v[1:] for v in _VARIABLE.findall(asked)} <= {*variables}:
        return False
    begins = (
        match["ask"] is not None
        or terms[0] is None
        or terms[0][0] not in "?$"
        or terms[2][0] not in "?$"
    )
    return begins or len(match["limit"] or "9999") < _FEW


def answer(source: Source, request: QueryRequest) -> tuple[Head, bytes] | None:
    """Return the head and the body of a small query's answer; None if a worker is to find it.

    Errors are a worker's to tell, too: the text may look small and be no query.
    """
    if request.dataset or request.engine == "columns" or not small(request.text):
        return None
    try:
        results = source.store.query(
            request.text, base_iri=source.base, use_default_graph_as_union=source.union
        )
        form = chosen(results, request.acceptable)
        kept = _Kept(_ROWS * _LEAST[form.name])
        results.serialize(kept, form.engine)  # type: ignore[arg-type]
    except (SyntaxError, OSError, RuntimeError, NotAcceptableError, _TooLargeError):
        return None
    coding, body = encoded(request.coding, b"".join(kept.pieces))
    return Head(form.media_type, coding, lasting=True), body
