"""Decisions: what a curator can decide, and which decisions hold.

A decision says what it is about by what the source itself says: source, file, record, rule, column
and the value found there. So it is still known at the next download. Without a record it is about
that value in every record: a recipe for the source.

| kind | what it does |
|---|---|
| repair | takes `new` in place of `value`; an empty `new` leaves the cell out; without a `value`, \
states `new` for the property `path` of `subject`, which the record lacks |
| waive | until `until`, the finding no longer sets its record aside |
| reject | sets the record aside, whatever it says |
| choose | of contradicting values of `path` of `subject`, `value` holds |
| link | `subject` has the property `path` with the value `value`, another thing |
| distinguish | `subject` and `value` are not to be linked, though much speaks for it |
| undo | takes back the decision `undoes` |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

from kg.errors import ParameterError
from kg.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["repair", "waive", "reject", "choose", "link", "distinguish", "undo"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Decision:
    """One decision; the module docstring says what the parts mean.

    `when` is an ISO 8601 date-time in UTC, `until` a date, the first on which it no longer holds.
    """

    id: str
    kind: Kind
    source: str
    who: str
    when: str
    why: str
    rule: str | None = None
    file: str | None = None
    record: str | None = None
    field: str | None = None
    subject: str | None = None
    path: str | None = None
    value: str | None = None
    new: str | None = None
    until: str | None = None
    confidence: float | None = None
    undoes: str | None = None

    def entry(self) -> dict[str, object]:
        """Return the parts that it has, for JSON."""
        parts = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in parts if value is not None}


def check(decision: Decision) -> Decision:
    """Return the decision if it is complete.

    Raises:
        ParameterError: something that its kind needs is missing or not as expected; it names it.
    """
    for name in _NEEDED[decision.kind]:
        if getattr(decision, name) is None:
            detail = f"A decision to {decision.kind} needs {name!r}"
            raise ParameterError(detail, parameter=name)
    for name in ("rule", "subject", "path"):
        if not is_iri(getattr(decision, name) or "urn:"):
            detail = f"{name}: an IRI was expected, not {getattr(decision, name)!r}"
            raise ParameterError(detail, parameter=name)
    if not decision.why.strip():
        raise ParameterError("A decision needs a reason", parameter="why")
    if decision.until is not None:
        _check_until(decision.until)
    if decision.kind == "repair" and decision.value is None:
        _check_added(decision)
    return decision


def _check_added(decision: Decision) -> None:
    if not decision.new:
        raise ParameterError("An empty value cannot be added", parameter="new")
    for name in ("record", "subject", "path"):
        if getattr(decision, name) is None:
            raise ParameterError(f"To add a value needs {name!r}", parameter=name)


def _check_until(until: str) -> None:
    try:
        date.fromisoformat(until)
    except ValueError:
        detail = f"until: a date such as 2027-12-31 was expected, not {until!r}"
        raise ParameterError(detail, parameter="until") from None


_NEEDED: Final[dict[Kind, tuple[str, ...]]] = {
    "repair": ("new",),
    "waive": ("rule", "until"),
    "reject": ("record",),
    "choose": ("subject", "path", "value"),
    "link": ("subject", "path", "value"),
    "distinguish": ("subject", "path", "value"),
    "undo": ("undoes",),
}


def holding(decisions: Iterable[Decision], source: str, today: date) -> list[Decision]:
    """Return the decisions on a source that hold: not taken back, not expired; oldest first."""
    own = [d for d in decisions if d.source == source]
    undone = {d.undoes for d in own if d.kind == "undo"}
    return [
        d
        for d in own
        if d.kind != "undo"
        and d.id not in undone
        and (d.until is None or date.fromisoformat(d.until) > today)
    ]


def digest(decisions: Iterable[Decision]) -> str | None:
    """Return what stands for a set of decisions in the key of an import; None if it is empty."""
    ids = sorted(d.id for d in decisions)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16] if ids else None


def today() -> date:
    """Return the day, in UTC, by which decisions expire."""
    return datetime.now(UTC).date()
