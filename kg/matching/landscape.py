"""The innovation landscape of a release as numpy columns: who does what with whom, and where.

Concepts that are exact matches of each other are one here (the atlas's own, if there is one). The
information content of a concept is the logarithm of how few projects have it: what all share says
nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kg.errors import NotFoundError
from kg.matching.seats import Seats
from kg.matching.sparse import Counts, Matrix, counted
from kg.matching.ties import Ties, lifts
from kg.matching.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from kg.matching.sparse import Numbers, Vector

_EPOCH: Final = date(1970, 1, 1)
_NEVER: Final = -1
_CONSORTIUM: Final = 3
_EXPERIENCED: Final = 255


def today() -> date:
    """Return the day by which projects run and listings are valid."""
    return datetime.now(UTC).date()


def day_number(day: date) -> int:
    """Return a day as the number of days since 1970."""
    return (day - _EPOCH).days


class Landscape:
    """The tables of a release in memory. Rows are numbers; `iri` columns say what they stand for.

    `before` restricts it to the projects signed before a day, for evaluation over time.
    """

    def __init__(self, tables: Mapping[str, pa.Table], before: date | None = None) -> None:
        self.tables = tables
        self._before = before
        self._columns: dict[str, list[Any]] = {}
        self._chosen: dict[tuple[str, tuple[str, ...]], Mapping[str, list[Any]]] = {}
        self._rows: dict[str, dict[str, int]] = {}

    def column(self, table: str, name: str) -> list[Any]:
        """Return a column as a list, kept."""
        key = f"{table}.{name}"
        if key not in self._columns:
            self._columns[key] = self.tables[table][name].to_pylist()
        return self._columns[key]

    def columns(self, table: str, names: tuple[str, ...]) -> Mapping[str, list[Any]]:
        """Return some columns as lists, kept."""
        key = table, names
        if key not in self._chosen:
            self._chosen[key] = {name: self.column(table, name) for name in names}
        return self._chosen[key]

    @cached_property
    def organisation_iris(self) -> list[str]:
        """The IRIs of the organisations: explanations name hardly anything else as often."""
        return self.column("organisation", "iri")

    @cached_property
    def project_iris(self) -> list[str]:
        """The IRIs of the projects."""
        return self.column("project", "iri")

    def size(self, table: str) -> int:
        """Return the number of rows of a table."""
        return int(self.tables[table].num_rows)

    def rows(self, table: str) -> Mapping[str, int]:
        """Return the row of each IRI of a table, kept."""
        if table not in self._rows:
            self._rows[table] = {iri: n for n, iri in enumerate(self.column(table, "iri"))}
        return self._rows[table]

    def row(self, table: str, iri: str) -> int:
        """Return the row of an IRI.

        Raises:
            NotFoundError: this release has no such thing.
        """
        found = self.rows(table).get(iri)
        if found is None:
            raise NotFoundError(f"This release has no {table} {iri}", iri=iri)
        return found

    def days(self, table: str, name: str) -> NDArray[np.int64]:
        """Return a column of dates as days since 1970; -1 where there is none."""
        key = f"{table}.{name}"
        if key not in self._days:
            texts = self.column(table, name)
            self._days[key] = np.array([_day(text) for text in texts], np.int64)
        return self._days[key]

    @cached_property
    def _days(self) -> dict[str, NDArray[Any]]:
        return {}

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which projects count: all, or those signed before the day."""
        if self._before is None:
            return np.ones(self.size("project"), bool)
        return np.asarray((self.begun != _NEVER) & (self.begun < day_number(self._before)))

    @cached_property
    def begun(self) -> NDArray[np.int64]:
        """The day each project was signed or, where that is not told, starts; -1 for neither."""
        signed = self.days("project", "signed")
        return np.where(signed != _NEVER, signed, self.days("project", "start_date"))

    @cached_property
    def members(self) -> Matrix:
        """Projects x organisations: who takes part."""
        projects = self.pairs("participation", "project")
        kept = self.known[projects]
        organisations = self.pairs("participation", "organisation")
        return Matrix.of(
            projects[kept], organisations[kept], self.size("project"), self.size("organisation")
        )

    @cached_property
    def projects(self) -> Matrix:
        """Organisations x projects."""
        return self.members.turned

    @cached_property
    def coordinated(self) -> NDArray[np.int64]:
        """How many projects each organisation coordinates."""
        chosen = np.asarray(self.column("participation", "coordinator"), bool)
        projects = self.pairs("participation", "project")
        chosen &= self.known[projects]
        organisations = self.pairs("participation", "organisation")
        return np.bincount(organisations[chosen], minlength=self.size("organisation"))

    def pairs(self, table: str, name: str) -> Numbers:
        """Return a column of numbers, kept."""
        key = f"{table}.{name}#pairs"
        if key not in self._days:
            column = self.tables[table][name].combine_chunks()
            self._days[key] = np.asarray(column.to_numpy(zero_copy_only=False), np.int32)
        return self._days[key]

    @cached_property
    def canonical(self) -> Numbers:
        """For each concept the one that stands for it and its exact matches."""
        chosen = np.arange(self.size("concept"), dtype=np.int32)
        one, other = self.pairs("exact", "subject"), self.pairs("exact", "object")
        while True:
            # Matches of matches are matches too: the largest number wanders through all of them.
            largest = np.maximum(chosen[one], chosen[other])
            if (chosen[one] == largest).all() and (chosen[other] == largest).all():
                return chosen
            np.maximum.at(chosen, one, largest)
            np.maximum.at(chosen, other, largest)

    @cached_property
    def topics(self) -> Matrix:
        """Projects x concepts, broader ones included, exact matches as one."""
        projects = self.pairs("field", "subject")
        concepts = self.canonical[self.pairs("field", "object")]
        kept = self.known[projects]
        pairs = np.unique(np.stack((projects[kept], concepts[kept])), axis=1)
        return Matrix.of(pairs[0], pairs[1], self.size("project"), self.size("concept"))

    @cached_property
    def by_topic(self) -> Matrix:
        """Concepts x projects."""
        return self.topics.turned

    @cached_property
    def information(self) -> Vector:
        """The information content of each concept: log2(projects / projects with it)."""
        counts = np.bincount(self.topics.columns, minlength=self.size("concept"))
        total = max(int(self.known.sum()), 1)
        return np.where(counts > 0, np.log2(total / np.maximum(counts, 1)), np.log2(total + 1))

    @cached_property
    def evidence(self) -> int:
        """How many projects tell who works with whom: those with several participants."""
        return int((self.members.sizes() > 1).sum())

    @cached_property
    def experience(self) -> NDArray[np.int64]:
        """How many projects each organisation takes part in."""
        return self.projects.sizes()

    @cached_property
    def roots(self) -> Vector:
        """√projects of each organisation, 1 for none."""
        return np.sqrt(np.maximum(self.experience, 1))

    @cached_property
    def close(self) -> Ties:
        """Ties by projects of three participants or more: 1 / log2(1 + participants)."""
        sizes = self.members.sizes()
        weights = np.where(sizes >= _CONSORTIUM, 1 / np.log2(1 + np.maximum(sizes, 1)), 0.0)
        return Ties.of(self.members, self.projects, weights)

    @cached_property
    def steps(self) -> Ties:
        """Ties by which a walk goes: 1 / the other participants of a project."""
        others = self.members.sizes() - 1
        weights = np.where(others > 0, 1 / np.maximum(others, 1), 0.0)
        return Ties.of(self.members, self.projects, weights)

    @cached_property
    def between(self) -> Vector:
        """How much more than by chance each two countries work together (`kg.matching.ties`)."""
        places = self.places("organisation", "country")
        return lifts(self.members, self.steps.weights, places, self.size("place"))

    @cached_property
    def standing(self) -> Vector:
        """The experience of each organisation from 0 to 1: log2(1 + projects) / 8, at most 255."""
        return np.log2(1.0 + np.minimum(self.experience, _EXPERIENCED)) / 8

    @cached_property
    def vectors(self) -> Vectors:
        """The projects as vectors of their words."""
        return Vectors(self)

    @cached_property
    def sme(self) -> NDArray[np.bool_]:
        """Which organisations are small or medium-sized enterprises, as the sources say."""
        return np.asarray(self.column("organisation", "sme"), bool)

    @cached_property
    def kinds(self) -> tuple[list[str], Numbers]:
        """The activity types, and which of them each organisation has; the empty one for none."""
        texts = [kind or "" for kind in self.column("organisation", "kind")]
        names = sorted(set(texts))
        numbers = {name: n for n, name in enumerate(names)}
        return names, np.array([numbers[text] for text in texts], np.int32)

    @cached_property
    def masters(self) -> Matrix:
        """Organisations x concepts that they are said to master."""
        return Matrix.of(
            self.pairs("masters", "subject"),
            self.canonical[self.pairs("masters", "object")],
            self.size("organisation"),
            self.size("concept"),
        )

    @cached_property
    def terms(self) -> Mapping[str, int]:
        """The words of the projects' texts, by their numbers."""
        return {text: n for n, text in enumerate(self.column("term", "text"))}

    @cached_property
    def posting_starts(self) -> NDArray[np.int64]:
        """Where the postings of each word begin; one more than there are words."""
        counts = np.bincount(self.pairs("posting", "term"), minlength=self.size("term"))
        return np.concatenate(([0], np.cumsum(counts)))

    @cached_property
    def lengths(self) -> Vector:
        """How many words the projects of each organisation have in all."""
        often = self.pairs("posting", "often").astype(np.float64)
        per_project = np.bincount(self.pairs("posting", "project"), often, self.size("project"))
        return self.projects.times(per_project.astype(np.float64))

    @cached_property
    def active_in(self) -> Matrix:
        """Concepts x organisations with a project that has the concept, or that master it."""
        organisations = np.concatenate((self.profile.matrix.rows, self.masters.rows))
        concepts = np.concatenate((self.profile.matrix.columns, self.masters.columns))
        pairs = np.unique(np.stack((concepts, organisations)), axis=1)
        return Matrix.of(pairs[0], pairs[1], self.size("concept"), self.size("organisation"))

    @cached_property
    def together(self) -> Matrix:
        """Organisations x organisations: who took part in a project with whom."""
        found = counted(self.members, self.members).matrix
        apart = found.rows != found.columns
        return Matrix.of(found.rows[apart], found.columns[apart], found.height, found.width)

    @cached_property
    def profile(self) -> Counts:
        """Organisations x concepts: in how many projects with the concept each takes part."""
        return counted(self.members, self.topics)

    @cached_property
    def strands(self) -> Numbers:
        """For each project the strand of calls that its topic belongs to.

        `HORIZON-CL5-2022-D3-03-05` is of the strand `HORIZON-CL5-D3`: the year is left out.
        """
        numbers = {name: n for n, name in enumerate(self.strand_names)}
        topics = self.column("project", "topic")
        return np.array([numbers[strand(topic)] for topic in topics], np.int32)

    @cached_property
    def strand_names(self) -> list[str]:
        """The strands by their numbers."""
        return sorted({strand(topic) for topic in self.column("project", "topic")})

    @cached_property
    def in_strand(self) -> Matrix:
        """Projects x strands, of projects with several partners."""
        chosen = np.flatnonzero(self.members.sizes() >= _CONSORTIUM)
        width = int(self.strands.max(initial=0)) + 1
        return Matrix.of(chosen, self.strands[chosen], self.size("project"), width)

    @cached_property
    def strand_information(self) -> Vector:
        """The information content of each strand: ln(1 + projects / projects in it)."""
        sizes = np.bincount(self.in_strand.columns, minlength=self.in_strand.width)
        return np.log(1 + max(len(self.in_strand.columns), 1) / np.maximum(sizes, 1))

    @cached_property
    def calls(self) -> Counts:
        """Organisations x strands: in how many projects of the strand each takes part."""
        return counted(self.members, self.in_strand)

    @cached_property
    def narrower(self) -> Mapping[int, list[int]]:
        """The narrower concepts of each concept, as stated."""
        return self._grouped("broader", 1, 0)

    @cached_property
    def broader(self) -> Mapping[int, list[int]]:
        """The broader concepts of each concept, as stated."""
        return self._grouped("broader", 0, 1)

    @cached_property
    def parts(self) -> Mapping[int, list[int]]:
        """The places directly in each place."""
        return self._grouped("part_of", 1, 0)

    def _grouped(self, table: str, key: int, value: int) -> Mapping[int, list[int]]:
        names = ("subject", "object")
        columns = [self.pairs(table, names[n]).tolist() for n in (key, value)]
        groups: dict[int, list[int]] = {}
        for one, other in zip(*columns, strict=True):
            groups.setdefault(one, []).append(other)
        return groups

    def below(self, start: int, groups: Mapping[int, list[int]]) -> set[int]:
        """Return a row and all that lie below it in some groups."""
        found, waiting = {start}, [start]
        while waiting:
            new = [n for n in groups.get(waiting.pop(), ()) if n not in found]
            found.update(new)
            waiting += new
        return found

    def located(self, table: str, place: str) -> NDArray[np.bool_]:
        """Return which rows of a table have a seat in a place or a part of it.

        Raises:
            NotFoundError: this release has no such place.
        """
        return self.seats.within(table, self.row("place", place))

    @cached_property
    def seats(self) -> Seats:
        """The places in which organisations and entries have seats."""
        return Seats(self)

    def places(self, table: str, name: str) -> NDArray[np.int64]:
        """Return a column of places as rows of `place`; the row after the last for none."""
        key = f"{table}.{name}#place"
        if key not in self._days:
            rows, none = self.rows("place"), self.size("place")
            found = [rows.get(iri, none) for iri in self.column(table, name)]
            self._days[key] = np.array(found, np.int64)
        return self._days[key]


def strand(topic: str | None) -> str:
    """Return the strand of calls of a topic, by its IRI or code; empty without a topic."""
    parts = (topic or "").rpartition("/")[2].split("-")
    return "-".join(parts[:2] + parts[3:4])


def _day(text: str | None) -> int:
    try:
        return day_number(date.fromisoformat(text[:10])) if text else _NEVER
    except ValueError:
        return _NEVER
