"""What a query may state besides a name, and how it speaks for or against a candidate.

| property | also called | compared |
|---|---|---|
| id | iri | equal or not |
| pic | | equal or not |
| vatNumber | vat | equal or not |
| rorId | ror | equal or not |
| code | nutsCode, countryCode, notation | equal or not |
| country | | code (alpha-2, alpha-3, EL and UK too), name in any language known, IRI |
| region | | NUTS code, IRI, name; a part of a region counts half |
| city | place | spelling; one may be part of the other (`Paris`, `Paris Cedex`) |
| postcode | | equal or not |
| homepage | web, website, url, domain | the registered domain |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.reconciliation import identifiers, similarity
from kg.reconciliation.entities import CODE, IRI, PIC, ROR, VAT
from kg.reconciliation.names import key
from kg.terms import COUNTRY, NUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.reconciliation.entities import Entity

PROPERTIES: Final = {
    "id": IRI,
    "iri": IRI,
    "pic": PIC,
    "vatnumber": VAT,
    "vat": VAT,
    "rorid": ROR,
    "ror": ROR,
    "code": CODE,
    "nutscode": CODE,
    "countrycode": CODE,
    "notation": CODE,
    "country": "country",
    "region": "region",
    "city": "city",
    "place": "city",
    "postcode": "postcode",
    "homepage": "web",
    "web": "web",
    "website": "web",
    "url": "web",
    "domain": "web",
}
"""Evidence by the lower-case identifiers of properties under which it may come."""

WEIGHTS: Final = {"country": 14.0, "region": 6.0, "city": 10.0, "postcode": 6.0, "web": 20.0}
"""How much each counts beside the name, which counts `NAME`."""

NAME: Final = 70.0
LEGAL_FORM: Final = 3.0
UNKNOWN: Final = 0.5
"""What a candidate gets for a property of which the release says nothing."""


def evidence_of(pid: str) -> str | None:
    """Return the evidence that a property identifier (name, `atlas:` name or IRI) stands for."""
    return PROPERTIES.get(pid.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2].lower())


_READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    IRI: str,
    PIC: identifiers.pic,
    VAT: identifiers.vat,
    ROR: identifiers.ror,
    "web": identifiers.web,
    CODE: lambda text: text.strip().upper(),
    "postcode": lambda text: key(text).replace(" ", ""),
    "city": key,
}


class Spelling:
    """Brings values of a query into the spelling in which a release's are compared.

    Countries and regions are known by their names and codes, spelt as `names.key` does.
    """

    def __init__(self, countries: Mapping[str, str], regions: Mapping[str, str]) -> None:
        self._places = {"country": (COUNTRY, countries), "region": (NUTS, regions)}

    def spelt(self, name: str, text: str) -> str | None:
        """Return a value in that spelling; None when it cannot be one."""
        if name in self._places:
            space, known = self._places[name]
            return text if text.startswith(space) else known.get(key(text))
        return _READERS[name](text) or None


def agreement(name: str, asked: tuple[str, ...], entity: Entity) -> float | None:
    """Return how well a candidate agrees with what was asked, 0 to 1; None if it says nothing."""
    stated = (entity.iri,) if name == IRI else entity.evidence.get(name)
    if not stated:
        return None
    return max(_alike(name, a, s) for a in asked for s in stated)


def _alike(name: str, asked: str, stated: str) -> float:
    if asked == stated:
        return 1.0
    if name == "region":
        return 0.5 if stated.startswith(asked) or asked.startswith(stated) else 0.0
    if name != "city":
        return 0.0
    one, other = asked.split(), stated.split()
    if set(one) <= set(other) or set(other) <= set(one):
        return 0.95
    return similarity.names(one, other, len)
