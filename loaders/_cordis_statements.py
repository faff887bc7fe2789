"""From a CORDIS record to statements, whichever form it was read from.

`Statements.of(table, layout)` returns the function that makes the statements of one record of that
table; the layout says where a file has which column. The columns are those of
loaders._cordis_columns; what is more than a column (links between entities) is written out here.

1. Each record states all it says, also what other records say too: of contradicting records the
   pipeline chooses, by `modified`.
2. `modified` is the record's own contentUpdateDate, or else that of its project.
3. A record without its key, or with the key of an earlier one, is rejected.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from kg.statements import IRI, LITERAL
from kg.terms import RDF_TYPE, RDFS_LABEL
from loaders import _cordis_columns as c
from loaders._cordis_codes import Codes
from loaders._cordis_lists import codes, framework_of, keywords, name_key, participants
from loaders._cordis_rows import Layout, Place, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kg.source import Context

    Maker = Callable[[Place, list[str], list[str]], list[Row]]
    Recorder = Callable[[str, int, list[str]], list[Row]]

# Rio markers: 100 where a policy priority is the principal objective, 40 where a significant one.
PRINCIPAL_WEIGHT = "100"
NO_WEIGHT = ("", "0")
# Other links of a project (social media, stories, videos) are no web site of its own.
OWN_WEBSITE = ("", "relatedWebsite")


class _Reader(dict[str, str]):
    """What the cells of a column become, read once each; `reasons` says why some cannot be used.

    Many cells are alike (countries, codes, sums), so that looking up is what mostly happens.
    """

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__()
        self.reasons: dict[str, str] = {}
        self._read = read

    def __missing__(self, cell: str) -> str:
        try:
            value = self._read(cell)
        except ValueError as error:
            value, self.reasons[cell] = "", str(error)
        self[cell] = value
        return value


class _Plan(NamedTuple):
    """Columns bound to a file: those taken as written, and those that are read."""

    plain: list[tuple[int, str, str | None, str]]
    read: list[tuple[int, str, int, str | None, str, _Reader]]


class Statements:
    """Makes the statements of CORDIS records; remembers the projects' dates and the keys met."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._entity = context.identifiers.entity
        # Many records name the same project or organisation.
        self._project_iri = cache(partial(self._entity, "project"))
        self._organisation_iri = cache(partial(self._entity, "organisation"))
        self._namespace = context.identifiers.ontology
        self._modified: dict[str, str] = {}
        self._met: dict[str, int] = {}
        self._codes = Codes(context)

    def of(self, table: c.Table, layout: Layout, *, listed: bool = False) -> Recorder:
        """Return the function (file, line, cells) → statements of one record.

        With `listed`, a project's participants are taken from its own record (layouts before
        2021), for want of a file of organisations.
        """
        make = {
            "project": self._listing_project if listed else self._project,
            "organization": self._organization,
            "euroSciVoc": self._field_of_science,
            "topics": self._topic,
            "legalBasis": self._legal_basis,
            "policyPriorities": self._policy_priority,
            "webLink": self._web_link,
        }[table.name](layout)
        keys_of, context, modified = self._keys_of(table, layout), self._context, self._modified
        part = (layout.part,) if layout.part else ()
        updated = layout.position.get("contentUpdateDate")

        def statements(file: str, line: int, cells: list[str]) -> list[Row]:
            cells = list(map(str.strip, cells))
            keys = keys_of(file, line, cells)
            if not keys:
                return []
            record = "/".join((file, *keys[:1], *part, *keys[1:]))
            if record in self._met:
                reason = f"the key {'/'.join(keys)} is that of line {self._met[record]} already"
                context.reject(file, line, reason, ";".join(cells), layout.field[table.keys[-1]])
                return []
            self._met[record] = line
            own = c.date_time(cells[updated]) if updated is not None else ""
            if own and table is c.PROJECT:
                modified[keys[0]] = own
            date = own or modified.get(keys[0])
            refused = len(context.rejects)
            made = make(Place(context.graph, file, line, record, date), keys, cells)
            if not made and len(context.rejects) == refused:
                context.silent[file] += 1
            return made

        return statements

    def described(self) -> Iterator[Row]:
        """Yield what is known of the coded entities that the records mentioned."""
        return self._codes.described()

    def _project(self, layout: Layout) -> Maker:
        plan = self._plan(c.PROJECT_COLUMNS, layout)
        cls = self._namespace + "Project"

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            project = self._project_iri(keys[0])
            rows = [place.iri(project, RDF_TYPE, cls, None)]
            self._state(plan, project, cells, place, rows)
            rows += self._project_links(project, cells, layout, place)
            return rows

        return make

    def _project_links(
        self, project: str, cells: list[str], layout: Layout, place: Place
    ) -> Iterator[Row]:
        """Yield the project's programmes, calls, topics and keywords."""
        ns, field, cell = self._namespace, layout.field, layout.cell
        framework = cell(cells, "frameworkProgramme")
        name = "legalBasis" if cell(cells, "legalBasis") else "frameworkProgramme"
        for code in codes(cell(cells, name)):
            programme = self._codes.programme(code, framework, field[name], place)
            yield place.iri(project, ns + "programme", programme, field[name])
        master, call = cell(cells, "masterCall"), ""
        for name in ("masterCall", "subCall"):
            if code := cell(cells, name):
                call = self._codes.call(code, master, framework, field[name], place)
                yield place.iri(project, ns + "call", call, field[name])
        for code in codes(cell(cells, "topics")):
            topic = self._codes.topic(code, field["topics"], place)
            yield place.iri(project, ns + "topic", topic, field["topics"])
            if call:
                yield place.iri(topic, ns + "call", call, field["topics"])
        for name in ("keywords", "subjects"):
            for word in keywords(cell(cells, name)):
                yield place.literal(project, ns + "keyword", word, field[name])

    def _organization(self, layout: Layout) -> Maker:
        ns, entity, field = self._namespace, self._entity, layout.field
        organisation_plan = self._plan(c.ORGANISATION_COLUMNS, layout)
        participation_plan = self._plan(c.PARTICIPATION_COLUMNS, layout)
        organisation_class, participation_class = ns + "Organisation", ns + "Participation"
        of_project, of_organisation = ns + "project", ns + "organisation"

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            organisation = self._organisation_iri(keys[1])
            rows = [place.iri(organisation, RDF_TYPE, organisation_class, None)]
            self._state(organisation_plan, organisation, cells, place, rows)
            participation = entity("participation", "-".join(keys))
            project = layout.cell(cells, "projectAcronym") or keys[0]
            label = f"{project}: {layout.cell(cells, 'name') or keys[1]}"
            rows += (
                place.iri(participation, RDF_TYPE, participation_class, None),
                place.literal(participation, RDFS_LABEL, label, field.get("name")),
                place.iri(participation, of_project, self._project_iri(keys[0]),
                          field["projectID"]),
                place.iri(participation, of_organisation, organisation, field["organisationID"]),
            )  # fmt: skip
            self._state(participation_plan, participation, cells, place, rows)
            return rows

        return make

    def _listing_project(self, layout: Layout) -> Maker:
        project = self._project(layout)
        plan = self._plan(c.COORDINATOR_COLUMNS, layout)

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            rows = project(place, keys, cells)
            acronym = layout.cell(cells, "acronym") or keys[0]
            for order, (column, role, name) in enumerate(participants(layout, cells), start=1):
                key = name_key(name)
                organisation = self._organisation_iri(key)
                participation = self._entity("participation", f"{keys[0]}-{key}-{order}")
                rows += self._listed(
                    place, layout.field[column], rows[0][0], organisation, participation,
                    role, name, f"{acronym}: {name}",
                )  # fmt: skip
                if column == "coordinator":
                    self._state(plan, organisation, cells, place, rows)
            return rows

        return make

    def _listed(
        self, place: Place, field: str, project: str, organisation: str, participation: str,
        role: str, name: str, label: str,
    ) -> Iterator[Row]:  # fmt: skip
        """Yield what the name of a participant in its project's own record says."""
        ns = self._namespace
        yield place.iri(organisation, RDF_TYPE, ns + "Organisation", field)
        yield place.literal(organisation, RDFS_LABEL, name, field)
        yield place.literal(organisation, ns + "legalName", name, field)
        yield place.iri(participation, RDF_TYPE, ns + "Participation", field)
        yield place.literal(participation, RDFS_LABEL, label, field)
        yield place.iri(participation, ns + "project", project, field)
        yield place.iri(participation, ns + "organisation", organisation, field)
        yield place.iri(participation, ns + "role", ns + role, field)

    def _field_of_science(self, layout: Layout) -> Maker:
        ns, field = self._namespace, layout.field["euroSciVocCode"]

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            path, title = (layout.cell(cells, f"euroSciVoc{x}") for x in ("Path", "Title"))
            concept = self._codes.field_of_science("/" + keys[1], path, title, field, place)
            return [place.iri(self._project_iri(keys[0]), ns + "field", concept, field)]

        return make

    def _topic(self, layout: Layout) -> Maker:
        field = layout.field["topic"]

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            topic = self._codes.topic(keys[1], field, place)
            return self._titled(keys[0], "topic", topic, field, layout, place, cells)

        return make

    def _legal_basis(self, layout: Layout) -> Maker:
        field = layout.field["legalBasis"]

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            framework = framework_of(keys[1])
            programme = self._codes.programme(keys[1], framework, field, place)
            return self._titled(keys[0], "programme", programme, field, layout, place, cells)

        return make

    def _titled(
        self, project: str, predicate: str, coded: str, field: str, layout: Layout, place: Place,
        cells: list[str],
    ) -> list[Row]:  # fmt: skip
        """Return the link to a coded entity and the title that the record gives it."""
        link = self._namespace + predicate
        rows = [place.iri(self._project_iri(project), link, coded, field)]
        if title := layout.cell(cells, "title"):
            self._codes.titled(coded)
            says = layout.field["title"]
            rows.append(place.literal(coded, RDFS_LABEL, title, says))
            rows.append(place.literal(coded, self._namespace + "title", title, says))
        return rows

    def _policy_priority(self, layout: Layout) -> Maker:
        ns, field = self._namespace, layout.field

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            weight, title = layout.cell(cells, "weight"), layout.cell(cells, "title")
            if weight in NO_WEIGHT:
                return []
            priority = self._codes.policy_priority("/" + keys[1], title, field["code"], place)
            project = self._project_iri(keys[0])
            rows = [place.iri(project, ns + "policyPriority", priority, field["code"])]
            if weight == PRINCIPAL_WEIGHT:
                principal = ns + "principalPolicyPriority"
                rows.append(place.iri(project, principal, priority, field["weight"]))
            return rows

        return make

    def _web_link(self, layout: Layout) -> Maker:
        own = self._plan((c.WEBSITE,), layout)
        other = self._plan((c.SEE_ALSO,), layout)

        def make(place: Place, keys: list[str], cells: list[str]) -> list[Row]:
            rows: list[Row] = []
            plan = own if layout.cell(cells, "type") in OWN_WEBSITE else other
            self._state(plan, self._project_iri(keys[0]), cells, place, rows)
            return rows

        return make

    def _plan(self, columns: Iterable[c.Column], layout: Layout) -> _Plan:
        """Bind columns to where a file has them; those it does not have are left out."""
        plan = _Plan([], [])
        for name, predicate, datatype, read in columns:
            if name not in layout.position:
                continue
            iri = predicate if ":" in predicate else self._namespace + predicate
            index, field = layout.position[name], layout.field[name]
            if read is None:
                plan.plain.append((index, iri, datatype, field))
            else:
                kind = IRI if datatype is None else LITERAL
                reader = _Reader(partial(self._iri, read) if kind == IRI else read)
                plan.read.append((index, iri, kind, datatype, field, reader))
        return plan

    def _iri(self, read: Callable[[str], str], cell: str) -> str:
        """Return the IRI that `read` makes of a cell; one without a colon is a term of ours."""
        value = read(cell)
        return self._namespace + value if value and ":" not in value else value

    def _state(
        self, plan: _Plan, subject: str, cells: list[str], place: Place, rows: list[Row]
    ) -> None:
        """Append what the cells of a plan say of `subject`."""
        graph, file, line, record, modified = place
        rows += [
            (
                subject, predicate, value, LITERAL, datatype, None,
                graph, file, line, field, record, modified,
            )
            for index, predicate, datatype, field in plan.plain
            if (value := cells[index])
        ]  # fmt: skip
        for index, predicate, kind, datatype, field, reader in plan.read:
            if not (cell := cells[index]):
                continue
            if value := reader[cell]:
                rows.append((
                    subject, predicate, value, kind, datatype, None,
                    graph, file, line, field, record, modified,
                ))  # fmt: skip
            elif reason := reader.reasons.get(cell):
                self._context.reject(file, line, reason, cell, field)

    def _keys_of(
        self, table: c.Table, layout: Layout
    ) -> Callable[[str, int, list[str]], list[str]]:
        """Return the function that gives a record's key; empty if the record was rejected.

        Layouts before 2021 do not number participations: how often the organisation was met in
        the project takes the number's place.
        """
        names = [name for name in table.keys if name in layout.position]
        indices = [layout.position[name] for name in names]
        numbered = len(names) == len(table.keys)
        times: dict[str, int] = {}

        def keys_of(file: str, line: int, cells: list[str]) -> list[str]:
            keys = [cells[i].strip("/") for i in indices]
            if "" in keys:
                field = layout.field[names[keys.index("")]]
                self._context.reject(file, line, f"no {field}", ";".join(cells), field)
                return []
            if not numbered:
                both = "/".join(keys)
                times[both] = times.get(both, 0) + 1
                keys.append(str(times[both]))
            return keys

        return keys_of
