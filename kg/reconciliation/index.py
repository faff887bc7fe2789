"""The index of a release: what has which identifier, which name, and letters in common with it.

Built once for a release, in memory, and never changed after that: any number of threads may ask.

1. Identifiers lead straight to entities.
2. A name leads to all names with the same words, and to those with the most rare trigrams in
   common (kg.reconciliation.grams), of the types asked for, those of the same country preferred.
3. What was found is compared word by word and scored with the other evidence
   (kg.reconciliation.similarity, kg.reconciliation.scoring).
"""

from __future__ import annotations

import gc
import math
from bisect import bisect_left
from collections import Counter, defaultdict
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from kg.reconciliation import identifiers, similarity
from kg.reconciliation.entities import (
    CODE,
    DECISIVE,
    IRI,
    KINDS,
    ORGANISATION,
    PIC,
    PLACE,
    ROR,
    TECHNOLOGY,
    VAT,
    place,
    read,
)
from kg.reconciliation.evidence import UNKNOWN, Spelling
from kg.reconciliation.grams import Grams
from kg.reconciliation.names import Name, words
from kg.reconciliation.names import key as spelling_key
from kg.reconciliation.neighbours import Neighbours
from kg.reconciliation.scoring import Candidate, Likeness, decide, score
from kg.terms import COUNTRY, NUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from pyoxigraph import Store

    from kg.reconciliation.entities import Entity
    from kg.reconciliation.queries import Query

_COMPARED: Final = 40
"""How many of the names with most trigrams in common are compared word by word."""

_ELSEWHERE: Final = 0.75
_NOT_IN_FULL: Final = 0.95
_NOT_IN_FULL_NOR_EQUAL: Final = 0.85
_FEW_WORDS: Final = 2
_LEAST_ALIKE: Final = 0.2
_SAME_DOMAIN: Final = 50
_READERS: Final[dict[str, Callable[[str], str | None]]] = {
    IRI: str,
    PIC: identifiers.pic,
    VAT: identifiers.vat,
    ROR: identifiers.ror,
}


class Index:
    """Finds entities of a release by names and evidence."""

    def __init__(self, entities: Sequence[Entity], place: Callable[[Entity], None]) -> None:
        """Index entities; `place` completes one by where it is."""
        self.entities = entities
        self.place = place
        self.by_iri = {entity.iri: entity for entity in entities}
        self._ranks = {entity.iri: rank for rank, entity in enumerate(entities)}
        self._identified = _identified(entities)
        self._names, self._owners, self._full = _names(entities)
        self._keys: defaultdict[str, list[int]] = defaultdict(list)
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self._names):
            self._keys[name.key].append(number)
            self._named[entities[self._owners[number]].iri].append(number)
        counts = Counter(word for name in self._names for word in set(name.words))
        self._rarity = {w: math.log1p(len(self._names) / n) for w, n in counts.items()}
        self._rarest = math.log1p(len(self._names))
        self._grams = Grams.of([" ".join(name.words) for name in self._names])
        self._kinds = np.array([KINDS.index(entities[o].kind) for o in self._owners], np.int8)
        self._countries = _countries(entities, self._owners)
        self._spelling = _spelling(entities)

    @cached_property
    def _starts(self) -> list[tuple[str, int]]:
        """The words of all names with the number of the name, sorted."""
        return sorted({(w, n) for n, name in enumerate(self._names) for w in words(name.text)})

    @cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours((w, n) for n, name in enumerate(self._names) for w in name.words)

    def search(self, query: Query) -> list[Candidate]:
        """Return the candidates for a query, the best first, at most as many as it asks for."""
        candidates = [c for c in self._candidates(query) if _worth_showing(c)]
        candidates.sort(key=lambda c: (-round(c.score, 6), self._ranks[c.entity.iri]))
        typed = query.strict and query.kinds is not None and len(query.kinds) == 1
        decide(candidates, typed=typed)
        return candidates[: query.limit]

    def _candidates(self, query: Query) -> Iterator[Candidate]:
        """Yield the candidates of the types asked for, in no order.

        A text that is an identifier is no name.
        """
        asked = self._asked(query.evidence or {})
        itself = self._identifiers_in(query)
        name = Name("" if itself else query.text, typed=True)
        asked |= itself
        identified = set(self._by_identifier(asked))
        found = dict.fromkeys(identified, Likeness()) | self._by_name(
            name, query, asked, identified
        )
        for iri, likeness in found.items():
            entity = self.by_iri[iri]
            wanted = query.kinds is None or entity.kind in query.kinds
            if wanted or not query.strict:
                self.place(entity)
                compared = likeness if name.words else None
                yield score(entity, compared, asked, wanted_kind=wanted)

    def suggest(self, prefix: str, kinds: frozenset[str] | None = None) -> Iterator[Entity]:
        """Yield entities with a name in which a word begins each word of a prefix."""
        asked = words(prefix)
        if not asked:
            return
        longest = max(asked, key=len)
        first = bisect_left(self._starts, (longest, -1))
        seen: set[str] = set()
        begun = islice(self._starts, first, None)
        for word, number in begun:
            if not word.startswith(longest):
                return
            entity = self.entities[self._owners[number]]
            if entity.iri in seen or not (kinds is None or entity.kind in kinds):
                continue
            own = words(self._names[number].text)
            if all(any(w.startswith(a) for w in own) for a in asked):
                seen.add(entity.iri)
                yield entity

    def namesakes(self, shared_too: tuple[str, ...] = (VAT,)) -> list[Entity]:
        """Return the organisations that share a name or other evidence with another entity."""
        shared: set[str] = set()
        for numbers in self._keys.values():
            iris = {self.entities[self._owners[n]].iri for n in numbers}
            shared |= iris if len(iris) > 1 else set()
        for (name, _), found in self._identified.items():
            shared |= set(found) if name in shared_too and len(found) > 1 else set()
        return [e for e in self.entities if e.iri in shared and e.kind == ORGANISATION]

    def akin(self, entity: Entity, asked: Mapping[str, tuple[str, ...]]) -> Iterator[Candidate]:
        """Yield the other entities with a name or identifying evidence in common, compared.

        `asked` is evidence of the entity itself, as it holds it.
        """
        own = [self._names[number].key for number in self._named.get(entity.iri, ())]
        numbers = (number for key in own for number in self._keys[key])
        iris = {self.entities[self._owners[number]].iri for number in numbers}
        name = Name(entity.label)
        for iri in sorted((iris | set(self._by_identifier(asked))) - {entity.iri}):
            likenesses = [self._likeness(name, number) for number in self._named[iri]]
            best = max(likenesses, key=lambda one: (one.exact, one.alike, one.forms))
            self.place(self.by_iri[iri])
            yield score(self.by_iri[iri], best, asked)

    def _asked(self, evidence: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Return the evidence in the spelling of the index, without what cannot be a value."""
        found: dict[str, tuple[str, ...]] = {}
        for name, values in evidence.items():
            spelt = (self._spelling.spelt(name, value) for value in values)
            if kept := tuple(dict.fromkeys(s for s in spelt if s)):
                found[name] = kept
        return found

    def _by_identifier(self, asked: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        for name in DECISIVE:
            for value in asked.get(name, ()):
                yield from self._identified.get((name, value), ())
        for value in asked.get("web", ()):
            yield from self._identified.get(("web", value), ())[:_SAME_DOMAIN]

    def _identifiers_in(self, query: Query) -> dict[str, tuple[str, ...]]:
        """Return the identifiers that the text of a query itself is, of those that are known.

        Codes of places and technologies look like short names; they are none for other types.
        """
        readers = dict(_READERS)
        if query.kinds and query.kinds <= {PLACE, TECHNOLOGY}:
            readers[CODE] = str.upper
        values = ((name, read(query.text)) for name, read in readers.items())
        return {n: (value,) for n, value in values if value and (n, value) in self._identified}

    def _by_name(
        self,
        name: Name,
        query: Query,
        asked: Mapping[str, tuple[str, ...]],
        identified: set[str],
    ) -> dict[str, Likeness]:
        """Return how names compare with one, by the entity that has them."""
        if not name.words:
            return {}
        found: dict[str, Likeness] = {}
        of_identified = {n for iri in identified for n in self._named.get(iri, ())}
        for number in sorted(of_identified | self._compared(name, query, asked)):
            iri = self.entities[self._owners[number]].iri
            likeness = self._likeness(name, number)
            if iri not in found or _better(likeness, found[iri]):
                found[iri] = likeness
        return found

    def _compared(self, name: Name, query: Query, asked: Mapping[str, tuple[str, ...]]) -> set[int]:
        """Return the numbers of the names to compare word by word."""
        cosines = self._grams.cosines(" ".join(name.words))
        if query.kinds is not None and query.strict:
            wanted = [KINDS.index(kind) for kind in query.kinds]
            cosines[~np.isin(self._kinds, wanted)] = 0
        if "country" in asked:
            cosines[~np.isin(self._countries, [_number(c) for c in asked["country"]])] *= _ELSEWHERE
        most = min(_COMPARED, len(cosines))
        best = np.argpartition(cosines, len(cosines) - most)[len(cosines) - most :]
        close = {int(n) for n in best if cosines[n] > 0}
        if len(name.words) <= _FEW_WORDS:
            for word in name.words:
                if word not in self._rarity:
                    near = self._neighbours.near(word)
                    close |= {n for n in near if self._wanted(n, query)}
        return close | set(self._keys.get(name.key, ()))

    def _wanted(self, number: int, query: Query) -> bool:
        kind = self.entities[self._owners[number]].kind
        return query.kinds is None or not query.strict or kind in query.kinds

    def _likeness(self, name: Name, number: int) -> Likeness:
        other = self._names[number]
        same, full = name.key == other.key, bool(self._full[number])
        alike = 1.0 if same else similarity.names(name.words, other.words, self._weight)
        forms = UNKNOWN
        if name.forms or other.forms:
            both = name.forms and other.forms
            forms = float(name.forms == other.forms) if both else UNKNOWN
        elif same:
            forms = 1.0
        if not full:
            alike *= _NOT_IN_FULL if same else _NOT_IN_FULL_NOR_EQUAL
        return Likeness(alike, same and full, forms)

    def _weight(self, word: str) -> float:
        return self._rarity.get(word, self._rarest)


def build(store: Store, base: str) -> Index:
    """Return the index of a release."""
    with _without_garbage_collection():
        return Index(read(store, base), partial(place, store, base=base))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Keep the collector from going through the growing index again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _worth_showing(candidate: Candidate) -> bool:
    found = candidate.identified or candidate.features.get("web") == 1.0
    return bool(found) or candidate.likeness.alike >= _LEAST_ALIKE


def _better(one: Likeness, other: Likeness) -> bool:
    return (one.exact, one.alike, one.forms) > (other.exact, other.alike, other.forms)


def _identified(entities: Sequence[Entity]) -> dict[tuple[str, str], list[str]]:
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entity in entities:
        for name in (*DECISIVE, "web"):
            for value in entity.evidence.get(name, ()):
                found[name, value].append(entity.iri)
        found[IRI, entity.iri].append(entity.iri)
    return dict(found)


def _names(entities: Sequence[Entity]) -> tuple[list[Name], list[int], list[bool]]:
    """Return all names, the number of the entity of each, and whether it is a full name."""
    names, owners, full = [], [], []
    for number, entity in enumerate(entities):
        for group, in_full in ((entity.primary, True), (entity.secondary, False)):
            for text in group:
                if in_full or text not in entity.primary:
                    name = Name(text)
                    if name.words:
                        names.append(name)
                        owners.append(number)
                        full.append(in_full)
    return names, owners, full


def _number(country: str) -> int:
    """Return a number for a country: its alpha-3 code, read as one; 0 is no country."""
    return int.from_bytes(country.removeprefix(COUNTRY).encode()[:3])


def _countries(entities: Sequence[Entity], owners: Sequence[int]) -> NDArray[np.int32]:
    by_entity = [_number(e.evidence["country"][0]) if "country" in e.evidence else 0
                 for e in entities]  # fmt: skip
    return np.array([by_entity[owner] for owner in owners], np.int32)


def _spelling(entities: Sequence[Entity]) -> Spelling:
    """Return the spelling of countries and regions: their codes and names lead to their IRIs."""
    countries: dict[str, str] = {}
    regions: dict[str, str] = {}
    for entity in entities:
        for country in entity.evidence.get("country", ()):
            countries.setdefault(country.removeprefix(COUNTRY).lower(), country)
        if entity.kind != PLACE:
            continue
        known = countries if entity.iri.startswith(COUNTRY) else regions
        if entity.iri.startswith((COUNTRY, NUTS)):
            for text in (*entity.evidence.get(CODE, ()), *entity.primary, *entity.secondary):
                known.setdefault(spelling_key(text), entity.iri)
    return Spelling(countries, regions)
