"""Commands that describe: sources, settings, check-ontology, rules, reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.display import table
from kg.cli.root import root

if TYPE_CHECKING:
    from kg.reasoning import Verdict


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sources")(sources)
    app.command("settings")(settings)
    app.command("check-ontology")(check_ontology)
    app.command("rules")(rules)
    app.command("reference")(reference)


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
    rows = [[v["variable"], str(v["value"]), v["description"]] for v in value]
    at.show(value, table(["variable", "value", "what it sets"], rows))


def check_ontology(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Further Turtle files to check along.")
    ] = None,
) -> None:
    """Have HermiT check the ontology; exit 1 if it contradicts itself or a class is impossible."""
    from kg import reasoning

    at = root(context)
    ontology = at.rules.ontology.plus(files or ())
    verdict = reasoning.check(ontology)
    at.show(
        {**verdict._asdict(), "sound": verdict.sound, "files": [p.file for p in ontology.parts]},
        _said(verdict, sum(term.kind == "class" for term in ontology.terms.values())),
    )
    if not verdict.sound:
        raise typer.Exit(1)


def _said(verdict: Verdict, classes: int) -> str:
    if not verdict.consistent:
        return "The ontology is inconsistent: it contradicts itself."
    if verdict.unsatisfiable:
        head = "The ontology is consistent, but these classes can have no member:"
        return "\n  ".join([head, *verdict.unsatisfiable])
    return f"The ontology is consistent, and each of its {classes} classes can have members."


def rules(context: typer.Context) -> None:
    """List the rules of inference: the axiom that each comes from, and its SPARQL text."""
    from kg import axioms

    at = root(context)
    found = axioms.rules(at.rules.ontology)
    text = "\n".join(f"# {rule.axiom}\n{rule.sparql}" for rule in found)
    at.show([{"axiom": rule.axiom, "sparql": rule.sparql} for rule in found], text.rstrip())


def reference(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the pages go, such as docs/reference.")],
) -> None:
    """Write the reference pages of the documentation from the code."""
    from kg.cli.documenting import pages

    written = pages()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    root(context).show(sorted(written), f"{len(written)} pages written to {folder}")
