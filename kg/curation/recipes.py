"""Recipes: the decisions that imports of a source are made under, and how often they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg import database, imports
from kg.curation.decisions import holding, today
from kg.curation.journal import Journal

if TYPE_CHECKING:
    from kg.curation.decisions import Decision
    from kg.imports import Import
    from kg.workspace import Workspace


def used(one: Import) -> dict[str, int]:
    """Return how often an import used each decision that it was made under, by id."""
    if not one.file("decisions").exists():
        return {}
    with database.small() as connection:
        rows = connection.execute(f"SELECT id, times FROM {one.table('decisions')}").fetchall()
    return {key: int(times) for key, times in rows}


def recipes(
    workspace: Workspace, base: str, source: str | None = None
) -> list[tuple[Decision, int | None]]:
    """Return the decisions that hold, and how often the source's current import used each.

    0 is told of a decision whose value no longer occurs, None of one that no import was made under
    yet. `source` leaves out other sources.

    Raises:
        WorkspaceError: a file of decisions is damaged.
    """
    every = Journal(workspace, base).every()
    current = imports.current(workspace)
    found: list[tuple[Decision, int | None]] = []
    for name in sorted({d.source for d in every if source in (None, d.source)}):
        counts = used(current[name]) if name in current else {}
        found += [(d, counts.get(d.id)) for d in holding(every, name, today())]
    return found
