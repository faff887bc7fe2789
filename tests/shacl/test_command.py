"""`atlas shacl`: exit codes, engines, bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.shacl.__main__ import main
from kg.shacl.command import run

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
<#S> a sh:PropertyShape ; sh:targetNode <#i> ; sh:path <#p> ; sh:minCount 1 ."""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    data, shapes = tmp_path / "data.ttl", tmp_path / "shapes.ttl"
    data.write_text("<#i> <#p> 1 .", encoding="utf-8")
    shapes.write_text(SHAPES, encoding="utf-8")
    return data, shapes


@pytest.mark.parametrize("engine", ["sql", "pyshacl"])
def test_exit_codes_tell_the_outcome(files: tuple[Path, Path], engine: str) -> None:
    """0 conforms, 1 violates, 2 failed."""
    data, shapes = files

    assert run(data, shapes, "http://example.org/", engine)[0] == 0
    data.write_text("<#i> <#q> 1 .", encoding="utf-8")
    assert run(data, shapes, "http://example.org/", engine)[0] == 1
    shapes.write_text("no Turtle", encoding="utf-8")
    assert run(data, shapes, "http://example.org/", engine)[0] == 2


def test_each_file_has_its_own_base_unless_one_is_given(files: tuple[Path, Path]) -> None:
    """Relative IRIs of two files are different IRIs."""
    data, shapes = files
    code, report = run(data, shapes)

    assert code == 1
    assert f"<{shapes.as_uri()}#i>" in report


def test_failures_go_to_standard_error(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is all that standard output holds."""
    data, shapes = files
    code = main(["--data", str(data), "--shapes", str(shapes.with_name("none.ttl"))])
    printed = capsys.readouterr()

    assert code == 2
    assert printed.out == ""
    assert "none.ttl cannot be read" in printed.err


def test_an_unknown_engine_is_named(files: tuple[Path, Path]) -> None:
    """The answer says which there are."""
    assert run(*files, engine="x") == (2, "no engine 'x', expected one of sql, pyshacl")


def test_the_report_keeps_lexical_forms(files: tuple[Path, Path]) -> None:
    """The form "007" does not come back as 7."""
    data, shapes = files
    data.write_text("<#i> <#p> 007 .", encoding="utf-8")
    shapes.write_text(SHAPES.replace("minCount 1", "maxExclusive 5"), encoding="utf-8")

    assert "sh:value 007 " in run(data, shapes, "http://example.org/")[1]
