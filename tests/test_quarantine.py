"""Records are set aside in rounds: narrowly first, then more widely, so that it comes to an end."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
import rdflib

from kg import quarantine
from kg.shacl import parse_shapes
from kg.statements import IRI, SCHEMA, Statement
from kg.terms import RDF_TYPE

EX = "http://example.org/"
PREFIXES = f"""
@prefix : <{EX}> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
# Each link of a chain has to know the next.
CHAIN = (
    PREFIXES
    + """
:Link a sh:NodeShape ; sh:targetClass :Link ; sh:property :Next .
:Next a sh:PropertyShape ; sh:path :next ; sh:class :Link ; sh:message "Unknown."@en, "?"@de .
"""
)
# Nothing states what has to have a name.
UNSTATED = (
    PREFIXES
    + """
:Thing a sh:NodeShape ; sh:targetNode :nobody ; sh:property :Name .
:Name a sh:PropertyShape ; sh:path :name ; sh:minCount 1 ; sh:message "Nameless."@en, "?"@de .
"""
)
WAIVED = f"""
(SELECT 'w' AS id, '{EX}Next' AS rule, NULL AS record, NULL AS file, NULL AS field,
  '{EX}4' AS value)
"""


def link(number: int, following: int | None) -> list[Statement]:
    """Return a record that says that a link is one, and which follows."""
    place = (EX + "g", "rows.csv", number + 1, "next", f"rows.csv/{number}")
    name = f"{EX}{number}"
    found = [Statement(name, RDF_TYPE, EX + "Link", IRI, None, None, *place)]
    if following is not None:
        found.append(Statement(name, EX + "next", f"{EX}{following}", IRI, None, None, *place))
    return found


def judge(rows: list[Statement], shapes: str, waived: str | None = None) -> dict[str, int]:
    """Return the records that are set aside, each with the round in which it was."""
    connection = duckdb.connect()
    columns = zip(*rows, strict=True)
    arrays = [pa.array(c, type=f.type) for c, f in zip(columns, SCHEMA, strict=True)]
    connection.register("plain", pa.Table.from_arrays(arrays, schema=SCHEMA))
    connection.execute("CREATE TABLE rows AS SELECT * FROM plain")
    parsed = parse_shapes(rdflib.Graph().parse(data=shapes, format="turtle"), EX)
    quarantine.judge(connection, parsed, "(FROM rows)", "FROM rows LIMIT 0", waived)
    found = connection.execute("SELECT record, round FROM quarantine").fetchall()
    return {record.removeprefix("rows.csv/"): number for record, number in found}


def chain(length: int) -> list[Statement]:
    """Return links of which each knows the next, but the last one's does not exist."""
    return [row for n in range(length) for row in link(n, n + 1)]


@pytest.mark.parametrize(
    ("length", "rounds"),
    [
        (1, {"0": 0}),
        (3, {"2": 0, "1": 1, "0": 2}),
        (7, {"6": 0, "5": 1, "4": 2, "3": 3, "2": 3, "1": 4, "0": 4}),
        (8, {"7": 0, "6": 1, "5": 2, "4": 3, "3": 3, "2": 4, "1": 4, "0": 5}),
    ],
)
def test_a_chain_falls_link_by_link(length: int, rounds: dict[str, int]) -> None:
    """Three narrow rounds take a record each; a wide one takes who mentions it as well."""
    assert judge(chain(length), CHAIN) == rounds


def test_a_branch_falls_at_once() -> None:
    """All that mention the one in which the violation lies go in the same wide round."""
    rows = chain(5) + [row for n in range(10, 14) for row in link(n, 1)]
    rounds = judge(rows, CHAIN)

    assert {rounds[str(n)] for n in (0, *range(10, 14))} == {3}
    assert rounds["1"] == 3


def test_a_sound_record_stays_in_every_round() -> None:
    """It knows a link that stays; only being mentioned by one that falls is no fault."""
    sound = [*link(20, 21), *link(21, 20), *link(30, 20)]
    rows = [*chain(7), *sound]

    assert not {"20", "21", "30"} & set(judge(rows, CHAIN))


def test_a_waiver_stops_the_fall() -> None:
    """The link whose fault is waived stays, and with it all that lead to it."""
    assert set(judge(chain(7), CHAIN, WAIVED)) == {"6", "5", "4"}


def test_what_no_record_states_ends_the_rounds() -> None:
    """There is nothing to set aside; the finding is told all the same."""
    assert judge(link(0, None), UNSTATED) == {}
