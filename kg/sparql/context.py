"""What the parts of one compilation share: the release, the dataset, the constants, the aliases."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from pyoxigraph import Literal

from kg.columns.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.columns.catalogue import Catalogue
    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Term


@dataclass(frozen=True)
class Dataset:
    """The graphs of a query (section 13) as numbers: None is all of them, 0 the default graph."""

    default: frozenset[int] | None = None
    named: frozenset[int] | None = None


@dataclass
class Context:
    """One compilation; `local` lists the constants that the release does not have."""

    catalogue: Catalogue
    dictionary: Dictionary
    dataset: Dataset
    base: str = ""
    local: list[Term] = field(default_factory=list)
    numbers: dict[Term, int] = field(default_factory=dict)
    aliases: Iterator[int] = field(default_factory=count)

    def number(self, term: Term) -> int:
        """Return the number of a constant: below zero if the release does not have it."""
        known = canonical(term) if isinstance(term, Literal) else term
        if known not in self.numbers:
            self.numbers[known] = self._find(known)
        return self.numbers[known]

    def _find(self, known: Term) -> int:
        found = self.dictionary.number(known)
        if found is not None:
            return found
        self.local.append(known)
        return -len(self.local)


def quoted(text: str) -> str:
    """Return a text as an SQL string."""
    if "\x00" in text:
        text = text.replace("\x00", "' || chr(0) || '")
        return (
            "('" + text.replace("'", "''").replace("'' || chr(0) || ''", "' || chr(0) || '") + "')"
        )
    return "'" + text.replace("'", "''") + "'"
