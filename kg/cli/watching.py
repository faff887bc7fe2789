"""The command deliver: what is new goes to the webhooks of searches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from kg.cli.root import root

if TYPE_CHECKING:
    from kg.cli.root import Root
    from kg.watching.outbox import Outcome


def add(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("deliver")(deliver)


def deliver(context: typer.Context) -> None:
    """Ask the kept searches of new releases, and send once what is due to their webhooks.

    `atlas serve` does the same while it runs. Only hosts in ATLAS_WEBHOOK_HOSTS are sent to.
    """
    at = root(context)
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
