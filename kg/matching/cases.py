"""What an evaluation over time asks: the later projects, the cases of both tasks, what is left out.

A project is later when it was signed after all that is known. Downloads of 2026 do not say when a
project was signed: there the day it starts stands for it, on both sides. Of twenty projects one
starts before it is signed; it is left out rather than asked, for it may have been known.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kg.matching.landscape import Landscape, day_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from kg.matching.sparse import Numbers

_CONSORTIUM: Final = 3
_SEED: Final = 1
# By default as much is asked: one project of so many, the newest.
_ONE_OF: Final = 7


@dataclass(frozen=True)
class Case:
    """One question: the organisation that is known, text and topic if any, and the answers."""

    seed: int
    relevant: frozenset[int]
    text: str = ""
    topic: str | None = None
    barred: Numbers | None = None


class Later(NamedTuple):
    """A project that is asked about: its known participants, how many it has, text and topic."""

    seen: Numbers
    participants: int
    text: str
    topic: str | None


@dataclass(frozen=True)
class Asked:
    """The later projects, and how many projects are not asked about, by the reason."""

    later: Sequence[Later]
    left_out: Mapping[str, int] = field(default_factory=dict)


def usual_day(landscape: Landscape) -> date | None:
    """Return the first day of the month that splits off the newest seventh of the projects.

    It is the last such day after which at least a seventh was signed; None without any date.
    """
    begun = np.sort(landscape.begun[landscape.begun >= 0])
    if not len(begun):
        return None
    newest = int(begun[len(begun) * (_ONE_OF - 1) // _ONE_OF])
    day = date(1970, 1, 1) + timedelta(days=newest)
    return day.replace(day=1)


def later_in(tables: Mapping[str, pa.Table], day: date, until: date | None) -> Asked:
    """Return the projects of the same release that were signed on a day or later."""
    whole, known = Landscape(tables), Landscape(tables, before=day)
    later = whole.begun >= day_number(day)
    beyond = np.zeros_like(later) if until is None else whole.begun >= day_number(until)
    found = []
    for project in np.flatnonzero(later & ~beyond).tolist():
        members = whole.members.row(project)
        seen = members[known.experience[members] > 0]
        found.append(_later(whole, project, seen))
    left_out = {
        "signed on the last day or later": int((later & beyond).sum()),
        "without a date": int((whole.begun < 0).sum()),
    }
    return Asked(found, left_out)


def later_of(known: Landscape, tables: Mapping[str, pa.Table]) -> Asked:
    """Return the projects of another download that begin after all that is known was signed.

    Where nothing known has a day of signature, all that the graph does not have are asked about.
    """
    other = Landscape(tables)
    rows, iris = known.rows("organisation"), other.column("organisation", "iri")
    last = int(known.days("project", "signed").max(initial=-1))
    found, left_out = [], Counter[str]()
    for project, begun in enumerate(other.begun.tolist()):
        if other.column("project", "iri")[project] in known.rows("project"):
            left_out["in the graph already"] += 1
        elif begun < 0:
            left_out["without a date"] += 1
        elif begun <= last:
            left_out["signed before the newest that is known"] += 1
        else:
            members = [rows.get(iris[n], -1) for n in other.members.row(project).tolist()]
            seen = [n for n in members if n >= 0 and known.experience[n] > 0]
            found.append(_later(other, project, np.array(seen, np.int32)))
    return Asked(found, dict(left_out))


def _later(landscape: Landscape, project: int, seen: Numbers) -> Later:
    title, keywords, objective = (
        landscape.column("project", name)[project] or ""
        for name in ("title", "keywords", "objective")
    )
    # What people put into titles and keywords says more of the subject than the prose.
    text = ". ".join(filter(None, (title, title, keywords, keywords, objective)))
    topic = landscape.column("project", "topic")[project]
    return Later(seen, len(landscape.members.row(project)), text, topic)


def described(known: Landscape, later: Sequence[Later]) -> Iterator[Case]:
    """Yield task a: one case for each later project with at least two known participants."""
    del known
    choice = np.random.default_rng(_SEED)
    for project in later:
        if not _answerable(project):
            continue
        seed = int(choice.choice(project.seen))
        others = frozenset(int(n) for n in project.seen if n != seed)
        yield Case(seed, others, project.text, project.topic)


def _answerable(project: Later) -> bool:
    """Tell whether a project has a known participant to start from, and one to find."""
    return project.participants >= _CONSORTIUM and len(project.seen) > 1


def undescribed(known: Landscape, later: Sequence[Later]) -> Iterator[Case]:
    """Yield task b: one case for each known organisation that found a new, known partner later."""
    found: dict[int, set[int]] = {}
    for project in later:
        seen = {int(n) for n in project.seen}
        for one in seen:
            found.setdefault(one, set()).update(seen - {one})
    for seed, met in sorted(found.items()):
        barred = known.together.row(seed)
        new = met - {int(n) for n in barred}
        if new:
            yield Case(seed, frozenset(new), barred=barred)


def told(known: Landscape, asked: Asked, cases: Mapping[str, str]) -> list[str]:
    """Return sentences that say what is known, what was asked, and what was left out and why."""
    small = sum(p.participants < _CONSORTIUM for p in asked.later)
    unknown = len(asked.later) - small - sum(_answerable(p) for p in asked.later)
    few = {"of fewer than three participants": small, "of fewer than two known ones": unknown}
    projects = int((known.members.sizes() > 0).sum())
    organisations = int((known.experience > 0).sum())
    lines = [
        f"Known: {projects} projects of {organisations} organisations.",
        f"Later: {len(asked.later)} projects.{_left_out(asked.left_out)}",
        f"Task a: {cases['a']} cases, one for each later project.{_left_out(few)}",
        f"Task b: {cases['b']} cases, one for each organisation that found a new, known partner.",
    ]
    if not asked.later:
        lines.append("Nothing was asked: no project is later than what is known.")
    return lines


def _left_out(reasons: Mapping[str, int]) -> str:
    said = ", ".join(f"{n} {reason}" for reason, n in reasons.items() if n)
    return f" Left out: {said}." if said else ""
