"""The command that begins a loader, a shape or a saved query: new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg.cli.root import root
from kg.cli.words import Piece


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("new")(new)


def new(
    context: typer.Context,
    piece: Annotated[Piece, typer.Argument(help="What to begin.")],
    name: Annotated[str, typer.Argument(help="Its name, which becomes the name of the file.")],
) -> None:
    """Begin a loader, a shape or a saved query: one file, and a case folder that passes."""
    from kg import scaffolds

    written = [str(path) for path in scaffolds.begin(piece.value, name, Path.cwd())]
    test = "python -m pytest tests/{}/test_cases.py -k {}"
    folder = {"loader": "loaders", "shape": "shapes", "query": "queries"}[piece.value]
    lines = [
        *written,
        "",
        f"Its case passes:  {test.format(folder, name)}",
        "Document it with: atlas reference docs/reference",
    ]
    root(context).show({"files": written}, "\n".join(lines))
