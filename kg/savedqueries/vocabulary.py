"""Looking up what a user calls a country, region, technology or organisation.

1. An IRI is taken if it is a thing of that class in the release.
2. A code (country code, NUTS code, EuroSciVoc notation, PIC, slug) is looked up as one.
3. Anything else is a name: as it is written, else without regard to case; main names first, then
   other names. Of concepts that are exact matches of each other, the atlas's own is taken.
4. A name that several things have, or none, is a ParameterError with the candidates: those whose
   names hold the text, else those whose names are most like it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions

from kg.matching.words import dice, trigrams, words
from kg.savedqueries.kinds import read_iri, read_text, refuse
from kg.terms import COUNTRY, NUTS, RDFS_LABEL, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from pyoxigraph import Store

    from kg.identifiers import Identifiers
    from kg.savedqueries.definition import Parameter
    from kg.savedqueries.kinds import Term

MOST_CANDIDATES: Final = 10

# The languages of EuroSciVoc and of our own scheme.
_LANGUAGES: Final = ("en", "de", "fr", "it", "es", "pl")

# ISO 3166-1 codes and those that the institutions of the European Union write instead.
_EU_CODES: Final = {"GB": "UK", "GR": "EL"}
_COUNTRY_CODE = re.compile(r"[A-Za-z]{2}")
_AUTHORITY_CODE = re.compile(r"[A-Za-z]{3}")
_NUTS_CODE = re.compile(r"[A-Za-z]{2}[0-9A-Za-z]{1,3}")
_PIC = re.compile(r"[0-9]{9}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NOTATION = re.compile(r"[0-9]+")

_EXISTS: Final = "ASK {{ {entity} a {cls} }}"
_HAVING: Final = (
    "SELECT DISTINCT ?entity {{ ?entity {predicate} {value} ; a {cls} }} ORDER BY ?entity"
)
_NAMED: Final = "SELECT DISTINCT ?entity ?label {{ {values} ?entity a {cls} ; {path} ?label }}"
_AS_WRITTEN: Final = "VALUES ?label {{ {written} }}"
_MOST_HITS: Final = 200
_MOST_LIKE: Final = 5000
_LIKE: Final = 0.4
_PIECE: Final = 4
_PIECES: Final = 32
_CODES: Final = "SELECT DISTINCT ?code {{ ?country {predicate} ?code }} ORDER BY ?code"
_MATCHING: Final = "ASK {{ {one} ({exact}|^{exact})* {other} }}"


class _Names(NamedTuple):
    """A class, and the properties that name its things: the main ones, and the others."""

    what: str
    cls: NamedNode
    main: tuple[NamedNode, ...]
    other: tuple[NamedNode, ...] = ()


class _Hit(NamedTuple):
    """A thing with the name by which it was found."""

    entity: NamedNode
    label: str


@dataclass(frozen=True)
class Vocabulary:
    """What the values of parameters are looked up in: a release's store, and the day."""

    store: Store
    identifiers: Identifiers
    today: date

    def country(self, parameter: Parameter, text: str) -> NamedNode:
        """Return the country of a code, name or IRI.

        Raises:
            ParameterError: there is none, or several.
        """
        names = _Names("country", self._term("Country"), (NamedNode(RDFS_LABEL),))
        found: list[NamedNode] = []
        if _COUNTRY_CODE.fullmatch(text):
            code = _EU_CODES.get(text.upper(), text.upper())
            found = self._having(names, self._term("countryCode"), code)
        elif _AUTHORITY_CODE.fullmatch(text):
            found = self._existing(names, COUNTRY + text.upper())
        else:
            return self._called(parameter, text, names)
        if not found:
            query = _CODES.format(predicate=self._term("countryCode"))
            allowed = [row["code"].value for row in self._select(query)]
            raise refuse(parameter, text, parameter.kind.expected, allowed=allowed)
        return found[0]

    def region(self, parameter: Parameter, text: str) -> NamedNode:
        """Return the region of a NUTS code or the beginning of one, a name or an IRI.

        Raises:
            ParameterError: there is none, or several.
        """
        if _COUNTRY_CODE.fullmatch(text):
            return self.country(parameter, text)
        # Countries are regions by IRI or code, but not by name: some share it with a region.
        cls = self._term("Place" if "://" in text else "Region")
        names = _Names("region", cls, (NamedNode(RDFS_LABEL),))
        found: list[NamedNode] = []
        if _NUTS_CODE.fullmatch(text):
            found = self._existing(names, NUTS + text.upper())
        return found[0] if found else self._called(parameter, text, names)

    def technology(self, parameter: Parameter, text: str) -> NamedNode:
        """Return the concept of an IRI, slug, notation or label in any language.

        Raises:
            ParameterError: there is none, or several that are no exact matches of each other.
        """
        main = (NamedNode(SKOS + "prefLabel"), NamedNode(RDFS_LABEL))
        other = (NamedNode(SKOS + "altLabel"),)
        names = _Names("technology", self._term("Technology"), main, other)
        found: list[NamedNode] = []
        if _SLUG.fullmatch(text):
            found = self._existing(names, self.identifiers.entity("technology", text))
        if not found and _NOTATION.fullmatch(text):
            found = self._having(names, NamedNode(SKOS + "notation"), text)
        return found[0] if len(found) == 1 else self._called(parameter, text, names)

    def organisation(self, parameter: Parameter, text: str) -> NamedNode:
        """Return the organisation of an IRI, PIC or name.

        Raises:
            ParameterError: there is none, or several.
        """
        main = (self._term("legalName"), NamedNode(RDFS_LABEL))
        names = _Names("organisation", self._term("Organisation"), main, (self._term("shortName"),))
        found: list[NamedNode] = []
        if _PIC.fullmatch(text):
            found = self._having(names, self._term("pic"), text)
        return found[0] if len(found) == 1 else self._called(parameter, text, names)

    def _called(self, parameter: Parameter, text: str, names: _Names) -> NamedNode:
        """Return the one thing with an IRI or a name."""
        if "://" in text:
            found = self._existing(names, read_iri(parameter, text).value)
            if not found:
                raise refuse(parameter, text, f"the IRI of a {names.what} in this release")
            return found[0]
        name = read_text(parameter, text)
        # Reading all names once takes less time than going through them by SPARQL for each test.
        low, every = name.value.lower(), list[_Hit]()
        for predicates in filter(None, (names.main, names.other)):
            written = self._written(names, predicates, name)
            if not written:
                read = self._named(names, predicates)
                written = [hit for hit in read if hit.label.lower() == low]
                every += read
            hits = sorted(written, key=_order)[:_MOST_HITS]
            entities = self._distinct(hit.entity for hit in hits)
            if len(entities) == 1:
                return entities[0]
            if entities:
                raise _ambiguous(parameter, text, names, hits)
        inside = sorted({hit for hit in every if low in hit.label.lower()}, key=_order)
        raise _unknown(parameter, text, names, inside[:_MOST_HITS] or _nearest(every, low))

    def _distinct(self, entities: Iterable[NamedNode]) -> list[NamedNode]:
        """Return entities once each; exact matches of the first, which is our own if any is."""
        ours = self.identifiers.base
        ordered = sorted(set(entities), key=lambda e: (not e.value.startswith(ours), e.value))
        return [e for e in ordered if e == ordered[0] or not self._matching(ordered[0], e)]

    def _matching(self, one: NamedNode, other: NamedNode) -> bool:
        exact = NamedNode(SKOS + "exactMatch")
        return self._ask(_MATCHING.format(one=one, other=other, exact=exact))

    def _existing(self, names: _Names, iri: str) -> list[NamedNode]:
        entity = NamedNode(iri)
        return [entity] if self._ask(_EXISTS.format(entity=entity, cls=names.cls)) else []

    def _having(self, names: _Names, predicate: NamedNode, text: str) -> list[NamedNode]:
        query = _HAVING.format(cls=names.cls, predicate=predicate, value=Literal(text))
        return [_node(row["entity"]) for row in self._select(query)]

    def _written(
        self, names: _Names, predicates: tuple[NamedNode, ...], name: Literal
    ) -> list[_Hit]:
        """Return the things that are called so, in any language."""
        tagged = [Literal(name.value, language=language) for language in _LANGUAGES]
        values = _AS_WRITTEN.format(written=" ".join(map(str, [name, *tagged])))
        return self._named(names, predicates, values)

    def _named(
        self, names: _Names, predicates: tuple[NamedNode, ...], values: str = ""
    ) -> list[_Hit]:
        """Return the things of a class with their names."""
        path = "|".join(map(str, predicates))
        query = _NAMED.format(values=values, cls=names.cls, path=path)
        rows = self.store.query(query, use_default_graph_as_union=True)
        assert isinstance(rows, QuerySolutions)  # noqa: S101 - our own SELECT comes here
        return [_Hit(entity, label.value) for entity, label in rows]

    def _term(self, name: str) -> NamedNode:
        return NamedNode(self.identifiers.ontology + name)

    def _select(self, query: str) -> Iterator[dict[str, Term]]:
        solutions = self.store.query(query, use_default_graph_as_union=True)
        assert isinstance(solutions, QuerySolutions)  # noqa: S101 - our own SELECTs come here
        names = [variable.value for variable in solutions.variables]
        for solution in solutions:
            yield {name: solution[name] for name in names}

    def _ask(self, query: str) -> bool:
        answer = self.store.query(query, use_default_graph_as_union=True)
        assert isinstance(answer, QueryBoolean)  # noqa: S101 - our own ASKs come here
        return bool(answer)


def _order(hit: _Hit) -> tuple[int, str, str]:
    return len(hit.label), hit.label, hit.entity.value


def _nearest(every: Iterable[_Hit], name: str) -> list[_Hit]:
    """Return the things whose names are most like a misspelt one, the likest first.

    Only names that have four letters in a row with it are compared.
    """
    long = [word for word in re.findall(r"\w+", name) if len(word) > _PIECE]
    pieces = dict.fromkeys(w[n : n + _PIECE] for w in long for n in range(len(w) - _PIECE + 1))
    sought = list(pieces)[:_PIECES]
    having = {hit for hit in every if any(map(hit.label.lower().__contains__, sought))}
    asked = trigrams(" ".join(words(name)))
    likened = [
        (dice(asked, trigrams(" ".join(words(hit.label)))), hit)
        for hit in sorted(having, key=_order)[:_MOST_LIKE]
    ]
    likened.sort(key=lambda pair: (-pair[0], pair[1].label, pair[1].entity.value))
    return [hit for like, hit in likened if like >= _LIKE]


def _node(term: Term) -> NamedNode:
    assert isinstance(term, NamedNode)  # noqa: S101 - releases hold no blank nodes
    return term


def _candidates(hits: list[_Hit]) -> list[dict[str, str]]:
    labels: dict[str, str] = {}
    for hit in hits:
        labels.setdefault(hit.entity.value, hit.label)
    return [{"id": i, "label": name} for i, name in list(labels.items())[:MOST_CANDIDATES]]


def _ambiguous(parameter: Parameter, text: str, names: _Names, hits: list[_Hit]) -> Exception:
    candidates = _candidates(hits)
    listed = ", ".join(c["id"] for c in candidates)
    expected = f"one {names.what}, but several have that name: {listed}"
    return refuse(parameter, text, expected, candidates=candidates)


def _unknown(parameter: Parameter, text: str, names: _Names, hits: list[_Hit]) -> Exception:
    candidates = _candidates(hits)
    similar = "; ".join(c["label"] for c in candidates)
    expected = f"{parameter.kind.expected}; no {names.what} in this release has that name"
    expected += f"; similar: {similar}" if similar else ""
    return refuse(parameter, text, expected, candidates=candidates)
