"""What the cells of a record say, made into statements with the place of the cell.

1. A value is written as the source has it. Only what several platforms write differently is made
   alike: dates with the day first (31.12.2026, 31/12/2026) become ISO 8601, yes and no become
   true and false, countries may be codes of two or three letters or English names, a region may
   have its name behind its code (`DE21 Oberbayern`).
2. A value that cannot be what its column holds is rejected alone; the rest of the record goes on.
3. Cells that hold several values have `|`, `;` or a line break between them.
4. `source` says where the facts were taken from, and becomes an atlas:Source; `example` marks what
   is made up.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import IdentifierError
from kg.identifiers import slug
from kg.statements import IRI, LITERAL, Statement, literal_columns
from kg.terms import NUTS, RDF_TYPE, RDFS_LABEL, XSD
from loaders._countries import countries
from loaders._iris import web_address
from loaders._technologies import technology

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.source import Context
    from loaders._tables import Entry

# Columns that every table has.
COMMON: Final = {
    "source": "taken_from source_of_data",
    "publisher": "source_publisher",
    "example": "illustrative made_up",
}

_MANY: Final = ("country", "web", "region", "technology")
_LIST = re.compile(r"\s*[|;\n]\s*")
_REGION = re.compile(r"([A-Z]{2}[0-9A-Z]{0,3})(?:[\s:]\W*\w.*)?", re.DOTALL)
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_TRUTH: Final = {
    **dict.fromkeys(("true", "yes", "y", "ja", "oui", "x", "1"), "true"),
    **dict.fromkeys(("false", "no", "n", "nein", "non", "0"), "false"),
}


class Column(NamedTuple):
    """What a column says: the property, and what its cells hold.

    `holds` is text, a datatype of XML Schema, a language tag, web, country, region or technology.
    """

    predicate: str
    holds: str = "text"


class Kind(NamedTuple):
    """A kind of party: its class, and the code of its activity if that follows."""

    term: str
    activity: str = ""
    sme: bool = False


KINDS: Final = {
    "organisation": Kind("Organisation"),
    "sme": Kind("Company", "PRC", sme=True),
    "company": Kind("Company", "PRC"),
    "research organisation": Kind("ResearchOrganisation", "REC"),
    "university": Kind("University", "HES"),
    "public body": Kind("PublicBody", "PUB"),
    "other": Kind("OtherOrganisation", "OTH"),
    "cluster organisation": Kind("ClusterOrganisation"),
    "network partner": Kind("NetworkPartner"),
    "technology centre": Kind("TechnologyCentre"),
    "cluster": Kind("Cluster"),
}


class Facts:
    """Makes the statements of one record, which the source knows by `key`."""

    def __init__(
        self, entry: Entry, key: str, context: Context, modified: str | None = None
    ) -> None:
        self.entry = entry
        self.context = context
        self._record = f"{entry.file}/{key}"
        self._modified = modified
        self._told = False
        self._rejected: set[tuple[str, str]] = set()

    def link(self, subject: str, predicate: str, iri: str, column: str) -> Statement:
        """Return that two things are related by a property of ours, or that rdf:type is so."""
        return self._row(subject, self._term(predicate), (iri, IRI, None, None), column)

    def type(self, subject: str, term: str, column: str) -> Statement:
        """Return that something is of a class of ours."""
        return self.link(subject, RDF_TYPE, self.context.identifiers.ontology + term, column)

    def label(self, subject: str, text: str, column: str, language: str | None = None) -> Statement:
        """Return the label of something."""
        return self.literal(subject, RDFS_LABEL, text, column, language=language)

    def literal(
        self,
        subject: str,
        predicate: str,
        text: str,
        column: str,
        *,
        datatype: str | None = None,
        language: str | None = None,
    ) -> Statement:
        """Return that something has a value."""
        kind = XSD + datatype if datatype else None
        value = (text, LITERAL, *literal_columns(kind, language))
        return self._row(subject, self._term(predicate), value, column)

    def reject(self, column: str, reason: str, text: str) -> None:
        """Set the value of a column aside, once for all that would have taken it."""
        if (column, text) not in self._rejected:
            self._rejected.add((column, text))
            reject(self.entry, column, reason, text, self.context)

    def values(self, column: str) -> list[str]:
        """Return the values of a cell that may hold several."""
        return [value for value in _LIST.split(self.entry.get(column)) if value]

    def say(self, subject: str, columns: Mapping[str, Column]) -> Iterator[Statement]:
        """Yield what some columns say of a thing; reject values that cannot be."""
        for name, column in columns.items():
            cell = self.entry.get(name)
            if not cell:
                continue
            for value in self.values(name) if column.holds in _MANY else [cell]:
                try:
                    yield self._said(subject, name, column, value)
                except ValueError as error:
                    self.reject(name, str(error), value)

    def common(self, subject: str, *, example: bool = True) -> Iterator[Statement]:
        """Yield where the facts are taken from, and with `example` whether they are made up."""
        if example:
            yield from self.say(subject, {"example": Column("illustrative", "boolean")})
        title = self.entry.get("source")
        if not (key := key_of(title)):
            return
        source = self.context.identifiers.entity("source", key)
        yield self.link(subject, "statedBy", source, "source")
        if not self._told:
            self._told = True
            yield self.type(source, "Source", "source")
            yield self.label(source, title, "source")
            yield self.literal(source, "title", title, "source", language="en")
            yield from self.say(source, {"publisher": Column("publisher")})

    def party(self, name: str, kind: str, given: str = "") -> tuple[str, str]:
        """Return the IRI of the organisation or cluster of this record, and its class.

        `name`, `key` and `pic` (with `given_` before them) identify it, in this order backwards.

        Raises:
            ValueError: nothing of the name can be kept as a key.
        """
        entry = self.entry
        term = KINDS[kind].term
        key = entry.get(f"{given}pic") or entry.get(f"{given}key") or key_of(entry.get(name))
        if not key:
            raise ValueError(f"{entry.get(name)!r} has no letter or digit to make a key of")
        folder = "cluster" if term == "Cluster" else "organisation"
        return self.context.identifiers.entity(folder, key), term

    def described(self, iri: str, name: str, kind: str, given: str = "") -> Iterator[Statement]:
        """Yield class, names, place and web of the party of this record."""
        entry, about = self.entry, KINDS[kind]
        yield self.type(iri, about.term, f"{given}kind" if entry.get(f"{given}kind") else name)
        yield self.label(iri, entry.get(name), name)
        if about.term == "Cluster":
            return
        yield self.literal(iri, "legalName", entry.get(name), name)
        if about.activity:
            yield self.literal(iri, "activityType", about.activity, f"{given}kind")
        if about.sme:
            yield self.literal(iri, "isSme", "true", f"{given}kind", datatype="boolean")
        columns = {
            f"{given}pic": Column("pic"),
            f"{given}short_name": Column("shortName"),
            f"{given}country": Column("country", "country"),
            f"{given}region": Column("region", "region"),
            f"{given}city": Column("city"),
            f"{given}web": Column("homepage", "web"),
        }
        yield from self.say(iri, columns)

    def _said(self, subject: str, name: str, column: Column, value: str) -> Statement:
        if column.holds == "text":
            return self.literal(subject, column.predicate, value, name)
        if column.holds in ("en", "de", "fr", "it"):
            return self.literal(subject, column.predicate, value, name, language=column.holds)
        if column.holds in _MANY:
            return self.link(subject, column.predicate, self._iri(column.holds, value), name)
        text = _alike(column.holds, value)
        return self.literal(subject, column.predicate, text, name, datatype=column.holds)

    def _iri(self, holds: str, value: str) -> str:
        if holds == "web":
            return web_address(value)
        if holds == "country":
            return country(value)
        if holds == "region":
            return _region(value)
        return technology(value, self.context)

    def _term(self, predicate: str) -> str:
        return predicate if "://" in predicate else self.context.identifiers.ontology + predicate

    def _row(
        self,
        subject: str,
        predicate: str,
        said: tuple[str, int, str | None, str | None],
        column: str,
    ) -> Statement:
        entry = self.entry
        field = entry.fields.get(column)
        return Statement(
            subject,
            predicate,
            *said,
            self.context.graph,
            entry.file,
            entry.line,
            field,
            self._record,
            self._modified,
        )


def reject(entry: Entry, column: str, reason: str, text: str, context: Context) -> None:
    """Set a value, or with it the whole record, aside; in a workbook its cell is named."""
    if letter := entry.places.get(column):
        reason = f"cell {letter}{entry.line}: {reason}"
    context.reject(entry.file, entry.line, reason, text, entry.fields.get(column, column))


def kind_of(text: str, default: str) -> str:
    """Return the kind of party that a text begins with (`SME 11-49`), in one of the words of KINDS.

    Raises:
        ValueError: it names none.
    """
    words = text.strip().casefold() or default
    for kind in sorted(KINDS, key=len, reverse=True):
        if re.match(rf"{kind}s?\b", words):
            return kind
    raise ValueError(f"{text!r} is no kind; expected {', '.join(KINDS)}")


def country(text: str) -> str:
    """Return the IRI of a country by its code of two or three letters or its English name.

    Raises:
        ValueError: there is no such country.
    """
    wanted = text.strip()
    if found := countries().get(wanted.upper()):
        return found.iri
    for known in countries().values():
        if wanted.upper() == known.alpha_3 or wanted.casefold() == known.name.casefold():
            return known.iri
    raise ValueError(f"{text!r} is no country; expected two letters, such as DE, EL or UK")


def key_of(text: str) -> str:
    """Return the key made of a name, "" if nothing of it can be kept."""
    try:
        return slug(text)
    except IdentifierError:
        return ""


def _region(text: str) -> str:
    match = _REGION.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no NUTS code; expected one such as DE125")
    return NUTS + match[1]


def _alike(holds: str, value: str) -> str:
    """Return a value in the spelling of XML Schema where that is beyond doubt, else as it is."""
    if holds == "boolean":
        return _TRUTH.get(value.casefold(), value)
    if holds == "date" and (match := _DAY_FIRST.fullmatch(value)):
        day, month, year = map(int, match.groups())
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            return value
    return value
