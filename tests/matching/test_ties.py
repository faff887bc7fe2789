"""Sums over ties are those over all pairs of organisations, written out."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.matching.sparse import Matrix
from kg.matching.ties import Ties, lifts

PROJECTS, ORGANISATIONS = 5, 6
consortia = st.lists(
    st.sets(st.integers(0, ORGANISATIONS - 1)), min_size=PROJECTS, max_size=PROJECTS
)


def members_of(projects: list[set[int]]) -> Matrix:
    """Return the participations as a matrix."""
    pairs = [(p, o) for p, there in enumerate(projects) for o in there]
    rows, columns = ([pair[k] for pair in pairs] for k in (0, 1))
    return Matrix.of(rows, columns, PROJECTS, ORGANISATIONS)


@given(consortia, st.lists(st.floats(0, 9), min_size=ORGANISATIONS, max_size=ORGANISATIONS))
def test_a_sum_over_ties_is_that_over_pairs(projects: list[set[int]], given: list[float]) -> None:
    """Neither the organisation itself nor a project without others counts."""
    members = members_of(projects)
    weights = np.arange(1.0, PROJECTS + 1)
    ties = Ties.of(members, members.turned, weights)
    tie = np.zeros((ORGANISATIONS, ORGANISATIONS))
    for weight, there in zip(weights, projects, strict=True):
        for one in there:
            for other in there - {one}:
                tie[one, other] += weight

    assert ties.spread(np.array(given)) == pytest.approx(tie @ given, abs=1e-9)
    assert ties.breadth == pytest.approx(tie.sum(axis=1), abs=1e-9)


@given(consortia, st.lists(st.integers(0, 3), min_size=ORGANISATIONS, max_size=ORGANISATIONS))
def test_lifts_compare_pairs_with_those_to_expect(
    projects: list[set[int]], places: list[int]
) -> None:
    """Of what is said to be place three, nothing is known."""
    pairs: dict[tuple[int, int], float] = defaultdict(float)
    for there in projects:
        for one in there:
            for other in there - {one}:
                pairs[places[one], places[other]] += 1 / (len(there) - 1)
    each = [sum(n for (a, _), n in pairs.items() if a == place) for place in range(4)]
    sizes = np.array([len(there) for there in projects])
    weights = np.where(sizes > 1, 1 / np.maximum(sizes - 1, 1), 0.0)
    found = lifts(members_of(projects), weights, np.array(places), 3)

    for one in set(places) - {3}:
        for other in set(places) - {3}:
            expected = each[one] * each[other] / max(sum(each), 1e-9)
            lift = np.log((pairs[one, other] + 10) / (expected + 10))
            assert found[one, other] == pytest.approx(lift, abs=1e-9)
    assert not found[3].any()
    assert not found[:, 3].any()
