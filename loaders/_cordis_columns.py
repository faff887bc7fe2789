"""What CORDIS publishes and what it means: one table of columns per kind of record.

A column is named as in the layout of 2021 and later; `aliases` are its names in the layouts
before; files are read by column name, in any order, in any case. `predicate` is a local name of
the ontology (`title`) or an IRI. The object is a literal of `datatype` exactly as written; where
`datatype` is None it is an IRI that `read` makes. A column may be listed more than once, and one
that is not listed says nothing that the graph holds (contact forms, the nature of the grant).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.terms import (
    NUTS,
    RDF_TYPE,
    RDFS_LABEL,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DATE_TIME,
    XSD_DECIMAL,
    XSD_INTEGER,
    XSD_STRING,
)
from loaders._cordis_rows import Layout
from loaders._countries import countries
from loaders._iris import web_address

if TYPE_CHECKING:
    from collections.abc import Callable

RDFS_SEE_ALSO: Final = "http://www.w3.org/2000/01/rdf-schema#seeAlso"

# NUTS (Regulation (EC) 1059/2003, article 2): a country code and up to three more characters.
_NUTS = re.compile(r"[A-Z]{2}[0-9A-Z]{1,3}")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_SPACE_BEFORE_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")


class Column(NamedTuple):
    """A column and the property it states; `read` turns a cell into the object.

    `read` returns "" where the cell says nothing of this property, and raises ValueError, with
    the reason, where the cell cannot be used. An IRI without a colon is a term of the ontology.
    """

    name: str
    predicate: str
    datatype: str | None = XSD_STRING
    read: Callable[[str], str] | None = None


class Table(NamedTuple):
    """A kind of record: the columns that identify it, and those that make its file known."""

    name: str
    keys: tuple[str, ...]
    known_by: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def layout(self, header: list[str]) -> Layout:
        """Return where a header has the columns, each under its name in today's layout."""
        names = {name.casefold(): name for name in NAMES}
        aliases = {alias.casefold(): name for alias, name in self.aliases}
        index: dict[str, int] = {}
        for known in (names, aliases):
            for i, written in enumerate(header):
                if name := known.get(written.casefold()):
                    index.setdefault(name, i)
        return Layout(index, {name: header[i] for name, i in index.items()})


def decimal(cell: str) -> str:
    """Write a decimal comma as XML Schema wants it: `1234,56` → `1234.56`."""
    return cell.replace(",", ".") if "," in cell and _DECIMAL_COMMA.fullmatch(cell) else cell


def date_time(cell: str) -> str:
    """Write the blank between date and time as ISO 8601 does: `2025-10-20T17:38:03`."""
    match = _SPACE_BEFORE_TIME.fullmatch(cell)
    return f"{match[1]}T{match[2]}" if match else cell


def region(cell: str) -> str:
    """Return the IRI of a NUTS code of any version; a country's code is no region."""
    return NUTS + cell if _NUTS.fullmatch(cell) else ""


def latitude(cell: str) -> str:
    """Return the first part of `lat,lon`."""
    return _position(cell)[0]


def longitude(cell: str) -> str:
    """Return the second part of `lat,lon`; what is wrong with a cell is told for the latitude."""
    try:
        return _position(cell)[1]
    except ValueError:
        return ""


def _position(cell: str) -> tuple[str, str]:
    parts = cell.strip("()").split(",")
    match parts:
        case [lat, lon] if lat.strip() and lon.strip():
            return lat.strip(), lon.strip()
    raise ValueError(f"{cell!r} is no position; expected lat,lon")


def one_of(terms: dict[str, str], what: str = "") -> Callable[[str], str]:
    """Return a reader that looks a cell up; unknown ones are an error if `what` names them."""

    def read(cell: str) -> str:
        found = terms.get(cell)
        if found is None and what:
            raise ValueError(f"{cell!r} is no known {what}")
        return found or ""

    return read


_COUNTRIES = {code: country.iri for code, country in countries().items()}

# The literal activityType is stated as well: a code that is none of these is found by its shape.
_ACTIVITIES = {
    "PRC": "Company",
    "HES": "University",
    "REC": "ResearchOrganisation",
    "PUB": "PublicBody",
    "OTH": "OtherOrganisation",
}
# The seventh and older framework programmes had roles of their own: the host institution of a
# grant to a person leads it; partners without a grant are what is now an associated partner.
_ROLES = {
    "coordinator": "CoordinatorRole",
    "hostInstitution": "CoordinatorRole",
    "participant": "ParticipantRole",
    "beneficiary": "ParticipantRole",
    "associatedPartner": "AssociatedPartnerRole",
    "partner": "AssociatedPartnerRole",
    "internationalPartner": "AssociatedPartnerRole",
    "thirdParty": "ThirdPartyRole",
}

PROJECT: Final = Table(
    "project",
    keys=("id",),
    known_by=("id", "acronym", "title"),
    aliases=(("reference", "id"), ("call", "subCall"), ("programme", "legalBasis")),
)
PROJECT_COLUMNS: Final = (
    Column("id", "identifier"),
    Column("acronym", RDFS_LABEL),
    Column("acronym", "acronym"),
    Column("status", "status"),
    Column("title", "title"),
    Column("startDate", "startDate", XSD_DATE),
    Column("endDate", "endDate", XSD_DATE),
    Column("totalCost", "totalCost", XSD_DECIMAL, decimal),
    Column("ecMaxContribution", "ecMaxContribution", XSD_DECIMAL, decimal),
    Column("ecSignatureDate", "signatureDate", XSD_DATE),
    Column("fundingScheme", "fundingScheme"),
    Column("objective", "objective"),
    Column("contentUpdateDate", "modified", XSD_DATE_TIME, date_time),
    Column("rcn", "rcn"),
    Column("grantDoi", "grantDoi"),
    Column("projectUrl", "website", None, web_address),
)

ORGANIZATION: Final = Table(
    "organization",
    keys=("projectID", "organisationID", "order"),
    known_by=("projectID", "organisationID", "name", "role"),
    aliases=(("id", "organisationID"),),
)
ORGANISATION_COLUMNS: Final = (
    Column("organisationID", "pic"),
    Column("activityType", RDF_TYPE, None, one_of(_ACTIVITIES)),
    Column("name", RDFS_LABEL),
    Column("name", "legalName"),
    Column("shortName", "shortName"),
    Column("vatNumber", "vatNumber"),
    Column("SME", "isSme", XSD_BOOLEAN),
    Column("activityType", "activityType"),
    Column("street", "street"),
    Column("postCode", "postcode"),
    Column("city", "city"),
    Column("country", "country", None, one_of(_COUNTRIES, "country code")),
    Column("nutsCode", "nutsCode"),
    Column("nutsCode", "region", None, region),
    Column("geolocation", "latitude", XSD_DECIMAL, latitude),
    Column("geolocation", "longitude", XSD_DECIMAL, longitude),
    Column("organizationURL", "homepage", None, web_address),
)
PARTICIPATION_COLUMNS: Final = (
    Column("role", "role", None, one_of(_ROLES, "role")),
    Column("order", "order", XSD_INTEGER),
    Column("ecContribution", "ecContribution", XSD_DECIMAL, decimal),
    Column("netEcContribution", "netEcContribution", XSD_DECIMAL, decimal),
    Column("totalCost", "totalCost", XSD_DECIMAL, decimal),
    Column("endOfParticipation", "endOfParticipation", XSD_BOOLEAN),
    Column("active", "active", XSD_BOOLEAN),
)

# A project's own record in the layouts before 2021 tells this of its coordinator.
COORDINATOR_COLUMNS: Final = (
    Column("coordinatorCountry", "country", None, one_of(_COUNTRIES, "country code")),
)
WEBSITE: Final = Column("physUrl", "website", None, web_address)
SEE_ALSO: Final = Column("physUrl", RDFS_SEE_ALSO, None, web_address)

EUROSCIVOC: Final = Table(
    "euroSciVoc", ("projectID", "euroSciVocCode"), ("projectID", "euroSciVocCode")
)
TOPICS: Final = Table("topics", ("projectID", "topic"), ("projectID", "topic", "title"))
LEGAL_BASIS: Final = Table(
    "legalBasis", ("projectID", "legalBasis"), ("projectID", "legalBasis", "title")
)
POLICY_PRIORITIES: Final = Table(
    "policyPriorities", ("projectID", "code"), ("projectID", "code", "weight")
)
WEB_LINK: Final = Table("webLink", ("projectID", "physUrl"), ("projectID", "physUrl"))

# In the order in which they are read: a project's date of update holds for its other rows too.
TABLES: Final = (
    PROJECT,
    ORGANIZATION,
    EUROSCIVOC,
    TOPICS,
    LEGAL_BASIS,
    POLICY_PRIORITIES,
    WEB_LINK,
)

# The columns of all tables; those that are not above make links (loaders._cordis_statements).
NAMES: Final = {
    *(
        column.name
        for columns in (
            PROJECT_COLUMNS,
            ORGANISATION_COLUMNS,
            PARTICIPATION_COLUMNS,
            COORDINATOR_COLUMNS,
            (WEBSITE,),
        )
        for column in columns
    ),
    *(key for table in TABLES for key in table.keys),
    *("frameworkProgramme", "legalBasis", "masterCall", "subCall", "topics", "keywords"),
    *("subjects", "coordinator", "participants", "projectAcronym", "title", "weight", "type"),
    *("euroSciVocPath", "euroSciVocTitle"),
}
