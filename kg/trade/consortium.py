"""Does a team meet the conditions of a call?

The team, the team without each member and each member alone are described as graphs
(kg.trade.teams) and validated at once against the rule (kg.trade.rules). Each has reached a level
of each condition; a member counts for a condition if alone it reaches a level, or if without it
the team reaches less.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from kg import database
from kg.errors import ParameterError
from kg.shacl import validate
from kg.statements import SCHEMA, batches
from kg.trade import teams
from kg.trade.rules import level_shape
from kg.trade.teams import Team

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.trade.rules import Condition, Rule

Levels = dict[str, int]

_MOST: Final = {False: 200, True: 50}
"""How large a team may be: where pairs of members are looked at, the work grows with the square."""
_EACH: Final = 60
"""Up to which size a team is also looked at without each member in turn."""


@dataclass(frozen=True)
class Outcome:
    """How far a team is with a condition, and which of its members count for it."""

    condition: Condition
    level: int
    counted: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Tell whether the condition is met."""
        return self.level >= self.condition.needed


@dataclass(frozen=True)
class Check:
    """A team and what came out for each condition of a rule."""

    team: Team
    outcomes: tuple[Outcome, ...]

    @property
    def eligible(self) -> bool:
        """Tell whether all conditions are met, warnings aside."""
        return not self.missing

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The conditions that are not met, warnings aside."""
        return tuple(o.condition for o in self.outcomes if not o.met and not o.condition.warning)

    @property
    def levels(self) -> Levels:
        """The level reached of each condition."""
        return {o.condition.iri: o.level for o in self.outcomes}


def check(rule: Rule, team: Team, base: str) -> Check:
    """Return what a rule says of a team.

    Raises:
        ParameterError: the team is larger than can be checked with every member left out in turn.
    """
    most = _MOST["abroadFor" in rule.terms]
    if len(team.members) > most:
        detail = (
            f"{len(team.members)} members are too many for the rule {rule.name}; at most {most}"
        )
        raise ParameterError(detail, parameter="member", limit=most)
    asked = {"urn:team": team}
    for n, member in enumerate(team.members):
        asked[f"urn:alone:{n}"] = Team((member,), team.day)
        if len(team.members) <= _EACH:
            left = team.members[:n] + team.members[n + 1 :]
            asked[f"urn:without:{n}"] = Team(left, team.day)
    found = levels(rule, asked, base)
    outcomes = []
    for condition in rule.conditions:
        iri = condition.iri
        level = found["urn:team"][iri]
        counted = tuple(
            member.iri
            for n, member in enumerate(team.members)
            if not condition.warning
            and (found[f"urn:alone:{n}"][iri] or _missed(found, n, iri, level))
        )
        outcomes.append(Outcome(condition, level, counted))
    return Check(team, tuple(outcomes))


def _missed(found: Mapping[str, Levels], number: int, iri: str, level: int) -> bool:
    without = found.get(f"urn:without:{number}")
    return without is not None and without[iri] < level


def levels(rule: Rule, asked: Mapping[str, Team], base: str) -> dict[str, Levels]:
    """Return for teams by IRI the level that each has reached of each condition by IRI."""
    table = pa.Table.from_batches(batches(teams.rows(asked, base, rule.terms)), schema=SCHEMA)
    failed: dict[str, set[str]] = defaultdict(set)
    connection = database.small()
    try:
        connection.register("statement", table)
        validation = validate(connection, rule.shapes)
        for iri, shape in connection.execute(
            f"SELECT DISTINCT focus, shape FROM {validation.table}"
        ).fetchall():
            failed[iri].add(shape)
    finally:
        connection.close()
    return {iri: {c.iri: _level(c, failed[iri]) for c in rule.conditions} for iri in asked}


def _level(condition: Condition, failed: set[str]) -> int:
    shapes = [level_shape(condition.iri, n) for n in range(1, condition.needed)]
    return sum(shape not in failed for shape in (*shapes, condition.iri))
