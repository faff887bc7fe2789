"""Every rule by which findings are told: those of the shapes, and two kinds of our own.

| rules | found by |
|---|---|
| of the shapes | SHACL (kg.shapes) |
| `OneValueStated` | comparing what records state (kg.contradictions) |
| `Reading…` | reading the files (kg.rejections) |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg import contradictions, rejections, shapes
from kg.shapes import Rule
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Mapping


def every(base: str) -> list[Rule]:
    """Return all rules: the shapes' by file and IRI, then our own.

    Raises:
        ShapeError: a shape is not well-formed.
    """
    return [*shapes.rules(base=base), _one_value(base), *rejections.rules(base)]


def _one_value(base: str) -> Rule:
    return Rule(
        iri=base + contradictions.RULE,
        file="reading",
        severity=f"{SH}Warning",
        targets=(),
        path=None,
        names=_told("One value", "Ein einziger Wert"),
        descriptions=_told(
            "The newest statement is taken, else the most frequent one.",
            "Übernommen wird die neueste Angabe, sonst die häufigste.",
        ),
        messages=_told(
            "Other records state another value: one was taken, the other set aside.",
            "Andere Datensätze nennen einen anderen Wert: einer wurde übernommen, der andere "
            "beiseitegelegt.",
        ),
        hints=_told(
            "Correct the records at the source so that they agree.",
            "Die Datensätze an der Quelle so berichtigen, dass sie übereinstimmen.",
        ),
    )


def _told(english: str, german: str) -> Mapping[str, str]:
    return {"en": english, "de": german}
