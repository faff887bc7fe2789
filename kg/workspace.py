"""The workspace: one folder with imports, releases and the link to the current release.

```
imports/<source>/<import id>/   statements.parquet  alternatives.parquet  rejects.parquet
                                findings.parquet    quarantine.parquet    manifest.json
imports/<source>/current        a link to the import that the next release takes
imports/<source>/history.json   the imports that it followed
curation/<source>/              decisions of curators
releases/<n>/                   store/  manifest.json
current                         a link to releases/<n>
```

How it stays whole whatever happens:

1. A folder is written as `.partial-…` beside its place, flushed to disk, then renamed to it.
2. A link is made beside its place and renamed over the old one.
3. One writer at a time holds `lock` (flock: the kernel frees it when the process dies).
4. Whoever takes the lock first removes what a killed writer left as `.partial-…`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTIAL: Final = ".partial-"


@dataclass(frozen=True)
class Workspace:
    """The folder `home`, made on first use."""

    home: Path

    @property
    def imports(self) -> Path:
        """Where the imports of all sources are."""
        return self.home / "imports"

    @property
    def releases(self) -> Path:
        """Where the releases are, each under its number."""
        return self.home / "releases"

    @property
    def current(self) -> Path:
        """The link to the release that is served."""
        return self.home / "current"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock, after removing what a killed writer left behind.

        Raises:
            WorkspaceError: another process is writing, or the folder cannot be written.
        """
        with disk_errors(self.home):
            self.imports.mkdir(parents=True, exist_ok=True)
            self.releases.mkdir(exist_ok=True)
            descriptor = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._lock(descriptor)
            self._clean()
            yield
        finally:
            os.close(descriptor)

    def tidy(self) -> None:
        """Remove what a killed writer left behind, unless another one is writing now."""
        if not (self.home / "lock").exists():
            return
        try:
            with self.writing():
                pass
        except WorkspaceError:
            return

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            detail = f"Another process is writing to {self.home}; try again when it has finished"
            raise WorkspaceError(detail, home=str(self.home)) from None

    def _clean(self) -> None:
        for pattern in (f"{PARTIAL}*", f"releases/{PARTIAL}*", f"imports/*/{PARTIAL}*"):
            for leftover in self.home.glob(pattern):
                remove(leftover)


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `place` when the block ends well, else disappears.

    Raises:
        WorkspaceError: the disk is full or not writable.
    """
    partial = place.with_name(f"{PARTIAL}{place.name}-{os.getpid()}")
    with disk_errors(place):
        try:
            partial.mkdir(parents=True)
            yield partial
            flush(partial)
            partial.rename(place)
            _flush_entry(place.parent)
        finally:
            if partial.exists():
                shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn what the operating system says of a full or read-only disk into a WorkspaceError."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            detail = f"The disk is full: {place} was not written, the last release still serves"
            raise WorkspaceError(detail, place=str(place)) from error
        if error.errno in {errno.EACCES, errno.EROFS, errno.EPERM}:
            detail = f"No permission to write {place}"
            raise WorkspaceError(detail, place=str(place)) from error
        raise


def point(link: Path, target: Path) -> None:
    """Make `link` point to `target` in one step (rename over the old link)."""
    beside = link.with_name(f"{PARTIAL}{link.name}")
    with disk_errors(link):
        beside.unlink(missing_ok=True)
        beside.symlink_to(os.path.relpath(target, link.parent))
        beside.rename(link)
        _flush_entry(link.parent)


def flush(folder: Path) -> None:
    """Have the disk hold every file below `folder` before anything points to it."""
    for path in sorted(folder.rglob("*")):
        _flush_entry(path)
    _flush_entry(folder)


def _flush_entry(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write `manifest.json` into a folder, keys as given, readable by people."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the `manifest.json` of an import or a release.

    Raises:
        WorkspaceError: it is missing or damaged.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkspaceError(f"{path} is missing", place=str(path)) from None
    except json.JSONDecodeError as error:
        raise WorkspaceError(f"{path} is damaged: {error}", place=str(path)) from None
    if not isinstance(manifest, dict):
        raise WorkspaceError(f"{path} is damaged: an object was expected", place=str(path))
    return manifest
