"""Planted defects: each is noticed by a case folder, so the cases do guard what they claim to."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from rdflib.compare import isomorphic

from kg.shacl import encode, read_graph
from kg.shacl.command import run
from kg.shacl.sql import Compiler

CASES = Path(__file__).parent / "cases"


class Mutant(NamedTuple):
    """A defect: SQL with `right` in it gets `wrong` instead; `case` notices it."""

    case: str
    right: str
    wrong: str


MUTANTS = {
    "zones are dropped": Mutant("zones", "- coalesce(zone, 0) * 60", ""),
    "a zoneless instant is in UTC": Mutant(
        "bounds-near-without-zone", "zone IS NOT NULL AS zoned", "true AS zoned"
    ),
    "pairs are merged": Mutant("less-than-each-pair", "SELECT root,", "SELECT DISTINCT root,"),
    "subclasses are no instances": Mutant("members-of-clusters", "WHERE t.p =", "WHERE t.p <>"),
    "closed lets all pass": Mutant("closed-with-alternatives", "t.p NOT IN", "t.p IN"),
    "xone is or": Mutant("closed-with-alternatives", "n <> 1", "n = 0"),
    "a language may come twice": Mutant("members-of-clusters", "count(*) > 1", "count(*) > 2"),
    "what errs is in order": Mutant("bounds-ill-typed", ", false)", ", true)"),
    "blank nodes have a length": Mutant("min-length-of-a-blank-node", "t.kind = 0 OR", ""),
    "qualified counts one less": Mutant("members-of-clusters", "n, 0) < 2", "n, 0) < 1"),
    "all values qualify": Mutant("members-of-clusters", "ANTI JOIN", "SEMI JOIN"),
    "numbers in sh:in are equal": Mutant("exact-terms", "ON m.id = x.v", "ON m.id <> x.v"),
    "decimals are cut": Mutant("decimal-of-forty-digits", "|| whole || fraction", "|| whole"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_defect_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case gives another report, and only because of the defect."""
    mutant = MUTANTS[name]
    changed: list[str] = []

    def defective(sql: str) -> str:
        if mutant.right in sql:
            changed.append(sql)
        return sql.replace(mutant.right, mutant.wrong)

    select, instances, values = Compiler.select, Compiler.instances, encode.value_sql
    monkeypatch.setattr(Compiler, "select", lambda self, step: defective(select(self, step)))
    monkeypatch.setattr(Compiler, "instances", lambda self, plan: defective(instances(self, plan)))
    monkeypatch.setattr(encode, "value_sql", lambda *given: defective(values(*given)))
    folder = CASES / mutant.case
    _, text = run(folder / "data.ttl", folder / "shapes.ttl")

    assert changed
    assert not _same(folder, text)
    monkeypatch.undo()
    assert _same(folder, run(folder / "data.ttl", folder / "shapes.ttl")[1])


def _same(folder: Path, text: str) -> bool:
    with TemporaryDirectory() as name:
        written = Path(name) / "report.ttl"
        written.write_text(text, encoding="utf-8")
        return isomorphic(read_graph(folder / "report.ttl"), read_graph(written))
