"""Commands that describe: sources, settings, check-ontology, rules."""

from __future__ import annotations

from typing import Annotated

import typer

from kg.cli.display import table
from kg.cli.root import root


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sources")(sources)
    app.command("settings")(settings)
    app.command("check-ontology")(check_ontology)


def sources(context: typer.Context) -> None:
    """List the loaders: what each reads, from whom, under which licence."""
    at = root(context)
    found = list(at.sources.values())
    value = [
        {
            "name": s.name,
            "title": dict(s.title),
            "accepts": s.accepts,
            "publisher": s.publisher,
            "homepage": s.homepage,
            "licence": s.licence,
            "uses": s.uses,
        }
        for s in found
    ]
    rows = [[s.name, s.title["en"], s.accepts, ", ".join(s.uses)] for s in found]
    at.show(value, table(["source", "what", "accepts", "load before"], rows))


def settings(context: typer.Context) -> None:
    """List the settings with their values and environment variables."""
    at = root(context)
    fields = type(at.settings).model_fields
    value = [
        {
            "variable": f"ATLAS_{name.upper()}",
            "value": getattr(at.settings, name),
            "default": field.default,
            "description": field.description,
        }
        for name, field in fields.items()
    ]
    rows = [[v["variable"], v["value"], v["description"]] for v in value]
    at.show(value, table(["variable", "value", "what it sets"], rows))


def check_ontology(
    context: typer.Context,
    files: Annotated[
        list[typer.FileText] | None, typer.Argument(help="Further Turtle files to check along.")
    ] = None,
) -> None:
    """Have HermiT check the ontology: consistent, and every class can have members."""
    from kg import reasoning

    at = root(context)
    verdict = reasoning.check(at.rules.ontology)
    raise NotImplementedError(files, verdict)
