"""A seeded graph in the shape of the CORDIS load: `python benchmarks/generate.py 1000000 out.nq`.

The same seed and size give the same bytes. Names, amounts and links follow the proportions of the
real file: about six and a half participations per project, a long tail of organisations, half the
total costs zero, one amount with ten fraction digits that no fixed scale holds.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.terms import COUNTRY, DEFAULT_BASE, EUROSCIVOC, NUTS, RDF_TYPE, RDFS_LABEL, SKOS, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE: Final = DEFAULT_BASE
ATLAS: Final = BASE + "ontology#"
# What one project brings on average, its share of the organisations included.
_TRIPLES_PER_PROJECT: Final = 98
_COUNTRIES: Final = [
    "DEU",
    "FRA",
    "ITA",
    "ESP",
    "NLD",
    "BEL",
    "GRC",
    "GBR",
    "AUT",
    "SWE",
    "PRT",
    "DNK",
    "FIN",
    "IRL",
    "POL",
    "NOR",
    "CHE",
    "CZE",
    "ROU",
    "HUN",
    "SVN",
    "TUR",
    "BGR",
    "HRV",
    "EST",
    "CYP",
    "LTU",
    "LUX",
    "SVK",
    "LVA",
    "ISR",
    "UKR",
    "ISL",
    "SRB",
    "MLT",
    "USA",
]
_ROLES: Final = ("ParticipantRole", "AssociatedPartnerRole", "ThirdPartyRole")
_WORDS: Final = [
    "quantum",
    "smart",
    "green",
    "digital",
    "photonic",
    "energy",
    "grid",
    "battery",
    "hydrogen",
    "cell",
    "vaccine",
    "soil",
    "ocean",
    "climate",
    "robot",
    "sensor",
    "network",
    "data",
    "cloud",
    "steel",
    "carbon",
    "forest",
    "plasma",
    "membrane",
    "genome",
    "neural",
    "laser",
    "mobility",
    "urban",
    "rail",
    "drone",
    "satellite",
    "circular",
    "bio",
    "nano",
    "micro",
    "hybrid",
    "secure",
    "open",
    "health",
    "cancer",
    "plant",
    "water",
    "air",
    "waste",
    "heat",
    "storage",
    "edge",
    "twin",
    "material",
    "polymer",
    "design",
    "policy",
    "citizen",
]
_KINDS: Final = (
    ("University", "Université", "Università", "Universidad", "Universität", "Politecnico"),
    ("GmbH", "SA", "SRL", "BV", "AB", "Ltd", "OY", "SpA"),
)
Quad = tuple[str, str, str]


def iri(text: str) -> str:
    """Return an IRI as N-Quads has it."""
    return f"<{text}>"


def literal(text: str, datatype: str | None = None, language: str | None = None) -> str:
    """Return a literal as N-Quads has it."""
    written = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if language:
        return f'"{written}"@{language}'
    return f'"{written}"^^<{XSD}{datatype}>' if datatype else f'"{written}"'


class Shape:
    """The sizes of a graph of about `triples` triples, and its random numbers."""

    def __init__(self, triples: int, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.projects = max(triples // _TRIPLES_PER_PROJECT, 20)
        self.organisations = max(int(self.projects * 1.9), 30)
        self.technologies = 1016
        self.topics = max(self.projects // 6, 10)
        self.programmes = 60
        self.regions = [f"{code[:2]}{n:02}" for code in _COUNTRIES for n in range(1, 30)]

    def words(self, least: int, most: int) -> str:
        """Return some words."""
        return " ".join(self.random.choices(_WORDS, k=self.random.randint(least, most)))

    def long_tailed(self, size: int) -> int:
        """Return a number below `size`, small ones far more often."""
        return int(size * self.random.random() ** 2.5)


def quads(triples: int, seed: int = 7) -> Iterator[str]:
    """Yield the lines of the graph, in N-Quads."""
    shape = Shape(triples, seed)
    for source, lines in (
        ("euroscivoc", _technologies(shape)),
        ("nuts", _places(shape)),
        ("cordis", _programmes(shape)),
        ("cordis", _organisations(shape)),
        ("cordis", _projects(shape)),
    ):
        graph = iri(f"{BASE}graph/{source}")
        for subject, predicate, value in lines:
            yield f"{subject} {predicate} {value} {graph} .\n"


def _entity(kind: str, key: object) -> str:
    return iri(f"{BASE}id/{kind}/{key}")


def _term(name: str) -> str:
    return iri(ATLAS + name)


_TYPE: Final = iri(RDF_TYPE)
_LABEL: Final = iri(RDFS_LABEL)


def _technology(number: int) -> str:
    return iri(f"{EUROSCIVOC}{number:08x}")


def _technologies(shape: Shape) -> Iterator[Quad]:
    for number in range(shape.technologies):
        node, name = _technology(number), shape.words(1, 3)
        yield node, _TYPE, iri(SKOS + "Concept")
        yield node, _TYPE, _term("Technology")
        yield node, _LABEL, literal(name)
        for language in ("en", "de", "fr"):
            yield node, iri(SKOS + "prefLabel"), literal(f"{name} {number}", language=language)
        yield node, iri(SKOS + "notation"), literal(str(1000 + number))
        if number > 5:
            yield node, iri(SKOS + "broader"), _technology((number - 6) // 5)


def _places(shape: Shape) -> Iterator[Quad]:
    for code in _COUNTRIES:
        node = iri(COUNTRY + code)
        yield node, _TYPE, _term("Country")
        yield node, _LABEL, literal(code.title(), language="en")
        yield node, _term("partOf"), iri(COUNTRY + "EUROPE")
    for number, code in enumerate(shape.regions):
        node = iri(NUTS + code)
        yield node, _TYPE, _term("Region")
        yield node, _LABEL, literal(f"Region {code}")
        yield node, _term("nutsCode"), literal(code)
        yield node, _term("nutsLevel"), literal(str(number % 3 + 1), "integer")
        yield node, _term("partOf"), iri(COUNTRY + _COUNTRIES[number // 29])


def _programmes(shape: Shape) -> Iterator[Quad]:
    for number in range(shape.programmes):
        node = _entity("programme", f"HE.{number}")
        yield node, _TYPE, _term("Programme")
        yield node, _LABEL, literal(shape.words(2, 5))
        if number > 3:
            yield node, _term("partOf"), _entity("programme", f"HE.{number // 4}")
    for number in range(shape.topics):
        node = _entity("topic", f"T{number}")
        yield node, _TYPE, _term("Topic")
        yield node, _LABEL, literal(shape.words(3, 8))
        yield node, _term("programme"), _entity("programme", f"HE.{number % shape.programmes}")


def _organisations(shape: Shape) -> Iterator[Quad]:
    chance = shape.random
    for number in range(shape.organisations):
        node = _entity("organisation", 900_000_000 + number)
        place = shape.long_tailed(len(shape.regions))
        school = number % 4 == 0
        name = f"{shape.words(1, 3).title()} {chance.choice(_KINDS[not school])} {number}"
        yield node, _TYPE, _term("Organisation")
        yield node, _TYPE, _term("University" if school else "Company")
        yield node, _LABEL, literal(name)
        yield node, _term("legalName"), literal(name.upper())
        if chance.random() < 0.6:
            yield node, _term("shortName"), literal("".join(word[0] for word in name.split()))
        yield node, _term("pic"), literal(str(900_000_000 + number))
        yield node, _term("isSme"), literal(str(not school and number % 3 == 0).lower(), "boolean")
        yield node, _term("activityType"), literal("HES" if school else "PRC")
        yield node, _term("country"), iri(COUNTRY + _COUNTRIES[place // 29])
        yield node, _term("region"), iri(NUTS + shape.regions[place])
        yield node, _term("city"), literal(f"City {place * 3 + number % 3}")
        yield node, _term("latitude"), literal(f"{35 + chance.random() * 30:.6f}", "decimal")
        yield node, _term("longitude"), literal(f"{-9 + chance.random() * 35:.6f}", "decimal")


def _projects(shape: Shape) -> Iterator[Quad]:
    for number in range(shape.projects):
        yield from _project(shape, number, _entity("project", 101_000_000 + number))


def _project(shape: Shape, number: int, node: str) -> Iterator[Quad]:
    chance = shape.random
    start = date(2021, 1, 1) + timedelta(days=chance.randrange(1500))
    grant = round(chance.lognormvariate(14, 1), 2)
    yield node, _TYPE, _term("Project")
    yield node, _LABEL, literal(f"P{number}")
    yield node, _term("identifier"), literal(str(101_000_000 + number))
    yield node, _term("acronym"), literal(f"{chance.choice(_WORDS).upper()}-{number}")
    yield node, _term("title"), literal(shape.words(6, 14).capitalize(), language="en")
    yield node, _term("objective"), literal(shape.words(60, 160), language="en")
    yield node, _term("status"), literal(chance.choice(("SIGNED", "CLOSED", "TERMINATED")))
    yield node, _term("startDate"), literal(start.isoformat(), "date")
    end = start + timedelta(days=chance.randrange(300, 1800))
    yield node, _term("endDate"), literal(end.isoformat(), "date")
    cost = grant * 1.2 if number % 2 else 0
    yield node, _term("totalCost"), literal(f"{cost:.2f}", "decimal")
    yield node, _term("ecMaxContribution"), literal(f"{grant:.2f}", "decimal")
    yield node, _term("topic"), _entity("topic", f"T{chance.randrange(shape.topics)}")
    yield node, _term("programme"), _entity("programme", f"HE.{shape.long_tailed(60)}")
    modified = f"{start.isoformat()}T12:{number % 60:02}:00Z"
    yield node, _term("modified"), literal(modified, "dateTime")
    for technology in {shape.long_tailed(shape.technologies) for _ in range(2)}:
        yield node, _term("field"), _technology(technology)
    yield from _participations(shape, number, node, grant)


def _participations(shape: Shape, number: int, project: str, grant: float) -> Iterator[Quad]:
    chance = shape.random
    size = min(int(chance.expovariate(1 / 5.6)) + 1, 60)
    for order in range(1, size + 1):
        node = _entity("participation", f"{101_000_000 + number}-{order}")
        organisation = shape.long_tailed(shape.organisations)
        role = "CoordinatorRole" if order == 1 else chance.choices(_ROLES, (80, 12, 8))[0]
        yield node, _TYPE, _term("Participation")
        yield node, _term("project"), project
        yield node, _term("organisation"), _entity("organisation", 900_000_000 + organisation)
        yield node, _term("role"), _term(role)
        yield node, _term("order"), literal(str(order), "integer")
        if role == "AssociatedPartnerRole":
            continue
        share = f"{grant / size:.2f}" if (number, order) != (7, 1) else "12345.4400000001"
        yield node, _term("ecContribution"), literal(f"{grant / size:.2f}", "decimal")
        yield node, _term("netEcContribution"), literal(share, "decimal")
        ended = literal(str(chance.random() < 0.02).lower(), "boolean")
        yield node, _term("endOfParticipation"), ended


def write(triples: int, path: Path, seed: int = 7) -> int:
    """Write the graph to a file and return how many lines it has."""
    count = 0
    with path.open("w", encoding="utf-8") as sink:
        for line in quads(triples, seed):
            sink.write(line)
            count += 1
    return count


if __name__ == "__main__":
    lines = write(int(sys.argv[1]), Path(sys.argv[2]))
    print(f"{lines} quads in {sys.argv[2]}")
