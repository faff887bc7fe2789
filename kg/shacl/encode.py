"""Statements as numbers: the relations that the steps of a plan read.

1. Keep the predicates that the shapes look at; all of them if a shape is closed.
2. List the distinct terms, those of the shapes included: a target or a value that the data does
   not have needs an id as well.
3. Give each an id, a hash with the kind in its two lowest bits. DuckDB's hash reads a text in
   blocks and gives some that differ in two digits the same; with a sign before it the blocks are
   others, so the two hashes together differ. Should two terms ever share an id nonetheless, all
   are made again by another hash, which takes twice as long. Ids live as long as the run: DuckDB
   does not promise the same hash in its next version.
4. Make the distinct triples of ids, and the values of the typed literals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.shacl.shapes import Term
from kg.shacl.values import value_sql
from kg.statements import IRI
from kg.terms import RDF_TYPE, RDFS, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

_MASK: Final = 2**63 - 4  # positive, and room for the kind
_NODE_KIND: Final = "CASE WHEN starts_with(subject, '_:') THEN 0 ELSE 1 END"
_ALWAYS: Final = (RDF_TYPE, RDFS + "subClassOf")
TABLES: Final = (
    "shacl_triple",
    "shacl_term",
    "shacl_value",
    "shacl_constant",
    "shacl_match",
    "shacl_instance",
)


@dataclass(frozen=True)
class Encoding:
    """The ids of the terms that the shapes mention."""

    ids: dict[Term, int]
    salt: int

    def __call__(self, term: Term) -> int:
        """Return the id of a term of the shapes."""
        return self.ids[_normal(term)]

    def iri(self, value: str) -> int:
        """Return the id of an IRI of the shapes."""
        return self(Term(value, IRI))

    def add(self, connection: duckdb.DuckDBPyConnection, terms: Iterable[Term]) -> dict[Term, int]:
        """Return the ids of terms that may be new; new ones join shacl_term."""
        named = list(terms)
        if not named:
            return {}
        _store_constants(connection, {_normal(term) for term in named})
        ids = _ids(connection, self.salt)
        identity = _id("value", "kind", "datatype", "language", self.salt)
        connection.execute(
            f"INSERT INTO shacl_term SELECT {identity} AS new, value, kind, datatype, language"
            " FROM shacl_constant WHERE new NOT IN (SELECT id FROM shacl_term)"
        )
        return {term: ids[_normal(term)] for term in named}


def encode(
    connection: duckdb.DuckDBPyConnection,
    data: str,
    context: str | None,
    constants: Iterable[Term],
    predicates: Sequence[str] | None,
) -> Encoding:
    """Make shacl_triple, shacl_term and shacl_value.

    Args:
        connection: where the tables are made (temporary).
        data: a relation with the columns of a statement.
        context: another one that is only looked at, or None.
        constants: the terms of the shapes.
        predicates: the predicates to keep, None for all.
    """
    wanted = None if predicates is None else sorted({*predicates, *_ALWAYS})
    source = _source(data, context, wanted)
    parameters = {} if wanted is None else {"wanted": wanted}
    named = {*map(_normal, constants), *(Term(name, IRI) for name in (*_ALWAYS, *(wanted or ())))}
    _store_constants(connection, named)
    salt = _list_terms(connection, source, parameters, every=wanted is None)
    _make_triples(connection, source, parameters, salt, distinct=context is None)
    _make_values(connection)
    return Encoding(_ids(connection, salt), salt)


def _normal(term: Term) -> Term:
    """Return the term with its language tag in lower case (RDF 1.1 Concepts, section 3.3)."""
    return term._replace(language=term.language.lower()) if term.language else term


def _source(data: str, context: str | None, wanted: list[str] | None) -> str:
    """Return the statements to look at, once from the data and once from the context."""
    kept = "" if wanted is None else "WHERE predicate IN (SELECT unnest($wanted))"
    columns = "subject, predicate, object, kind, datatype, language"
    parts = [f"SELECT {columns}, true AS own FROM {data} {kept}"]
    if context is not None:
        parts.append(f"SELECT {columns}, false AS own FROM {context} {kept}")
    return f"({' UNION ALL '.join(parts)})"


def _store_constants(connection: duckdb.DuckDBPyConnection, constants: set[Term]) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE shacl_constant"
        "(value VARCHAR, kind UTINYINT, datatype VARCHAR, language VARCHAR)"
    )
    columns = list(zip(*constants, strict=True))
    connection.execute(
        "INSERT INTO shacl_constant SELECT unnest($1::VARCHAR[]), unnest($2::UTINYINT[]),"
        " unnest($3::VARCHAR[]), unnest($4::VARCHAR[])",
        [list(column) for column in columns],
    )


def _list_terms(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    parameters: dict[str, list[str]],
    *,
    every: bool,
) -> int:
    """Make shacl_term and return the salt that gave every term an id of its own.

    Of two spellings of a language tag one is kept. Unless the statements are read with `every`
    predicate, these are all among the constants.
    """
    predicates = (
        f"UNION ALL SELECT predicate, 1::UTINYINT, NULL, NULL"
        f" FROM (SELECT DISTINCT predicate FROM {source})"
        if every
        else ""
    )
    salt = 0
    while True:
        identity = _id("value", "kind", "datatype", "tag", salt)
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE shacl_term AS
            SELECT {identity} AS id, value, kind, datatype, language FROM (
                SELECT value, kind, datatype, lower(language) AS tag, min(language) AS language
                FROM (
                    SELECT DISTINCT object AS value, kind, datatype, language FROM {source}
                    UNION ALL SELECT subject, {_NODE_KIND}::UTINYINT, NULL, NULL
                        FROM (SELECT DISTINCT subject FROM {source})
                    {predicates}
                    UNION ALL SELECT * FROM shacl_constant
                ) GROUP BY value, kind, datatype, tag
            )
            """,
            parameters,
        )
        shared = connection.execute(
            "SELECT count(*) - count(DISTINCT id) FROM shacl_term"
        ).fetchall()
        if shared == [(0,)]:
            return salt
        salt += 1


def _id(value: str, kind: str, datatype: str, language: str, salt: int) -> str:
    whole = f"hash({value}, {kind}::UTINYINT, {datatype}, lower({language}))"
    hashed = f"xor({whole}, hash('#' || {value}))"
    if salt:
        # Two texts of one pattern that DuckDB hashes alike stay alike whatever is mixed in.
        parts = (
            f"{salt}, {kind}, coalesce({datatype}, ''), coalesce(lower({language}), ''), {value}"
        )
        hashed = f"md5_number_lower(concat_ws(chr(31), {parts}))"
    return f"(({hashed} & {_MASK}::UBIGINT)::BIGINT | {kind}::BIGINT)"


def _make_triples(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    parameters: dict[str, list[str]],
    salt: int,
    *,
    distinct: bool,
) -> None:
    none = "NULL::VARCHAR"
    columns = f"""
        SELECT {_id("subject", _NODE_KIND, none, none, salt)} AS s,
            {_id("predicate", "1", none, none, salt)} AS p,
            {_id("object", "kind", "datatype", "language", salt)} AS o, own FROM {source}
    """
    grouped = (
        f"SELECT DISTINCT s, p, o, own FROM ({columns})"
        if distinct
        else f"SELECT s, p, o, bool_or(own) AS own FROM ({columns}) GROUP BY s, p, o"
    )
    # In the order of predicates a step reads only the blocks of its own (zone maps).
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE shacl_triple AS {grouped} ORDER BY p", parameters
    )


def _make_values(connection: duckdb.DuckDBPyConnection) -> None:
    used = connection.execute("SELECT DISTINCT datatype FROM shacl_term").fetchall()
    names = sorted(name.removeprefix(XSD) for (name,) in used if name and name.startswith(XSD))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE shacl_value AS {value_sql('shacl_term', names)}"
    )


def _ids(connection: duckdb.DuckDBPyConnection, salt: int) -> dict[Term, int]:
    identity = _id("value", "kind", "datatype", "language", salt)
    rows = connection.execute(
        f"SELECT value, kind, datatype, language, {identity} FROM shacl_constant"
    ).fetchall()
    return {Term(*row[:4]): row[4] for row in rows}
