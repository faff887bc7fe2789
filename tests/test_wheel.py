"""The wheel is whole: in an environment without the tree it loads, publishes and answers."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(TOP)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("cluster_atlas-*.whl"))


def test_the_wheel_holds_the_data_beside_the_code(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    for wanted in ("ontology/atlas.ttl", "shapes/project.ttl", "queries/partners-of.rq"):
        assert wanted in names
    assert any(name.startswith("loaders/sample/cordis/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]


def test_the_demonstration_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """The dependencies come from here, the product from the wheel: the tree is not on the path."""
    venv.create(tmp_path / "empty", with_pip=False)
    python = tmp_path / "empty" / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / "empty" / "lib" / version / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A path in a .pth file is searched, but the .pth files in it are not: no editable install.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")

    def run(*arguments: str) -> str:
        """Run the environment's Python outside the tree and return what it prints."""
        command = [str(python), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
        return done.stdout.strip()

    where = run("-c", "import kg; print(kg.__file__)")
    run("-m", "kg.cli", "demo", "--no-serve")
    answer = run("-m", "kg.cli", "sparql", "--format", "csv", "ASK { ?x a ?type }")

    assert where.startswith(str(packages))
    assert answer == "true"
