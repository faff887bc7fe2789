"""What the tests of watching share: a workspace whose releases hold a handful of statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg import releases
from kg.savedqueries.definition import read
from kg.terms import DEFAULT_BASE, RDFS_LABEL
from kg.workspace import Workspace, point, write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kg.releases import Release
    from kg.savedqueries import SavedQuery

THINGS = """#+ summary: Things with a name
#+ summary_de: Dinge mit einem Namen
#+ description: All of them.
#+ description_de: Alle.
#+ tags: [things]
#+ key: [thing]
#+ params:
#+   prefix:
#+     type: text
#+     optional: true
#+     en: How the name begins
#+     de: Wie der Name beginnt
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?thing ?label WHERE {
  ?thing rdfs:label ?label .
  #? prefix
  VALUES ?prefix { "a" }
  FILTER(STRSTARTS(?label, ?prefix))
  #? end
}
ORDER BY ?thing
LIMIT 10
"""


@dataclass(frozen=True)
class Little:
    """A workspace, published to by writing stores directly."""

    workspace: Workspace

    def publish(self, names: Mapping[str, str]) -> Release:
        """Make a release in which things, by their keys, have these names."""
        number = releases.next_number(self.workspace)
        folder = self.workspace.releases / str(number)
        folder.mkdir(parents=True)
        store = Store(str(folder / "store"))
        store.extend(
            Quad(
                NamedNode(f"{DEFAULT_BASE}id/thing/{key}"),
                NamedNode(RDFS_LABEL),
                Literal(name),
                NamedNode(f"{DEFAULT_BASE}graph/things"),
            )
            for key, name in names.items()
        )
        store.flush()
        created = f"2026-01-{number:02}T12:00:00+00:00"
        write_manifest(folder, {"created": created, "digest": f"d{number}", "inputs": {}})
        point(self.workspace.current, folder)
        return releases.find(self.workspace, number)


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return an empty workspace."""
    return Little(Workspace(tmp_path / "home"))


@pytest.fixture(scope="session")
def things() -> dict[str, SavedQuery]:
    """Return the one saved query that asks these releases."""
    return {"things": read("things", THINGS)}
