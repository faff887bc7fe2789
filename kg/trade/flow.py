"""The best way to serve demands from supplies: as much as possible, and then as near as possible.

It is a transport problem, solved exactly as a minimum-cost maximum flow in whole numbers by the
primal-dual method (Ford and Fulkerson 1962; Ahuja, Magnanti, Orlin, Network Flows, section 9.8):

1. Find the distance of every node from the source over edges with capacity left (Bellman-Ford,
   with a queue), by the costs that remain after what potentials take off.
2. Without a way to the sink the flow is as large as it can be, and the least costly one.
3. Otherwise add the distances to the potentials and send as much as possible over edges that now
   cost nothing (Dinic's algorithm), then go on with 1.

With a few small costs there are a few rounds only, however many edges there are.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INFINITE: Final = 1 << 200


def transport(
    supplies: Sequence[int], demands: Sequence[int], costs: Mapping[tuple[int, int], int]
) -> dict[tuple[int, int], int]:
    """Return how much goes from which supply to which demand, where it is more than nothing.

    Args:
        supplies: how much there is of each.
        demands: how much is wanted by each.
        costs: what one piece costs from a supply to a demand, not below nothing; a pair that is
            not there is not possible.
    """
    net = _Network(len(supplies) + len(demands) + 2)
    source, sink = net.size - 2, net.size - 1
    for n, amount in enumerate(supplies):
        net.join(source, n, amount, 0)
    for n, amount in enumerate(demands):
        net.join(len(supplies) + n, sink, amount, 0)
    edges = {}
    for (one, other), cost in sorted(costs.items()):
        amount = min(supplies[one], demands[other])
        edges[one, other] = net.join(one, len(supplies) + other, amount, cost)
    net.fill(source, sink)
    return {pair: net.left[edge ^ 1] for pair, edge in edges.items() if net.left[edge ^ 1]}


class _Network:
    """A network of edges with what capacity is left; edge ^ 1 is the same edge backwards."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.out: list[list[int]] = [[] for _ in range(size)]
        self.head: list[int] = []
        self.left: list[int] = []
        self.cost: list[int] = []
        self.potential = [0] * size

    def join(self, tail: int, head: int, capacity: int, cost: int) -> int:
        """Add an edge and its reverse; return its number."""
        edge = len(self.head)
        for node, other, room, price in ((tail, head, capacity, cost), (head, tail, 0, -cost)):
            self.out[node].append(len(self.head))
            self.head.append(other)
            self.left.append(room)
            self.cost.append(price)
        return edge

    def fill(self, source: int, sink: int) -> None:
        """Send as much as possible, and of all ways to do so the cheapest."""
        while (distances := self._distances(source))[sink] < _INFINITE:
            for node, distance in enumerate(distances):
                if distance < _INFINITE:
                    self.potential[node] += distance
            reached = [distance < _INFINITE for distance in distances]
            while levels := self._levels(source, sink, reached):
                places = [0] * self.size
                while self._send(source, sink, levels, places):
                    pass

    def _reduced(self, tail: int, edge: int) -> int:
        return self.cost[edge] + self.potential[tail] - self.potential[self.head[edge]]

    def _distances(self, source: int) -> list[int]:
        found = [_INFINITE] * self.size
        found[source] = 0
        waiting = deque([source])
        while waiting:
            node = waiting.popleft()
            for edge in self.out[node]:
                other = self.head[edge]
                distance = found[node] + self._reduced(node, edge)
                if self.left[edge] and distance < found[other]:
                    found[other] = distance
                    waiting.append(other)
        return found

    def _levels(self, source: int, sink: int, reached: list[bool]) -> list[int] | None:
        """Return how many free edges each node is away from the source; None if the sink is not."""
        levels = [-1] * self.size
        levels[source] = 0
        waiting = deque([source])
        while waiting:
            node = waiting.popleft()
            for edge in self.out[node]:
                other = self.head[edge]
                usable = self.left[edge] and reached[other] and not self._reduced(node, edge)
                if usable and levels[other] < 0:
                    levels[other] = levels[node] + 1
                    waiting.append(other)
        return levels if levels[sink] >= 0 else None

    def _send(self, source: int, sink: int, levels: list[int], places: list[int]) -> int:
        """Send what one path of free edges takes; return how much."""
        path: list[int] = []
        node = source
        while node != sink:
            edge = self._next(node, levels, places)
            if edge is not None:
                path.append(edge)
                node = self.head[edge]
            elif path:
                node = self.head[path.pop() ^ 1]
                places[node] += 1
            else:
                return 0
        amount = min(self.left[edge] for edge in path)
        for edge in path:
            self.left[edge] -= amount
            self.left[edge ^ 1] += amount
        return amount

    def _next(self, node: int, levels: list[int], places: list[int]) -> int | None:
        """Return the next edge of a node towards the sink that has not led nowhere yet."""
        while places[node] < len(self.out[node]):
            edge = self.out[node][places[node]]
            other = self.head[edge]
            onward = levels[other] == levels[node] + 1 and not self._reduced(node, edge)
            if self.left[edge] and onward:
                return edge
            places[node] += 1
        return None
