"""What the tests of saved queries share: the queries, and the sample to ask them of."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from kg import savedqueries
from kg.identifiers import Identifiers
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from kg.savedqueries import SavedQuery, Vocabulary
    from kg.store import OpenRelease

TODAY = date(2024, 7, 1)


@pytest.fixture(scope="session")
def queries() -> dict[str, SavedQuery]:
    """Return the saved queries by name."""
    return savedqueries.discover(DEFAULT_BASE)


@pytest.fixture(scope="session")
def vocabulary(sample_release: OpenRelease) -> Vocabulary:
    """Return the sample's vocabulary, on a fixed day."""
    return savedqueries.Vocabulary(sample_release.store, Identifiers(DEFAULT_BASE), TODAY)
