"""Contradictions: the statements that lost to another one, as findings for the curator.

The rule is our own, not a shape's: SHACL sees only what was chosen (kg.choice). What a curator has
decided is no finding any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.choice import UNDECIDED

if TYPE_CHECKING:
    import duckdb

RULE: Final = "shapes#OneValueStated"

_FINDINGS: Final = """
INSERT INTO finding BY NAME
SELECT $rule AS rule, 'http://www.w3.org/ns/shacl#MaxCountConstraintComponent' AS component,
  'Warning' AS severity, subject, predicate AS path, object AS value, kind AS value_kind,
  datatype, language,
  concat('Other records state “', chosen, '” here: it was taken, “', object, '” set aside.')
    AS message_en,
  concat('Andere Datensätze nennen hier „', chosen, '“: das wurde übernommen, „', object,
    '“ beiseitegelegt.') AS message_de,
  'Correct the records at the source so that they agree.' AS hint_en,
  'Die Datensätze an der Quelle so berichtigen, dass sie übereinstimmen.' AS hint_de,
  file, line, field, record
FROM alternative a
WHERE NOT EXISTS (FROM {decided} d
  WHERE d.subject = a.subject AND d.path = a.predicate AND d.value = a.chosen)
"""


def report(connection: duckdb.DuckDBPyConnection, base: str, decided: str = UNDECIDED) -> None:
    """Add a finding to the table `finding` for each row of `alternative` not decided upon.

    `decided` is the SQL of subject, path and value of what curators have decided.
    """
    connection.execute(_FINDINGS.format(decided=decided), {"rule": base + RULE})
