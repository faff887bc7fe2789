"""Choosing among contradicting statements of one source.

Several records of a source may state different values of a property that has at most one (an
owl:FunctionalProperty): the rows of an organisation disagree about its name, region or SME flag.
Per subject and property one value is chosen, by a rule that depends on nothing but the statements:

1. the value with the newest `modified` (a date beats none);
2. of these the value that most records state;
3. of these the first in the order of the lexical forms.

The rest are kept as `alternatives`, each with what was chosen instead, for the curator's report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

_CONTESTED: Final = """
CREATE TEMP TABLE contested AS
SELECT subject, predicate FROM {statements} WHERE predicate IN (SELECT unnest($functional))
GROUP BY subject, predicate HAVING min(hash(object)) <> max(hash(object))
"""

_CONTENDERS: Final = """
CREATE TEMP TABLE contender AS
SELECT s.* FROM {statements} s SEMI JOIN contested c
  ON s.subject = c.subject AND s.predicate = c.predicate
"""

_RANKED: Final = """
CREATE TEMP TABLE candidate AS
SELECT subject, predicate, object, kind, datatype, language, row_number() OVER (
    PARTITION BY subject, predicate
    ORDER BY max(modified) DESC NULLS LAST, count(*) DESC, object, datatype, language) AS rank
FROM contender GROUP BY subject, predicate, object, kind, datatype, language
"""

_ALTERNATIVES: Final = """
CREATE TABLE alternative AS
SELECT s.*, w.object AS chosen
FROM contender s
JOIN candidate c ON s.subject = c.subject AND s.predicate = c.predicate AND s.object = c.object
  AND s.datatype IS NOT DISTINCT FROM c.datatype AND s.language IS NOT DISTINCT FROM c.language
JOIN candidate w ON w.subject = c.subject AND w.predicate = c.predicate AND w.rank = 1
WHERE c.rank > 1
ORDER BY s.file, s.line, s.field
"""


def choose(
    connection: duckdb.DuckDBPyConnection, statements: str, functional: Iterable[str]
) -> int:
    """Leave the statements that lost in the table `alternative`; return how many they are.

    `statements` is the SQL of the numbered statements (kg.imports.numbered), `functional` the IRIs
    of the properties that have at most one value. The table has the columns of a numbered
    statement and `chosen`, the value taken instead.
    """
    parameters = {"functional": sorted(functional)}
    connection.execute(_CONTESTED.format(statements=statements), parameters)
    connection.execute(_CONTENDERS.format(statements=statements))
    connection.execute(_RANKED)
    connection.execute(_ALTERNATIVES)
    connection.execute("DROP TABLE contested; DROP TABLE contender; DROP TABLE candidate")
    [(count,)] = connection.execute("SELECT count(*) FROM alternative").fetchall()
    return int(count)
