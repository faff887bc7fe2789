"""Offers against requests: totals, bottlenecks, and the best assignment.

1. Offers and requests of the same product in the same unit are set against each other; what has
   another unit is told, never converted.
2. An offer can serve a request if each may: a listing with target countries is for these and its
   own country only, one without is for all.
3. The assignment serves as much as can be served (kg.trade.flow); of all ways to do so it takes
   the one with the least distance in all: 0 in the same region, 1 in the same country, 2 between
   neighbours, 3 elsewhere, times the quantity. It is found between groups of listings of the same
   place and targets, and then spread over the listings of each group.
4. A place where more is requested than offered is a bottleneck. What stays unserved says why:
   there is too little of it, or what is left is not for that country.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, Final

from kg.matching.words import fold
from kg.trade import countries, listed
from kg.trade.flow import transport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from kg.matching.landscape import Landscape
    from kg.trade.listed import Listing, Unusable

DISTANCES: Final = ("same region", "same country", "neighbouring countries", "further away")
_PLACE: Final = ("country", "region")
_COUNTRY_CODE: Final = 2


@dataclass(frozen=True)
class Assignment:
    """How much of a request an offer serves, and over which distance (a place of DISTANCES)."""

    offer: Listing
    request: Listing
    quantity: Fraction
    distance: int


@dataclass(frozen=True)
class Market:
    """All offers and requests of a product in a unit, with the best assignment."""

    product: str
    unit: str
    offers: list[Listing]
    requests: list[Listing]
    assignments: list[Assignment]

    @property
    def supply(self) -> Fraction:
        """How much is offered."""
        return sum((o.quantity for o in self.offers), Fraction())

    @property
    def demand(self) -> Fraction:
        """How much is requested."""
        return sum((r.quantity for r in self.requests), Fraction())

    @property
    def served(self) -> Fraction:
        """How much of what is requested can be served."""
        return sum((a.quantity for a in self.assignments), Fraction())

    def unserved(self) -> list[tuple[Listing, Fraction, str]]:
        """Return the requests that are not served in full: how much is missing, and why."""
        left = self._left()
        served: dict[str, Fraction] = defaultdict(Fraction)
        for a in self.assignments:
            served[a.request.iri] += a.quantity
        found = []
        for request in self.requests:
            own = served[request.iri]
            if own < request.quantity:
                reason = "more is requested than offered"
                if any(left.values()):
                    reason = "what is left is not for this country"
                found.append((request, request.quantity - own, reason))
        return found

    def _left(self) -> Mapping[str, Fraction]:
        left = {o.iri: o.quantity for o in self.offers}
        for a in self.assignments:
            left[a.offer.iri] -= a.quantity
        return left

    def places(self, name: str) -> list[dict[str, Any]]:
        """Return supply, demand and what is missing by country or region, the worst first."""
        totals: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for listing in (*self.offers, *self.requests):
            kind = "supply" if listing.kind == "Offer" else "demand"
            totals[getattr(listing, name) or ""][kind] += listing.quantity
        for request, missing, _ in self.unserved():
            totals[getattr(request, name) or ""]["unserved"] += missing
        shown = [
            {
                "place": place or None,
                "supply": number(own["supply"]),
                "demand": number(own["demand"]),
                "balance": number(own["supply"] - own["demand"]),
                "unserved": number(own["unserved"]),
                "bottleneck": own["demand"] > own["supply"],
            }
            for place, own in totals.items()
        ]
        return sorted(shown, key=lambda p: (-p["unserved"], p["balance"], p["place"] or ""))


@dataclass(frozen=True)
class Found:
    """The markets, products whose units differ, and listings that could not be used."""

    markets: list[Market]
    units: dict[str, list[str]]
    unusable: list[Unusable]


def look_up(
    landscape: Landscape,
    day: date,
    product: str | None = None,
    technology: set[int] | None = None,
) -> Found:
    """Return what is offered and requested on a day, of a product or of technologies (rows)."""
    found, unusable = listed.read(landscape, day)
    wanted = [
        listing
        for listing in found
        if (product is None or fold(product) in fold(listing.product))
        and (technology is None or technology & listing.technologies)
    ]
    return Found(*markets(wanted), unusable)


def markets(wanted: Iterable[Listing]) -> tuple[list[Market], dict[str, list[str]]]:
    """Return offers and requests by product and unit, and products with units that differ."""
    groups: dict[tuple[str, str], list[Listing]] = defaultdict(list)
    units: dict[str, dict[str, str]] = defaultdict(dict)
    for listing in wanted:
        groups[listing.key].append(listing)
        units[listing.key[0]].setdefault(listing.key[1], listing.unit)
    differing = {name: sorted(own.values()) for name, own in units.items() if len(own) > 1}
    return [market(group) for _, group in sorted(groups.items())], differing


def market(group: Sequence[Listing]) -> Market:
    """Return offers and requests of one product in one unit with their best assignment."""
    offers = [each for each in group if each.kind == "Offer"]
    requests = [each for each in group if each.kind == "Request"]
    scale = lcm(*(each.quantity.denominator for each in group))
    given, wanted = _alike(offers), _alike(requests)
    costs = {
        (i, j): distance(some[0], others[0])
        for i, some in enumerate(given)
        for j, others in enumerate(wanted)
        if allowed(some[0], others[0])
    }
    supplies, demands = ([_whole(some, scale) for some in own] for own in (given, wanted))
    left = {each.iri: each.quantity for each in group}
    assignments = [
        Assignment(offer, request, quantity, costs[i, j])
        for (i, j), amount in transport(supplies, demands, costs).items()
        for offer, request, quantity in _shared(given[i], wanted[j], Fraction(amount, scale), left)
    ]
    order = {each.iri: n for n, each in enumerate(group)}
    assignments.sort(key=lambda a: (order[a.request.iri], -a.quantity, order[a.offer.iri]))
    return Market(group[0].product, group[0].unit, offers, requests, assignments)


def _whole(some: Iterable[Listing], scale: int) -> int:
    """Return the quantity of listings together as a whole number of the smallest parts."""
    return int(sum((each.quantity for each in some), Fraction()) * scale)


def _alike(some: Iterable[Listing]) -> list[list[Listing]]:
    """Return listings in groups of one place and one set of targets, the largest ones first.

    What can serve what, and how far it is, is the same for all of a group: the best assignment is
    found between groups, of which there are few.
    """
    groups: dict[tuple[Any, ...], list[Listing]] = defaultdict(list)
    for each in some:
        groups[each.country, each.region, each.targets].append(each)
    return [sorted(own, key=lambda each: (-each.quantity, each.iri)) for own in groups.values()]


def _shared(
    offers: Iterable[Listing],
    requests: Iterable[Listing],
    amount: Fraction,
    left: dict[str, Fraction],
) -> Iterator[tuple[Listing, Listing, Fraction]]:
    """Yield who gives how much of an amount to whom, and take it off what is left of each."""
    giving = deque(offer for offer in offers if left[offer.iri])
    for request in requests:
        while giving and (quantity := min(amount, left[giving[0].iri], left[request.iri])):
            offer = giving[0]
            left[offer.iri] -= quantity
            left[request.iri] -= quantity
            amount -= quantity
            yield offer, request, quantity
            if not left[offer.iri]:
                giving.popleft()


def allowed(offer: Listing, request: Listing) -> bool:
    """Tell whether an offer and a request are for each other's country."""
    pairs = ((offer, request), (request, offer))
    return all(
        not one.targets or other.country == one.country or other.country in one.targets
        for one, other in pairs
    )


def distance(one: Listing, other: Listing) -> int:
    """Return the distance of two listings as a place in DISTANCES."""
    if _same_region(one.region, other.region):
        return 0
    if one.country is not None and one.country == other.country:
        return 1
    near = (one.country, other.country) in countries.neighbours()
    return 2 if near else 3


def _same_region(one: str | None, other: str | None) -> bool:
    """Tell whether two regions are the same, or one is in the other (NUTS codes by their begin)."""
    if not one or not other:
        return False
    short, long = sorted((one.rpartition("/")[2], other.rpartition("/")[2]), key=len)
    return len(short) > _COUNTRY_CODE and long.startswith(short)


def number(value: Fraction) -> int | float:
    """Return an exact number as JSON has it."""
    return int(value) if value.denominator == 1 else float(value)


def explanation(assignment: Assignment) -> list[dict[str, Any]]:
    """Return the terms of an assignment's score: the share that is served, and how near it is."""
    offer, request = assignment.offer, assignment.request
    share = float(assignment.quantity / request.quantity)
    near = 1 - assignment.distance / (len(DISTANCES) - 1)
    return [
        {
            "term": "share",
            "value": round(share, 6),
            "weight": 1.0,
            "contribution": round(share, 6),
            "formula": "quantity / quantity requested",
            "text": f"{number(assignment.quantity)} of {number(request.quantity)} {request.unit}",
            "statements": _said(offer, "quantity", number(offer.quantity))
            + _said(request, "quantity", number(request.quantity)),
        },
        {
            "term": "nearness",
            "value": round(near, 6),
            "weight": 0.1,
            "contribution": round(0.1 * near, 6),
            "formula": "1 - distance / 3: 0 same region, 1 same country, 2 neighbours, 3 elsewhere",
            "text": DISTANCES[assignment.distance],
            "statements": [
                said
                for listing in (offer, request)
                for name in _PLACE
                for said in _said(listing, name, getattr(listing, name))
            ],
        },
    ]


def _said(listing: Listing, predicate: str, value: Any) -> list[dict[str, Any]]:
    said = {"subject": listing.iri, "predicate": predicate, "object": value}
    return [said] if value is not None else []


def shown(assignment: Assignment) -> dict[str, Any]:
    """Return what is shown of an assignment: the request that is served, and the offer."""
    terms = explanation(assignment)
    offer, request = assignment.offer, assignment.request
    return {
        "id": request.iri,
        "label": request.label,
        "offer": offer.iri,
        "offer_label": offer.label,
        "product": request.product,
        "quantity": number(assignment.quantity),
        "unit": request.unit,
        "country": request.country,
        "region": request.region,
        "offer_country": offer.country,
        "offer_region": offer.region,
        "distance": DISTANCES[assignment.distance],
        "score": round(sum(term["contribution"] for term in terms), 6),
        "explanation": terms,
    }


def totals(market_of: Market, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return what is shown of a market: its totals, places, and what stays unserved."""

    def named(name: str) -> list[dict[str, Any]]:
        return [p | {"label": labels.get(p["place"] or "")} for p in market_of.places(name)]

    return {
        "product": market_of.product,
        "unit": market_of.unit,
        "offers": len(market_of.offers),
        "requests": len(market_of.requests),
        "supply": number(market_of.supply),
        "demand": number(market_of.demand),
        "served": number(market_of.served),
        "unserved": [
            {
                "id": request.iri,
                "label": request.label,
                "country": request.country,
                "quantity": number(missing),
                "reason": reason,
            }
            for request, missing, reason in market_of.unserved()
        ],
        "countries": named("country"),
        "regions": named("region"),
    }


def touching(found: Iterable[Assignment], wanted: set[str]) -> list[Assignment]:
    """Return the assignments from or to some countries; all of them without any."""
    return [a for a in found if not wanted or {a.offer.country, a.request.country} & wanted]
