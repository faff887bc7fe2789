"""Records that no RDF document could hold are rejected whole, with their place and the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest

import loaders
from kg import staging
from kg.settings import Settings
from kg.statements import BLANK, IRI, LITERAL, Statement
from kg.terms import RDF_TYPE, RDFS_LABEL, XSD_STRING
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.source import Context, Source

THING = "http://example.org/Thing"
BAD = {
    "an IRI with a blank": ("http://example.org/a b", IRI, None, None, "not an IRI"),
    "an IRI without a scheme": ("example", IRI, None, None, "not an IRI"),
    "a blank node": ("_:b", BLANK, None, None, "a blank node"),
    "no language tag": ("x", LITERAL, "http://l", "en_GB", "not a language tag"),
    "a NUL character": ("a\0b", LITERAL, XSD_STRING, None, "a NUL character"),
}


def source_with(value: str, kind: int, datatype: str | None, language: str | None) -> Source:
    """Return a loader that states two places, the second with this as a value."""

    def read(_paths: object, context: Context) -> Iterator[Statement]:
        for line, name in ((2, "good"), (3, "bad")):
            subject, record = f"http://example.org/{name}", f"rows.csv/{name}"
            place = (context.graph, "rows.csv", line, "name", record)
            yield Statement(subject, RDF_TYPE, THING, IRI, None, None, *place)
            yield Statement(subject, RDFS_LABEL, name, LITERAL, XSD_STRING, None, *place)
            if name == "bad":
                yield Statement(subject, "http://p", value, kind, datatype, language, *place)

    return replace(loaders.find("nuts"), name="nuts", read=read)


@pytest.mark.parametrize("fault", BAD)
def test_what_cannot_be_written_is_rejected(tmp_path: Path, fault: str) -> None:
    """The record goes with all it states; the record before it stays."""
    value, kind, datatype, language, reason = BAD[fault]
    settings = Settings(home=tmp_path / "home")
    file = tmp_path / "rows.csv"
    file.write_text("name\ngood\nbad\n")
    rules = staging.read_rules(settings.base)

    with staging.rehearse(
        Workspace(settings.home),
        source_with(value, kind, datatype, language),
        [file],
        settings,
        rules,
    ) as one:
        kept = duckdb.sql(f"SELECT DISTINCT subject FROM {one.published()}").fetchall()
        [(name, line, why)] = duckdb.sql(
            f"SELECT file, line, reason FROM {one.table('rejects')}"
        ).fetchall()
        counts = one.manifest["records"]["rows.csv"]

    assert kept == [("http://example.org/good",)]
    assert (name, line) == ("rows.csv", 3)
    assert why.startswith(reason)
    assert counts == {"records": 2, "published": 1, "quarantined": 0, "rejected": 1}
