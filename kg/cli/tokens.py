"""Commands on tokens: token create, token list, token revoke."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from kg.cli.display import table
from kg.cli.root import root


class Role(StrEnum):
    """What the holder of a token may do."""

    curator = "curator"
    operator = "operator"
    reader = "reader"


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        name="token",
        help="Make and revoke tokens: a curator writes, an operator ends queries,"
        " a reader keeps searches.",
        no_args_is_help=True,
    )
    group.command("create")(create)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    app.add_typer(group)


NameArgument = Annotated[str, typer.Argument(help="The name of the token.")]


def create(
    context: typer.Context,
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What its holder may do.")] = Role.curator,
) -> None:
    """Make a token and print it; it cannot be shown again."""
    from kg.tokens import Tokens

    at = root(context)
    with at.workspace.writing():
        token = Tokens(at.workspace).create(name, role.value)
    at.show({"name": name, "role": role.value, "token": token}, token)


def list_tokens(context: typer.Context) -> None:
    """List the tokens, without their secrets."""
    from kg.tokens import Tokens

    at = root(context)
    kept = Tokens(at.workspace).every()
    value = [{"name": t.name, "role": t.role, "created": t.created} for t in kept]
    at.show(value, table(["name", "role", "created"], [[t.name, t.role, t.created] for t in kept]))


def revoke(context: typer.Context, name: NameArgument) -> None:
    """Revoke a token; a running server refuses it from now on."""
    from kg.tokens import Tokens

    at = root(context)
    with at.workspace.writing():
        Tokens(at.workspace).revoke(name)
    at.show({"revoked": name}, f"{name} is revoked")
