"""Commands on releases: releases, use, prune, complete, dump."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kg.cli.display import table
from kg.cli.root import root
from kg.cli.words import Syntax


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("releases")(list_releases)
    app.command("use")(use)
    app.command("prune")(prune)
    app.command("complete")(complete)
    app.command("dump")(dump)


def list_releases(context: typer.Context) -> None:
    """List the releases; a star marks the one that is served."""
    from kg import releases

    at = root(context)
    serving = releases.current(at.workspace)
    current = serving.number if serving else None
    kept = releases.every(at.workspace)
    rows = [
        [
            "*" if r.number == current else "",
            r.number,
            r.manifest["created"],
            r.manifest["quads"],
            ", ".join(i["source"] for i in r.manifest["inputs"]["imports"]),
        ]
        for r in kept
    ]
    value = [{**r.manifest, "current": r.number == current} for r in kept]
    at.show(value, table(["", "release", "created", "quads", "sources"], rows))


def use(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The release to serve.")],
) -> None:
    """Serve another release: roll back, or forth again."""
    from kg import releases

    at = root(context)
    with at.workspace.writing():
        release = releases.use(at.workspace, number)
    at.show({"release": release.number}, f"Release {release.number} is served now")


def prune(
    context: typer.Context,
    keep: Annotated[int | None, typer.Option(min=1, help="How many to keep.")] = None,
) -> None:
    """Remove old releases, never the one that is served."""
    from kg import releases

    at = root(context)
    with at.workspace.writing():
        wanted = keep or at.settings.keep_releases
        gone = releases.prune(at.workspace, wanted, 0 if keep else at.settings.keep_small_releases)
    text = f"Removed: {', '.join(map(str, gone))}" if gone else "Nothing to remove"
    at.show({"removed": gone}, text)


def complete(context: typer.Context) -> None:
    """Give the current release what a small change left for later: columns and index of texts."""
    from kg import completion, releases
    from kg.errors import WorkspaceError

    at = root(context)
    release = releases.current(at.workspace)
    if release is None:
        raise WorkspaceError(f"Nothing is published in {at.workspace.home} yet")
    with at.progress() as progress:
        made = completion.complete(at.workspace, release, at.settings, at.rules, progress)
    text = "complete now" if made else "already complete"
    at.show({"release": release.number, "made": made}, f"Release {release.number} is {text}")


def dump(
    context: typer.Context,
    release: Annotated[int | None, typer.Option(help="A release; else the current one.")] = None,
    graph: Annotated[str | None, typer.Option(help="One graph: its IRI or short name.")] = None,
    form: Annotated[Syntax, typer.Option("--format", help="The RDF syntax.")] = Syntax.nq,
    *,
    in_order: Annotated[
        bool, typer.Option("--sorted", help="N-Quads or N-Triples in the order of their bytes.")
    ] = False,
) -> None:
    """Write a release to standard output."""
    from kg import dumps

    at = root(context)
    chosen = dumps.choose(at.workspace, release)
    graph = dumps.graph_iri(graph, at.settings.base) if graph else None
    dumps.dump(
        chosen,
        sys.stdout.buffer,
        form.value,
        graph=graph,
        in_order=in_order,
        memory=at.settings.memory,
    )
