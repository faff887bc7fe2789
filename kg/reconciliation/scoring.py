"""How well a candidate answers a query, why, and whether that is certain.

1. An identifier that is equal says it all: 100. One that differs says that it is another entity.
2. Otherwise the score is the mean of what was asked for, weighted: the name most, then web domain,
   country, city, region, postcode and the legal form. Every part is a feature of the answer.
3. A match is certain (`match`) only
   a) by IRI, PIC, ROR or code, if a name that was given is not quite another one; by VAT number, if
      the full name is the same too, for departments and daughters share one; or
   b) by a full name that is the same but for case, accents, order of words and usual abbreviations,
      with legal forms that do not contradict, in the same country, with the same web domain or the
      same city and postcode. In CORDIS, 34 names in 27,793 stand for several participants of one
      country; some of these have nothing to do with each other, even in one city: name and country
      are not enough;
   and only if no identifier contradicts and nothing else is almost as good.
   Technologies and places are certain by code, or, if such a type was asked for, by a label that
   only one of them has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.reconciliation.entities import (
    CLUSTER,
    DECISIVE,
    ORGANISATION,
    VAT,
)
from kg.reconciliation.evidence import LEGAL_FORM, NAME, UNKNOWN, WEIGHTS, agreement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.reconciliation.entities import Entity

CERTAIN_SCORE: Final = 100.0
MARGIN: Final = 6.0
"""By how many points the next candidate must be behind a certain one."""

FEATURES: Final = {
    "name": "How alike the names are, from 0 to 1; rare words count for more.",
    "legal_form": "1: the same legal form, 0: another one, 0.5: one of the names has none.",
    "country": "1: the same country, 0: another one, 0.5: not known.",
    "region": "1: the same region, 0.5: part of it or not known, 0: another one.",
    "city": "How alike the names of the cities are, from 0 to 1; 0.5: not known.",
    "postcode": "1: the same postcode, 0: another one, 0.5: not known.",
    "web": "1: the same domain, 0: another one, 0.5: not known.",
    "iri": "Whether the identifier (IRI) is equal.",
    "pic": "Whether the PIC (number of the participant register) is equal.",
    "vat": "Whether the VAT number is equal.",
    "ror": "Whether the ROR identifier is equal.",
    "code": "Whether the NUTS code, country code or notation is equal.",
}
"""What the features of a candidate say."""

_CONTRADICTED: Final = 0.6
_OTHER_KIND: Final = 0.9
_NAME_WITH_IDENTIFIER: Final = 0.35
_SAME_PLACE: Final = 0.95
_PLACES: Final = ("city", "postcode", "region", "web")
_DIFFERENT: Final = 0.5


@dataclass(frozen=True)
class Likeness:
    """How the name of a candidate compares with the one asked for.

    `alike` is from 0 to 1; `exact` says that it is the same name in full; `forms` is 1 for the
    same legal form, 0 for another, 0.5 where one has none.
    """

    alike: float = 0.0
    exact: bool = False
    forms: float = UNKNOWN


@dataclass
class Candidate:
    """An entity that may be meant; `features` say why, each from 0 to 1 or true or false."""

    entity: Entity
    likeness: Likeness
    score: float = 0.0
    match: bool = False
    features: dict[str, float | bool] = field(default_factory=dict)

    @property
    def contradicted(self) -> bool:
        """Whether an identifier that was asked for is not that of the entity."""
        return any(self.features.get(name) is False for name in DECISIVE)

    @property
    def identified(self) -> str | None:
        """The surest identifier that is equal, if any."""
        return next((name for name in DECISIVE if self.features.get(name) is True), None)


def score(
    entity: Entity,
    likeness: Likeness | None,
    asked: Mapping[str, tuple[str, ...]],
    *,
    wanted_kind: bool = True,
) -> Candidate:
    """Return a candidate with its score; `likeness` is None when no name was asked for."""
    found = Candidate(entity, likeness or Likeness())
    parts = [] if likeness is None else _of_name(found, likeness)
    for name, values in asked.items():
        agreed = agreement(name, values, entity)
        if name in WEIGHTS:
            found.features[name] = round(UNKNOWN if agreed is None else agreed, 3)
            parts.append((WEIGHTS[name], UNKNOWN if agreed is None else agreed))
        elif agreed is not None:
            found.features[name] = agreed == 1.0
    total = sum(weight for weight, _ in parts)
    mean = sum(weight * value for weight, value in parts) / total if total else 0.0
    found.score = _final(found, mean) * (1.0 if wanted_kind else _OTHER_KIND)
    return found


def _of_name(found: Candidate, likeness: Likeness) -> list[tuple[float, float]]:
    found.features["name"] = round(likeness.alike, 3)
    parts = [(NAME, likeness.alike)]
    if found.entity.kind in {ORGANISATION, CLUSTER}:
        found.features["legal_form"] = likeness.forms
        parts.append((LEGAL_FORM, likeness.forms))
    return parts


def _final(found: Candidate, mean: float) -> float:
    sure = found.identified
    if sure and sure != VAT:
        return CERTAIN_SCORE
    if sure:
        # Of those who share a VAT number, the one with the name asked for comes first.
        return CERTAIN_SCORE * (0.9 + 0.1 * mean)
    return CERTAIN_SCORE * mean * (_CONTRADICTED if found.contradicted else 1.0)


def decide(candidates: Sequence[Candidate], *, typed: bool) -> None:
    """Mark the first candidate as a match if that is certain; they are ordered by score.

    `typed` says that the query names one type of entity.
    """
    if not candidates:
        return
    best, others = candidates[0], candidates[1:]
    if best.contradicted:
        return
    if best.identified:
        best.match = _certain_by_identifier(best, others)
    elif best.entity.kind in {ORGANISATION, CLUSTER}:
        best.match = _certain_by_name(best) and not any(map(_rivals(best), others))
    else:
        best.match = typed and best.likeness.exact and not any(o.likeness.exact for o in others)


def _certain_by_identifier(best: Candidate, others: Sequence[Candidate]) -> bool:
    sure, named = best.identified, "name" in best.features
    if any(other.identified == sure and not _clearly_other(best, other) for other in others):
        return False
    if sure == VAT:
        return best.likeness.exact and best.likeness.forms >= UNKNOWN
    return not named or best.likeness.alike >= _NAME_WITH_IDENTIFIER


def _clearly_other(best: Candidate, other: Candidate) -> bool:
    """Tell whether a sharer of the VAT number has another name than the one asked for."""
    return best.identified == VAT and other.likeness.alike < best.likeness.alike - _DIFFERENT / 2


def _certain_by_name(best: Candidate) -> bool:
    same_place = min(_number(best, "city"), _number(best, "postcode")) >= _SAME_PLACE
    placed = same_place or _number(best, "web") == 1.0
    apart = any(_number(best, name, 1.0) < _DIFFERENT for name in _PLACES)
    forms = best.likeness.forms >= UNKNOWN
    return (
        best.likeness.exact and _number(best, "country") == 1.0 and placed and forms and not apart
    )


def _number(candidate: Candidate, name: str, otherwise: float = 0.0) -> float:
    return float(candidate.features.get(name, otherwise))


def _rivals(best: Candidate) -> _Rival:
    return _Rival(best.score - MARGIN)


@dataclass(frozen=True)
class _Rival:
    """Tells whether a candidate is almost as good as the best: by score, or by its full name."""

    least: float

    def __call__(self, other: Candidate) -> bool:
        elsewhere = _number(other, "country", 1.0) == 0.0
        same_name = other.likeness.exact and not elsewhere
        return other.score >= self.least or same_name
