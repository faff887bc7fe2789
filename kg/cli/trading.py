"""Commands for the rules of the trade: consortium."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.cli.display import table
from kg.cli.root import root

if TYPE_CHECKING:
    from kg.matching import Matching
    from kg.releases import Release
    from kg.trade.candidates import Candidates
    from kg.trade.consortium import Check
    from kg.trade.teams import Team


def add(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("consortium")(consortium)


def consortium(
    context: typer.Context,
    rule: Annotated[
        str | None, typer.Argument(help="The rule of the call; without one, all are listed.")
    ] = None,
    members: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MEMBER]...", help="PIC, key, name or IRI; the first one leads."),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(help="Check the beneficiaries of a project, on the day of its signature."),
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="When countries' status counts; today."),
    ] = None,
    text: Annotated[str, typer.Option("--text", "-q", help="What the project is about.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="How many candidates to show.")] = 10,
    release: Annotated[int | None, typer.Option(help="A release; else the current one.")] = None,
) -> None:
    """Check a team against the rule of a call, and say who could fill what is missing."""
    from kg.trade import candidates, rules, showing
    from kg.trade import consortium as checking

    at = root(context)
    base = at.settings.base
    if rule is None:
        found = [rules.read(name, base) for name in rules.names()]
        listed = [[r.name, r.titles.get("en", ""), len(r.conditions)] for r in found]
        at.show([showing.rule(r) for r in found], table(["rule", "call", "conditions"], listed))
        return
    from kg import dumps
    from kg.matching import open_matching
    from kg.matching.conditions import Conditions

    asked = rules.read(rule, base)
    chosen = dumps.choose(at.workspace, release)
    matching = open_matching(chosen, base)
    today = datetime.now(UTC).date()
    team = showing.team(matching, members or (), today, base)
    if project:
        team = _joined(team, project, matching, chosen, base)
    checked = checking.check(asked, team.on(day.date()) if day else team, base)
    wish = candidates.Wish(text, conditions=Conditions())
    who = candidates.who(matching, asked, checked, wish, base)
    document = showing.verdict(asked, checked)
    document["items"] = showing.candidates(matching.landscape, who, who.rows[:limit], full=False)
    at.show(document, _text(matching, checked, who, limit))


def _joined(team: Team, project: str, matching: Matching, chosen: Release, base: str) -> Team:
    """Return the beneficiaries of a project and then the members of a team, on the day of both."""
    from kg.matching import resolving
    from kg.store import open_release
    from kg.trade import participants

    row = resolving.known(matching.landscape, "project", "project", project, base)
    store = open_release(chosen).store
    own = participants.team(matching.landscape, store, base, row, team.day)
    return own.joined_by(*team.members)


def _text(matching: Matching, checked: Check, who: Candidates, limit: int) -> str:
    """Return the outcome for people: the conditions, then the candidates."""
    rows: list[list[Any]] = [
        [_verdict(o.met, o.condition.warning), o.condition.names["en"], o.level, o.condition.needed]
        for o in checked.outcomes
    ]
    parts = [table(["", "condition", "reached", "needed"], rows)]
    if who.rows and limit:
        columns = [matching.landscape.column("organisation", n) for n in ("label", "country")]
        listed = [
            [columns[0][n], (columns[1][n] or "")[-3:], who.score(n), len(who.fills[n])]
            for n in who.rows[:limit]
        ]
        heading = f"{len(who.rows)} could fill what is missing; the best of them:"
        parts += [heading, table(["candidate", "country", "score", "fills"], listed)]
    parts.append("The team is eligible." if checked.eligible else "The team is not eligible.")
    return "\n\n".join(parts)


def _verdict(met: bool, warning: bool) -> str:  # noqa: FBT001 - two answers, one word
    if met:
        return "met"
    return "look" if warning else "missing"
