"""The weights of the terms by which partners are ranked, and how they were found.

They are what `atlas evaluate --tune` found on the projects of July 2023 to June 2024 of the full
CORDIS file, in two periods of half a year, each with what was signed before it known; rounded to
0.05. Two are not found but set, at the least weight: technologies beside a text, so that they are
shown (found was 0), and the call without a text, about which no question is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Weights = Mapping[str, float]

WEIGHTS: Final[Mapping[str, Weights]] = {
    "described": {
        "text": 0.7,
        "profile": 1.45,
        "named": 1.6,
        "similar": 0.3,
        "together": 0.8,
        "joint": 0.4,
        "technologies": 0.05,
        "calls": 0.25,
        "call": 0.3,
        "countries": 0.35,
        "nearby": 0.45,
        "experience": 0.0,
    },
    "undescribed": {
        "named": 0.4,
        "similar": 1.3,
        "alike": 0.65,
        "cooperation": 0.6,
        "circle": 0.95,
        "walk": 1.0,
        "technologies": 0.45,
        "calls": 0.9,
        "call": 0.05,
        "countries": 0.45,
        "nearby": 0.6,
        "experience": 0.05,
    },
}
# Small graphs tell little of an organisation beyond how much it does. Found on 16 samples of the
# projects of few organisations (57 to 2,622 known projects of several participants), signed before
# July 2024: what is best falls from 10 with sixty projects to 4 with 200, 1 with 1,400 and 0 with
# all, and a text leaves less to popularity.
_POPULAR: Final = {"described": 3.0, "undescribed": 10.0}
_EVIDENCE: Final = 200


def weights_for(text: str, projects: int | None) -> Weights:
    """Return the weights for a question with or without a text.

    The fewer `projects` of several participants the graph has, the less it tells who fits with an
    organisation, and the more experience counts; None where no organisation is asked for.
    """
    kind = "described" if text else "undescribed"
    weights = WEIGHTS[kind]
    if projects is None:
        return weights
    popular = _POPULAR[kind] * _EVIDENCE / (_EVIDENCE + projects)
    return {**weights, "experience": weights["experience"] + popular}
