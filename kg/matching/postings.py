"""What all projects of an organisation say together: BM25 over organisations, from memory.

A project's words are counted once; an organisation's text is that of all its projects, so its
counts are sums over them. BM25 (k1 = 1.2, b = 0.75) prefers who works on little else.
"""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from kg.matching.explanation import of_best

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kg.matching.landscape import Landscape
    from kg.matching.sparse import Vector

_K1: Final = 1.2
_B: Final = 0.75
_MOST_TERMS: Final = 100
_MOST_COUNTED: Final = 255


def count(texts: Iterable[str], analyse: Callable[[str], list[str]]) -> Mapping[str, pa.Table]:
    """Return the tables `term` and `posting` (term, project, how often) of the projects' texts."""
    numbers: dict[str, int] = {}
    columns: tuple[Any, Any, Any] = ([], [], [])
    for project, text in enumerate(texts):
        for term, often in Counter(analyse(text)).items():
            columns[0].append(numbers.setdefault(term, len(numbers)))
            columns[1].append(project)
            columns[2].append(min(often, _MOST_COUNTED))
    # Words are numbered in alphabetical order, so that numbers break ties as the words would.
    terms = sorted(numbers)
    renumbered = np.empty(len(terms), np.int32)
    renumbered[[numbers[term] for term in terms]] = np.arange(len(terms))
    columns = (renumbered[np.array(columns[0], np.int32)], *columns[1:])
    order = np.argsort(columns[0], kind="stable")
    types = (np.int32, np.int32, np.uint8)
    arrays = [np.array(c, t)[order] for c, t in zip(columns, types, strict=True)]
    names = ["term", "project", "often"]
    posting = pa.table([pa.array(a) for a in arrays], names=names)
    return {"term": pa.table({"text": terms}), "posting": posting}


def relevance(
    landscape: Landscape, query: str, analyse: Callable[[str], list[str]]
) -> tuple[Vector, float, list[str]]:
    """Return BM25 of every organisation for a query over the best, the best, and the terms used."""
    known = landscape.terms
    asked = {known[t]: 1 + log(n) for t, n in Counter(analyse(query)).items() if t in known}
    starts = landscape.posting_starts
    total = max(int(landscape.known.sum()), 1)
    telling = {
        term: weight * log(1 + total / max(int(starts[term + 1] - starts[term]), 1))
        for term, weight in asked.items()
    }
    best = sorted(telling, key=lambda t: (-telling[t], t))[:_MOST_TERMS]
    scores = np.zeros(landscape.size("organisation"))
    for term in best:
        scores += asked[term] * _term(landscape, term)
    shares, highest = of_best(scores)
    return shares, highest, [known_text(landscape, t) for t in best]


def known_text(landscape: Landscape, term: int) -> str:
    """Return the text of a term."""
    return str(landscape.column("term", "text")[term])


def _term(landscape: Landscape, term: int) -> Vector:
    """Return BM25 of every organisation for one term."""
    begin, end = landscape.posting_starts[term : term + 2]
    projects = landscape.pairs("posting", "project")[begin:end]
    often = landscape.pairs("posting", "often")[begin:end].astype(np.float64)
    counts = landscape.members.gathered(projects, often)
    having = int((counts > 0).sum())
    described = int((landscape.lengths > 0).sum())
    rarity = log(1 + (described - having + 0.5) / (having + 0.5))
    average = landscape.lengths.sum() / max(described, 1)
    norm = _K1 * (1 - _B + _B * landscape.lengths / max(average, 1e-9))
    return np.asarray(rarity * counts * (_K1 + 1) / (counts + norm + 1e-12))
