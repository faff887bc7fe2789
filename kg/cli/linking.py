"""Commands on links between sources: links, link."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.curating import keep
from kg.cli.display import table
from kg.cli.root import Root, root

if TYPE_CHECKING:
    from kg.links import LinkCandidate
    from kg.reconciliation.index import Index


class StateChoice(StrEnum):
    """What was decided about a candidate."""

    open = "open"
    linked = "linked"
    distinct = "distinct"


class VerdictChoice(StrEnum):
    """What can be decided about a candidate."""

    linked = "linked"
    distinct = "distinct"


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("links")(list_links)
    app.command("link")(link)


def list_links(
    context: typer.Context,
    state: Annotated[StateChoice, typer.Option(help="About which this was decided.")] = (
        StateChoice.open
    ),
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
) -> None:
    """List what may be one thing in several sources, the surest first."""
    from kg import staging
    from kg.curation import linking

    at = root(context)
    held = staging.deciding(at.workspace, at.settings, linking.SOURCE)
    found, index = _candidates(at)
    asked = [q for q in linking.questions(found, held) if q.state == state.value]
    shown = asked[:limit]
    rows = [
        [
            c.kind,
            f"{c.score:.0f}",
            *(f"{iri} {index.by_iri[iri].label}" for iri in (c.one, c.other)),
        ]
        for c, _, _ in shown
    ]
    text = table(["kind", "score", "one", "other"], rows)
    at.show([q.entry() for q in shown], f"{text}\n\n{len(shown)} of {len(asked)} {state.value}")


def link(
    context: typer.Context,
    one: Annotated[str, typer.Argument(help="The first thing, as `atlas links` has it.")],
    other: Annotated[str, typer.Argument(help="The other one.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    verdict: Annotated[
        VerdictChoice, typer.Option("--as", help="One thing, or two.")
    ] = VerdictChoice.linked,
    *,
    publish: Annotated[
        bool, typer.Option(help="Publish a release afterwards; else only `atlas build` does.")
    ] = True,
) -> None:
    """Say that two things are linked, or distinct; `atlas undo` takes it back."""
    from kg.curation import linking

    at = root(context)
    base = at.settings.base
    found, _ = _candidates(at)
    decision = linking.answer(found, one, other, verdict.value, why, base)
    keep(at, [decision], publish=publish)


def _candidates(at: Root) -> tuple[list[LinkCandidate], Index]:
    from kg import links
    from kg.reconciliation.index import build
    from kg.store import Serving

    store = Serving(at.workspace).current().store
    base = at.settings.base
    index = build(store, base)
    return links.candidates(index, store, base), index
