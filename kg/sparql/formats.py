"""The result formats: how terms, rows and the whole are written.

Standards: SPARQL 1.1 Query Results JSON Format, XML Format, CSV and TSV Formats; N-Triples 1.1.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

JSON: Final = "application/sparql-results+json"
XML: Final = "application/sparql-results+xml"
CSV: Final = "text/csv"
TSV: Final = "text/tab-separated-values"
N_TRIPLES: Final = "application/n-triples"
TURTLE: Final = "text/turtle"


@dataclass(frozen=True)
class Cell:
    """What stands around a text: IRI, blank node, literal with a datatype or a language."""

    before: str
    after: str


NOTHING: Final = Cell("", "")


@dataclass(frozen=True)
class Format:
    """A result format: how terms, rows and the whole are written.

    `special` finds texts to escape; `missing` is the cell of an unbound variable, None to leave it
    out; `datatype` and `language` go after a literal's text, `{}` standing for what they name.
    `plain_iris` says that no IRI has a character to escape (RFC 3987, section 2.2).
    """

    special: str
    plain_iris: bool
    escape: Callable[[str], str]
    iri: Cell
    blank: Cell
    plain: Cell
    datatype: str
    language: str
    between_cells: str
    row: Cell
    between_rows: str
    missing: str | None
    label: Callable[[str], Cell]
    head: Callable[[Sequence[str]], str]
    tail: str
    ask: Callable[[bool], str]


def _no_label(_name: str) -> Cell:
    return NOTHING


def _json_escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _csv_escape(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _nt_escape(text: str) -> str:
    for character, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, written)
    return text.replace("\t", "\\t")


def _xml_text(text: str) -> str:
    return xml_escape(text, {"\r": "&#xD;", "\t": "&#x9;"})


def _csv_head(names: Sequence[str]) -> str:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\r\n").writerow(names)
    return sink.getvalue()


def _xml_head(names: Sequence[str]) -> str:
    variables = "".join(f"<variable name={quoteattr(name)}/>" for name in names)
    return f"{_XML_START}<head>{variables}</head><results>"


def _truth(value: bool) -> str:  # noqa: FBT001 - the answer itself
    return "true" if value else "false"


_XML_START: Final = '<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'

FORMATS: Final = {
    JSON: Format(
        special=r'["\\\x00-\x1f]',
        plain_iris=True,
        escape=_json_escape,
        iri=Cell('{"type":"uri","value":"', '"}'),
        blank=Cell('{"type":"bnode","value":"', '"}'),
        plain=Cell('{"type":"literal","value":"', '"}'),
        datatype='","datatype":"{}"}',
        language='","xml:lang":"{}"}',
        between_cells=",",
        row=Cell("{", "}"),
        between_rows=",",
        missing=None,
        label=lambda name: Cell(f"{json.dumps(name)}:", ""),
        head=lambda names: (
            f'{{"head":{{"vars":{json.dumps(list(names))}}},"results":{{"bindings":['
        ),
        tail="]}}",
        ask=lambda value: f'{{"head":{{}},"boolean":{_truth(value)}}}',
    ),
    XML: Format(
        special=r"[&<>\r\t]",
        plain_iris=False,
        escape=_xml_text,
        iri=Cell("<uri>", "</uri>"),
        blank=Cell("<bnode>", "</bnode>"),
        plain=Cell("<literal>", "</literal>"),
        datatype='<literal datatype="{}">',
        language='<literal xml:lang="{}">',
        between_cells="",
        row=Cell("<result>", "</result>"),
        between_rows="",
        missing=None,
        label=lambda name: Cell(f"<binding name={quoteattr(name)}>", "</binding>"),
        head=_xml_head,
        tail="</results></sparql>",
        ask=lambda value: f"{_XML_START}<head/><boolean>{_truth(value)}</boolean></sparql>",
    ),
    CSV: Format(
        special=r'[",\r\n]',
        plain_iris=False,
        escape=_csv_escape,
        iri=NOTHING,
        blank=Cell("_:", ""),
        plain=NOTHING,
        datatype="",
        language="",
        between_cells=",",
        row=Cell("", "\r\n"),
        between_rows="",
        missing="",
        label=_no_label,
        head=_csv_head,
        tail="",
        ask=_truth,
    ),
    TSV: Format(
        special=r'["\\\x00-\x1f]',
        plain_iris=True,
        escape=_nt_escape,
        iri=Cell("<", ">"),
        blank=Cell("_:", ""),
        plain=Cell('"', '"'),
        datatype='"^^<{}>',
        language='"@{}',
        between_cells="\t",
        row=Cell("", "\n"),
        between_rows="",
        missing="",
        label=_no_label,
        head=lambda names: "\t".join(f"?{name}" for name in names) + "\n",
        tail="",
        ask=_truth,
    ),
}
FORMATS[N_TRIPLES] = FORMATS[TSV]
