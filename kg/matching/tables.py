"""What ranking needs of a release, taken out as Arrow tables whose rows refer to each other.

1. The statements of the properties below are picked from all quads, each once.
2. Every organisation, project, concept, place and other entry gets a number, in the order of IRIs.
3. Functional properties become columns; relations become tables of numbers.

| table | columns |
|---|---|
| organisation | iri label name short pic kind sme country region city homepage latitude longitude |
| project | iri label title objective keywords start end signed status topic |
| concept | iri label label_de notation |
| label | concept text language preferred |
| place | iri label label_de code |
| entry | iri kind classes label label_de text country region from until product homepage … |
| participation | project organisation coordinator |
| field, masters, broader, exact and the other relations | subject object |
| entry_seat, organisation_seat | subject object: places of further seats |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyoxigraph

from kg.columns.building import DATABASE
from kg.columns.ids import Class, first
from kg.columns.parquet import object_text
from kg.database import quoted
from kg.terms import RDF_TYPE, RDFS_LABEL, SKOS, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import duckdb

ENTRY_KINDS: Final = (
    *("Cluster", "Offer", "Request", "Service", "Event", "Facility", "Competence"),
)

_TERMS: Final = (
    *("legalName", "shortName", "pic", "activityType", "isSme", "country", "region", "city"),
    *("homepage", "latitude", "longitude", "title", "objective", "keyword", "startDate"),
    *("endDate", "signatureDate", "status", "topic", "programme", "acronym", "project"),
    *("organisation", "role", "field", "masters", "technology", "sector", "party", "offeredBy"),
    *(
        "organiser",
        "operatedBy",
        "hasMember",
        "holder",
        "partOf",
        "countryCode",
        "nutsCode",
        "validFrom",
    ),
    *("validUntil", "trlFrom", "trlTo", "product", "quantity", "unit", "description"),
    *("targetCountry", "foundedYear", "memberCount", "canOffer", "identifier", "profileType"),
    *("developmentStage", "iprStatus", "partnerSought", "contactFunction"),
    *("qualityLabel", "qualityLabelUntil", "locatedIn"),
)
_SKOS: Final = ("prefLabel", "altLabel", "broader", "exactMatch", "narrowMatch", "notation")
_SCHEMA: Final = pa.schema(
    [
        ("subject", pa.string()),
        ("p", pa.string()),
        ("object", pa.string()),
        ("language", pa.string()),
    ]
)
_ROWS: Final = 100_000

_MADE: Final = (
    *("place", "concept", "label", "organisation", "programme", "project", "entry"),
    "participation",
)

_RELATIONS: Final = {
    "field": ("project", ("field",), "concept"),
    "masters": ("organisation", ("masters",), "concept"),
    "broader": ("concept", ("broader",), "concept"),
    "exact": ("concept", ("exactMatch",), "concept"),
    "project_programme": ("project", ("programme",), "programme"),
    "entry_technology": (
        "entry",
        ("technology", "sector", "field", "masters", "canOffer"),
        "concept",
    ),
    "entry_organisation": (
        "entry",
        ("party", "offeredBy", "organiser", "operatedBy", "hasMember", "holder"),
        "organisation",
    ),
    "entry_entry": ("entry", ("party", "offeredBy", "organiser", "hasMember"), "entry"),
    "target": ("entry", ("targetCountry",), "place"),
    "part_of": ("place", ("partOf",), "place"),
}


def names(base: str) -> dict[str, str]:
    """Return the properties that are read, by IRI, with the short names used here."""
    ontology = ontology_namespace(base)
    read = {ontology + name: name for name in _TERMS} | {SKOS + name: name for name in _SKOS}
    return read | {RDF_TYPE: "type", RDFS_LABEL: "label"}


def extract(connection: duckdb.DuckDBPyConnection, quads: str, base: str) -> Mapping[str, pa.Table]:
    """Return the tables of the statements in a relation with the columns of `kg.statements`."""
    listed = ", ".join(f"({quoted(iri)}, {quoted(name)})" for iri, name in names(base).items())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE said AS SELECT DISTINCT subject, p, object, language"
        f" FROM {quads} JOIN (VALUES {listed}) AS read(iri, p) ON predicate = iri"
    )
    return _tables(connection, base)


def extract_from_columns(
    connection: duckdb.DuckDBPyConnection, folder: Path, base: str
) -> Mapping[str, pa.Table]:
    """Return the tables of the columns of a release (`kg.columns`) in a folder."""
    listed = ", ".join(f"({quoted(iri)}, {quoted(name)})" for iri, name in names(base).items())
    connection.execute(f"ATTACH {quoted(folder / DATABASE)} AS built (READ_ONLY)")
    connection.execute("USE built")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE said AS"
        f" SELECT DISTINCT s.lex AS subject, read.p, {object_text()} AS object, d.language"
        " FROM triples t JOIN property ON property.id = t.p"
        f" JOIN (VALUES {listed}) AS read(iri, p) ON read.iri = property.iri"
        " JOIN dictionary s ON s.id = t.s LEFT JOIN dictionary d ON d.id = t.o"
        f" WHERE t.s >= {first(Class.IRI)} AND t.o >= {first(Class.IRI)}"
    )
    connection.execute("USE memory")
    connection.execute("DETACH built")
    return _tables(connection, base)


def extract_from_store(
    connection: duckdb.DuckDBPyConnection, store: pyoxigraph.Store, base: str
) -> Mapping[str, pa.Table]:
    """Return the tables of a release's store: slower, for releases without columns."""
    connection.register("read", _SCHEMA.empty_table())
    connection.execute("CREATE OR REPLACE TEMP TABLE every AS SELECT * FROM read")
    # DuckDB reads a stream from threads of its own, where the store's iterators must not go.
    for batch in _batches(store, base):
        connection.register("read", pa.Table.from_batches([batch]))
        connection.execute("INSERT INTO every SELECT * FROM read")
    connection.unregister("read")
    connection.execute("CREATE OR REPLACE TEMP TABLE said AS SELECT DISTINCT * FROM every")
    connection.execute("DROP TABLE every")
    return _tables(connection, base)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables that an extraction leaves."""
    for name in ("said", *_MADE):
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _batches(store: pyoxigraph.Store, base: str) -> Iterator[pa.RecordBatch]:
    for iri, name in names(base).items():
        rows: list[dict[str, str | None]] = []
        for quad in store.quads_for_pattern(None, pyoxigraph.NamedNode(iri), None):
            subject, thing = quad.subject, quad.object
            if isinstance(subject, pyoxigraph.NamedNode) and not isinstance(
                thing, pyoxigraph.BlankNode | pyoxigraph.Triple
            ):
                language = thing.language if isinstance(thing, pyoxigraph.Literal) else None
                row = {"subject": subject.value, "p": name, "object": thing.value}
                rows.append({**row, "language": language})
            if len(rows) == _ROWS:
                yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)
                rows = []
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def _tables(connection: duckdb.DuckDBPyConnection, base: str) -> Mapping[str, pa.Table]:
    made = (_places, _concepts, _organisations, _programmes, _projects, _entries, _participations)
    tables: dict[str, pa.Table] = {}
    for make in made:
        tables |= {name: _arrow(connection, name) for name in make(connection, base)}
    for name, (subject, properties, thing) in _RELATIONS.items():
        tables[name] = _relation(connection, subject, properties, thing)
    return tables | {f"{name}_seat": _seats(connection, name) for name in ("entry", "organisation")}


def _arrow(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    order = "ALL" if name in {"label", "participation"} else "id"
    return connection.sql(f"SELECT * FROM {name} ORDER BY {order}").to_arrow_table()


def _relation(
    connection: duckdb.DuckDBPyConnection, subject: str, properties: tuple[str, ...], thing: str
) -> pa.Table:
    listed = ", ".join(map(quoted, properties))
    return connection.sql(
        f"SELECT DISTINCT s.id AS subject, o.id AS object FROM said"
        f" JOIN {subject} s ON s.iri = said.subject JOIN {thing} o ON o.iri = said.object"
        f" WHERE p IN ({listed}) ORDER BY ALL"
    ).to_arrow_table()


def _seats(connection: duckdb.DuckDBPyConnection, subject: str) -> pa.Table:
    """Return the places where things are that their country and region do not tell of."""
    own = "SELECT subject, object FROM said WHERE p IN ('country', 'region')"
    around = (
        f"SELECT o.subject, up.object FROM ({own}) o JOIN said up ON up.subject = o.object"
        " AND up.p = 'partOf'"
    )
    return connection.sql(
        f"SELECT DISTINCT s.id AS subject, o.id AS object FROM said"
        f" JOIN {subject} s ON s.iri = said.subject JOIN place o ON o.iri = said.object"
        f" ANTI JOIN ({own} UNION {around}) known"
        " ON known.subject = said.subject AND known.object = said.object"
        " WHERE p = 'locatedIn' ORDER BY ALL"
    ).to_arrow_table()


def one(name: str, alias: str | None = None) -> str:
    """Return SQL for the one value of a property (the smallest, should there be several)."""
    return f"min(object) FILTER (WHERE p = {quoted(name)}) AS {alias or name.lower()}"


def _tagged(name: str, language: str) -> str:
    condition = f"p = {quoted(name)} AND language = {quoted(language)}"
    return f"min(object) FILTER (WHERE {condition})"


def _best(name: str, language: str, alias: str) -> str:
    """Return SQL for the value in a language, else in none, else in any."""
    condition = f"WHERE p = {quoted(name)}"
    tagged = f"min(object) FILTER ({condition} AND language = {quoted(language)})"
    plain = f"min(object) FILTER ({condition} AND language IS NULL)"
    english = f"min(object) FILTER ({condition} AND language = 'en')"
    return f"coalesce({tagged}, {plain}, {english}, min(object) FILTER ({condition})) AS {alias}"


def _create(
    connection: duckdb.DuckDBPyConnection, table: str, members: str, columns: list[str]
) -> None:
    """Create a table of the subjects that `members` selects, numbered by IRI."""
    listed = ", ".join(columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS"
        " SELECT (row_number() OVER (ORDER BY subject) - 1)::INTEGER AS id, subject AS iri,"
        " * EXCLUDE subject"
        f" FROM (SELECT subject, {listed} FROM said WHERE subject IN ({members}) GROUP BY subject)"
    )


def _typed(base: str, *classes: str) -> str:
    listed = ", ".join(quoted(ontology_namespace(base) + name) for name in classes)
    return f"SELECT subject FROM said WHERE p = 'type' AND object IN ({listed})"


def _places(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    columns = [
        _best("label", "en", "label"),
        _best("label", "de", "label_de"),
        one("countryCode", "code"),
        one("nutsCode", "nuts"),
    ]
    _create(connection, "place", _typed(base, "Place", "Region", "Country"), columns)
    return ("place",)


def _concepts(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    columns = [
        _best("prefLabel", "en", "label"),
        _best("prefLabel", "de", "label_de"),
        one("notation"),
    ]
    _create(connection, "concept", _typed(base, "Technology"), columns)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE label AS SELECT DISTINCT id AS concept, object AS text,"
        " coalesce(language, '') AS language, bool_or(p = 'prefLabel') AS preferred FROM said"
        " JOIN concept ON iri = subject WHERE p IN ('prefLabel', 'altLabel', 'label') GROUP BY ALL"
    )
    return ("concept", "label")


def _organisations(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    columns = [
        _best("label", "en", "label"),
        one("legalName", "name"),
        one("shortName", "short"),
        *(one(name) for name in ("pic", "country", "region", "city", "homepage")),
        one("activityType", "kind"),
        "coalesce(bool_or(object IN ('true', '1')) FILTER (WHERE p = 'isSme'), false) AS sme",
        *(_number(name) for name in ("latitude", "longitude")),
        _classes(base),
    ]
    _create(connection, "organisation", _typed(base, "Organisation"), columns)
    return ("organisation",)


def _number(name: str) -> str:
    return f"min(TRY_CAST(object AS DOUBLE)) FILTER (WHERE p = {quoted(name)}) AS {name.lower()}"


def _classes(base: str) -> str:
    ontology = ontology_namespace(base)
    return (
        f"list_sort(list(DISTINCT object[{len(ontology) + 1}:]) FILTER"
        f" (WHERE p = 'type' AND starts_with(object, {quoted(ontology)}))) AS classes"
    )


def _programmes(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    columns = [_best("label", "en", "label"), _best("label", "de", "label_de")]
    _create(connection, "programme", _typed(base, "Programme"), columns)
    return ("programme",)


def _projects(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    columns = [
        _best("label", "en", "label"),
        _best("title", "en", "title"),
        _best("objective", "en", "objective"),
        "string_agg(object, '; ' ORDER BY object) FILTER (WHERE p = 'keyword') AS keywords",
        one("startDate", "start_date"),
        one("endDate", "end_date"),
        one("signatureDate", "signed"),
        *(one(name) for name in ("status", "topic", "acronym", "homepage")),
    ]
    _create(connection, "project", _typed(base, "Project"), columns)
    return ("project",)


def _entries(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    texts = "('title', 'description', 'product', 'label', 'partnerSought')"
    columns = [
        _best("label", "en", "label"),
        f"coalesce({_tagged('title', 'de')}, {_tagged('label', 'de')}) AS label_de",
        _classes(base),
        f"string_agg(DISTINCT object, '. ' ORDER BY object) FILTER (WHERE p IN {texts}) AS text",
        *(one(name) for name in ("country", "region", "homepage", "product", "quantity", "unit")),
        one("validFrom", "valid_from"),
        one("validUntil", "valid_until"),
        one("startDate", "start_date"),
        one("endDate", "end_date"),
        one("identifier", "reference"),
        one("profileType", "profile_type"),
        one("developmentStage", "stage"),
        one("iprStatus", "ipr"),
        one("contactFunction", "contact"),
        one("qualityLabel", "quality_label"),
        one("qualityLabelUntil", "quality_label_until"),
        _best("description", "en", "summary"),
        _best("partnerSought", "en", "partner_sought"),
        *(f"{_number(name)}_value" for name in ("trlFrom", "trlTo")),
        *(_number(name) for name in ("latitude", "longitude")),
    ]
    _create(connection, "entry", _typed(base, *ENTRY_KINDS), columns)
    return ("entry",)


def _participations(connection: duckdb.DuckDBPyConnection, base: str) -> tuple[str, ...]:
    coordinator = quoted(ontology_namespace(base) + "CoordinatorRole")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE participation AS"
        " SELECT project.id AS project, organisation.id AS organisation,"
        f" bool_or(coalesce(c.object = {coordinator}, false)) AS coordinator"
        " FROM said a JOIN said b ON a.subject = b.subject AND b.p = 'organisation'"
        " LEFT JOIN said c ON a.subject = c.subject AND c.p = 'role'"
        " JOIN project ON a.object = project.iri JOIN organisation ON b.object = organisation.iri"
        " WHERE a.p = 'project' GROUP BY ALL"
    )
    return ("participation",)
