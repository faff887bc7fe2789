"""The tables of the landscape: which file holds what, and what each of its columns says.

A table is added by adding an entry to TABLES; nothing else knows the names of files and columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTIES: Final = "organisation cluster"
ANYTHING: Final = "organisation cluster project service facility source"


class Column(NamedTuple):
    """What a column says: the property, what its cells hold, and the types it may refer to.

    `holds` is text, a datatype of XML Schema, a language tag, web, country, region, role or ref.
    """

    predicate: str
    holds: str = "text"
    types: str = ""


class Table(NamedTuple):
    """What a file holds: the type in the IRIs, the class or classes by `kind`, and its columns.

    `label` names the columns whose entities' names make the label of entities without a name.
    """

    entity: str
    classes: str
    columns: Mapping[str, Column]
    label: tuple[str, ...] = ()


def _ref(predicate: str, types: str) -> Column:
    return Column(predicate, "ref", types)


def _titled(**columns: Column) -> dict[str, Column]:
    title = {"title_en": Column("title", "en"), "title_de": Column("title", "de")}
    return {**title, **_DESCRIBED, **columns}


COMMON: Final = {
    "source": _ref("statedBy", "source"),
    "illustrative": Column("illustrative", "boolean"),
}
_DESCRIBED: Final = {
    "description_en": Column("description", "en"),
    "description_de": Column("description", "de"),
}
_PLACED: Final = {
    "country": Column("country", "country"),
    "region": Column("region", "region"),
}
_DATED: Final = {
    "start_date": Column("startDate", "date"),
    "end_date": Column("endDate", "date"),
}
_READY: Final = {
    "trl_from": Column("trlFrom", "integer"),
    "trl_to": Column("trlTo", "integer"),
}
_TECHNOLOGIES: Final = {"technologies": _ref("technology", "technology")}
_HOMEPAGE: Final = {"homepage": Column("homepage", "web")}
_LISTING: Final = _titled(
    **_PLACED,
    **_READY,
    **_TECHNOLOGIES,
    party=_ref("party", PARTIES),
    product=Column("product"),
    quantity=Column("quantity", "decimal"),
    unit=Column("unit"),
    target_countries=Column("targetCountry", "country"),
    valid_from=Column("validFrom", "date"),
    valid_until=Column("validUntil", "date"),
)

TABLES: Final = {
    "sources": Table("source", "Source", _titled(**_HOMEPAGE, publisher=Column("publisher"))),
    "organisations": Table(
        "organisation",
        "Organisation SME Company ResearchOrganisation University PublicBody OtherOrganisation "
        "TechnologyCentre ClusterOrganisation NetworkPartner",
        {
            "legal_name": Column("legalName"),
            "short_name": Column("shortName"),
            "pic": Column("pic"),
            "city": Column("city"),
            "street": Column("street"),
            "postcode": Column("postcode"),
            "latitude": Column("latitude", "decimal"),
            "longitude": Column("longitude", "decimal"),
            "sme": Column("isSme", "boolean"),
            "activity_type": Column("activityType"),
            **_PLACED,
            **_HOMEPAGE,
            **_DESCRIBED,
        },
    ),
    "clusters": Table(
        "cluster",
        "Cluster",
        _titled(
            **_PLACED,
            **_HOMEPAGE,
            located_in=Column("locatedIn", "country"),
            managed_by=_ref("managedBy", "organisation"),
            member_count=Column("memberCount", "integer"),
            founded=Column("foundedYear", "gYear"),
            sectors=_ref("sector", "technology"),
            fields=_ref("field", "technology"),
            allied_with=_ref("alliedWith", "cluster"),
        ),
    ),
    "memberships": Table(
        "membership",
        "Membership",
        {
            "member": _ref("member", PARTIES),
            "cluster": _ref("cluster", "cluster"),
            "role": Column("membershipRole"),
            "since": Column("since", "date"),
            "until": Column("until", "date"),
        },
        label=("cluster", "member"),
    ),
    "competences": Table(
        "competence",
        "Competence",
        {
            "holder": _ref("holder", PARTIES),
            "technology": _ref("technology", "technology"),
            "evidence": _ref("evidence", ANYTHING),
            **_READY,
        },
        label=("holder", "technology"),
    ),
    "programmes": Table(
        "programme",
        "Programme",
        _titled(
            **_HOMEPAGE,
            identifier=Column("identifier"),
            part_of=_ref("partOf", "programme"),
        ),
    ),
    "calls": Table(
        "call",
        "Call",
        _titled(
            **_HOMEPAGE,
            identifier=Column("identifier"),
            programme=_ref("programme", "programme"),
        ),
    ),
    "topics": Table(
        "topic",
        "Topic",
        _titled(identifier=Column("identifier"), call=_ref("call", "call")),
    ),
    "policy-priorities": Table(
        "policy-priority", "PolicyPriority", _titled(identifier=Column("identifier"))
    ),
    "projects": Table(
        "project",
        "Project",
        _titled(
            **_DATED,
            identifier=Column("identifier"),
            acronym=Column("acronym"),
            website=Column("website", "web"),
            status=Column("status"),
            programme=_ref("programme", "programme"),
            topic=_ref("topic", "topic"),
            call=_ref("call", "call"),
            funding_scheme=Column("fundingScheme"),
            sub_project_of=_ref("subProjectOf", "project"),
            clusters=_ref("cluster", "cluster"),
            fields=_ref("field", "technology"),
            policy_priorities=_ref("policyPriority", "policy-priority"),
            located_in=Column("locatedIn", "country"),
            partner_count=Column("partnerCount", "integer"),
        ),
    ),
    "phases": Table(
        "phase",
        "Phase",
        _titled(**_DATED, project=_ref("phaseOf", "project"), order=Column("order", "integer")),
    ),
    "participations": Table(
        "participation",
        "Participation",
        {
            "project": _ref("project", "project"),
            "organisation": _ref("organisation", "organisation"),
            "role": Column("role", "role"),
            "order": Column("order", "integer"),
        },
        label=("project", "organisation"),
    ),
    "services": Table(
        "service",
        "Service",
        _titled(
            **_READY,
            **_TECHNOLOGIES,
            **_HOMEPAGE,
            offered_by=_ref("offeredBy", PARTIES),
            sectors=_ref("sector", "technology"),
        ),
    ),
    "facilities": Table(
        "facility",
        "Facility",
        _titled(
            **_PLACED,
            **_TECHNOLOGIES,
            **_HOMEPAGE,
            operated_by=_ref("operatedBy", "organisation"),
            city=Column("city"),
        ),
    ),
    "events": Table(
        "event",
        "Event",
        _titled(
            **_PLACED,
            **_DATED,
            city=Column("city"),
            organiser=_ref("organiser", PARTIES),
            project=_ref("project", "project"),
        ),
    ),
    "offers": Table("offer", "Offer CooperationOffer CapacityOffer ServiceOffer", _LISTING),
    "requests": Table(
        "request", "Request CooperationRequest CapacityRequest ServiceRequest", _LISTING
    ),
}
