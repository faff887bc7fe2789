"""What a store states of projects and organisations, read by SPARQL, as plain Python.

A code path beside the columns and matrices of a release: explanations are checked against it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, QuerySolutions

from kg.matching.landscape import strand
from kg.matching.naming import UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pyoxigraph

_CONSORTIUM: Final = 3


class Facts:
    """What the store says of projects and organisations, read once by SPARQL."""

    def __init__(
        self, store: pyoxigraph.Store, base: str, analyse: Callable[[str], list[str]]
    ) -> None:
        self._store, self._base, self._analyse = store, base, analyse
        self._vectors: dict[str, dict[str, float]] = {}

    def ask(self, pattern: str, *names: str) -> list[Any]:
        """Return the distinct values of some variables for a pattern."""
        listed = " ".join(f"?{name}" for name in names)
        query = (
            f"PREFIX atlas: <{self._base}ontology#> PREFIX skos:"
            " <http://www.w3.org/2004/02/skos/core#> PREFIX xsd:"
            f" <http://www.w3.org/2001/XMLSchema#> SELECT DISTINCT {listed} WHERE {{ {pattern} }}"
        )
        rows = self._store.query(query, use_default_graph_as_union=True)
        if not isinstance(rows, QuerySolutions):  # pragma: no cover - a SELECT has solutions
            return []
        return [tuple(row[name].value for name in names) for row in rows]

    def states(self, statement: Mapping[str, str]) -> bool:
        """Tell whether a statement of an explanation is in the release."""
        thing, predicate = statement["object"], statement["predicate"]
        if predicate == "legalName":
            # As it stands in the store, whatever language it is in.
            triple = f"<{statement['subject']}> atlas:legalName ?name"
            return bool(self.ask(f"{triple} FILTER(STR(?name) = {Literal(thing)})", "name"))
        value = f"<{thing}>" if "://" in thing else f'"{thing}"^^xsd:boolean'
        triple = f"<{statement['subject']}> atlas:{predicate} {value}"
        return bool(self.ask(f"{triple} BIND(1 AS ?x)", "x"))

    @cached_property
    def projects(self) -> dict[str, set[str]]:
        """The projects of each organisation."""
        return _sets(self.ask("?o atlas:participatesIn ?p", "o", "p"))

    @cached_property
    def participants(self) -> dict[str, set[str]]:
        """The organisations of each project."""
        return _sets((p, o) for o, found in self.projects.items() for p in found)

    @cached_property
    def names(self) -> dict[str, str]:
        """The legal name of each organisation that has one, of several the first."""
        return dict(sorted(self.ask("?o atlas:legalName ?n", "o", "n"), reverse=True))

    @cached_property
    def called(self) -> dict[str, set[str]]:
        """The organisations with projects that have a word in their name."""
        return _sets((w, o) for o in self.projects for w in self.analysed(self.names.get(o, "")))

    def rarity(self, word: str) -> float:
        """Return how rare a word is in names and in projects, as `kg.matching.naming` has it."""
        named, written = len(self.called.get(word, ())), len(self.having.get(word, ()))
        rarity = math.log(1 + len(self.projects) / max(named, 1))
        return rarity * math.log(1 + len(self.every) / max(written, 1)) / UNIT

    @cached_property
    def countries(self) -> dict[str, str]:
        """The country of each organisation that has one, of several the first."""
        found = self.ask("?o atlas:participatesIn ?p ; atlas:country ?c", "o", "c")
        return dict(sorted(found, reverse=True))

    @cached_property
    def country_pairs(self) -> dict[str, dict[str, float]]:
        """How many pairs of participants each two countries have, one pair for a participant."""
        found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for there in self.participants.values():
            seats = Counter(self.countries.get(o, "") for o in there)
            for one, other in product(seats, seats):
                number = seats[one] * seats[other] - (seats[one] if one == other else 0)
                found[one][other] += number / max(len(there) - 1, 1)
        return found

    @cached_property
    def same(self) -> dict[str, frozenset[str]]:
        """For each concept those that are exact matches of it, itself among them."""
        groups: dict[str, frozenset[str]] = {}
        for a, b in self.ask("?a a atlas:Technology ; skos:exactMatch ?b", "a", "b"):
            group = groups.get(a, frozenset({a})) | groups.get(b, frozenset({b}))
            groups |= dict.fromkeys(group, group)
        return groups

    @cached_property
    def fields(self) -> dict[frozenset[str], set[str]]:
        """The projects of each concept, exact matches as one."""
        pairs = self.ask("?c a atlas:Technology . ?p atlas:field ?c ; a atlas:Project", "c", "p")
        return _sets((self.concept(c), p) for c, p in pairs)

    def concept(self, iri: str) -> frozenset[str]:
        """Return a concept and its exact matches."""
        return self.same.get(iri, frozenset({iri}))

    @cached_property
    def every(self) -> set[str]:
        """All projects."""
        return {p for (p,) in self.ask("?p a atlas:Project", "p")}

    @cached_property
    def strands(self) -> dict[str, set[str]]:
        """The projects of several partners in each strand of calls."""
        topics = {p: t for p, t in self.ask("?p atlas:topic ?t", "p", "t")}  # noqa: C416 - typed
        large = (p for p, found in self.participants.items() if len(found) >= _CONSORTIUM)
        return _sets((strand(topics.get(p)), p) for p in large)

    @cached_property
    def words(self) -> dict[str, Counter[str]]:
        """How often each word is in the texts of each project, the title counted twice."""
        parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for name in ("title", "objective", "keyword"):
            pattern = f"?p a atlas:Project ; atlas:{name} ?x BIND(LANG(?x) AS ?l)"
            # English first, then what has no language.
            rank = {"en": 0, "": 1}
            found = self.ask(pattern, "p", "x", "l")
            for project, text, _ in sorted(found, key=lambda row: (rank.get(row[2], 2), row[1])):
                parts[project][name].append(text)
        return {p: self._counted(found) for p, found in parts.items()}

    def _counted(self, parts: dict[str, list[str]]) -> Counter[str]:
        title, objective = ("".join(parts[n][:1]) for n in ("title", "objective"))
        keywords = "; ".join(sorted(parts["keyword"]))
        text = ". ".join(filter(None, (title, title, keywords, objective)))
        counted = Counter(self._analyse(text))
        return Counter({word: min(n, 255) for word, n in counted.items()})

    @cached_property
    def having(self) -> dict[str, dict[str, int]]:
        """How often each word is in each project that has it."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for project, counted in self.words.items():
            for word, n in counted.items():
                found[word][project] = n
        return found

    def telling(self, word: str) -> float:
        """Return how much a word tells; nothing if it is too rare or too frequent."""
        number, every = len(self.having.get(word, ())), len(self.every)
        return math.log(1 + every / number) if 3 <= number <= 0.3 * every else 0.0  # noqa: PLR2004

    def vector(self, project: str) -> dict[str, float]:
        """Return the weights of the words of a project, as a vector of length 1; kept."""
        if project not in self._vectors:
            words = self.words.get(project, Counter())
            weights = {w: math.log1p(n) * self.telling(w) for w, n in words.items()}
            length = math.sqrt(sum(v * v for v in weights.values())) or 1.0
            self._vectors[project] = {w: v / length for w, v in weights.items() if v}
        return self._vectors[project]

    @cached_property
    def lengths(self) -> dict[str, float]:
        """How many words the projects of each organisation have in all, where they have any."""
        words: dict[str, int] = {p: sum(found.values()) for p, found in self.words.items()}
        return {
            o: total
            for o, found in self.projects.items()
            if (total := float(sum(words.get(p, 0) for p in found)))
        }

    def analysed(self, text: str) -> Counter[str]:
        """Return how often each word is in a text."""
        return Counter(self._analyse(text))


def _sets(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, set[Any]]:
    found: dict[Any, set[Any]] = defaultdict(set)
    for one, other in pairs:
        found[one].add(other)
    return found
