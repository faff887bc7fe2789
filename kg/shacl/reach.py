"""How the statements that a result rests on are reached from its focus node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kg.shacl.paths import Alternative, Inverse, Predicate, Sequence, pushed
from kg.terms import SH

if TYPE_CHECKING:
    from kg.shacl.paths import Path
    from kg.shacl.plan import Rule
    from kg.shacl.shapes import Shapes

MISSING: Final = frozenset(
    f"{SH}{name}ConstraintComponent" for name in ("MinCount", "QualifiedMinCount", "HasValue")
)
"""Components whose results have no statement: what they ask for is not stated."""
_EQUALS: Final = SH + "EqualsConstraintComponent"
_COMPARING: Final = frozenset(
    f"{SH}{name}ConstraintComponent"
    for name in ("Equals", "Disjoint", "LessThan", "LessThanOrEquals")
)


class Step(NamedTuple):
    """One predicate that the `number`-th step of a rule's path may take; `last` ends the path."""

    rule: int
    number: int
    predicate: str
    inverse: bool
    last: bool


def steps_of(rule: Rule, number: int) -> list[Step]:
    """Return how the statements of a rule's results are reached from their focus nodes.

    A missing value has no statement, and a path without bounds none that could be told.
    """
    if rule.constraint.component in MISSING or rule.shape.path is None:
        return []
    path = pushed(rule.shape.path)
    parts = path.steps if isinstance(path, Sequence) else (path,)
    options = [_options(part) for part in parts]
    if not all(options):
        return []
    if rule.constraint.component == _EQUALS and len(options) == 1:
        options[0].append((rule.constraint.terms[0].value, False))
    return [
        Step(number, at, predicate, inverse, at == len(options) - 1)
        for at, option in enumerate(options)
        for predicate, inverse in option
    ]


def involved(shapes: Shapes, rule: Rule) -> set[str]:
    """Return the properties of the focus node that a rule about a whole node looks at.

    They are those with which the paths of the shapes inside it begin, and what these compare with.
    """
    if rule.shape.path is not None:
        return set()
    found, met = set[str](), {rule.shape.key}
    todo = list(rule.constraint.shapes)
    while todo:
        shape = shapes[todo.pop()]
        if shape.path is not None:
            found |= _beginnings(shape.path)
            compared = (c for c in shape.constraints if c.component in _COMPARING)
            found |= {term.value for c in compared for term in c.terms}
        elif shape.key not in met:
            met.add(shape.key)
            todo += [key for one in shape.constraints for key in one.shapes]
            todo += shape.properties
    return found


def _beginnings(path: Path) -> set[str]:
    first = path.steps[0] if isinstance(path, Sequence) else path
    return {predicate for predicate, inverse in _options(first) if not inverse}


def _options(part: Path) -> list[tuple[str, bool]]:
    """Return the predicates that one step may take; none if it is no single step."""
    match part:
        case Predicate(iri):
            return [(iri, False)]
        case Inverse(Predicate(iri)):
            return [(iri, True)]
        case Alternative(paths):
            options = [_options(each) for each in paths]
            return [each for option in options for each in option] if all(options) else []
    return []
