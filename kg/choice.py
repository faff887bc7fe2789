"""Choosing among contradicting statements of one source.

Several records of a source may state different values of a property that has at most one (an
owl:FunctionalProperty): the rows of an organisation disagree about its name, region or SME flag.
Per subject and property one value is chosen, by a rule that depends on the statements and on
decisions alone:

1. the value that a curator has decided on (kg.curation), if a record still states it;
2. the value with the newest `modified` (a date beats none);
3. of these the value that most records state;
4. of these the first in the order of the lexical forms.

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
GROUP BY subject, predicate HAVING min(object) <> max(object)
"""

_CONTENDERS: Final = """
CREATE TEMP TABLE contender AS
SELECT s.*, d.value IS NOT NULL AS decided FROM {statements} s
SEMI JOIN contested c ON s.subject = c.subject AND s.predicate = c.predicate
LEFT JOIN (SELECT DISTINCT subject, path, value FROM {decided}) d
  ON d.subject = s.subject AND d.path = s.predicate AND d.value = s.object
"""

_RANKED: Final = """
CREATE TEMP TABLE candidate AS
SELECT subject, predicate, object, kind, datatype, language, row_number() OVER (
    PARTITION BY subject, predicate
    ORDER BY bool_or(decided) DESC, max(modified) DESC NULLS LAST, count(*) DESC,
      object, datatype, language) AS rank
FROM contender GROUP BY subject, predicate, object, kind, datatype, language
"""

_ALTERNATIVES: Final = """
CREATE TABLE alternative AS
SELECT s.* EXCLUDE (decided), w.object AS chosen
FROM contender s
JOIN candidate c ON s.subject = c.subject AND s.predicate = c.predicate AND s.object = c.object
  AND s.datatype IS NOT DISTINCT FROM c.datatype AND s.language IS NOT DISTINCT FROM c.language
JOIN candidate w ON w.subject = c.subject AND w.predicate = c.predicate AND w.rank = 1
WHERE c.rank > 1
ORDER BY s.file, s.line, s.field
"""


UNDECIDED: Final = "(SELECT '' AS subject, '' AS path, '' AS value WHERE false)"


def choose(
    connection: duckdb.DuckDBPyConnection,
    statements: str,
    functional: Iterable[str],
    decided: str = UNDECIDED,
) -> int:
    """Leave the statements that lost in the table `alternative`; return how many they are.

    `statements` is the SQL of the numbered statements (kg.imports.numbered), `functional` the IRIs
    of the properties that have at most one value, `decided` the SQL of subject, path and value of
    what curators have decided. The table has the columns of a numbered
    statement and `chosen`, the value taken instead.
    """
    parameters = {"functional": sorted(functional)}
    connection.execute(_CONTESTED.format(statements=statements), parameters)
    connection.execute(_CONTENDERS.format(statements=statements, decided=decided))
    connection.execute(_RANKED)
    connection.execute(_ALTERNATIVES)
    connection.execute("DROP TABLE contested; DROP TABLE contender; DROP TABLE candidate")
    [(count,)] = connection.execute("SELECT count(*) FROM alternative").fetchall()
    return int(count)
