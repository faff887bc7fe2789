"""Each folder `cases/<source>/<case>` is a test: what a loader makes of `input`.

`input` holds the paths given to the loader: its files, or one folder. Beside it stand
`expected.ttl` (all statements; the graph is that of the source), `places.csv` (where some of them
were found), `rejects.csv` (all rejects) or `error.txt` (the error instead of anything else), and
`codes.json` (the vocabularies that are loaded).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

import loaders
from kg.errors import SourceError
from kg.statements import IRI, LITERAL, Statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HERE = Path(__file__).parent / "cases"
CASES = sorted(path.parent for path in HERE.glob("*/*/input"))


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def expected(case: Path) -> set[tuple[object, ...]]:
    """Return the triples of `expected.ttl` as the columns of a statement, as written."""
    found: set[tuple[object, ...]] = set()
    for t in ox.parse((case / "expected.ttl").read_bytes(), format=ox.RdfFormat.TURTLE):
        match t.object:
            case ox.NamedNode():
                term: tuple[object, ...] = (t.object.value, IRI, None, None)
            case ox.Literal():
                o = t.object
                term = (o.value, LITERAL, o.datatype.value, o.language)
        found.add((t.subject.value, t.predicate.value, *term))
    return found


def rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(case: Path, load: Callable[..., Any]) -> None:
    """What a loader makes of the input of a case is what the case expects."""
    codes_file = case / "codes.json"
    codes = json.loads(codes_file.read_text()) if codes_file.exists() else {}
    paths = sorted((case / "input").iterdir())
    error = case / "error.txt"
    if error.exists():
        with pytest.raises(SourceError) as caught:
            load(case.parent.name, *paths, codes=codes)

        assert caught.value.detail == error.read_text("utf-8").strip()
        return
    loaded = load(case.parent.name, *paths, codes=codes)

    assert loaded.triples == expected(case)
    assert [
        {"file": r.file, "line": str(r.line), "field": r.field or "", "reason": r.reason}
        for r in loaded.rejects
    ] == [{k: v for k, v in row.items() if k != "text"} for row in rows(case / "rejects.csv")]
    assert_placed(loaded.statements, rows(case / "places.csv"))


def assert_placed(statements: list[Statement], places: list[dict[str, str]]) -> None:
    """Each row of `places.csv` is a statement with just that place."""
    for place in places:
        stated = [
            {name: str(value or "") for name, value in s._asdict().items() if name in place}
            for s in (Statement(*s) for s in statements)
        ]
        assert place in stated


def test_statements_are_of_the_graph_of_the_source(load: Callable[..., Any]) -> None:
    """Every statement names graph, file, line and record."""
    for case in CASES:
        if not (case / "error.txt").exists():
            codes = {"euroscivoc": {}}
            loaded = load(case.parent.name, *sorted((case / "input").iterdir()), codes=codes)
            for statement in loaded.statements:
                _, _, _, _, _, _, graph, file, line, _, record, _ = statement
                assert graph.endswith(f"/graph/{case.parent.name}")
                assert file
                assert line >= 1
                assert record.startswith(file + "/")


def test_every_loader_has_a_case() -> None:
    """A loader without a case folder is not tested: add tests/loaders/cases/<source>/<case>."""
    assert {case.parent.name for case in CASES} >= set(loaders.names())
