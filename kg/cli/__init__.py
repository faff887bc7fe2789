"""The command `atlas`: the one place where graph, loaders and facade are put together.

| module | commands |
|---|---|
| importing | load, imports, diff, build |
| reporting | report |
| profiling | profiles list, show, accept, reject, expire |
| curating | repair, waive, reject, choose, accept, undo, decisions, recipes, conflicts |
| linking | links, link |
| releasing | releases, use, prune, dump |
| asking | sparql, query, queries |
| serving | serve, demo |
| tokens | token create, token list, token revoke |
| describing | sources, settings, check-ontology, rules, reference |
| checking | shacl |
| evaluating | evaluate |
| trading | consortium |
| scaffolding | new |
| watching | deliver |

Heavy packages are imported inside the commands, so that `--help` answers at once. An AtlasError is
printed as one line (with `--json` as the problem details object) and the exit status is 1.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli import (
    asking,
    checking,
    curating,
    describing,
    evaluating,
    importing,
    linking,
    profiling,
    releasing,
    reporting,
    scaffolding,
    serving,
    tokens,
    trading,
    watching,
)
from kg.cli.root import Root
from kg.errors import AtlasError

app = typer.Typer(
    name="atlas",
    help="Cluster Atlas: load, validate, publish and query a graph of Europe's innovation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    importing,
    reporting,
    profiling,
    releasing,
    asking,
    serving,
    tokens,
    describing,
    checking,
    curating,
    linking,
    evaluating,
    trading,
    scaffolding,
    watching,
):
    module.add(app)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="The workspace folder; else ATLAS_HOME or ./atlas-home.")
    ] = None,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Keep the options that every command knows."""
    context.obj = Root(home=home, quiet=quiet, as_json=as_json)


def main() -> None:
    """Run the command line; AtlasErrors become a line on standard error and exit status 1."""
    # Most of what a command imports and makes lives to its end: garbage is looked for less often.
    gc.set_threshold(50_000, 20, 20)
    try:
        app()
    except AtlasError as error:
        _print_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _print_error(error: AtlasError) -> None:
    if "--json" in sys.argv:
        typer.echo(json.dumps(error.problem(), ensure_ascii=False), err=True)
        return
    typer.echo(f"{error.title}: {error.detail}", err=True)
    for name, value in error.members.items():
        typer.echo(f"  {name}: {_shown(value)}", err=True)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
