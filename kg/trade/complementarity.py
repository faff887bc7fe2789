"""What each of two clusters can give the other: what one holds of what the other seeks.

An item is a technology in a direction; its score is a sum of

| term | value |
|---|---|
| need | requests for it + 0.5 if it is a gap of the other |
| mastery | ln(1 + who masters or offers it, or a narrower one) |
| practice | ln(1 + projects about it of members), at most ln(1 + 100) |
| information | how rare the technology is: log2(projects / projects with it) |

Without mastery or practice on the other side nothing is given; what neither can give is `unmet`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.trade.clusters import ABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.trade.clusters import Clusters, Holding, Need, View

WEIGHTS: Final = {"need": 1.0, "mastery": 1.0, "practice": 0.5, "information": 0.1}
_GAP: Final = 0.5
_PROJECTS: Final = 100
_FORMULAS: Final = {
    "need": "requests for it + 0.5 if nobody there masters what is a sector or field",
    "mastery": "ln(1 + who masters or offers it or a narrower technology)",
    "practice": "ln(1 + projects about it of members), at most 100 of them",
    "information": "log2(projects / projects with it)",
}
_SHOWN: Final = 5


@dataclass(frozen=True)
class Gift:
    """A technology that one cluster holds and the other seeks."""

    giver: str
    taker: str
    concept: int
    needs: tuple[Need, ...]
    holdings: tuple[Holding, ...]
    information: float

    @property
    def able(self) -> list[Holding]:
        """Who masters or offers it."""
        return [h for h in self.holdings if h.kind in ABLE]

    @property
    def practised(self) -> list[Holding]:
        """Who has projects about it."""
        return [h for h in self.holdings if h.kind == "projects"]

    @property
    def values(self) -> dict[str, float]:
        """The values of the terms of the score."""
        requests = {n.statements[0].subject for n in self.needs if n.kind == "request"}
        gap = any(n.kind == "gap" for n in self.needs)
        projects = min(sum(h.number for h in self.practised), _PROJECTS)
        return {
            "need": len(requests) + _GAP * gap,
            "mastery": math.log1p(len({h.holder for h in self.able})),
            "practice": math.log1p(projects),
            "information": self.information,
        }

    @property
    def score(self) -> float:
        """The sum of the weighted terms."""
        return sum(WEIGHTS[name] * value for name, value in self.values.items())

    def explanation(self) -> list[dict[str, Any]]:
        """Return the terms of the score that are not zero, with the statements behind each."""
        said = {
            "need": [s for n in self.needs for s in n.statements],
            "mastery": [s for h in self.able for s in h.statements],
            "practice": [s for h in self.practised for s in h.statements],
            "information": [],
        }
        constants = {"projects": {h.holder: h.number for h in self.practised}}
        return [
            {
                "term": name,
                "value": round(value, 6),
                "weight": WEIGHTS[name],
                "contribution": round(WEIGHTS[name] * value, 6),
                "formula": _FORMULAS[name],
                "statements": [s._asdict() for s in dict.fromkeys(said[name])],
            }
            | ({"constants": constants} if name == "practice" else {})
            for name, value in self.values.items()
            if value
        ]


@dataclass(frozen=True)
class Complementarity:
    """What two clusters can give each other, best first, what neither can, and what they share."""

    gifts: list[Gift]
    unmet: list[Need]
    shared: list[int]
    only: dict[str, list[int]]


def compare(clusters: Clusters, one: str, other: str) -> Complementarity:
    """Return what two clusters, by IRI, can give each other.

    Raises:
        NotFoundError: this release has no such cluster.
    """
    views = {iri: clusters.view(iri) for iri in (one, other)}
    holdings = {iri: clusters.holdings(view) for iri, view in views.items()}
    gifts: list[Gift] = []
    unmet: list[Need] = []
    for taker, giver in ((other, one), (one, other)):
        needs = clusters.needs(views[taker], holdings[taker])
        own, missed = _given(clusters, giver, taker, needs, holdings[giver])
        gifts += own
        unmet += missed
    gifts.sort(key=lambda g: (-g.score, g.giver, g.concept))
    able = {iri: {h.concept for h in found if h.kind in ABLE} for iri, found in holdings.items()}
    only = {one: sorted(able[one] - able[other]), other: sorted(able[other] - able[one])}
    return Complementarity(gifts, unmet, sorted(able[one] & able[other]), only)


def _given(
    clusters: Clusters, giver: str, taker: str, needs: Iterable[Need], holdings: list[Holding]
) -> tuple[list[Gift], list[Need]]:
    sought: dict[int, list[Need]] = defaultdict(list)
    for need in needs:
        sought[need.concept].append(need)
    gifts, missed = [], []
    for concept, wanted in sought.items():
        below = clusters.below(concept)
        # Projects count for broader concepts already; mastery does not.
        having = tuple(
            h for h in holdings if h.concept == concept or (h.kind in ABLE and h.concept in below)
        )
        if not having:
            missed += wanted
            continue
        information = float(clusters.landscape.information[concept])
        gifts.append(Gift(giver, taker, concept, tuple(wanted), having, information))
    return gifts, missed


def shown(clusters: Clusters, gift: Gift) -> dict[str, Any]:
    """Return what is shown of a technology that one cluster can give the other."""
    concept = technology(clusters, gift.concept)
    return concept | {
        "from": gift.giver,
        "to": gift.taker,
        "score": round(gift.score, 6),
        "holders": list(dict.fromkeys(h.holder for h in gift.able)),
        "seekers": list(dict.fromkeys(n.seeker for n in gift.needs)),
        "projects": sum(h.number for h in gift.practised),
        "explanation": gift.explanation(),
    }


def technology(clusters: Clusters, concept: int) -> dict[str, Any]:
    """Return a technology with its labels."""
    names = ("iri", "label", "label_de")
    iri, label, label_de = (clusters.landscape.column("concept", n)[concept] for n in names)
    return {"id": iri, "label": label, "label_de": label_de}


def needed(clusters: Clusters, needs: Iterable[Need]) -> list[dict[str, Any]]:
    """Return what is shown of technologies that are sought."""
    return [
        technology(clusters, need.concept)
        | {
            "seeker": need.seeker,
            "kind": need.kind,
            "statements": [s._asdict() for s in need.statements],
        }
        for need in needs
    ]


def about(clusters: Clusters, view: View) -> dict[str, Any]:
    """Return what is shown of a cluster: its name, parts and how many members."""
    row = clusters.landscape.row("entry", view.iri)
    names = ("label", "country", "region", "homepage")
    shown_of = {name: clusters.landscape.column("entry", name)[row] for name in names}
    return {"id": view.iri} | shown_of | {"members": len(view.members), "clusters": view.parts[1:]}
