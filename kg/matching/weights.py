"""The weights of the terms by which partners are ranked, and how they were found.

They are what `atlas evaluate --tune` found on the projects of July 2023 to June 2024 of the full
CORDIS file, in two periods of half a year, each with what was signed before it known; rounded to
0.05, and 0 where the sign was not that of the reason given (cooperation, beside a text).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Weights = Mapping[str, float]

WEIGHTS: Final[Mapping[str, Weights]] = {
    "described": {
        "text": 0.85,
        "profile": 1.5,
        "similar": 0.5,
        "together": 0.95,
        "joint": 0.6,
        "technologies": 0.05,
        "calls": 0.1,
        "call": 0.4,
        "countries": 0.45,
        "nearby": 0.75,
        # Who takes part in much is in projects about the text by chance.
        "experience": -0.4,
    },
    "undescribed": {
        "similar": 1.35,
        "alike": 0.8,
        "cooperation": 0.55,
        "circle": 0.95,
        "walk": 1.05,
        "technologies": 0.2,
        "calls": 0.75,
        "call": 0.05,
        "countries": 0.4,
        "nearby": 0.65,
        "experience": 0.35,
    },
}
# Small graphs tell little of an organisation beyond how much it does. Found on samples of the
# projects of 5, 20 and 90 organisations (60 to 900 projects known), signed before July 2024.
_POPULAR: Final = 4.0
_EVIDENCE: Final = 200


def weights_for(text: str, projects: int | None) -> Weights:
    """Return the weights for a question with or without a text.

    The fewer `projects` of several participants the graph has, the less it tells who fits with an
    organisation, and the more experience counts; None where no organisation is asked for.
    """
    weights = WEIGHTS["described" if text else "undescribed"]
    if projects is None:
        return weights
    popular = _POPULAR * _EVIDENCE / (_EVIDENCE + projects)
    return {**weights, "experience": weights["experience"] + popular}
