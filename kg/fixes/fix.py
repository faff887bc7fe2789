"""What a fix is, and what it is proposed for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kg.statements import LITERAL

if TYPE_CHECKING:
    from collections.abc import Mapping

FLOOR: Final = 0.6
"""What is less sure is not proposed."""


class Fix(NamedTuple):
    """A value that would be right.

    `value` is a term of the kind that was found (an IRI for an IRI, else a lexical form); for what
    a loader rejected, the text of the cell. `predicate` is the property it is of, where that is not
    the property of the finding (a finding on a whole node). `also` are further properties of the
    same node, by IRI, whose value changes along with it (the other of two that were exchanged).
    """

    value: str
    confidence: float
    reason_en: str
    reason_de: str
    predicate: str | None = None
    also: tuple[tuple[str, str], ...] = ()


class Fault(NamedTuple):
    """A value that breaks a rule.

    `rule` is the local name of the rule; `path` the IRI of the property; `value` what was found,
    of `kind` (kg.statements) and `datatype`; `beside` the other values of the node by the local
    name of their property, for rules that compare; `label` a name of what an IRI stands for.
    """

    rule: str
    path: str | None
    value: str
    kind: int = LITERAL
    datatype: str | None = None
    beside: Mapping[str, str] = {}
    label: str | None = None


Reading = tuple[str, float, str, str]
"""What a value was read as, how sure that is, and why, in English and German."""


def local(iri: str | None) -> str:
    """Return the part of an IRI after its last `#` or `/`."""
    return (iri or "").rpartition("#")[2].rpartition("/")[2]
