"""The terms of the sample's release, learnt once, and queries made at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.analysis.vocabulary import Vocabulary
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from kg.store import OpenRelease


@pytest.fixture(scope="session")
def vocabulary(sample_release: OpenRelease) -> Vocabulary:
    """Return the terms of the sample."""
    return Vocabulary.of(sample_release, DEFAULT_BASE)
