"""NUTS: the regions of Europe for statistics, and the countries they are part of.

1. Files are CSV, known by their columns: the classification (`code`, `label`, `level`, `country`),
   the codes that CORDIS uses (`nutsCode`, `name`, `isoCode`, `euCode`; older versions of NUTS
   among them), countries (`alpha_2`, `alpha_3`, `name`). What an earlier file has is not taken
   from a later one.
2. A region is part of the region whose code is its own without the last character; where no file
   has that one, of the next above it, at last of the country.
3. Countries are those of the file, if there is one, and else those that come with this loader.

Codes: Regulation (EC) 1059/2003. Countries: authority table of the Publications Office of the EU.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import SourceError
from kg.source import Source
from kg.statements import IRI, LITERAL, Statement
from kg.terms import NUTS, RDF_TYPE, RDFS_LABEL, SKOS, XSD_INTEGER, XSD_STRING
from loaders._countries import EU_CODES, FILE, countries
from loaders._framing import Table
from loaders._members import members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kg.source import Context

LAYOUTS: Final = (
    ("code", "label", "level", "country"),
    ("nutsCode", "name"),
    ("alpha_2", "alpha_3", "name"),
)

_CODE = re.compile(r"[A-Z]{2}[0-9A-Z]{0,3}")


class _Region(NamedTuple):
    code: str
    name: str
    level: str
    file: str
    line: int
    fields: tuple[str, str, str | None]


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield countries and regions.

    Raises:
        SourceError: a file is missing, damaged or of an unknown layout, or none has regions.
    """
    regions: dict[str, _Region] = {}
    nations: list[Statement] = []
    with members(paths) as found:
        files = [m for m in found if m.suffix == ".csv"]
        if not files:
            raise SourceError(
                f"No CSV file among {', '.join(m.name for m in found[:5])}; expected NUTS codes"
            )
        total = sum(m.size for m in files)
        done = 0
        for member in files:
            with member.open() as stream:
                table = Table(member.name, stream, context)
                layout = _layout(table)
                for line, cells in table.rows():
                    row = dict(zip(table.columns, (c.strip() for c in cells), strict=True))
                    if layout == LAYOUTS[2]:
                        nations += _country(
                            row["alpha_2"], row["alpha_3"], row["name"], member.name, line, context
                        )
                    elif region := _region(row, layout, member.name, line, context):
                        regions.setdefault(region.code, region)
            done += member.size
            context.progress(done, total)
    yield from nations or _shipped(context)
    for region in regions.values():
        yield from _place(region, regions, context)


def _layout(table: Table) -> tuple[str, ...]:
    for layout in LAYOUTS:
        if set(layout) <= set(table.columns):
            return layout
    expected = " or ".join(", ".join(layout) for layout in LAYOUTS)
    raise SourceError(
        f"{table.name}: unknown layout: columns {', '.join(table.columns)}; expected {expected}",
        file=table.name,
        found=table.columns,
    )


def _region(
    row: dict[str, str], layout: tuple[str, ...], file: str, line: int, context: Context
) -> _Region | None:
    """Return the region of a row; None for a country, or for a row that was rejected."""
    code, name, *_ = (row[column] for column in layout)
    if not _CODE.fullmatch(code):
        reason = f"{code!r} is no NUTS code; expected two letters and up to three more characters"
        context.reject(file, line, reason, ";".join(row.values()), layout[0])
        return None
    if len(code) == len("DE"):
        return None
    level = row["level"] if "level" in layout else str(len(code) - 2)
    fields = (layout[0], layout[1], "level" if "level" in layout else layout[0])
    return _Region(code, name or code, level, file, line, fields)


def _place(region: _Region, regions: dict[str, _Region], context: Context) -> Iterator[Statement]:
    """Yield what is known of a region."""
    code_field, name_field, level_field = region.fields
    subject, ns = NUTS + region.code, context.identifiers.ontology
    above = next(
        (NUTS + region.code[:n] for n in range(len(region.code) - 1, 2, -1)
         if region.code[:n] in regions),
        None,
    )  # fmt: skip
    country = countries().get(region.code[:2])
    if above is None:
        above = country.iri if country else None
    if above is None:
        reason = f"{region.code[:2]} is no known country code"
        context.reject(region.file, region.line, reason, region.code, code_field)
    facts = (
        (RDF_TYPE, ns + "Region", None, None),
        (RDFS_LABEL, region.name, XSD_STRING, name_field),
        (ns + "nutsCode", region.code, XSD_STRING, code_field),
        (ns + "nutsLevel", region.level, XSD_INTEGER, level_field),
        *(((ns + "partOf", above, None, code_field),) if above else ()),
        *(((ns + "country", country.iri, None, code_field),) if country else ()),
    )
    for predicate, value, datatype, field in facts:
        yield _statement(
            subject, predicate, value, datatype, field, region.file, region.line,
            f"{region.file}/{region.code}", context,
        )  # fmt: skip


def _shipped(context: Context) -> Iterator[Statement]:
    """Yield the countries that come with the loader."""
    for line, (code, country) in enumerate(countries().items(), start=2):
        if code == country.alpha_2:
            yield from _country(code, country.alpha_3, country.name, FILE, line, context)


def _country(
    code: str, alpha_3: str, name: str, file: str, line: int, context: Context
) -> Iterator[Statement]:
    """Yield what is known of a country, under the code that the EU uses (EL, UK)."""
    known = countries().get(code)
    if known is None or known.alpha_3 != alpha_3:
        reason = f"{code!r}, {alpha_3!r} are not the codes of a country"
        context.reject(file, line, reason, f"{code};{alpha_3};{name}", "alpha_2")
        return
    ns = context.identifiers.ontology
    facts = [
        (RDF_TYPE, ns + "Country", None, None),
        (RDFS_LABEL, known.name, XSD_STRING, "name"),
        (ns + "countryCode", known.alpha_2, XSD_STRING, "alpha_2"),
        (SKOS + "notation", alpha_3, XSD_STRING, "alpha_3"),
    ]
    facts += [
        (SKOS + "notation", iso, XSD_STRING, "alpha_2")
        for iso, eu in EU_CODES.items()
        if eu == known.alpha_2
    ]
    for predicate, value, datatype, field in facts:
        yield _statement(
            known.iri, predicate, value, datatype, field, file, line, f"{file}/{code}", context
        )


def _statement(
    subject: str, predicate: str, value: str, datatype: str | None, field: str | None, file: str,
    line: int, record: str, context: Context,
) -> Statement:  # fmt: skip
    kind = IRI if datatype is None else LITERAL
    return Statement(
        subject, predicate, value, kind, datatype, None, context.graph, file, line, field, record
    )


SOURCE = Source(
    name="nuts",
    title={"en": "NUTS regions and countries", "de": "NUTS-Regionen und Länder"},
    description={
        "en": "The regions of Europe for statistics (NUTS 2024 and statistical regions), older "
        "codes that are still in use, and the countries.",
        "de": "Die statistischen Regionen Europas (NUTS 2024 und statistische Regionen), ältere "
        "noch verwendete Codes und die Länder.",
    },
    publisher="Eurostat",
    homepage="https://ec.europa.eu/eurostat/web/nuts",
    licence="https://creativecommons.org/licenses/by/4.0/",
    read=read,
    accepts="CSV files: code,label,level,country; nutsCode,name; alpha_2,alpha_3,name",
    sample="sample/nuts",
)
