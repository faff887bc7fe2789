"""Commands that bring sources in: load, imports, diff, build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.cli.display import table
from kg.cli.root import Root, root

if TYPE_CHECKING:
    from kg.imports import Import


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("load")(load)
    app.command("imports")(list_imports)
    app.command("build")(build)
    app.command("diff")(diff)


def load(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A loader; `atlas sources` lists them.")],
    paths: Annotated[list[Path], typer.Argument(help="The files, folders or zips to read.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and validate; leave nothing behind.")
    ] = False,
    publish: Annotated[
        bool, typer.Option(help="Publish a release afterwards; else only `atlas build` does.")
    ] = True,
    seconds: Annotated[
        float, typer.Option(min=0, help="How long --dry-run may compare answers of saved queries.")
    ] = 60.0,
) -> None:
    """Read a source, validate it, and publish it with the next release."""
    import loaders
    from kg import staging

    at, found = root(context), loaders.find(source)
    with at.progress() as progress:
        if dry_run:
            with staging.rehearse(
                at.workspace, found, paths, at.settings, at.rules, progress
            ) as rehearsed:
                change = _change(at, rehearsed, seconds)
                _show_import(at, rehearsed, "would import", change=change)
            return
        with at.workspace.writing():
            done, fresh = staging.load(at.workspace, found, paths, at.settings, at.rules, progress)
            built = _publish(at, progress) if publish else None
    _show_import(at, done, "imported" if fresh else "unchanged", built)


def _publish(at: Root, progress: Any) -> dict[str, Any]:
    from kg.curation.effects import Curating

    curating = Curating(at.workspace, at.settings, at.rules, at.sources, progress)
    release, fresh = curating.publish()
    manifest = release.manifest
    return {"release": release.number, "quads": manifest["quads"], "built": fresh}


def _change(at: Root, one: Import, seconds: float) -> dict[str, Any]:
    """Return what publishing an import would change."""
    from tempfile import TemporaryDirectory

    from kg.curation.answers import changed
    from kg.curation.differences import before, differences

    with TemporaryDirectory(prefix="atlas-") as spill:
        old = before(at.workspace, one)
        found = differences(old, one, Path(spill), at.settings.memory)
    answers = changed(at.workspace, one, at.settings, at.sources, seconds) if seconds else None
    return {**found, "answers": answers}


def _told_change(change: dict[str, Any]) -> list[str]:
    """Return lines that tell what publishing would change."""
    entities, findings = change["entities"], change["findings"]
    against = f"Against {change['before']}" if change["before"] else "The first import"
    lines = [
        (
            f"{against}: {entities['added']:,} entities added, {entities['changed']:,} changed,"
            f" {entities['removed']:,} removed"
        ),
        f"{findings['new']:,} findings new, {findings['gone']:,} gone",
    ]
    lines += [
        f"  {rule['rule'].rpartition('#')[2]}: {rule['new']:,} new, {rule['gone']:,} gone"
        for rule in findings["rules"]
    ]
    answers = change["answers"]
    if answers and answers["release"]:
        lines += map(_told_query, answers["queries"])
        lines.append(f"{len(answers['same'])} saved queries answer as before")
        if left := answers["not_compared"]:
            lines.append(f"Not compared in the time that was given: {', '.join(left)}")
    return lines


def _told_query(one: dict[str, Any]) -> str:
    counts = f"{one['new']:,} rows new, {one['changed']:,} changed, {one['gone']:,} gone"
    return f"{one['query']}: {counts}"


def diff(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="IMPORT", help="An import's id or a source.")],
    *,
    seconds: Annotated[
        float, typer.Option(min=0, help="How long answers of saved queries may be compared.")
    ] = 60.0,
) -> None:
    """Show what an import changes: entities, findings, and answers of saved queries.

    Of a current import it is told as it will be under the decisions of today.
    """
    from kg import imports
    from kg.curation.effects import pending

    at = root(context)
    one = imports.find(at.workspace, key)
    with (
        at.progress() as progress,
        pending(at.workspace, one, at.settings, at.rules, progress) as made,
    ):
        change = _change(at, made, seconds)
    at.show(change, "\n".join(_told_change(change)))


def _show_import(
    at: Root,
    one: Import,
    verb: str,
    built: dict[str, Any] | None = None,
    change: dict[str, Any] | None = None,
) -> None:
    manifest = one.manifest
    value = {"status": verb, **manifest, "published": built}
    if change:
        value["change"] = change
    header = ["file", "records", "published", "quarantined", "rejected"]
    if any("nothing" in counts for counts in manifest["records"].values()):
        header.append("nothing")
    rows = [
        [file, *(counts.get(name, 0) for name in header[1:])]
        for file, counts in manifest["records"].items()
    ]
    lines = [f"{one.source}: {verb} {one.id}", "", table(header, rows), ""]
    lines += [f"{n:,} {severity} findings" for severity, n in manifest["findings"].items()]
    used = manifest.get("decisions_used", {})
    lines += [
        f"{n:,} decisions {'unused' if kind == 'unused' else f'to {kind} used'}"
        for kind, n in used.items()
    ]
    if change:
        lines += ["", *_told_change(change)]
    else:
        lines += [f"Details: atlas report {one.source}"]
    if built:
        what = "published" if built["built"] else "already published"
        lines.append(f"Release {built['release']} {what}: {built['quads']:,} quads")
    at.show(value, "\n".join(lines))


def build(context: typer.Context) -> None:
    """Publish a release out of the current import of each source, under the decisions of today."""
    at = root(context)
    with at.progress() as progress, at.workspace.writing():
        built = _publish(at, progress)
    what = "published" if built["built"] else "is already up to date"
    at.show(built, f"Release {built['release']} {what}: {built['quads']:,} quads")


def list_imports(context: typer.Context) -> None:
    """List the imports; a star marks the one of each source that the next release takes."""
    from kg import imports

    at = root(context)
    current = {i.id for i in imports.current(at.workspace).values()}
    header = ["", "source", "id", "created", "statements"]
    rows = [
        [
            "*" if i.id in current else "",
            i.source,
            i.id,
            i.manifest["created"],
            i.manifest["statements"],
        ]
        for i in imports.every(at.workspace)
    ]
    value = [{**i.manifest, "current": i.id in current} for i in imports.every(at.workspace)]
    at.show(value, table(header, rows))
