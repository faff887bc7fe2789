"""Commands that ask: sparql, query, queries."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from kg.cli.display import table
from kg.cli.root import root
from kg.cli.words import Result

if TYPE_CHECKING:
    from kg.query.formats import Format


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sparql")(sparql)


class _Output:
    """Takes an answer piece by piece (kg.query.evaluation.Sink) and writes it to a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.write = stream.write
        self.flush = stream.flush

    def begin(self, form: Format, *, lasting: bool) -> None:
        """Take note of nothing: the caller chose the format."""


def sparql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="The query; @FILE reads a file, - standard input.")],
    form: Annotated[
        Result, typer.Option("--format", help="The form of the result.")
    ] = Result.table,
    release: Annotated[int | None, typer.Option(help="A release; else the current one.")] = None,
) -> None:
    """Ask the current release a SPARQL query; graphs come as Turtle."""
    from kg import dumps
    from kg.store import open_release

    at = root(context)
    form = Result.json if at.as_json else form
    store = open_release(dumps.choose(at.workspace, release)).store
    if form is not Result.table:
        _evaluate(store, _text(query), form.value, sys.stdout.buffer)
        return
    kept = io.BytesIO()
    _evaluate(store, _text(query), "json", kept)
    typer.echo(_tabulated(kept.getvalue()))


def _text(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    return Path(query[1:]).read_text(encoding="utf-8") if query.startswith("@") else query


def _evaluate(store: Any, text: str, form: str, stream: BinaryIO) -> None:
    from kg.query.evaluation import Source, evaluate
    from kg.query.request import Acceptable, QueryRequest

    # The engine runs without a look at Python's signals: let Ctrl-C end the process itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    request = QueryRequest(text, acceptable=Acceptable(form, form, "turtle"))
    evaluate(Source(store, union=True), request, _Output(stream))


def _tabulated(answer: bytes) -> str:
    if not answer.startswith(b"{"):
        return answer.decode()
    result = json.loads(answer)
    if "boolean" in result:
        return str(result["boolean"]).lower()
    header = result["head"]["vars"]
    rows = [[_shown(row.get(name)) for name in header] for row in result["results"]["bindings"]]
    return table(header, rows) if header else f"{len(rows)} solutions without variables"


def _shown(term: dict[str, str] | None) -> object:
    return "" if term is None else term["value"]
