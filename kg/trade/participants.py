"""The team of a project: its beneficiaries, on the day on which the grant was signed.

Only they count for the minimum of a consortium; associated partners and third parties do not
(General Annexes of the Horizon Europe work programme, part B).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import pyoxigraph

from kg.terms import ontology_namespace
from kg.trade import teams
from kg.trade.teams import Team

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.matching.landscape import Landscape

_COUNTED: Final = ("CoordinatorRole", "ParticipantRole")


def team(landscape: Landscape, store: pyoxigraph.Store, base: str, row: int, today: date) -> Team:
    """Return the beneficiaries of a project, the coordinator first, on the day of its signature.

    Without such a day it is the one on which the project starts, without that `today`.
    """
    iri = landscape.column("project", "iri")[row]
    found = sorted(_beneficiaries(store, base, iri))
    rows = landscape.rows("organisation")
    members = dict.fromkeys(rows[organisation] for _, organisation in found if organisation in rows)
    written = (landscape.column("project", name)[row] for name in ("signed", "start_date"))
    day = next((d for d in map(_day, written) if d), today)
    return Team(tuple(teams.member(landscape, n) for n in members), day)


def _beneficiaries(store: pyoxigraph.Store, base: str, project: str) -> Iterator[tuple[int, str]]:
    """Yield the place of the role in the order of roles, and the organisation."""
    for participation in _objects(store, base, project, "hasProjectParticipation"):
        roles = {r.rpartition("#")[2] for r in _objects(store, base, participation, "role")}
        places = [n for n, name in enumerate(_COUNTED) if name in roles]
        for organisation in _objects(store, base, participation, "organisation"):
            if places:
                yield places[0], organisation


def _objects(store: pyoxigraph.Store, base: str, subject: str, name: str) -> Iterator[str]:
    term = pyoxigraph.NamedNode(ontology_namespace(base) + name)
    for quad in store.quads_for_pattern(pyoxigraph.NamedNode(subject), term, None):
        if isinstance(quad.object, pyoxigraph.NamedNode):
            yield quad.object.value


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
