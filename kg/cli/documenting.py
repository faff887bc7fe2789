"""The reference pages of the documentation, put together from graph, loaders and facade."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from kg.reference import code, page, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import typer

_INDEX: Final = {
    "commands.md": "The command line: every command with its arguments and options",
    "settings.md": "The settings and their environment variables",
    "errors.md": "The errors, over HTTP and on the command line",
    "loaders.md": "The loaders: what can be read, and how",
    "shapes.md": "The rules of validation, with messages and hints",
    "shapes.de.md": "Die Regeln der Prüfung auf Deutsch",
    "queries.md": "The saved queries with their parameters",
    "queries.de.md": "Die gespeicherten Abfragen auf Deutsch",
    "ontology.md": "The terms of the ontology",
    "inference.md": "The rules of inference, made from the axioms",
    "http.md": "The HTTP interface",
}


def pages() -> dict[str, str]:
    """Return every reference page by file name, for the default settings."""
    import loaders
    from api.app import create_app
    from kg import axioms, ontology, reference, savedqueries, shapes
    from kg.savedqueries import reference as of_queries
    from kg.settings import Settings
    from kg.terms import DEFAULT_BASE
    from kg.workspace import Workspace

    # Without a look at the environment: the pages show the defaults.
    settings = Settings.model_construct()
    terms, rules = ontology.read(), shapes.rules()
    queries = savedqueries.discover(DEFAULT_BASE).values()
    openapi = create_app(settings, Workspace(settings.home)).openapi()
    return {
        "README.md": _index(),
        "commands.md": commands(),
        "settings.md": reference.settings(Settings),
        "errors.md": reference.errors(),
        "loaders.md": reference.loaders(map(loaders.find, loaders.names())),
        "shapes.md": reference.shapes(rules),
        "shapes.de.md": reference.shapes(rules, "de"),
        "queries.md": of_queries.page(queries),
        "queries.de.md": of_queries.page(queries, "de"),
        "ontology.md": reference.ontology(terms),
        "inference.md": reference.inference(axioms.rules(terms)),
        "http.md": reference.http(openapi),
    }


def _index() -> str:
    return page(
        "# Reference",
        "These pages are written from the code by `atlas reference docs/reference`.",
        "\n".join(f"- [{text}]({name})" for name, text in _INDEX.items()),
    )


def commands() -> str:
    """Return the page of the command line."""
    from kg.cli import app, options

    return page(
        "# Commands",
        "`atlas COMMAND --help` says the same in the terminal.\n"
        "Errors are printed on standard error and the exit status is 1, unless said otherwise.",
        "## Options of every command\n\nThey stand before the command:"
        " `atlas --home FOLDER --json releases`.",
        _parameters(options),
        *(_command(name, callback) for name, callback in sorted(every_command(app).items())),
    )


def every_command(app: typer.Typer, before: str = "") -> dict[str, Callable[..., Any]]:
    """Return the function of each command by its full name, those of groups included."""
    found = {f"{before}{c.name}": c.callback for c in app.registered_commands if c.callback}
    for group in app.registered_groups:
        if group.typer_instance is not None:
            name = group.typer_instance.info.name
            found |= every_command(group.typer_instance, f"{before}{name} ")
    return found


def _command(name: str, callback: Callable[..., Any]) -> str:
    return page(f"## {name}", inspect.getdoc(callback) or "", _parameters(callback))


def _parameters(callback: Callable[..., Any]) -> str:
    rows = list(_rows(callback))
    return table(("parameter", "default", "what for"), rows) if rows else ""


def _rows(callback: Callable[..., Any]) -> Iterator[tuple[str, str, str]]:
    hints: Mapping[str, Any] = get_type_hints(callback, include_extras=True)
    for name, parameter in inspect.signature(callback).parameters.items():
        kind, *marks = get_args(hints[name]) or (hints[name],)
        info = next((m for m in marks if isinstance(m, ArgumentInfo | OptionInfo)), None)
        if info is not None:
            text = f"{info.help or ''}{_choices(kind)}"
            yield code(_written(name, kind, info)), _default(parameter.default), text


def _written(name: str, kind: Any, info: ArgumentInfo | OptionInfo) -> str:
    if isinstance(info, ArgumentInfo):
        return info.metavar or name.upper()
    # typer takes the first of the names for a default and sorts that out later.
    first = [info.default] if str(info.default).startswith("-") else []
    if names := [*first, *(info.param_decls or ())]:
        return ", ".join(map(str, names))
    option = f"--{name.replace('_', '-')}"
    return f"{option}/--no-{name.replace('_', '-')}" if kind is bool else option


def _choices(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f" One of {', '.join(code(member.value) for member in kind)}."
    return ""


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return "required"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) or value is None:
        return ""
    return code(value.value if isinstance(value, Enum) else value)
