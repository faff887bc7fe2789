"""Services of technology centres: what each does for others, and how ready that is.

Reads CSV files and XLSX workbooks with one service in a row (loaders._tables says how columns are
matched, loaders._facts how cells are read):

1. `centre` and `service` are needed. The centre has `pic` or `key`, `kind`, `web`, `country`,
   `region` and `city`; without a key, one is made of its name.
2. A service has `technologies`, `sector`, `trl_from` and `trl_to` or both in `trl` (`5-8`),
   `description`, and in `contact` the function to turn to. It is done where its centre is.
3. A name is no function: a contact with an address of mail, a telephone number or a form of address
   is rejected, and nothing of it is kept.
4. Two services of one centre with one title are one: the second is rejected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.source import Source
from loaders._facts import COMMON, Column, Facts, key_of, kind_of, reject
from loaders._tables import Layout, entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kg.source import Context
    from kg.statements import Statement
    from loaders._tables import Entry

SERVICES: Final = Layout(
    "services",
    {
        "centre": "technology_centre center technology_center provider organisation name",
        "service": "service_name title service_title title_en",
        "service_de": "title_de",
        "key": "centre_key",
        "pic": "",
        "kind": "type type_of_organisation",
        "web": "website homepage url",
        "country": "",
        "region": "nuts nuts_code nuts_2_region",
        "city": "",
        "technologies": "technology key_enabling_technology ket kets",
        "sector": "sectors industry industries",
        "trl": "trl_range technology_readiness_level",
        "trl_from": "lowest_trl",
        "trl_to": "highest_trl",
        "description": "description_en summary",
        "description_de": "",
        "contact": "contact_function function contact_point",
        **COMMON,
    },
    ("centre", "service"),
)

_SAID: Final = {
    "service": Column("title", "en"),
    "service_de": Column("title", "de"),
    "description": Column("description", "en"),
    "description_de": Column("description", "de"),
    "technologies": Column("technology", "technology"),
    "sector": Column("sector", "technology"),
    "contact": Column("contactFunction"),
    "country": Column("country", "country"),
    "region": Column("region", "region"),
}
_READY: Final = {"trl_from": "trlFrom", "trl_to": "trlTo"}
# With the dashes that are typed: hyphen and en dash.
_RANGE: Final = re.compile(
    r"(?:TRL\s*)?(\S+?)(?:\s*(?:-|\u2013|to|bis)\s*(?:TRL\s*)?(\S+))?", re.IGNORECASE
)
_PERSON: Final = re.compile(r"@|\d{4}|\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Mme|Sig)\b", re.IGNORECASE)


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield the statements of every service and its centre.

    Raises:
        SourceError: a file is missing or damaged, or none holds such a table.
    """
    seen: set[str] = set()
    for entry in entries(paths, context, (SERVICES,)):
        yield from _service(entry, seen, context)


def _service(entry: Entry, seen: set[str], context: Context) -> Iterator[Statement]:
    """Yield what a row says of a service and of the centre that offers it."""
    try:
        centre, kind, key = _identified(entry, context)
    except _UnusableError as error:
        reject(entry, error.column, str(error), _text(entry), context)
        return
    if key in seen:
        reason = f"another row has the service {entry.get('service')!r} of the same centre already"
        reject(entry, "service", reason, _text(entry), context)
        return
    seen.add(key)
    facts = Facts(_without_person(entry, context), key, context)
    iri = context.identifiers.entity("service", key)
    yield facts.type(iri, "Service", "service")
    yield facts.label(iri, entry.get("service"), "service", "en")
    yield facts.link(iri, "offeredBy", centre, "centre")
    yield from facts.say(iri, _SAID)
    yield from _ready(facts, iri)
    yield from facts.common(iri)
    yield from facts.described(centre, "centre", kind)
    yield from facts.common(centre)


class _UnusableError(ValueError):
    """A row that says nothing of a service; `column` is at fault."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def _identified(entry: Entry, context: Context) -> tuple[str, str, str]:
    """Return the centre, its kind, and the key of the service.

    Raises:
        _UnusableError: one of them is not there.
    """
    for column in ("centre", "service"):
        if not key_of(entry.get(column)):
            raise _UnusableError(column, f"no {column}")
    try:
        kind = kind_of(entry.get("kind"), "technology centre")
        centre, _ = Facts(entry, "", context).party("centre", kind)
    except ValueError as error:
        raise _UnusableError("kind", str(error)) from error
    return centre, kind, f"{centre.rpartition('/')[2]}-{key_of(entry.get('service'))}"


def _ready(facts: Facts, iri: str) -> Iterator[Statement]:
    """Yield the range of readiness levels, given as a range or by its ends."""
    entry = facts.entry
    ends = {column: (entry.get(column), column) for column in _READY if entry.get(column)}
    if (cell := entry.get("trl")) and not ends:
        match = _RANGE.fullmatch(cell)
        low, high = (match[1], match[2] or match[1]) if match else (cell, cell)
        ends = {"trl_from": (low, "trl"), "trl_to": (high, "trl")}
    for end, (level, column) in ends.items():
        yield facts.literal(iri, _READY[end], level, column, datatype="integer")


def _without_person(entry: Entry, context: Context) -> Entry:
    """Return the entry without a contact that is a person; the reject keeps nothing of it."""
    if not _PERSON.search(entry.get("contact")):
        return entry
    reason = "the contact is no function; names, addresses of mail and telephones are not kept"
    reject(entry, "contact", reason, "", context)
    return entry._replace(cells={k: v for k, v in entry.cells.items() if k != "contact"})


def _text(entry: Entry) -> str:
    return "; ".join(value for column, value in entry.cells.items() if column != "contact")


SOURCE = Source(
    name="services",
    title={"en": "Services of technology centres", "de": "Dienste von Technologiezentren"},
    description={
        "en": "What technology centres do for firms, with technologies and readiness levels. The "
        "centres of the sample and their fields are public facts; ranges of readiness levels are "
        "those of a network of such centres, not promises of each.",
        "de": "Was Technologiezentren für Firmen leisten, mit Technologien und Reifegraden. Die "
        "Zentren des Beispiels und ihre Felder sind öffentliche Fakten; die Reifegrade sind die "
        "eines Netzwerks solcher Zentren, keine Zusagen des einzelnen.",
    },
    publisher="Cluster Atlas",
    homepage="https://w3id.org/cluster-atlas/",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    read=read,
    accepts="CSV files and XLSX workbooks of services (centre, service, …); folders and zip "
    "archives of them",
    uses=("euroscivoc", "nuts"),
    sample="sample/services",
)
