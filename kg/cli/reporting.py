"""The command on what was found: report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.root import Root, root
from kg.cli.words import Format, Language, Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.imports import Import


def add(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("report")(report)


def report(
    context: typer.Context,
    key: Annotated[
        str | None,
        typer.Argument(
            metavar="IMPORT", help="An import's id or a source; else all current imports."
        ),
    ] = None,
    lang: Annotated[Language, typer.Option(help="The language of the messages.")] = Language.en,
    form: Annotated[
        Format, typer.Option("--format", help="The form of the report.")
    ] = Format.table,
    rule: Annotated[str | None, typer.Option(help="Only this rule, with its cells.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many rows; 0 for all.")] = 100,
    what: Annotated[
        Listed, typer.Option("--show", help="Findings, or the rows that were set aside.")
    ] = Listed.findings,
    output: Annotated[
        Path | None, typer.Option(help="A file to write to, instead of the terminal.")
    ] = None,
) -> None:
    """Show what was found: by source, by rule, or each finding with its cell and proposed fix."""
    from kg import imports
    from kg.errors import ParameterError

    at = root(context)
    form = Format.json if at.as_json else form
    chosen = [imports.find(at.workspace, key)] if key else [*imports.current(at.workspace).values()]
    if what is not Listed.findings:
        if key is None:
            detail = f"--show {what.value} needs an import or a source"
            raise ParameterError(detail, parameter="IMPORT")
        pieces = _set_aside(chosen[0], what, form, limit)
    elif key is None and rule is None and form is Format.table:
        pieces = _by_source(chosen, lang)
    else:
        pieces = _findings(at, chosen, form, lang, rule, limit)
    _write(pieces, output, form)


def _findings(
    at: Root, chosen: list[Import], form: Format, lang: Language, rule: str | None, limit: int
) -> Iterator[bytes]:
    from kg.fixes import read_lists
    from kg.reports import render

    lists = read_lists(at.workspace, at.settings.base)
    return render(chosen, form.value, lang.value, rule=rule, limit=limit, lists=lists)


def _by_source(chosen: list[Import], lang: Language) -> Iterator[bytes]:
    from kg.fixes import Lists
    from kg.reports.found import Found
    from kg.reports.table import by_source

    if not chosen:
        return iter(())
    with Found(chosen, lang.value, Lists()) as found:
        return iter([by_source(found).encode()])


def _set_aside(one: Import, what: Listed, form: Format, limit: int) -> Iterator[bytes]:
    from kg import setaside

    plain = form if form in {Format.table, Format.json} else Format.csv
    return (piece.encode() for piece in setaside.listing(one, what.value, plain.value, limit))


def _write(pieces: Iterator[bytes], output: Path | None, form: Format) -> None:
    """Write to a file or to the terminal, where a workbook would only make noise.

    Raises:
        ParameterError: a workbook is to be drawn on a terminal.
    """
    from kg.errors import ParameterError
    from kg.workspace import disk_errors

    if output is not None:
        with disk_errors(output), output.open("wb") as file:
            file.writelines(pieces)
        return
    if form is Format.xlsx and sys.stdout.isatty():
        raise ParameterError("A workbook needs a file: --output report.xlsx", parameter="output")
    for piece in pieces:
        typer.echo(piece, nl=False)
