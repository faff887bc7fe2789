"""Staging: from files to an import, read, chosen, validated and with what is bad set aside.

An import is named by everything that it is made of: the files, the loader's code, the rules, the
imports that it uses and the decisions of curators. kg.assembly makes it, once.

Nothing is dropped in silence: each record of the source ends as published, quarantined or rejected,
or says nothing that the graph holds, and the manifest's counts add up.

When decisions change, an import is made again out of what was read, without its files.
"""

from __future__ import annotations

import hashlib
import inspect
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import kg
from kg import (
    imports,
    ontology,
    shapes,
)
from kg.assembly import Assembly, import_id
from kg.curation.decisions import digest, holding, today
from kg.curation.journal import Journal
from kg.errors import SourceError, WorkspaceError
from kg.imports import Import
from kg.progress import Stages, silent
from kg.shacl import parse_shapes
from kg.workspace import new_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.curation.decisions import Decision
    from kg.ontology import Ontology
    from kg.progress import Progress
    from kg.settings import Settings
    from kg.shacl import Shapes
    from kg.source import Source
    from kg.workspace import Workspace


@dataclass(frozen=True)
class Rules:
    """What an import is judged by: the ontology and the shapes."""

    ontology: Ontology
    shapes: Shapes
    digest: str


def read_rules(base: str) -> Rules:
    """Read the ontology and the shapes that come with the package, for a base IRI.

    Raises:
        OntologyError: the ontology cannot be read.
        ShapeError: a shape is not well-formed.
    """
    files = [*sorted(ontology.FOLDER.glob("*.ttl")), *shapes.files()]
    digest = hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]
    return Rules(ontology.read(base=base), parse_shapes(shapes.read(base=base), base), digest)


def fingerprint(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return name, size and SHA-256 of each file given, folders by their files.

    Raises:
        SourceError: a path does not exist or cannot be read, or there is no file at all.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise SourceError("No file to read was given", paths=[str(p) for p in paths])
    return [_fingerprint(file) for file in files]


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise SourceError(f"{path} does not exist", path=str(path))
    return sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]


def _fingerprint(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            value = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}", path=str(file)) from None
    return {"name": file.name, "size": file.stat().st_size, "sha256": value}


def _code_digest(source: Source) -> str:
    """Return a digest of the loader's module and the private modules beside it."""
    module = Path(inspect.getfile(source.read))
    parts = [module, *sorted(module.parent.glob("_*.py"))]
    return hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()[:16]


def _key(
    source: Source,
    files: list[dict[str, Any]],
    settings: Settings,
    rules: Rules,
    others: dict[str, Import],
    decisions: Sequence[Decision],
) -> dict[str, Any]:
    key = {
        "source": source.name,
        "base": settings.base,
        "version": kg.__version__,
        "loader": _code_digest(source),
        "rules": rules.digest,
        "files": files,
        "context": {name: other.id for name, other in others.items()},
    }
    return _under(key, decisions)


def _under(key: dict[str, Any], decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return the key under decisions; without any it is as if there had never been one."""
    plain = {name: value for name, value in key.items() if name != "decisions"}
    found = digest(decisions)
    return {**plain, "decisions": found} if found else plain


def deciding(workspace: Workspace, settings: Settings, source: str) -> list[Decision]:
    """Return the decisions that hold today for a source, the oldest first.

    Raises:
        WorkspaceError: a file of decisions is damaged.
    """
    return holding(Journal(workspace, settings.base).every(), source, today())


def load(
    workspace: Workspace,
    source: Source,
    paths: Sequence[Path],
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> tuple[Import, bool]:
    """Import files, make the import its source's current one; return it and whether it is new.

    The same files read by the same code under the same rules are not read twice. The caller holds
    the writer's lock.

    Raises:
        SourceError: a file cannot be read at all.
        WorkspaceError: the disk or memory did not suffice.
    """
    others, decisions = _used(workspace, source), deciding(workspace, settings, source.name)
    key = _key(source, fingerprint(paths), settings, rules, others, decisions)
    place = workspace.imports / source.name / import_id(key)
    fresh = not place.exists()
    if fresh:
        with new_folder(place) as folder:
            staging = Assembly(settings, rules, others, decisions, folder, Stages(progress))
            staging.run(source, paths, key)
    done = Import(place)
    imports.select(workspace, done)
    return done, fresh


def restage(
    workspace: Workspace,
    one: Import,
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> tuple[Import, bool]:
    """Make an import again from what was read, under the decisions of today; select nothing.

    It is the same import, and not made, when decisions and rules are. The caller holds the
    writer's lock.

    Raises:
        WorkspaceError: it was read under another base IRI, or the disk or memory did not suffice.
    """
    key, decisions = _again(workspace, one, settings, rules)
    place = workspace.imports / one.source / import_id(key)
    fresh = not place.exists()
    if fresh:
        others = _with(workspace, one)
        with new_folder(place) as folder:
            Assembly(settings, rules, others, decisions, folder, Stages(progress)).again(one, key)
    return Import(place), fresh


@contextmanager
def rehearse_again(
    workspace: Workspace,
    one: Import,
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> Iterator[Import]:
    """Yield what `restage` would make, or the import itself; the workspace stays untouched."""
    key, decisions = _again(workspace, one, settings, rules)
    if import_id(key) == one.id:
        yield one
        return
    with TemporaryDirectory(prefix="atlas-") as name:
        folder = Path(name) / one.source / import_id(key)
        folder.mkdir(parents=True)
        others = _with(workspace, one)
        Assembly(settings, rules, others, decisions, folder, Stages(progress)).again(one, key)
        yield Import(folder)


def _again(
    workspace: Workspace, one: Import, settings: Settings, rules: Rules
) -> tuple[dict[str, Any], list[Decision]]:
    """Return the key of an import made again, and the decisions that it is made under."""
    manifest = one.manifest
    if manifest["base"] != settings.base:
        detail = f"{one.source}/{one.id} was read under {manifest['base']}; load it again"
        raise WorkspaceError(detail, base=settings.base)
    decisions = deciding(workspace, settings, one.source)
    names = ("source", "base", "version", "loader", "rules", "files", "context")
    key = {name: manifest[name] for name in names}
    return _under(key | {"version": kg.__version__, "rules": rules.digest}, decisions), decisions


def _with(workspace: Workspace, one: Import) -> dict[str, Import]:
    """Return the imports that an import was made with."""
    return {n: _kept(workspace, n, i) for n, i in one.manifest["context"].items()}


def _kept(workspace: Workspace, source: str, key: str) -> Import:
    """Return an import that another one was made with; it is kept as long as that one is.

    Raises:
        WorkspaceError: it is gone.
    """
    found = Import(workspace.imports / source / key)
    if not found.folder.exists():
        raise WorkspaceError(f"The import {source}/{key} is gone; load what uses it again")
    return found


@contextmanager
def rehearse(
    workspace: Workspace,
    source: Source,
    paths: Sequence[Path],
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> Iterator[Import]:
    """Yield what `load` would import; it is gone when the block ends, the workspace untouched."""
    others, decisions = _used(workspace, source), deciding(workspace, settings, source.name)
    key = _key(source, fingerprint(paths), settings, rules, others, decisions)
    with TemporaryDirectory(prefix="atlas-") as name:
        folder = Path(name) / source.name / import_id(key)
        folder.mkdir(parents=True)
        staging = Assembly(settings, rules, others, decisions, folder, Stages(progress))
        staging.run(source, paths, key)
        yield Import(folder)


def _used(workspace: Workspace, source: Source) -> dict[str, Import]:
    """Return the current imports of the sources that the loader says it uses."""
    return {n: i for n, i in imports.current(workspace).items() if n in source.uses}
