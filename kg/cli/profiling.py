"""Commands on profiles that were submitted: profiles list, show, accept, reject, expire."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.display import table
from kg.cli.root import Root, root
from kg.cli.words import Language

if TYPE_CHECKING:
    from kg.profiles import Desk


class State(StrEnum):
    """What has become of a profile."""

    queued = "queued"
    accepted = "accepted"
    published = "published"
    rejected = "rejected"
    withdrawn = "withdrawn"
    expired = "expired"


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        name="profiles",
        help="Curate the profiles that were submitted: list, show, accept, reject, expire.",
        no_args_is_help=True,
    )
    group.command("list")(list_profiles)
    group.command("show")(show)
    group.command("accept")(accept)
    group.command("reject")(reject)
    group.command("expire")(expire)
    app.add_typer(group)


NameArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of the profile.")]
WhoOption = Annotated[str, typer.Option(help="Who decides, for the profile's history.")]


def _desk(at: Root) -> Desk:
    from kg.profiles import Desk
    from kg.store import Serving

    serving = Serving(at.workspace)
    return Desk(
        at.workspace, at.settings, lambda: at.rules, at.sources, lambda: serving.current().store
    )


def list_profiles(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only profiles of this state.")] = None,
) -> None:
    """List the profiles, the oldest first."""
    from kg.profiles import telling
    from kg.profiles.keeping import Shelf

    at = root(context)
    found = Shelf(at.workspace).every(state.value if state else None)
    value = [telling.summary(one) for one in found]
    header = ["id", "kind", "state", "violations", "created", "name"]
    at.show(value, table(header, [[one[name] for name in header] for one in value]))


def show(
    context: typer.Context,
    name: NameArgument,
    lang: Annotated[Language, typer.Option(help="The language of the messages.")] = Language.en,
) -> None:
    """Show a profile: what it says, what the rules find, and its history."""
    from kg.profiles import telling
    from kg.profiles.keeping import Shelf

    at = root(context)
    value = telling.whole(Shelf(at.workspace).find(name), lang.value)
    at.show(value, json.dumps(value, ensure_ascii=False, indent=1))


def accept(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of profiles.")],
    who: WhoOption = "curator",
) -> None:
    """Publish profiles of the queue, all with one release."""
    at = root(context)
    number = _desk(at).accept(names, who)
    at.show({"accepted": names, "release": number}, f"{len(names)} published with release {number}")


def reject(
    context: typer.Context,
    name: NameArgument,
    reason: Annotated[str, typer.Option(help="Why; who submitted it reads this.")],
    who: WhoOption = "curator",
) -> None:
    """Refuse a profile of the queue; what was published of it before stays."""
    at = root(context)
    _desk(at).reject(name, who, reason)
    at.show({"rejected": name}, f"{name} is rejected")


def expire(context: typer.Context) -> None:
    """End offers and requests whose last day is over, and publish without them."""
    at = root(context)
    over = _desk(at).expire()
    value = [one.id for one in over]
    at.show(
        {"expired": value}, f"{len(value)} have expired{': ' if value else ''}{' '.join(value)}"
    )
