"""ROR: the register of research organisations, as entities of their own.

1. Files are the JSON of a data dump (schema version 2), plain, gzipped or in its zip.
2. An organisation keeps its ROR address as its IRI. Whether a participant of a project is the same
   organisation is for a curator to decide: nothing here says so.
3. The display name and the names in other languages are labels; aliases and acronyms are
   alternative ones. Identifiers in other registers are links to further information.
4. The place is that of the first location; a record that was withdrawn is rejected.

Schema: https://ror.readme.io/docs/ror-data-structure, version 2.1.
"""

from __future__ import annotations

import gzip
import re
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from kg.errors import SourceError
from kg.source import Source
from kg.statements import IRI, LITERAL, Statement
from kg.terms import (
    RDF_LANG_STRING,
    RDF_TYPE,
    RDFS,
    RDFS_LABEL,
    SKOS,
    XSD,
    XSD_DECIMAL,
    XSD_STRING,
)
from loaders._countries import countries
from loaders._iris import web_address
from loaders._json_array import Array
from loaders._members import Member, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kg.source import Context

BEGINS: Final = ["admin", "domains", "established", "external_ids", "links", "locations", "names",
                 "relationships", "status"]  # fmt: skip
OTHERS: Final = {
    "wikidata": ("http://www.wikidata.org/entity/", re.compile(r"Q[1-9][0-9]*")),
    "isni": ("https://isni.org/isni/", re.compile(r"[0-9]{15}[0-9X]")),
    "grid": ("https://www.grid.ac/institutes/", re.compile(r"grid\.[0-9]+\.[0-9a-f]+")),
    "fundref": ("https://doi.org/10.13039/", re.compile(r"[0-9]+")),
}
"""The registers that identifiers are linked to, and how these look."""

_ID = re.compile(r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_COORDINATES: Final = (("lat", "latitude", 90), ("lng", "longitude", 180))

_LAST_YEAR: Final = 2100

Fact = tuple[str, str, int, str | None, str | None, str]


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield the organisations of ROR files.

    Raises:
        SourceError: there is no JSON file, or one that is damaged or holds no array.
    """
    seen: set[str] = set()
    with members(paths) as found:
        files = _files(found)
        total = sum(member.size for member in files)
        done = 0
        for member in files:
            with _opened(member) as stream:
                for line, record in Array(member.name, stream, context, BEGINS).records():
                    yield from _organisation(record, member.name, line, context, seen)
            done += member.size
            context.progress(done, total)


def _files(found: list[Member]) -> list[Member]:
    """Return the files to read; a dump has the records in the older schema too."""
    files = [m for m in found if m.suffix == ".json" or m.name.lower().endswith(".json.gz")]
    if not files:
        names = ", ".join(m.name for m in found[:5])
        raise SourceError(f"No JSON file among {names}; expected a data dump of ROR")
    return [m for m in files if "schema_v2" in m.name] or files


@contextmanager
def _opened(member: Member) -> Iterator[BinaryIO]:
    with member.open() as stream:
        if member.suffix != ".gz":
            yield stream
            return
        try:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast("BinaryIO", unpacked)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(
                f"{member.name} is damaged or cut off ({error}); expected a complete gzip file",
                file=member.name,
            ) from error


def _organisation(
    record: dict[str, Any], file: str, line: int, context: Context, seen: set[str]
) -> Iterator[Statement]:
    """Yield what a record says, or reject it."""
    iri = record.get("id")
    if reason := _fault(record, seen):
        context.reject(file, line, reason, str(iri or ""), "id")
        return
    facts = _Facts(record, file, line, context)
    found = list(facts.all())
    if not any(predicate == RDFS_LABEL for predicate, *_ in found):
        reason = "no name of the type ror_display or label"
        context.reject(file, line, reason, str(iri), "names")
        return
    seen.add(str(iri))
    key = str(iri).rpartition("/")[2]
    modified = _text(_member(record, "admin", "last_modified", "date")) or None
    for predicate, value, kind, datatype, language, field in found:
        yield Statement(
            str(iri), predicate, value, kind, datatype, language, context.graph,
            file, line, field, f"{file}/{key}", modified,
        )  # fmt: skip


def _fault(record: dict[str, Any], seen: set[str]) -> str | None:
    """Return why a record as a whole is not taken."""
    iri = record.get("id")
    if not isinstance(iri, str) or not _ID.fullmatch(iri):
        return f"{iri!r} is no ROR identifier; expected https://ror.org/0 and eight characters"
    if iri in seen:
        return f"{iri} was described before"
    if not isinstance(record.get("names"), list):
        return "no list of names; expected schema version 2"
    return "withdrawn from the register" if record.get("status") == "withdrawn" else None


class _Facts:
    """The facts of a record; values that cannot be are rejected, each with its path."""

    def __init__(self, record: dict[str, Any], file: str, line: int, context: Context) -> None:
        self._record = record
        self._file = file
        self._line = line
        self._context = context
        self._namespace = context.identifiers.ontology

    def all(self) -> Iterator[Fact]:
        """Yield predicate, value, kind, datatype, language and path."""
        yield RDF_TYPE, self._namespace + "Organisation", IRI, None, None, "id"
        key = str(self._record["id"]).rpartition("/")[2]
        yield self._namespace + "identifier", key, LITERAL, XSD_STRING, None, "id"
        yield from self._names()
        yield from self._place()
        yield from self._homepage()
        yield from self._founded()
        yield from self._elsewhere()

    def _reject(self, reason: str, text: object, field: str) -> None:
        self._context.reject(self._file, self._line, reason, str(text), field)

    def _list(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the objects of a list with their paths."""
        values = self._record.get(name) or []
        if not isinstance(values, list):
            self._reject("no list", values, name)
            return
        for number, value in enumerate(values):
            field = f"{name}[{number}]"
            if isinstance(value, dict):
                yield field, value
            else:
                self._reject("no JSON object", value, field)

    def _names(self) -> Iterator[Fact]:
        said = set()
        for field, name in self._list("names"):
            text, types = _text(name.get("value")), name.get("types")
            if not text or not isinstance(types, list):
                self._reject("a name without value or types", name, field)
                continue
            label = {"ror_display", "label"} & set(map(str, types))
            predicate = RDFS_LABEL if label else SKOS + "altLabel"
            language = self._language(name.get("lang"), field)
            datatype = RDF_LANG_STRING if language else XSD_STRING
            if (text, language, predicate) not in said:
                said.add((text, language, predicate))
                yield predicate, text, LITERAL, datatype, language, f"{field}.value"

    def _language(self, given: Any, field: str) -> str | None:
        if given is None or given == "":
            return None
        if isinstance(given, str) and _LANGUAGE.fullmatch(given):
            return given
        self._reject(f"{given!r} is no language tag", given, f"{field}.lang")
        return None

    def _place(self) -> Iterator[Fact]:
        field, location = next(self._list("locations"), ("", {}))
        details = location.get("geonames_details")
        if not isinstance(details, dict):
            return
        path = f"{field}.geonames_details"
        if code := _text(details.get("country_code")):
            if country := countries().get(code):
                says = f"{path}.country_code"
                yield self._namespace + "country", country.iri, IRI, None, None, says
            else:
                self._reject(f"{code!r} is no country code", code, f"{path}.country_code")
        if city := _text(details.get("name")):
            yield self._namespace + "city", city, LITERAL, XSD_STRING, None, f"{path}.name"
        yield from self._coordinates(details, path)

    def _coordinates(self, details: dict[str, Any], path: str) -> Iterator[Fact]:
        for name, term, most in _COORDINATES:
            value = details.get(name)
            if value is None:
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and -most <= value <= most:
                text = format(value, "f") if "e" in str(value) else str(value)
                says = f"{path}.{name}"
                yield self._namespace + term, text, LITERAL, XSD_DECIMAL, None, says
            else:
                reason = f"{value!r} is no {term}; expected a number from {-most} to {most}"
                self._reject(reason, value, f"{path}.{name}")

    def _homepage(self) -> Iterator[Fact]:
        for field, link in self._list("links"):
            if link.get("type") != "website":
                continue
            try:
                iri = web_address(_text(link.get("value")))
            except ValueError as error:
                self._reject(str(error), link.get("value"), f"{field}.value")
                continue
            yield self._namespace + "homepage", iri, IRI, None, None, f"{field}.value"
            return

    def _founded(self) -> Iterator[Fact]:
        year = self._record.get("established")
        if year is None:
            return
        if isinstance(year, int) and not isinstance(year, bool) and 0 < year <= _LAST_YEAR:
            term = self._namespace + "foundedYear"
            # XML Schema Datatypes, section 3.3.11: a year has at least four digits.
            yield term, f"{year:04}", LITERAL, XSD + "gYear", None, "established"
        else:
            self._reject(f"{year!r} is no year", year, "established")

    def _elsewhere(self) -> Iterator[Fact]:
        for field, other in self._list("external_ids"):
            if other.get("type") not in OTHERS:
                continue
            space, form = OTHERS[str(other["type"])]
            given = other.get("all")
            for value in given if isinstance(given, list) else [given]:
                plain = _text(value).replace(" ", "")
                if form.fullmatch(plain):
                    yield RDFS + "seeAlso", space + plain, IRI, None, None, f"{field}.all"
                else:
                    reason = f"{value!r} is no identifier of {other['type']}"
                    self._reject(reason, value, f"{field}.all")


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _member(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


SOURCE = Source(
    name="ror",
    title={"en": "Research Organization Registry", "de": "Register der Forschungsorganisationen"},
    description={
        "en": "Research organisations of the world with their names in several languages, places "
        "and identifiers. They are things of their own beside the participants of projects.",
        "de": "Forschungsorganisationen der Welt mit Namen in mehreren Sprachen, Orten und "
        "Kennungen. Sie stehen als eigene Dinge neben den Beteiligten an Projekten.",
    },
    publisher="Research Organization Registry",
    homepage="https://ror.org/",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    read=read,
    accepts="A data dump of ROR, schema version 2: JSON, gzipped JSON or its zip archive",
)
