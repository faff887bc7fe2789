"""The other engine: the columns of a release, for the queries that touch much of it.

1. `engine=` says who answers: `oxigraph`, `columns`, or `auto`, the default.
2. With `auto` only a query is looked at that has a word that promises work for the columns (an
   aggregate, EXISTS, an order), a negated property set, which Oxigraph answers wrongly, or no
   constant to begin at; its algebra and the catalogue's counts decide (kg.sparql.routing).
3. What the columns do not cover goes to Oxigraph before anything has run; with `columns` it is
   refused, with the reason.

The columns are opened by the first query that is for them, in the worker that answers it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import deque
from contextlib import suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import AtlasError, QueryFailedError, QueryRefusedError, QuerySyntaxError
from kg.query.formats import Format, Kind, named
from kg.query.request import QueryRequest
from kg.query.syntax import parse
from kg.query.tokens import tokenize, unescape
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.query.request import Dataset
    from kg.sparql.engine import Engine
    from kg.sparql.plans import Choice
    from kg.sparql.tokens import Token

_WORK: Final = frozenset(
    {"COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP", "GROUP_CONCAT"}
    | {"EXISTS", "MINUS", "ORDER", "DISTINCT", "GRAPH"}
)
_GLANCE: Final = re.compile(
    rf"\b(?:{'|'.join(sorted(_WORK))}|LIMIT\s+[0-9]{{4,}})\b|!(?!=)", re.IGNORECASE
)
_CONSTANT: Final = re.compile("[<:\"']")
# What a text mostly begins with and what says nothing of its work.
_PROLOGUE: Final = re.compile(r"(?:\s*(?:PREFIX\s+[^\s<>]*\s*|BASE\s*)<[^<>]*>)*", re.IGNORECASE)
_KINDS: Final[dict[str, Kind]] = {"SELECT": "solutions", "ASK": "boolean", "CONSTRUCT": "graph"}


class ColumnAnswer(NamedTuple):
    """What the columns answer: in which format, piece by piece."""

    form: Format
    pieces: Iterator[bytes]


class Columns:
    """The columns in a folder; `memory` in MiB is what a query may take before it spills."""

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder = folder
        self._memory = memory

    @cached_property
    def _engine(self) -> Engine:
        # Most workers never need it, and it brings DuckDB and Arrow with it.
        from kg.sparql.engine import Engine  # noqa: PLC0415

        return Engine.open(self._folder, memory=self._memory, spill=spill_folder())

    def prime(self) -> None:
        """Open them, and answer a query, so that the first one from outside finds all prepared.

        If that fails it is for the first query to tell.
        """
        import duckdb  # noqa: PLC0415 - see _engine

        request = QueryRequest("SELECT * { ?s ?p ?o } LIMIT 1", engine="columns")
        with suppress(AtlasError, OSError, duckdb.Error):
            answer = self.answer(request, None)
            deque(answer.pieces if answer is not None else (), maxlen=0)

    def choice(self, request: QueryRequest, base: str = "") -> tuple[str, str]:
        """Return which engine answers a query, `columns` or `oxigraph`, and why.

        Raises:
            QuerySyntaxError: the text is no SPARQL query.
        """
        if request.engine == "auto" and not promising(request.text):
            return "oxigraph", "it begins at constants, and nothing is aggregated or ordered"
        from kg.sparql.errors import NotCompilable  # noqa: PLC0415 - see _engine

        try:
            advice = self._engine.advise(request.text, base)
            if advice.engine == "columns" or request.engine == "columns":
                self._engine.plan(request.text, _choice(request.dataset), base)
        except NotCompilable as error:
            return "oxigraph", f"not covered by the columns: {error.detail}"
        except QuerySyntaxError:
            if request.engine == "columns":
                raise
            return "oxigraph", "the parser of the columns does not know the syntax"
        if request.engine == "auto":
            return advice.engine, advice.reason
        return request.engine, "asked for by `engine`"

    def answer(self, request: QueryRequest, base: str | None) -> ColumnAnswer | None:
        """Return the answer to a query that is for the columns, None if it is for Oxigraph.

        Raises:
            QuerySyntaxError: the text is no SPARQL query.
            QueryRefusedError: the columns were asked for and do not cover the query.
            QueryTimeoutError, QueryMemoryError: a limit was reached.
        """
        if request.engine == "auto" and not promising(request.text):
            return None
        from kg.sparql.errors import NotCompilable  # noqa: PLC0415 - see _engine

        try:
            base = base or ""
            if (
                request.engine == "auto"
                and self._engine.advise(request.text, base).engine != "columns"
            ):
                return None
            return _begun(self._answered(request, base))
        except NotCompilable as error:
            if request.engine == "columns":
                raise QueryRefusedError(f"Not covered by the columns: {error.detail}") from None
            return None
        except QuerySyntaxError:
            # The store knows more of what is coming (SPARQL 1.2), and says where it errs.
            if request.engine != "columns":
                return None
            if _known(request.text):
                detail = "Not covered by the columns: what is new in SPARQL 1.2"
                raise QueryRefusedError(detail) from None
            raise

    def _answered(self, request: QueryRequest, base: str) -> ColumnAnswer:
        from kg.sparql.errors import NotCompilable  # noqa: PLC0415 - see _engine

        choice = _choice(request.dataset)
        form = self._engine.plan(request.text, choice, base).query.form
        kind = _KINDS.get(form)
        name = {
            "solutions": request.acceptable.solutions,
            "boolean": request.acceptable.boolean,
            "graph": request.acceptable.graph,
        }.get(kind or "")
        if kind is None or name is None:
            raise NotCompilable(f"{form} in a format that is accepted is not covered")
        wanted = named(kind, name)
        pieces = self._engine.evaluate(request.text, wanted.types[0], choice, base=base)
        return ColumnAnswer(wanted, pieces)


def likely(request: QueryRequest) -> bool:
    """Tell at a glance whether a query may be for the columns; it is judged when it is answered."""
    text = request.text
    return request.engine != "oxigraph" and (
        request.engine == "columns"
        or _GLANCE.search(text) is not None
        or _CONSTANT.search(text) is None
    )


def _known(text: str) -> bool:
    """Tell whether a text is a query, although not for the parser of the columns."""
    try:
        text = unescape(text)
        parse(text, tokenize(text))
    except AtlasError:
        return False
    return True


def promising(text: str) -> bool:
    """Whether a query may be much work, by its words and where its patterns begin.

    Reads the tokens alone; what is no SPARQL is for the engine to say.
    """
    from kg.sparql.tokens import tokenise  # noqa: PLC0415 - see Columns._engine

    start = _PROLOGUE.match(text)
    try:
        tokens = tokenise(text[start.end() :] if start else text)
    except QuerySyntaxError:
        return False
    if any(_is_work(kind, content) for kind, content, _ in tokens):
        return True
    return not _begins_at_a_constant(tokens)


def _is_work(kind: str, content: str) -> bool:
    return content == "!" if kind == "mark" else kind == "word" and content.upper() in _WORK


def _begins_at_a_constant(tokens: list[Token]) -> bool:
    """Whether a constant is a subject or an object, other than a class, in some triple pattern.

    A query without any triple pattern has nothing to begin at and nothing to do.
    """
    place = depth = groups = 0
    typed, seen, before, anywhere = False, False, tokens[0], False
    for token in tokens:
        kind, content = token.kind, token.text
        if kind == "mark" and (depth or (content == "(" and before.kind == "word")):
            depth += (content == "(") - (content == ")")
        elif kind == "mark":
            place = _PLACES.get(content, place)
            groups += (content == "{") - (content == "}")
            # A path of no steps begins at every term: the store collects them all before a row.
            anywhere |= groups > 0 and content in _NO_STEPS
        elif (
            not anywhere and not groups and before.text.upper() == "LIMIT" and len(content) < _MANY
        ):
            return True  # the store soon has enough
        elif groups and not depth and (kind in _TERMS or content == "a"):
            seen = True
            end = place != _PREDICATE and not typed
            if end and kind not in ("var", "blank"):
                return True
            typed = place == _PREDICATE and content in ("a", "rdf:type", RDF_TYPE)
            place += 1
        before = token
    return not seen


_MANY: Final = 4
# Digits of a LIMIT from which on the columns may be worth it.

_PREDICATE: Final = 1
# Where in a triple the next term stands after a mark.
_PLACES: Final = {"{": 0, "}": 0, ".": 0, ";": 1, "/": 1, "|": 1, "^": 1, ",": 2}
_NO_STEPS: Final = frozenset({"*", "?"})
_TERMS: Final = frozenset({"var", "blank", "iri", "name", "string", "integer", "decimal", "double"})


def _begun(answer: ColumnAnswer) -> ColumnAnswer:
    """Return the answer with its first piece made: until then a query may be found not covered."""
    import duckdb  # noqa: PLC0415 - see Columns._engine

    def told() -> Iterator[bytes]:
        try:
            yield from answer.pieces
        except duckdb.Error as error:
            detail = f"The columns could not complete the answer: {error}"
            raise QueryFailedError(detail) from error

    pieces = told()
    first = next(pieces, b"")
    return ColumnAnswer(answer.form, chain((first,), pieces))


def _choice(dataset: Dataset) -> Choice:
    from kg.sparql.plans import Choice  # noqa: PLC0415 - see Columns._engine

    if not dataset:
        return Choice()
    return Choice(default=dataset.default, named=dataset.named, union=False)


def spill_folder() -> Path:
    """Return where this process may spill to, after removing what killed ones have left."""
    top = Path(gettempdir()) / f"atlas-spill-{os.getuid()}"
    top.mkdir(mode=0o700, exist_ok=True)
    for left in top.iterdir():
        if not Path("/proc", left.name).exists():
            shutil.rmtree(left, ignore_errors=True)
    return top / str(os.getpid())
