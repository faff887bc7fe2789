"""The command deliver: what is new goes to the webhooks of searches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.root import root

if TYPE_CHECKING:
    from kg.cli.root import Root
    from kg.watching.outbox import Outcome


def add(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("deliver")(deliver)


def deliver(
    context: typer.Context,
    test: Annotated[
        str | None,
        typer.Option(help="Instead, send a delivery that tells of no change for this search."),
    ] = None,
) -> None:
    """Ask the kept searches of new releases, and send once what is due to their webhooks.

    `atlas serve` does the same while it runs. Only hosts in ATLAS_WEBHOOK_HOSTS are sent to.
    """
    at = root(context)
    if test is not None:
        _try(at, test)
        return
    outcome = asyncio.run(_deliver(at))
    if outcome is None:
        at.show({"busy": True}, "Another process is delivering")
        return
    value = {
        "delivered": outcome.delivered,
        "failed": outcome.failed,
        "given_up": outcome.dead,
    }
    text = f"{outcome.delivered} delivered, {outcome.failed} failed, {outcome.dead} given up"
    at.show(value, text)


def _try(at: Root, name: str) -> None:
    from kg.errors import NotFoundError
    from kg.watching.outbox import tried
    from kg.watching.outgoing import Allowed
    from kg.watching.searches import Searches

    found = next((s for s in Searches(at.workspace).every() if s.id == name), None)
    if found is None or found.webhook is None:
        raise NotFoundError(f"There is no search {name!r} with a webhook", search=name)
    sent = tried(found, found.webhook, Allowed.by(at.settings))
    arrived = sent.state == "delivered"
    told = f"{sent.id} arrived at {found.webhook.url}" if arrived else f"Not delivered: {sent.told}"
    at.show({"id": sent.id, "delivered": arrived, "failure": sent.told or None}, told)
    if not arrived:
        raise typer.Exit(1)


async def _deliver(at: Root) -> Outcome | None:
    from api.app import create_app
    from api.watching import watching
    from kg.watching.outbox import Patience
    from kg.watching.outgoing import Allowed

    allowed = Allowed.by(at.settings)
    watched = watching(create_app(at.settings, at.workspace))
    watched.kept()
    await watched.follow_all()
    return await watched.deliver(allowed, Patience(dead=at.settings.webhook_days * 86400))
