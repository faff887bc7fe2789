"""The command that validates any graph with any shapes: shacl."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """Who validates."""

    sql = "sql"
    pyshacl = "pyshacl"


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("shacl")(shacl)


def shacl(
    data: Annotated[Path, typer.Option(help="The graph to validate.")],
    shapes: Annotated[Path, typer.Option(help="The shapes graph.")],
    base: Annotated[str | None, typer.Option(help="The base IRI of both documents.")] = None,
    engine: Annotated[Engine, typer.Option(help="Our engine or pySHACL.")] = Engine.sql,
) -> None:
    """Validate a graph and print the report; exit 0 conforms, 1 violates, 2 failed."""
    from kg.shacl.command import FAILED, run

    code, report = run(data, shapes, base, engine.value)
    typer.echo(report, err=code == FAILED)
    raise typer.Exit(code)
