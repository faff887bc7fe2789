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
from kg.cli.words import Result, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.query.formats import Format
    from kg.savedqueries import Answer, Parameter, SavedQuery


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sparql")(sparql)
    app.command("queries")(list_queries)
    app.command("query")(query)


class _Output:
    """Takes an answer piece by piece (kg.query.evaluation.Sink) and writes it to a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.write = stream.write
        self.flush = stream.flush

    def begin(self, form: Format, *, lasting: bool, engine: str = "oxigraph") -> None:
        """Take note of nothing: the caller chose the format."""


def sparql(
    context: typer.Context,
    text: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="The query; @FILE reads a file, - standard input."),
    ],
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
        _evaluate(store, _text(text), form.value, sys.stdout.buffer)
        return
    kept = io.BytesIO()
    _evaluate(store, _text(text), "json", kept)
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


def list_queries(context: typer.Context) -> None:
    """List the saved queries with their parameters; those in brackets may be left out."""
    from kg import savedqueries

    at = root(context)
    found = savedqueries.discover(at.settings.base).values()
    rows = [[q.name, " ".join(map(_mentioned, q.parameters)), q.summary["en"]] for q in found]
    at.show([_described(q) for q in found], table(["query", "parameters", "answers"], rows))


def _mentioned(parameter: Parameter) -> str:
    return parameter.name if parameter.required else f"[{parameter.name}]"


def _described(query: SavedQuery) -> dict[str, Any]:
    parameters = [
        {
            "name": p.name,
            "type": p.kind.name,
            "expected": p.kind.expected,
            "required": p.required,
            "many": p.many,
            "default": p.default,
            "values": list(p.values),
            "description": dict(p.description),
        }
        for p in query.parameters
    ]
    return {
        "name": query.name,
        "summary": dict(query.summary),
        "description": dict(query.description),
        "tags": list(query.tags),
        "limit": query.limit,
        "parameters": parameters,
    }


def query(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A saved query; `atlas queries` lists them.")],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PARAMETER=VALUE]...", help="Its parameters, and limit=N."),
    ] = None,
    form: Annotated[Rows, typer.Option("--format", help="The form of the answer.")] = Rows.table,
    release: Annotated[int | None, typer.Option(help="A release; else the current one.")] = None,
) -> None:
    """Ask a saved query; a parameter that takes several values may be given several times."""
    from datetime import UTC, datetime

    from kg import dumps, savedqueries
    from kg.identifiers import Identifiers
    from kg.store import open_release

    at = root(context)
    form = Rows.json if at.as_json else form
    asked = savedqueries.find(savedqueries.discover(at.settings.base), name)
    given = _given(asked, values or ())
    opened = open_release(dumps.choose(at.workspace, release))
    today = datetime.now(UTC).date()
    vocabulary = savedqueries.Vocabulary(opened.store, Identifiers(at.settings.base), today)
    bound = savedqueries.bind(asked, given, vocabulary)
    if form is Rows.sparql:
        typer.echo(bound.text)
    else:
        _show_answer(savedqueries.evaluate(bound, opened), form)


def _given(asked: SavedQuery, values: Iterable[str]) -> dict[str, list[str]]:
    """Return the values by parameter; what has no `=` is refused with an example."""
    from kg.errors import ParameterError

    given: dict[str, list[str]] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            first = asked.parameters[0].name if asked.parameters else "limit"
            detail = f"{value!r} is not PARAMETER=VALUE, such as {first}=…"
            allowed = [*(p.name for p in asked.parameters), "limit"]
            raise ParameterError(detail, allowed=allowed)
        given.setdefault(name, []).append(text)
    return given


def _show_answer(answer: Answer, form: Rows) -> None:
    if form is Rows.json:
        typer.echo(json.dumps(answer.document(), ensure_ascii=False))
    elif form is Rows.csv:
        typer.echo(answer.csv(), nl=False)
    else:
        items = answer.document()["items"]
        typer.echo(table(answer.columns, [[i[c] for c in answer.columns] for i in items]))
        if not answer.complete:
            typer.echo(f"There are more; limit=N shows more than these {answer.bound.limit}.")
