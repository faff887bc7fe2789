"""A source of a few broken records, and a workspace in which curators decide on them."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

import loaders
from kg import dumps, imports, releases, staging
from kg.curation.decisions import Decision
from kg.curation.effects import Curating
from kg.curation.journal import Journal
from kg.settings import Settings
from kg.statements import IRI, LITERAL, Statement
from kg.terms import RDF_TYPE, RDFS_LABEL, XSD_STRING
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.curation.decisions import Kind
    from kg.imports import Import
    from kg.source import Context
    from kg.staging import Rules

SHAPES = "https://w3id.org/cluster-atlas/shapes#"
ID = "https://w3id.org/cluster-atlas/id/"
ATLAS = "https://w3id.org/cluster-atlas/ontology#"
HEAD = (
    "key,kind,name,legal_name,pic,activity_type,sme,city,country,region,latitude,longitude,source"
)
TABLE = f"""{HEAD}
a,Company,Alpha GmbH,Alpha GmbH,111111111,PRC,true,Ulm,DE,DE144,48.4,9.98,s
b,Company,Beta GmbH,Beta GmbH,222222222,PRC,yes,Ulm,DE,DE144,48.4,9.98,s
c,Company,Gamma GmbH,Gamma GmbH,333333333,prc,false,Ulm,DE,DE144,48.4,9.98,s
d,Company,Delta GmbH,,444444444,prc,yes,Ulm,DE,DE144,148.4,9.98,s
"""
SOURCES = "key,title_en,publisher,homepage\ns,Example,Example,https://example.org/\n"


@dataclass
class Desk:
    """A workspace, and what a curator does with it."""

    home: Path
    rules: Rules
    loaded: Path | None = None
    table: str = TABLE
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings(home=self.home)
        self.workspace = Workspace(self.home)
        self.journal = Journal(self.workspace, self.settings.base)
        self.sources = {name: loaders.find(name) for name in ("landscape", "nuts")}

    def load(self, table: str = TABLE, sources: str = SOURCES) -> Import:
        """Load a table of organisations as the landscape.

        In an empty workspace the example is not read again: `loaded` has the import of it.
        """
        if self.loaded and (table, sources) == (TABLE, SOURCES) and not self.home.exists():
            shutil.copytree(self.loaded, self.home, symlinks=True, copy_function=os.link)
        folder = self.home.parent / "download"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "organisations.csv").write_text(table, encoding="utf-8")
        (folder / "sources.csv").write_text(sources, encoding="utf-8")
        return self.load_folder(folder)

    def load_folder(self, folder: Path) -> Import:
        """Load a folder of tables as the landscape."""
        with self.workspace.writing():
            return staging.load(
                self.workspace, self.sources["landscape"], [folder], self.settings, self.rules
            )[0]

    def load_regions(self, table: str) -> Import:
        """Load a table of regions as the source `nuts`."""
        file = self.home.parent / "regions.csv"
        file.write_text(table, encoding="utf-8")
        with self.workspace.writing():
            return staging.load(
                self.workspace, self.sources["nuts"], [file], self.settings, self.rules
            )[0]

    def load_names(self, *names: str) -> Import:
        """Load records that each give organisation `a` another name, none newer than the other."""

        def read(_paths: object, context: Context) -> Iterator[Statement]:
            for line, name in enumerate(names, 2):
                place = (context.graph, "rows.csv", line, "name", f"rows.csv/{line}")
                subject = f"{ID}organisation/a"
                yield Statement(subject, RDF_TYPE, ATLAS + "Company", IRI, None, None, *place)
                for predicate in (RDFS_LABEL, ATLAS + "legalName"):
                    value = (name, LITERAL, XSD_STRING, None)
                    yield Statement(subject, predicate, *value, *place)

        folder = self.home.parent / "names"
        folder.mkdir(exist_ok=True)
        (folder / "rows.csv").write_text("\n".join(names), encoding="utf-8")
        source = replace(self.sources["landscape"], read=read)
        with self.workspace.writing():
            return staging.load(self.workspace, source, [folder], self.settings, self.rules)[0]

    def decide(self, kind: Kind, **parts: Any) -> Decision:
        """Make a decision on the landscape."""
        made = Decision("", kind, "landscape", "", "", parts.pop("why", "because"), **parts)
        return self.journal.append([made], "anna")[0]

    def restage(self) -> Import:
        """Make the landscape again under the decisions of today."""
        with self.workspace.writing():
            return staging.restage(self.workspace, self.current(), self.settings, self.rules)[0]

    def current(self) -> Import:
        """Return the current import."""
        return imports.current(self.workspace)["landscape"]

    def build(self) -> bytes:
        """Publish under the decisions of today; return the release as sorted N-Quads."""
        with self.workspace.writing():
            Curating(self.workspace, self.settings, self.rules, self.sources).publish()
        return self.quads()

    def quads(self) -> bytes:
        """Return the current release as sorted N-Quads."""
        release = releases.current(self.workspace)
        assert release is not None
        stream = io.BytesIO()
        dumps.dump(release, stream, "nq", in_order=True)
        return stream.getvalue()

    def rows(self, one: Import, table: str, columns: str) -> list[Any]:
        """Return the rows of one of an import's files, in order."""
        text = f"SELECT DISTINCT {columns} FROM {one.table(table)} ORDER BY ALL"
        found = duckdb.sql(text).fetchall()
        return [row[0] for row in found] if "," not in columns else found

    def values(self, one: Import, name: str, predicate: str) -> list[str]:
        """Return what an import publishes of an organisation for a property."""
        found = duckdb.sql(
            f"SELECT object FROM {one.published()} WHERE subject = '{ID}organisation/{name}'"
            f" AND predicate = '{ATLAS}{predicate}' ORDER BY ALL"
        ).fetchall()
        return [value for (value,) in found]


@pytest.fixture(scope="session")
def rules() -> Rules:
    """Return the rules, read once."""
    return staging.read_rules(Settings().base)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory, rules: Rules) -> Path:
    """Return a workspace in which the example was loaded."""
    home = tmp_path_factory.mktemp("loaded") / "home"
    Desk(home, rules).load()
    return home


@pytest.fixture
def desk(tmp_path: Path, rules: Rules, loaded: Path) -> Desk:
    """Return an empty workspace."""
    return Desk(tmp_path / "home", rules, loaded)
