"""How good reconciliation is on a release: names changed as people change them, by a fixed seed.

1. `changed` writes a name with typing errors, in another case, in another order of words, with
   another legal form, or all of these.
2. `first` tells how often the first candidate for such a name is the organisation itself.
3. `wrong` asks for each organisation as if the release did not hold it: every automatic match is
   one too many. Some participants are registered twice, under two numbers; whoever knows only
   one record matches the other one, and that is told apart (`Wrong.again`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.reconciliation.entities import ORGANISATION, VAT
from kg.reconciliation.names import Name
from kg.reconciliation.queries import Query
from kg.reconciliation.scoring import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kg.reconciliation.entities import Entity
    from kg.reconciliation.index import Index

_KIND: Final = frozenset({ORGANISATION})
_FORMS: Final = ("GmbH", "AG", "Ltd.", "S.A.", "S.r.l.", "B.V.", "Oy", "Inc.", "SpA", "S.L.")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_LONG: Final = 4
"""Shorter words are not mistyped: they would be other words."""

_CANDIDATES: Final = 50


def typing_errors(name: str, rng: random.Random) -> str:
    """Return a name with one typing error, two if it is long, in words of some length."""
    parts = name.split(" ")
    places = [i for i, part in enumerate(parts) if len(part) > _LONG and part.isalpha()]
    wanted = 2 if len(name) > 30 else 1  # noqa: PLR2004 - what counts as long
    for i in rng.sample(places, min(wanted, len(places))):
        parts[i] = _mistyped(parts[i], rng)
    return " ".join(parts)


def _mistyped(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    letter = rng.choice(_LETTERS)
    return rng.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        )
    )


def other_case(name: str, rng: random.Random) -> str:
    """Return a name in small letters, capitals or with initial capitals."""
    return rng.choice((str.lower, str.upper, str.title))(name)


def other_order(name: str, rng: random.Random) -> str:
    """Return a name with its words in another order."""
    parts = name.split()
    rng.shuffle(parts)
    return " ".join(parts)


def other_form(name: str, rng: random.Random) -> str:
    """Return a name with another legal form at its end, or without the one it has."""
    forms = Name(name).forms
    if forms and rng.random() < 0.5:  # noqa: PLR2004 - one half
        return " ".join(Name(name).words)
    kept = Name(name).words if forms else name.split()
    return " ".join((*kept, rng.choice(_FORMS)))


def everything(name: str, rng: random.Random) -> str:
    """Return a name changed in all these ways."""
    for change in (other_form, typing_errors, other_order, other_case):
        name = change(name, rng)
    return name


CHANGES: Final[Mapping[str, Callable[[str, random.Random], str]]] = {
    "typing errors": typing_errors,
    "case": other_case,
    "order of words": other_order,
    "legal form": other_form,
    "all of these": everything,
}


class First(NamedTuple):
    """How often the first candidate was right, and the names for which it was not."""

    asked: int
    right: int
    missed: Sequence[tuple[str, Entity]]

    @property
    def share(self) -> float:
        """The part that was right."""
        return self.right / self.asked if self.asked else 0.0


class Wrong(NamedTuple):
    """An automatic match of an organisation that was to be unknown; `again` if it is the same."""

    asked: Entity
    matched: Entity
    again: bool


def organisations(index: Index, size: int, seed: int) -> list[Entity]:
    """Return some organisations of an index, always the same ones for a seed."""
    found = [e for e in index.entities if e.kind == ORGANISATION]
    return random.Random(seed).sample(found, min(size, len(found)))  # noqa: S311 - no secret


def first(
    index: Index, asked: Iterable[Entity], change: str, seed: int, evidence: Sequence[str] = ()
) -> First:
    """Return how often an organisation is the first candidate for its changed name."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    count, missed = 0, []
    for entity in asked:
        name = CHANGES[change](entity.label, rng)
        query = Query(name, _KIND, evidence=_stated(entity, evidence))
        found = index.search(query)
        count += 1
        if not found or found[0].entity.iri != entity.iri:
            missed.append((name, entity))
    return First(count, count - len(missed), missed)


def wrong(index: Index, asked: Iterable[Entity], evidence: Sequence[str]) -> Iterator[Wrong]:
    """Yield the automatic matches there would be if the release did not hold an organisation."""
    for entity in asked:
        index.place(entity)
        stated = _stated(entity, evidence)
        query = Query(entity.label, _KIND, limit=_CANDIDATES, evidence=stated)
        others = [c for c in index.search(query) if c.entity is not entity]
        for candidate in others:
            candidate.match = False
        decide(others, typed=True)
        if others and others[0].match:
            yield Wrong(entity, others[0].entity, _registered_again(entity, others[0].entity))


def _stated(entity: Entity, evidence: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {name: entity.evidence[name] for name in evidence if name in entity.evidence}


def _registered_again(one: Entity, other: Entity) -> bool:
    """Tell whether two records are of one organisation: full name and place or VAT are the same."""
    same_name = {Name(n).key for n in one.primary} & {Name(n).key for n in other.primary}
    shared = [n for n in (VAT, "postcode", "web") if _shared(one, other, n)]
    return bool(same_name and shared and _shared(one, other, "country"))


def _shared(one: Entity, other: Entity, name: str) -> bool:
    return bool(set(one.evidence.get(name, ())) & set(other.evidence.get(name, ())))
