from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.reconciliation import index
from kg.reconciliation.entities import ORGANISATION, Entity
from kg.terms import COUNTRY, DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.reconciliation.index import Index
    from kg.store import OpenRelease

    Make = Callable[..., Entity]


@pytest.fixture(scope="session")
def sample_index(sample_release: OpenRelease) -> Index:
    """Return the index of the sample."""
    return index.build(sample_release.store, DEFAULT_BASE)


@pytest.fixture(scope="session")
def entity() -> Make:
    """Return what makes an entity: key, name, kind, other names, and evidence."""

    def make(
        key: str, name: str, kind: str = ORGANISATION, *others: str, **evidence: str
    ) -> Entity:
        if "country" in evidence:
            evidence["country"] = COUNTRY + evidence["country"]
        stated = {name: (value,) for name, value in evidence.items()}
        iri = f"{DEFAULT_BASE}id/{kind.lower()}/{key}"
        return Entity(iri, kind, {name: None}, dict.fromkeys(others), stated, placed=True)

    return make
