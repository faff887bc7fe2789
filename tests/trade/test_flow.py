"""The transport problem: what is served is as much as can be, and no way is cheaper."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.trade.flow import transport

AMOUNTS = st.lists(st.integers(0, 9), min_size=1, max_size=4)


def largest(supplies: list[int], demands: list[int], pairs: set[tuple[int, int]]) -> int:
    """Return the largest amount that can be served: the smallest cut, tried out."""
    best = sum(demands)
    for number in range(1 << len(demands)):
        cut = {n for n in range(len(demands)) if number >> n & 1}
        able = {i for i, j in pairs if j in cut}
        best = min(
            best,
            sum(supplies[i] for i in able)
            + sum(demand for n, demand in enumerate(demands) if n not in cut),
        )
    return best


def improvable(
    supplies: list[int],
    demands: list[int],
    costs: dict[tuple[int, int], int],
    flow: dict[tuple[int, int], int],
) -> bool:
    """Tell whether the same amount could be served for less: a cycle of negative cost is left.

    Nodes are supplies, demands, source and sink: unused supply can take another's place, and
    another demand can be served instead.
    """
    used = {i: sum(n for (a, _), n in flow.items() if a == i) for i in range(len(supplies))}
    edges: list[tuple[object, object, int]] = []
    for (i, j), cost in costs.items():
        edges.append((("s", i), ("d", j), cost))
        if flow.get((i, j)):
            edges.append((("d", j), ("s", i), -cost))
    for i, supply in enumerate(supplies):
        if used[i] < supply:
            edges.append(("source", ("s", i), 0))
        if used[i]:
            edges.append((("s", i), "source", 0))
    for j, demand in enumerate(demands):
        served = sum(n for (_, b), n in flow.items() if b == j)
        if served < demand:
            edges.append((("d", j), "sink", 0))
        if served:
            edges.append(("sink", ("d", j), 0))
    return _negative_cycle(edges)


def _negative_cycle(edges: list[tuple[object, object, int]]) -> bool:
    distance = {node: 0 for a, b, _ in edges for node in (a, b)}
    for _ in range(len(distance) + 1):
        changed = False
        for a, b, cost in edges:
            if distance[a] + cost < distance[b]:
                distance[b] = distance[a] + cost
                changed = True
        if not changed:
            return False
    return True


@given(AMOUNTS, AMOUNTS, st.data())
def test_as_much_as_possible_as_cheap_as_possible(
    supplies: list[int], demands: list[int], data: st.DataObject
) -> None:
    pairs = [(i, j) for i in range(len(supplies)) for j in range(len(demands))]
    costs = {
        pair: cost
        for pair in pairs
        if (cost := data.draw(st.one_of(st.none(), st.integers(0, 3)))) is not None
    }

    flow = transport(supplies, demands, costs)

    assert flow.keys() <= costs.keys()
    for i, supply in enumerate(supplies):
        assert sum(n for (a, _), n in flow.items() if a == i) <= supply
    for j, demand in enumerate(demands):
        assert sum(n for (_, b), n in flow.items() if b == j) <= demand
    assert sum(flow.values()) == largest(supplies, demands, set(costs))
    assert not improvable(supplies, demands, costs, flow)


def test_serving_more_comes_before_serving_near() -> None:
    """The near offer goes to who can be served by nobody else."""
    flow = transport([10, 10], [10, 10], {(0, 0): 0, (1, 0): 3, (0, 1): 3})

    assert flow == {(0, 1): 10, (1, 0): 10}


def test_nothing_goes_where_nothing_may() -> None:
    assert transport([5], [5], {}) == {}
    assert transport([], [], {}) == {}


def test_many_offers_and_requests() -> None:
    """A few hundred of each, as a crisis brings: everything that can be is served."""
    supplies = [1 + n % 7 for n in range(150)]
    demands = [1 + n % 5 for n in range(150)]
    costs = {(i, j): abs(i - j) % 4 for i in range(150) for j in range(150)}

    flow = transport(supplies, demands, costs)

    assert sum(flow.values()) == min(sum(supplies), sum(demands))
