"""The words that options accept."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language that messages are written in."""

    en = "en"
    de = "de"


class Format(StrEnum):
    """A form of a report."""

    table = "table"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"
    ttl = "ttl"
    sarif = "sarif"


class Listed(StrEnum):
    """What a report lists."""

    findings = "findings"
    rejects = "rejects"
    quarantine = "quarantine"
    decisions = "decisions"


class Syntax(StrEnum):
    """An RDF syntax of a dump."""

    nq = "nq"
    trig = "trig"
    ttl = "ttl"
    nt = "nt"


class Result(StrEnum):
    """A form of query results."""

    table = "table"
    json = "json"
    csv = "csv"
    tsv = "tsv"
    xml = "xml"


class Rows(StrEnum):
    """A form of the rows of a saved query."""

    table = "table"
    json = "json"
    csv = "csv"
    sparql = "sparql"


class Piece(StrEnum):
    """Something `atlas new` can begin."""

    loader = "loader"
    shape = "shape"
    query = "query"
