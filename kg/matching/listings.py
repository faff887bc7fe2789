"""Finding clusters, offers, requests, services and events by text, technology, place and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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


@dataclass(frozen=True)
class Listed:
    """The rows of `entry` that were found, best or by label, with the score of the text."""

    rows: list[int]
    scores: dict[int, float]


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
    rows.sort(key=lambda n: (-scores.get(n, 0.0), str(labels[n]).casefold(), n))
    return Listed(rows, {n: scores[n] for n in rows if n in scores})


def _scores(matching: Matching, text: str) -> dict[int, float]:
    """Return how well entries answer a text, 0 to 1: by their words and the concepts they have.

    Of their name in either language and all their words, the one that is most like the text counts.
    What has the words and a concept that is meant goes before what has one of both: each takes its
    share of what the other leaves open.
    """
    landscape, vocabulary = matching.landscape, matching.lexicon
    terms = {t for w in words(text) for t in (*stems(w), *vocabulary.split(w))}
    compared = Comparison(analysed(text, vocabulary))
    columns = [landscape.column("entry", name) for name in ("label", "label_de", "text")]
    scores = {
        hit.row: max(compared.likeness(analysed(c[hit.row] or "", vocabulary)) for c in columns)
        for hit in matching.entries.names(text, _FETCHED, terms)
    }
    scores = {row: score for row, score in scores.items() if score >= _LIKE}
    having: dict[int, float] = {}
    for match in concepts.meant(matching, text):
        for row in np.flatnonzero(about(landscape, (match.concept,))).tolist():
            having[row] = max(having.get(row, 0.0), match.score)
    for row, score in having.items():
        scores[row] = 1 - (1 - scores.get(row, 0.0)) * (1 - min(score, 1.0))
    return scores


_LIKE: Final = 0.35


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
