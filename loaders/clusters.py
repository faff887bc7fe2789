"""Clusters as the European platform and the list of cluster labels publish them, and their members.

Reads CSV files and XLSX workbooks; a table is known by its columns (loaders._tables says how they
are matched, loaders._facts how cells are read):

1. clusters: `name` and `country` (with codes or names), and if known `key`, `web`, `region`,
   `members` (their number), `founded`, `managed_by`, `sectors`, `technologies`, `label` (gold,
   silver, bronze) with `label_from` and `label_until`, `networks` that it is a member of, `allied`;
2. members: `cluster` and `member`, and if known `pic` or `key`, `kind`, `country`, `region`,
   `role`, `since`, `until`, `technologies` that the member masters with `trl_from` and `trl_to`.

Without `key` (or the participant code of CORDIS, `pic`) the key is made of the name. `cluster`,
`networks` and `allied` name a cluster by its key or its name. `example` is yes for what is made up,
`membership` if only the membership is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.source import Source
from loaders._facts import COMMON, Column, Facts, key_of, kind_of, reject
from loaders._tables import Layout, entries
from loaders._technologies import folded, technology

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.source import Context
    from kg.statements import Statement
    from loaders._tables import Entry

MEMBERS: Final = Layout(
    "members",
    {
        "cluster": "cluster_name cluster_key network",
        "member": "member_name organisation organisation_name",
        "key": "member_key",
        "pic": "",
        "kind": "type member_type type_of_organisation",
        "country": "",
        "region": "nuts nuts_code nuts_2_region",
        "city": "",
        "web": "website homepage url",
        "role": "member_role",
        "since": "member_since",
        "until": "member_until",
        "technologies": "competences technology competence",
        "trl_from": "",
        "trl_to": "",
        **COMMON,
    },
    ("cluster", "member"),
)
CLUSTERS: Final = Layout(
    "clusters",
    {
        "name": "cluster_name name_of_the_cluster cluster title",
        "key": "cluster_key id",
        "web": "website homepage url web_site",
        "country": "",
        "region": "nuts nuts_code nuts_2_region",
        "members": "number_of_members member_count total_members",
        "founded": "year_of_establishment year_founded established",
        "managed_by": "cluster_organisation management cluster_management_organisation",
        "management_pic": "",
        "sectors": "sector sectoral_industries industrial_sectors industries",
        "technologies": "technology technology_fields fields",
        "label": "quality_label label_level excellence_label",
        "label_from": "label_since awarded label_awarded date_of_award",
        "label_until": "label_expiry expiry expiry_date label_valid_until valid_until expires",
        "description": "short_description summary",
        "description_de": "",
        "networks": "member_of",
        "allied": "allied_with",
        **COMMON,
    },
    ("name", "country"),
)

_SAID: Final = {
    "country": Column("country", "country"),
    "region": Column("region", "region"),
    "web": Column("homepage", "web"),
    "members": Column("memberCount", "integer"),
    "founded": Column("foundedYear", "gYear"),
    "sectors": Column("sector", "technology"),
    "technologies": Column("field", "technology"),
    "label": Column("qualityLabel"),
    "label_from": Column("qualityLabelFrom", "date"),
    "label_until": Column("qualityLabelUntil", "date"),
    "description": Column("description", "en"),
    "description_de": Column("description", "de"),
}
_MEMBERSHIP: Final = {
    "role": Column("membershipRole"),
    "since": Column("since", "date"),
    "until": Column("until", "date"),
}
_READY: Final = {
    "trl_from": Column("trlFrom", "integer"),
    "trl_to": Column("trlTo", "integer"),
}
_ONLY_MEMBERSHIP: Final = "membership"


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield the statements of every cluster and membership.

    Raises:
        SourceError: a file is missing or damaged, or none holds such a table.
    """
    found = list(entries(paths, context, (MEMBERS, CLUSTERS)))
    keys = {
        folded(e.get("name")): e.get("key") or key_of(e.get("name"))
        for e in found
        if e.layout is CLUSTERS
    }
    names = {keys[folded(e.get("name"))]: e.get("name") for e in found if e.layout is CLUSTERS}
    seen: set[tuple[str, ...]] = set()
    for entry in found:
        if entry.layout is CLUSTERS:
            yield from _cluster(entry, keys, seen, context)
        else:
            yield from _member(entry, keys, names, seen, context)


def _cluster(
    entry: Entry, keys: Mapping[str, str], seen: set[tuple[str, ...]], context: Context
) -> Iterator[Statement]:
    """Yield what a row says of a cluster."""
    key = entry.get("key") or key_of(entry.get("name"))
    if not entry.get("name") or not key:
        reject(entry, "name", "no name", _text(entry), context)
        return
    if _again(entry, (key,), "name", seen, context):
        return
    facts = Facts(entry, key, context)
    iri = context.identifiers.entity("cluster", key)
    yield facts.type(iri, "Cluster", "name")
    yield facts.label(iri, entry.get("name"), "name")
    yield from facts.say(iri, _SAID)
    yield from _management(facts, iri)
    for column, predicate in (("networks", "memberOf"), ("allied", "alliedWith")):
        for value in facts.values(column):
            other = context.identifiers.entity("cluster", _key(value, keys))
            yield facts.link(iri, predicate, other, column)
    yield from facts.common(iri)


def _management(facts: Facts, cluster: str) -> Iterator[Statement]:
    """Yield the organisation that manages a cluster."""
    name = facts.entry.get("managed_by")
    key = facts.entry.get("management_pic") or key_of(name)
    if not name or not key:
        return
    iri = facts.context.identifiers.entity("organisation", key)
    yield facts.link(cluster, "managedBy", iri, "managed_by")
    yield facts.type(iri, "ClusterOrganisation", "managed_by")
    yield facts.label(iri, name, "managed_by")
    yield facts.literal(iri, "legalName", name, "managed_by")
    yield from facts.say(
        iri, {"management_pic": Column("pic"), "country": Column("country", "country")}
    )
    yield from facts.common(iri)


def _member(
    entry: Entry,
    keys: Mapping[str, str],
    names: Mapping[str, str],
    seen: set[tuple[str, ...]],
    context: Context,
) -> Iterator[Statement]:
    """Yield what a row says of a member and of its membership."""
    cluster = _key(entry.get("cluster"), keys) if entry.get("cluster") else ""
    for column in ("cluster", "member"):
        if not entry.get(column):
            reject(entry, column, f"no {column}", _text(entry), context)
            return
    facts = Facts(entry, "", context)
    try:
        kind = kind_of(entry.get("kind"), "organisation")
        member, term = facts.party("member", kind)
    except ValueError as error:
        reject(entry, "kind" if entry.get("kind") else "member", str(error), _text(entry), context)
        return
    key = f"{cluster}-{member.rpartition('/')[2]}"
    if _again(entry, (cluster, member), "member", seen, context):
        return
    facts = Facts(entry, key, context)
    made_up = entry.get("example").casefold() != _ONLY_MEMBERSHIP
    if term != "Cluster":
        yield from facts.described(member, "member", kind)
        yield from facts.common(member, example=made_up)
        yield from _competences(facts, member, made_up=made_up)
    yield from _membership(facts, key, (cluster, names.get(cluster, cluster)), member)


def _membership(
    facts: Facts, key: str, cluster: tuple[str, str], member: str
) -> Iterator[Statement]:
    """Yield a membership in a cluster, given by key and name."""
    context, entry = facts.context, facts.entry
    iri = context.identifiers.entity("membership", key)
    yield facts.type(iri, "Membership", "member")
    mark = "Example: " if entry.get("example") else ""
    yield facts.label(iri, f"{mark}{cluster[1]}: {entry.get('member')}", "member")
    yield facts.link(iri, "member", member, "member")
    yield facts.link(iri, "cluster", context.identifiers.entity("cluster", cluster[0]), "cluster")
    yield from facts.say(iri, _MEMBERSHIP)
    if entry.get("example").casefold() == _ONLY_MEMBERSHIP:
        yield facts.literal(iri, "illustrative", "true", "example", datatype="boolean")
    yield from facts.common(iri, example=entry.get("example").casefold() != _ONLY_MEMBERSHIP)


def _competences(facts: Facts, member: str, *, made_up: bool) -> Iterator[Statement]:
    """Yield the technologies that a member masters."""
    for value in facts.values("technologies"):
        try:
            concept = technology(value, facts.context)
        except ValueError as error:
            facts.reject("technologies", str(error), value)
            continue
        key = f"{member.rpartition('/')[2]}-{concept.rpartition('/')[2]}"
        iri = facts.context.identifiers.entity("competence", key)
        yield facts.type(iri, "Competence", "technologies")
        yield facts.label(iri, f"{facts.entry.get('member')}: {value}", "technologies")
        yield facts.link(iri, "holder", member, "member")
        yield facts.link(iri, "technology", concept, "technologies")
        yield from facts.say(iri, _READY)
        yield from facts.common(iri, example=made_up)


def _key(text: str, keys: Mapping[str, str]) -> str:
    """Return the key of the cluster that a text names by key or name."""
    return keys.get(folded(text)) or (text if text in keys.values() else key_of(text) or text)


def _again(
    entry: Entry, key: tuple[str, ...], column: str, seen: set[tuple[str, ...]], context: Context
) -> bool:
    """Tell whether a key was there before, and reject the record if so."""
    if key in seen:
        name = key[-1].rpartition("/")[2]
        reason = f"another row has {name!r} already"
        reject(entry, column, reason, _text(entry), context)
        return True
    seen.add(key)
    return False


def _text(entry: Entry) -> str:
    return "; ".join(entry.cells.values())


SOURCE = Source(
    name="clusters",
    title={"en": "Clusters and their members", "de": "Cluster und ihre Mitglieder"},
    description={
        "en": "Clusters with place, sectors, quality label and members, as cluster platforms and "
        "label lists publish them. The sample is made of public facts; what is called “Example” "
        "is made up.",
        "de": "Cluster mit Ort, Branchen, Gütesiegel und Mitgliedern, wie Cluster-Plattformen und "
        "Siegellisten sie veröffentlichen. Das Beispiel besteht aus öffentlichen Fakten; "
        "„Example“ im Namen heißt erfunden.",
    },
    publisher="Cluster Atlas",
    homepage="https://w3id.org/cluster-atlas/",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    read=read,
    accepts="CSV files and XLSX workbooks of clusters (name, country, …) and of their members "
    "(cluster, member, …); folders and zip archives of them",
    uses=("euroscivoc", "nuts"),
    sample="sample/clusters",
)
