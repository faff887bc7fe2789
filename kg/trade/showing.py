"""What is shown of a rule, and of what came out for a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kg.matching import items, resolving
from kg.trade import countries, teams
from kg.trade.teams import Team

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from kg.matching import Matching
    from kg.matching.landscape import Landscape
    from kg.trade.candidates import Candidates, Step
    from kg.trade.consortium import Check, Outcome
    from kg.trade.rules import Condition, Rule
    from kg.trade.teams import Member


def rule(asked: Rule) -> dict[str, Any]:
    """Return what is shown of a rule."""
    return {
        "id": asked.iri,
        "name": asked.name,
        "label": asked.titles.get("en", asked.name),
        "label_de": asked.titles.get("de"),
        "description": dict(asked.descriptions),
        "source": asked.source,
        "conditions": [condition(c) for c in asked.conditions],
    }


def condition(asked: Condition) -> dict[str, Any]:
    """Return what is shown of a condition."""
    return {
        "id": asked.iri,
        "label": asked.names.get("en", asked.iri),
        "label_de": asked.names.get("de"),
        "needed": asked.needed,
        "severity": "warning" if asked.warning else "violation",
    }


def outcome(found: Outcome) -> dict[str, Any]:
    """Return what is shown of a condition for a team: the texts only when it is not met."""
    shown = condition(found.condition)
    shown |= {"met": found.met, "reached": found.level, "counted": list(found.counted)}
    if not found.met:
        shown["message"] = dict(found.condition.messages)
        shown["hint"] = dict(found.condition.hints)
    return shown


def team(matching: Matching, names: Iterable[str], day: date, base: str) -> Team:
    """Return the team of organisations that a user names, each once.

    Raises:
        ParameterError: one is not in this release, or several are called so.
    """
    landscape = matching.landscape
    iris = [resolving.organisation(matching, name, "member", base) for name in names]
    rows = [landscape.row("organisation", iri) for iri in dict.fromkeys(iris)]
    return Team(tuple(teams.member(landscape, row) for row in rows), day)


def candidates(
    landscape: Landscape, found: Candidates, rows: Iterable[int], *, full: bool | None
) -> list[dict[str, Any]]:
    """Return what is shown of candidates; without reasons when `full` is None."""
    listed = []
    for row in rows:
        item = items.organisation(landscape, row) | {"score": round(found.score(row), 6)}
        item["fills"] = [c.iri for c in found.fills[row]]
        if full is not None:
            item["explanation"] = found.explanation(landscape, row, full=full)
        listed.append(item)
    return listed


def members(landscape: Landscape, team: Team) -> list[dict[str, Any]]:
    """Return what is shown of the members, with the statements that the rule saw of each."""
    return [_member(landscape, each, team) for each in team.members]


def _member(landscape: Landscape, each: Member, team: Team) -> dict[str, Any]:
    row = landscape.row("organisation", each.iri)
    said = [{"subject": each.iri, "predicate": "country", "object": each.country}]
    said += [{"subject": c, "predicate": "hasMember", "object": each.iri} for c in each.clusters]
    return {
        "id": each.iri,
        "label": landscape.column("organisation", "label")[row],
        "country": each.country,
        "types": sorted(each.classes),
        "status": _status(each.country, team),
        "statements": [s for s in said if s["object"]],
    }


def _status(country: str | None, team: Team) -> list[dict[str, Any]]:
    return [
        {
            "name": status.name,
            "from": status.begin.isoformat(),
            "until": status.end and status.end.isoformat(),
            "certain": status.certain,
            "note": status.note,
            "source": status.source,
        }
        for status in countries.on(country, team.day)
    ]


def steps(landscape: Landscape, found: Sequence[Step]) -> list[dict[str, Any]]:
    """Return what is shown of members that would complete a team."""
    iris, labels = (
        landscape.column("organisation", "iri"),
        landscape.column("organisation", "label"),
    )
    return [
        {
            "id": iris[step.row],
            "label": labels[step.row],
            "fills": [c.iri for c in step.fills],
            "missing": [c.iri for c in step.missing],
        }
        for step in found
    ]


def verdict(asked: Rule, checked: Check) -> dict[str, Any]:
    """Return whether a team is eligible, and what came out for each condition."""
    return {
        "rule": {"id": asked.iri, "name": asked.name, "label": asked.titles.get("en", asked.name)},
        "date": checked.team.day.isoformat(),
        "eligible": checked.eligible,
        "conditions": [outcome(o) for o in checked.outcomes],
    }


def sparql(landscape: Landscape, checked: Check, found: Candidates, base: str) -> str:
    """Return a query for the organisations of the candidates' countries and of all their classes.

    Nobody among the candidates is left out; a team that misses nothing is asked for itself.
    """
    prefixes = (
        f"PREFIX atlas: <{base}ontology#>\nPREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
    )
    body = "?organisation atlas:country ?country ; rdfs:label ?label ."
    if not checked.missing or not found.rows:
        listed = " ".join(f"<{m.iri}>" for m in checked.team.members)
        where = f"VALUES ?organisation {{ {listed} }} {body}"
    else:
        rows = found.rows
        column = landscape.column("organisation", "country")
        listed = " ".join(f"<{c}>" for c in sorted({column[r] for r in rows if column[r]}))
        classes = landscape.column("organisation", "classes")
        shared = set.intersection(*(set(classes[r] or ()) for r in rows))
        types = "".join(f"?organisation a atlas:{name} . " for name in sorted(shared))
        where = f"VALUES ?country {{ {listed} }} {types}{body}"
    return f"{prefixes}SELECT DISTINCT ?organisation ?label ?country WHERE {{ {where} }}"
