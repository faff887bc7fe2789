"""Finding clusters, offers, requests, services and events by text, technology, place and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kg.errors import NotFoundError, ParameterError
from kg.matching import concepts
from kg.matching.conditions import inside, ready
from kg.matching.landscape import day_number
from kg.matching.translation import in_english
from kg.matching.words import Comparison, analysed, stems, words

if TYPE_CHECKING:
    from datetime import date

    from kg.matching.conditions import Box, Mask
    from kg.matching.index import Matching
    from kg.matching.landscape import Landscape

_FETCHED: Final = 500
_OPEN: Final = 10**6


@dataclass(frozen=True)
class Sought:
    """What entries must be: of a kind (`Cluster`), and the conditions that are set."""

    kind: str
    text: str = ""
    technologies: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    region: str | None = None
    organisation: str | None = None
    on: date | None = None
    trl: int | None = None
    bbox: Box | None = None
    types: tuple[str, ...] = ()


class Score(NamedTuple):
    """How well an entry answers a text, 0 to 1: by its words, and by a concept that is meant.

    `told` is the name or text of the entry that is most like the words, `concept` the row of what
    is meant; each of both takes its share of what the other leaves open.
    """

    words: float = 0.0
    told: str = ""
    technology: float = 0.0
    concept: int | None = None

    @property
    def value(self) -> float:
        """The score as a whole."""
        return 1 - (1 - self.words) * (1 - self.technology)


@dataclass(frozen=True)
class Listed:
    """The rows of `entry` that were found, best or by label, with the score of the text."""

    rows: list[int]
    scores: dict[int, Score]


def look_up(matching: Matching, sought: Sought) -> Listed:
    """Return the entries that meet the conditions: by score if there is a text, else by label.

    Raises:
        ParameterError: a condition names something that this release does not have.
    """
    landscape = matching.landscape
    try:
        mask = _mask(landscape, sought)
    except NotFoundError as error:
        raise ParameterError(error.detail, **error.members) from error
    scores = _scores(matching, sought.text) if sought.text else {}
    if sought.text and not scores:
        scores = _scores(matching, in_english(matching, sought.text))
    rows = [n for n in np.flatnonzero(mask).tolist() if not sought.text or n in scores]
    labels = landscape.column("entry", "label")
    rows.sort(key=lambda n: (-scores.get(n, Score()).value, str(labels[n]).casefold(), n))
    return Listed(rows, {n: scores[n] for n in rows if n in scores})


def _scores(matching: Matching, text: str) -> dict[int, Score]:
    """Return how well entries answer a text: by their words and the concepts they have.

    Of their name in either language and all their words, the one that is most like the text counts.
    """
    landscape, vocabulary = matching.landscape, matching.lexicon
    terms = {t for w in words(text) for t in (*stems(w), *vocabulary.split(w))}
    compared = Comparison(analysed(text, vocabulary))
    columns = [landscape.column("entry", name) for name in ("label", "label_de", "text")]
    scores: dict[int, Score] = {}
    for row in matching.entries.names(text, _FETCHED, terms).rows.tolist():
        told = [str(column[row] or "") for column in columns]
        found = [(compared.likeness(analysed(one, vocabulary)), one) for one in told]
        words_score, best = max(found, key=lambda pair: pair[0])
        if words_score >= _LIKE:
            scores[row] = Score(words_score, best)
    for match in concepts.meant(matching, text):
        share = min(match.score, 1.0)
        for row in np.flatnonzero(about(landscape, (match.concept,))).tolist():
            known = scores.get(row, Score())
            if share > known.technology:
                scores[row] = known._replace(technology=share, concept=match.concept)
    return scores


_LIKE: Final = 0.35


def stated(landscape: Landscape, entry: int, concept: int) -> str:
    """Return the IRI of what an entry has of a concept: itself, a match of it or a narrower one."""
    below = landscape.below(int(landscape.canonical[concept]), landscape.narrower)
    chosen = landscape.pairs("entry_technology", "subject") == entry
    having = landscape.pairs("entry_technology", "object")[chosen].tolist()
    wanted = {int(landscape.canonical[c]) for c in below}
    found = next(c for c in having if int(landscape.canonical[c]) in wanted)
    return str(landscape.column("concept", "iri")[found])


def about(landscape: Landscape, wanted: tuple[int, ...]) -> Mask:
    """Return which entries have one of some concepts, or a narrower one."""
    below: set[int] = set()
    for concept in wanted:
        below |= landscape.below(int(landscape.canonical[concept]), landscape.narrower)
    having = landscape.canonical[landscape.pairs("entry_technology", "object")]
    chosen = np.isin(having, [int(landscape.canonical[c]) for c in below])
    mask = np.zeros(landscape.size("entry"), bool)
    mask[landscape.pairs("entry_technology", "subject")[chosen]] = True
    return mask


def _mask(landscape: Landscape, sought: Sought) -> Mask:
    classes: list[Any] = landscape.column("entry", "classes")
    mask = np.array([sought.kind in (c or ()) for c in classes], bool)
    if sought.types:
        mask &= _typed(classes, mask, sought.types)
    if sought.technologies:
        wanted = tuple(landscape.row("concept", t) for t in sought.technologies)
        mask &= about(landscape, wanted)
    if sought.country:
        mask &= np.logical_or.reduce([landscape.located("entry", c) for c in sought.country])
    if sought.region:
        mask &= landscape.located("entry", sought.region)
    if sought.organisation:
        mask &= _of(landscape, landscape.row("organisation", sought.organisation))
    if sought.on:
        mask &= _valid(landscape, sought.on)
    if sought.trl:
        mask &= ready(landscape, sought.trl)
    return mask & inside(landscape, "entry", sought.bbox) if sought.bbox else mask


def _typed(classes: list[Any], mask: Mask, wanted: tuple[str, ...]) -> Mask:
    """Return which entries are of any of some classes, which some of the kind must be."""
    known = {c for n in np.flatnonzero(mask).tolist() for c in classes[n]}
    if unknown := sorted(set(wanted) - known):
        detail = f"No entry is a {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        raise ParameterError(detail, parameter="type", allowed=sorted(known))
    return np.array([not set(wanted).isdisjoint(c or ()) for c in classes], bool)


def _of(landscape: Landscape, organisation: int) -> Mask:
    chosen = landscape.pairs("entry_organisation", "object") == organisation
    mask = np.zeros(landscape.size("entry"), bool)
    mask[landscape.pairs("entry_organisation", "subject")[chosen]] = True
    return mask


def _valid(landscape: Landscape, day: date) -> Mask:
    """Return which entries are valid or take place on a day; without dates they always are."""
    number = day_number(day)
    begins = [landscape.days("entry", name) for name in ("valid_from", "start_date")]
    ends = [landscape.days("entry", name) for name in ("valid_until", "end_date")]
    begun = np.logical_and.reduce([(b == -1) | (b <= number) for b in begins])
    open_still = [np.where(e == -1, _OPEN, e) >= number for e in ends]
    return np.asarray(begun & np.logical_and.reduce(open_still))
