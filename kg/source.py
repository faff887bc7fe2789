"""What a loader is: a `Source` that reads files and yields statements.

A loader is one module with `SOURCE = Source(...)`. Its `read(paths, context)` yields `Statement`
tuples (kg.statements) in the order of the file and tells `context.reject(...)` what it could not
use; a file that cannot be read at all is a `SourceError`. It writes nothing and asks nobody else:
the same files, base IRI and vocabularies give the same statements.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kg.statements import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.identifiers import Identifiers
    from kg.statements import Statement


Correction = dict[tuple[str, str], tuple[str, str]]
"""Columns and cells of a file, with what is read instead and the decision that says so."""


class Corrected(NamedTuple):
    """A cell that was read as another one."""

    decision: str
    column: str
    value: str
    new: str


@dataclass
class Context:
    """What a loader is given besides its paths.

    `identifiers` mints IRIs; `graph` is the named graph of the source; `codes` maps a vocabulary's
    notations to concept IRIs (`{"euroscivoc": {"1205": "http://…"}, "nuts": {"DE125": "http://…"}}`)
    for those vocabularies the loader says it `uses` and that are loaded; `progress` takes bytes
    done and bytes in all. `silent` counts by file the rows that say nothing which the graph holds.

    `corrections` are cells to be read instead of others, by file, column and cell, each with the
    decision that says so (kg.curation.corrections); `corrected` tells which were, by file and line.
    """

    identifiers: Identifiers
    graph: str
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    progress: Callable[[int, int], None] = lambda _done, _total: None
    rejects: list[Reject] = field(default_factory=list)
    silent: Counter[str] = field(default_factory=Counter)
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    corrected: dict[tuple[str, int], list[Corrected]] = field(default_factory=dict)

    def reject(
        self, file: str, line: int, reason: str, text: str = "", column: str | None = None
    ) -> None:
        """Set a piece of the source aside: where it stands, why, and the text itself."""
        self.rejects.append(Reject(file, line, column, reason, text))

    def correct(self, file: str, line: int, columns: Sequence[str], row: list[str]) -> list[str]:
        """Return a row with its corrected cells, or parts of cells between `|`, and note them."""
        if file not in self.corrections:
            return row
        given = self.corrections[file]

        def read(column: str, part: str) -> str:
            if (column, part) not in given:
                return part
            new, decision = given[column, part]
            made = self.corrected.setdefault((file, line), [])
            made.append(Corrected(decision, column, part, new))
            return new

        found = []
        for column, cell in zip(columns, row, strict=True):
            whole = read(column, cell.strip())
            parts = whole == cell.strip() and "|" in cell
            found.append("|".join(read(column, p.strip()) for p in cell.split("|")) if parts
                         else whole)  # fmt: skip
        return found

    def code(self, vocabulary: str, notation: str) -> str | None:
        """Return the concept of a notation in a loaded vocabulary, or None."""
        return self.codes.get(vocabulary, {}).get(notation)


@dataclass(frozen=True)
class Source:
    """A loader and what there is to say about what it loads.

    `title` and `description` are by language (en, de); `licence` and `homepage` are IRIs that go
    into VoID and DCAT; `uses` names the vocabularies whose notations the loader looks up;
    `vocabulary` says that this source's concepts (skos:notation) are such a vocabulary;
    `sample` names what the wheel ships of it, below the package `loaders`, if anything.
    """

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    publisher: str
    homepage: str
    licence: str
    read: Callable[[Sequence[Path], Context], Iterator[Statement]]
    accepts: str
    uses: tuple[str, ...] = ()
    vocabulary: bool = False
    sample: str | None = None
