"""Profiles of partner search in the manner of the Enterprise Europe Network.

Reads JSON arrays, XML documents, CSV files and XLSX workbooks (loaders._profiles and
loaders._tables say how fields are matched, loaders._facts how values are read):

1. `reference` and `title` are needed. The reference begins with the type of the profile, which
   `type` may repeat: BO business offer, BR business request, TO technology offer, TR technology
   request, RDR request for partners in research and development.
2. A profile is a cooperation offer or request; with a `product` and a `quantity` it is one of
   capacity.
3. `client` is who offers or seeks. A profile without a named client, as the network publishes
   them, is of its `network_partner`, else of the network itself.
4. `summary`, `stage` of development, `ipr`, `partner` sought, `target_countries`, `technologies`,
   `published`, `updated` and `expires` are what the network asks for.
5. Two profiles with one reference are one: the second is rejected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.source import Source
from loaders._facts import COMMON, KINDS, Column, Facts, key_of, kind_of, reject
from loaders._members import members
from loaders._profiles import json_entries, xml_entries
from loaders._tables import TABULAR, Layout, described, nothing, of_member

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kg.source import Context
    from kg.statements import Statement
    from loaders._members import Member
    from loaders._tables import Entry

PROFILES: Final = Layout(
    "profiles",
    {
        "reference": "pod_reference profile_reference reference_external external_reference",
        "type": "profile_type reference_type type_of_profile",
        "title": "headline title_en",
        "title_de": "",
        "language": "lang",
        "summary": "short_summary abstract",
        "description": "full_description",
        "stage": "stage_of_development development_stage",
        "ipr": "ipr_status intellectual_property_rights",
        "partner": "partner_sought role_of_partner_sought expected_role type_of_partner_sought",
        "technologies": "technology technologies_technology technology_keywords keywords",
        "product": "",
        "quantity": "amount",
        "unit": "quantity_unit",
        "trl_from": "",
        "trl_to": "",
        "client": "client_name organisation company",
        "client_key": "",
        "client_pic": "pic",
        "client_kind": "client_type type_and_size_of_client type_of_client",
        "client_country": "country country_of_origin",
        "client_region": "region nuts",
        "client_city": "city",
        "network_partner": "contact_organisation submitted_by network",
        "target_countries": "target_country target_countries_country countries_sought",
        "published": "date_of_publication publication_date datum_submit created",
        "updated": "last_update datum_update",
        "expires": "deadline valid_until expiry_date datum_deadline date_of_expiry",
        **COMMON,
    },
    ("reference", "title"),
)
TYPES: Final = {"BO": "Offer", "BR": "Request", "TO": "Offer", "TR": "Request", "RDR": "Request"}
NETWORK: Final = ("enterprise-europe-network", "Enterprise Europe Network")

_READERS: Final = {".json": json_entries, ".xml": xml_entries}
_TYPED: Final = re.compile(r"(BO|BR|TO|TR|RDR)[A-Z]{2}\d")
_SAID: Final = {
    "title_de": Column("title", "de"),
    "reference": Column("identifier"),
    "stage": Column("developmentStage"),
    "ipr": Column("iprStatus"),
    "technologies": Column("technology", "technology"),
    "product": Column("product"),
    "quantity": Column("quantity", "decimal"),
    "unit": Column("unit"),
    "trl_from": Column("trlFrom", "integer"),
    "trl_to": Column("trlTo", "integer"),
    "client_country": Column("country", "country"),
    "client_region": Column("region", "region"),
    "target_countries": Column("targetCountry", "country"),
    "published": Column("validFrom", "date"),
    "expires": Column("validUntil", "date"),
}
_TEXTS: Final = {
    "title": "title",
    "summary": "description",
    "description": "description",
    "partner": "partnerSought",
}
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?")


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield the statements of every profile.

    Raises:
        SourceError: a file is missing or damaged, or none holds a profile.
    """
    seen: set[str] = set()
    count = 0
    with members(paths) as found:
        for member in found:
            for entry in _entries(member, context):
                count += 1
                yield from _profile(entry, seen, context)
        if not count:
            expected = f"{described((PROFILES,))}, JSON or XML of profiles"
            raise nothing([m.name for m in found], expected, context)


def _entries(member: Member, context: Context) -> Iterator[Entry]:
    if member.suffix in TABULAR:
        yield from of_member(member, context, (PROFILES,))
    elif reader := _READERS.get(member.suffix):
        yield from reader(member, context, PROFILES)


def _profile(entry: Entry, seen: set[str], context: Context) -> Iterator[Statement]:
    """Yield what a record says of a profile and of who stands behind it."""
    reference, text = entry.get("reference"), entry.get("title")
    kind = entry.get("type").upper() or _type_of(reference)
    if fault := _fault(entry, kind, seen):
        reject(entry, fault[0], fault[1], f"{reference}; {text}", context)
        return
    seen.add(reference)
    updated = entry.get("updated")
    modified = updated if _DATE.fullmatch(updated) else None
    facts = Facts(entry, reference, context, modified)
    direction = TYPES[kind]
    iri = context.identifiers.entity(direction.lower(), reference)
    capacity = entry.get("product") and entry.get("quantity")
    term = f"{'Capacity' if capacity else 'Cooperation'}{direction}"
    column = "type" if entry.get("type") else "reference"
    yield facts.type(iri, term, column)
    yield facts.literal(iri, "profileType", kind, column)
    yield facts.label(iri, text, "title", _language(facts))
    yield from _texts(facts, iri)
    yield from facts.say(iri, _SAID)
    yield from facts.common(iri)
    yield from _party(facts, iri)


def _fault(entry: Entry, kind: str, seen: set[str]) -> tuple[str, str] | None:
    """Return the column at fault and why the record cannot be used, None if it can."""
    for column in ("reference", "title"):
        if not entry.get(column):
            return column, f"no {column}"
    if kind not in TYPES:
        return "type", f"{kind!r} is no type of profile; expected {', '.join(TYPES)}"
    if entry.get("reference") in seen:
        return "reference", f"another profile has the reference {entry.get('reference')!r} already"
    return None


def _type_of(reference: str) -> str:
    match = _TYPED.match(reference)
    return match[1] if match else ""


def _language(facts: Facts) -> str:
    """Return the language of the texts, English unless the record says another."""
    language = facts.entry.get("language") or "en"
    return language.lower() if _LANGUAGE.fullmatch(language) else "en"


def _texts(facts: Facts, iri: str) -> Iterator[Statement]:
    language = _language(facts)
    if (said := facts.entry.get("language")) and said.lower() != language:
        facts.reject("language", f"{said!r} is no language; expected a code such as en", said)
    for column, predicate in _TEXTS.items():
        if text := facts.entry.get(column):
            yield facts.literal(iri, predicate, text, column, language=language)


def _party(facts: Facts, iri: str) -> Iterator[Statement]:
    """Yield who offers or seeks: the client, else the network's partner, else the network."""
    entry, identifiers = facts.entry, facts.context.identifiers
    if key_of(entry.get("client")):
        kind = _kind(facts)
        party, term = facts.party("client", kind, "client_")
        yield facts.link(iri, "party", party, "client")
        yield from facts.described(party, "client", kind, "client_")
        if term != "Cluster":
            yield from facts.common(party)
        return
    name, column = entry.get("network_partner"), "network_partner"
    if key := key_of(name):
        party, term = identifiers.entity("organisation", key), KINDS["network partner"].term
    else:
        (key, name), column = NETWORK, "reference"
        party, term = identifiers.entity("cluster", key), "Cluster"
    yield facts.link(iri, "party", party, column)
    yield facts.type(party, term, column)
    yield facts.label(party, name, column)


def _kind(facts: Facts) -> str:
    """Return the kind of the client; reject one that is not known."""
    text = facts.entry.get("client_kind")
    try:
        return kind_of(text, "organisation")
    except ValueError as error:
        facts.reject("client_kind", str(error), text)
        return "organisation"


SOURCE = Source(
    name="partnering",
    title={"en": "Partnering profiles", "de": "Kooperationsprofile"},
    description={
        "en": "Offers and requests of firms and research bodies in the manner of the Enterprise "
        "Europe Network, with capacities and their quantities. The profiles of the sample are made "
        "up to illustrate, and say so.",
        "de": "Angebote und Gesuche von Firmen und Forschungseinrichtungen nach Art des Enterprise "
        "Europe Network, auch Kapazitäten mit Mengen. Die Profile des Beispiels sind zur "
        "Veranschaulichung erfunden und so gekennzeichnet.",
    },
    publisher="Cluster Atlas",
    homepage="https://w3id.org/cluster-atlas/",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    read=read,
    accepts="JSON arrays, XML documents, CSV files and XLSX workbooks of profiles (reference, "
    "title, …); folders and zip archives of them",
    uses=("euroscivoc", "nuts"),
    sample="sample/partnering",
)
