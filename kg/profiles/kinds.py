"""The kinds of profiles: which classes each has, and which properties it may say something of."""

from __future__ import annotations

from typing import Final, NamedTuple

_PLACE: Final = ("country", "region", "city", "street", "postcode", "latitude", "longitude")
_LISTING: Final = (
    *("title", "description", "party", "technology", "product", "quantity", "unit"),
    *("country", "region", "targetCountry", "validFrom", "validUntil", "trlFrom", "trlTo"),
    *("developmentStage", "iprStatus", "partnerSought"),
)


class Kind(NamedTuple):
    """A kind of profile.

    `classes` are local names of the ontology, the first being that of a profile that names none;
    `name` is the property that the label is taken from; `fields` are the properties allowed, by
    their local names; `lasting` says that it ends only when it is withdrawn.
    """

    classes: tuple[str, ...]
    name: str
    fields: tuple[str, ...]
    lasting: bool


KINDS: Final = {
    "organisation": Kind(
        classes=(
            *("Organisation", "Company", "University", "ResearchOrganisation", "PublicBody"),
            *("OtherOrganisation", "NetworkPartner"),
        ),
        name="legalName",
        fields=(
            *("legalName", "shortName", "description", "pic", "vatNumber", "isSme"),
            *("activityType", *_PLACE, "homepage", "masters", "memberOf"),
        ),
        lasting=True,
    ),
    "cluster": Kind(
        classes=("Cluster",),
        name="title",
        fields=(
            *("title", "shortName", "description", *_PLACE, "homepage", "sector", "field"),
            *("memberCount", "foundedYear", "managedBy", "hasMember", "alliedWith"),
        ),
        lasting=True,
    ),
    "offer": Kind(
        classes=("Offer", "CooperationOffer", "CapacityOffer", "ServiceOffer"),
        name="title",
        fields=_LISTING,
        lasting=False,
    ),
    "request": Kind(
        classes=("Request", "CooperationRequest", "CapacityRequest", "ServiceRequest"),
        name="title",
        fields=_LISTING,
        lasting=False,
    ),
}

TEXTS: Final = frozenset(
    {"title", "description", "legalName", "shortName", "product", "partnerSought"}
)
"""Properties whose value may be said in several languages: `{"en": "…", "de": "…"}`."""

COUNTRIES: Final = frozenset({"country", "targetCountry"})
REGIONS: Final = frozenset({"region"})
TECHNOLOGIES: Final = frozenset({"technology", "masters", "sector", "field"})
THINGS: Final = frozenset({"party", "managedBy", "hasMember", "memberOf", "alliedWith"})
ADDRESSES: Final = frozenset({"homepage"})
LINKS: Final = COUNTRIES | REGIONS | TECHNOLOGIES | THINGS | ADDRESSES
"""Properties whose values are IRIs."""

MANY: Final = TECHNOLOGIES | THINGS | {"targetCountry"}
"""Properties that may have several values."""


def of_class(name: str) -> str | None:
    """Return the kind that a class, by its local name, belongs to."""
    return next((kind for kind, one in KINDS.items() if name in one.classes), None)
