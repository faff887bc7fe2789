"""Whether explanations are true: every term of a score recomputed from what the store states.

Questions of every kind are asked, and of each some answers checked: sums are plain Python over
statements read by SPARQL (`facts`); nothing of the columns, matrices and vectors by which scores
were made is used. What an explanation gives as a constant of the text index (the relevance of a
project) or of all organisations (the best value) is taken from it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kg.matching import competences, partners
from kg.matching.circles import STEPS
from kg.matching.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyoxigraph

    from kg.matching.explanation import Ranking
    from kg.matching.index import Matching

_TOLERANCE: Final = 1e-4
_CONSORTIUM: Final = 3
_STATEMENTS: Final = 20


class Untrue(NamedTuple):
    """A term whose value does not follow from the statements, or a statement that is not there."""

    question: str
    organisation: str
    term: str
    said: float
    found: float | str


class Asked(NamedTuple):
    """What was asked: the organisation's IRI and the text, either may be missing."""

    seed: str | None
    text: str


class Audit(NamedTuple):
    """How many answers and terms were checked, how often which term, and what is not true."""

    answers: int
    terms: Mapping[str, int]
    untrue: Sequence[Untrue]


def audit(
    matching: Matching, store: pyoxigraph.Store, base: str, answers: int = 200, each: int = 10
) -> Audit:
    """Check `answers` random answers (fixed seed), `each` of a question at most."""
    facts = Facts(store, base, matching.projects.english.analyze)
    choice = np.random.default_rng(7)
    iris = matching.landscape.column("organisation", "iri")
    checked, counted = 0, defaultdict[str, int](int)
    wrong: list[Untrue] = []
    for asked, ranking in questions(matching, choice):
        terms = Terms(facts, asked)
        most = min(each, len(ranking), answers - checked)
        for row in choice.choice(ranking.found, most, replace=False).tolist():
            explanation = ranking.explanation(row, full=True)
            wrong += untrue(terms, iris[row], explanation)
            for term in explanation:
                counted[term["term"]] += 1
            checked += 1
        if checked >= answers:
            break
    return Audit(checked, dict(counted), wrong)


def questions(matching: Matching, choice: np.random.Generator) -> Iterator[tuple[Asked, Ranking]]:
    """Yield questions of every kind about labels, titles and organisations, without an end."""
    landscape = matching.landscape
    labels = [label for label in landscape.column("label", "text") if label]
    titles = [title for title in landscape.column("project", "title") if title]
    iris = landscape.column("organisation", "iri")
    while True:
        busy = choice.choice(np.flatnonzero(landscape.experience > 0), 2)
        one, other = (iris[n] for n in busy.tolist())
        label, title = str(choice.choice(labels)), str(choice.choice(titles))
        found = competences.look_up(matching, competences.Need(label))
        yield Asked(None, label), found.ranking
        yield Asked(one, ""), partners.look_up(matching, partners.Search(one)).ranking
        described = partners.look_up(matching, partners.Search(other, title, past="include"))
        yield Asked(other, described.text), described.ranking
        alone = partners.look_up(matching, partners.Search(None, title))
        yield Asked(None, alone.text), alone.ranking


def untrue(
    terms: Terms, organisation: str, explanation: Sequence[Mapping[str, Any]]
) -> list[Untrue]:
    """Return what is not true in an answer's full explanation."""
    wrong = []
    for term in explanation:
        found = terms.recomputed(organisation, term)
        missing = [s for s in term["statements"][:_STATEMENTS] if not terms.facts.states(s)]
        reasons: list[float | str] = [*map(str, missing)]
        if abs(found - term["value"]) > _TOLERANCE:
            reasons.append(found)
        for reason in reasons:
            question = " ".join(filter(None, terms.asked))
            wrong.append(Untrue(question, organisation, term["term"], term["value"], reason))
    return wrong


class Terms:
    """The terms of a question, recomputed."""

    def __init__(self, facts: Facts, asked: Asked) -> None:
        self.facts, self.asked = facts, asked

    def recomputed(self, organisation: str, term: Mapping[str, Any]) -> float:
        """Return the value of a term of an organisation's score."""
        formula: Callable[[str, Any, Any], float] = getattr(self, f"_{term['term']}")
        return formula(organisation, term.get("constants", {}), term["statements"])

    def _projects(self, organisation: str) -> set[str]:
        return self.facts.projects.get(organisation, set())

    def _size(self, project: str) -> int:
        return len(self.facts.participants[project])

    def _text(self, organisation: str, constants: Any, said: Any) -> float:
        relevance = constants["relevance"]
        assert set(relevance) <= self._projects(organisation)  # noqa: S101 - says what is wrong
        shares = sorted((relevance[s["object"]] for s in said), reverse=True)
        return float(sum(0.5**k * share for k, share in enumerate(shares)))

    def _experience(self, organisation: str, constants: Any, said: Any) -> float:
        del constants, said
        return math.log2(1 + min(len(self._projects(organisation)), 255)) / 8

    def _sme(self, organisation: str, constants: Any, said: Any) -> float:
        del organisation, constants
        return float(bool(said))

    _offer = _sme

    def _nearby(self, organisation: str, constants: Any, said: Any) -> float:
        return self._experience(organisation, constants, said) if len(said) > 1 else 0.0

    def _specialisation(self, organisation: str, constants: Any, said: Any) -> float:
        del constants
        return len(said) / (len(self._projects(organisation)) + 5)

    def _mastery(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        total = 0.0
        for iri, match in constants["match"].items():
            for one in self.facts.concept(iri):
                pattern = f"<{organisation}> atlas:masters/skos:broader* <{one}> BIND(1 AS ?x)"
                if self.facts.ask(pattern, "x"):
                    total += match
                    break
        return total

    def _technology(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        total, every = 0.0, len(self.facts.every)
        for iri, given in constants["concepts"].items():
            having = self.facts.fields[self.facts.concept(iri)]
            # What no project has adds nothing.
            information = min(math.log2(every / (len(having) or 1)) / math.log2(max(every, 2)), 1.0)
            number = min(len(having & self._projects(organisation)), 16)
            total += given["match"] * information * math.log2(1 + number) / math.log2(17)
        return total

    @cache  # noqa: B019 - as long-lived as the question
    def _closeness(self) -> dict[str, float]:
        close: dict[str, float] = defaultdict(float)
        for project in self._projects(self.asked.seed or ""):
            for partner in self.facts.participants[project]:
                close[partner] += 1 / math.log2(1 + self._size(project))
        return close

    def _cooperation(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        close, seed = self._closeness(), self.asked.seed or ""
        total = 0.0
        for project in self._projects(organisation) - self._projects(seed):
            there = self.facts.participants[project] - {seed}
            near = sum(close.get(p, 0.0) / math.sqrt(len(self._projects(p))) for p in there)
            total += near / self._size(project)
        return _softened(total, constants["best"])

    def _ties(self, start: Mapping[str, float], least: int, weight: Any) -> dict[str, float]:
        """Return the sum over the others in each project of its weight times their value."""
        found: dict[str, float] = defaultdict(float)
        touched = {p for o in start for p in self._projects(o) if self._size(p) >= least}
        for project in touched:
            there = self.facts.participants[project]
            whole = sum(start.get(o, 0.0) for o in there)
            for one in there:
                found[one] += weight(self._size(project)) * (whole - start.get(one, 0.0))
        return found

    @cache  # noqa: B019 - as long-lived as the question
    def _common(self) -> dict[str, float]:
        start = {self.asked.seed or "": 1.0}
        tie = lambda size: 1 / math.log2(1 + size)  # noqa: E731 - a formula
        return self._ties(self._ties(start, _CONSORTIUM, tie), _CONSORTIUM, tie)

    def _circle(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        sizes = [n for p in self._projects(organisation) if (n := self._size(p)) >= _CONSORTIUM]
        breadth = sum((n - 1) / math.log2(1 + n) for n in sizes)
        common = self._common().get(organisation, 0.0)
        return _softened(common / breadth**0.75, constants["best"]) if breadth else 0.0

    @cache  # noqa: B019 - as long-lived as the question
    def _ends(self) -> dict[str, float]:
        share = {self.asked.seed or "": 1.0}
        for _ in range(STEPS):
            ways = {o: sum(self._size(p) > 1 for p in self._projects(o)) for o in share}
            going = {o: value / ways[o] for o, value in share.items() if ways[o]}
            share = self._ties(going, 2, lambda size: 1 / (size - 1))
        return share

    def _walk(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        ends = self._ends().get(organisation, 0.0)
        return _softened(ends / len(self._projects(organisation)) ** 0.25, constants["best"])

    def _joint(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        both = self._projects(organisation) & self._projects(self.asked.seed or "")
        similarity = self._similarity()
        total = sum(similarity.get(p, 0.0) ** 3 / math.log2(1 + self._size(p)) for p in both)
        return _softened(total, constants["best"])

    def _alike(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        own, similarity = self._projects(organisation), self._similarity()
        total = sum(similarity.get(p, 0.0) for p in own)
        return total / math.sqrt(len(own)) / float(constants["best"])

    def _countries(self, organisation: str, constants: Any, said: Any) -> float:
        del constants, said
        seats, pairs = self.facts.countries, self.facts.country_pairs
        one, other = (seats[o] for o in (self.asked.seed or "", organisation))
        each = {c: sum(pairs[c].values()) for c in (one, other)}
        expected = each[one] * each[other] / sum(sum(row.values()) for row in pairs.values())
        return math.log((pairs[one].get(other, 0.0) + 10) / (expected + 10))

    def _named(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        if self.asked.text:
            shares = dict.fromkeys(self.facts.analysed(self.asked.text), 1.0)
        else:
            query = self._query()
            shares = {word: weight / max(query.values()) for word, weight in query.items()}
        words = self.facts.analysed(self.facts.names.get(organisation, ""))
        telling = (
            shares[w] * self.facts.rarity(w) ** constants["power"] for w in words if w in shares
        )
        return float(sum(telling))

    def _together(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        assert set(constants["worth"]) <= self._projects(organisation)  # noqa: S101
        return float(sum(constants["worth"].values()) / constants["best"])

    @cache  # noqa: B019 - as long-lived as the question
    def _query(self) -> dict[str, float]:
        if self.asked.text:
            words = self.facts.analysed(self.asked.text)
            weights = {w: math.log1p(n) * self.facts.telling(w) for w, n in words.items()}
            most = 100
        else:
            own = sorted(self._projects(self.asked.seed or ""))[-60:]
            weights, most = defaultdict(float), 60
            for project in own:
                for word, weight in self.facts.vector(project).items():
                    weights[word] += weight
        best = sorted(weights.items(), key=lambda pair: (-round(pair[1], 6), pair[0]))[:most]
        return {word: weight for word, weight in best if weight > 0}

    @cache  # noqa: B019 - as long-lived as the question
    def _similarity(self) -> dict[str, float]:
        found: dict[str, float] = defaultdict(float)
        for word, weight in self._query().items():
            for project in self.facts.having[word]:
                found[project] += weight * self.facts.vector(project)[word]
        most = max(found.values(), default=1.0)
        return {project: value / most for project, value in found.items()}

    def _similar(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        similarity, power = self._similarity(), 3 if self.asked.text else 2
        known: set[str] = set()
        if not self.asked.text:
            known = self._projects(self.asked.seed or "")
        total = sum(
            similarity.get(p, 0.0) ** power
            for p in self._projects(organisation) - known
            if self._size(p) >= _CONSORTIUM
        )
        return _softened(total, constants["best"])

    def _shares(
        self, groups: dict[Any, set[str]], information: Callable[[int], float]
    ) -> dict[Any, tuple[float, float]]:
        """Return information and share of each concept or strand that the organisation has."""
        own = self._projects(self.asked.seed or "")
        found = {g: (len(p & own), information(len(p))) for g, p in groups.items() if p & own}
        weights = {g: math.log1p(n) * info for g, (n, info) in found.items()}
        length = math.sqrt(sum(w * w for w in weights.values())) or 1.0
        return {g: (found[g][1], weights[g] / length) for g in found}

    def _shared(
        self, organisation: str, groups: Any, information: Callable[[int], float], best: float
    ) -> float:
        theirs = self._projects(organisation)
        total = 0.0
        for group, (telling, share) in self._shares(groups, information).items():
            total += math.log1p(len(groups[group] & theirs)) * telling * share
        return math.log1p(total) / best

    def _technologies(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        every = len(self.facts.every)
        information = lambda n: math.log2(every / n)  # noqa: E731 - a formula
        return self._shared(organisation, self.facts.fields, information, constants["best"])

    def _calls(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        groups = self.facts.strands
        every = sum(map(len, groups.values()))
        information = lambda n: math.log(1 + every / n)  # noqa: E731 - a formula
        return self._shared(organisation, groups, information, constants["best"])

    def _call(self, organisation: str, constants: Any, said: Any) -> float:
        del constants
        assert {s["object"] for s in said} <= self._projects(organisation)  # noqa: S101
        return math.log1p(len(said))

    @cache  # noqa: B019 - as long-lived as the question
    def _counts(self, word: str) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for project, n in self.facts.having[word].items():
            for organisation in self.facts.participants.get(project, ()):
                found[organisation] += n
        return found

    def _profile(self, organisation: str, constants: Any, said: Any) -> float:
        del said
        asked, lengths = self.facts.analysed(self.asked.text), self.facts.lengths
        average = sum(lengths.values()) / len(lengths)
        norm = 1.2 * (0.25 + 0.75 * lengths.get(organisation, 0.0) / average)
        total = 0.0
        for word in constants["terms"]:
            counts = self._counts(word)
            rarity = math.log(1 + (len(lengths) - len(counts) + 0.5) / (len(counts) + 0.5))
            number = counts.get(organisation, 0)
            total += (1 + math.log(asked[word])) * rarity * number * 2.2 / (number + norm)
        return total / float(constants["best"])


def _softened(value: float, best: float) -> float:
    return math.log1p(20 * value / best) / math.log(21)
