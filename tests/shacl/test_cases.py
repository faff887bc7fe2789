"""The case folders: data, shapes and the report that the recommendation asks for.

Both engines give that report. Where pySHACL does not, `differences.toml` names the case and the
clause that decides it; the test then makes sure that it still does not, so that no entry outlives
its reason.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rdflib import SH, Graph
from rdflib.compare import isomorphic

from kg.shacl import read_graph
from kg.shacl.command import run

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

CASES = Path(__file__).parent / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())
DIFFERENCES = tomllib.loads((CASES.parent / "differences.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_sql_gives_the_report(name: str, tmp_path: Path) -> None:
    """The report is isomorphic to the expected one, messages included."""
    code, text = run(CASES / name / "data.ttl", CASES / name / "shapes.ttl")
    written = tmp_path / "report.ttl"
    written.write_text(text, encoding="utf-8")
    expected, found = read_graph(CASES / name / "report.ttl"), read_graph(written)

    assert code == int(any(expected.triples((None, SH.result, None))))
    assert isomorphic(expected, found), text


@pytest.mark.parametrize("name", NAMES)
def test_pyshacl_gives_it_too_or_the_difference_is_known(
    name: str,
    by_pyshacl: Callable[[Graph, Graph], Graph],
    results: Callable[[Graph], Counter[Any]],
) -> None:
    """The judge agrees, or the file of differences says by which clause it is wrong."""
    data, shapes = (read_graph(CASES / name / file) for file in ("data.ttl", "shapes.ttl"))
    expected = results(read_graph(CASES / name / "report.ttl"))
    try:
        agrees = results(by_pyshacl(data, shapes)) == expected
    except Exception:  # noqa: BLE001 - rdflib raises plain ones
        agrees = False  # pySHACL raises where the recommendation asks for a result

    assert agrees == (name not in DIFFERENCES)


def test_every_difference_has_its_case_and_its_clause() -> None:
    """The file names cases that there are, each with the clause and what pySHACL does."""
    assert set(DIFFERENCES) <= set(NAMES)
    for entry in DIFFERENCES.values():
        assert {"clause", "pyshacl"} == set(entry)
