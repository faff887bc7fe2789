"""Small files that are whole or not there, whatever happens to who writes them.

A file is written beside its place, flushed to disk and then renamed (`replace`) or linked
(`create`) to it. All of them are for the operator's eyes only: they hold secrets of webhooks.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from kg.workspace import PARTIAL, disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STALE: Final = 3600.0
"""Seconds after which what was left half written belongs to a process that is gone."""


def replace(path: Path, content: bytes) -> None:
    """Write a file in the place of the one before; its folder is not made.

    Raises:
        FileNotFoundError: the folder is gone.
        WorkspaceError: the disk is full or not writable.
    """
    with _written(path, content) as beside:
        beside.rename(path)


def create(path: Path, content: bytes) -> bool:
    """Write a file unless it is there; tell whether it was written. Of several, one does.

    Raises:
        FileNotFoundError: the folder is gone.
        WorkspaceError: the disk is full or not writable.
    """
    with _written(path, content) as beside:
        try:
            path.hardlink_to(beside)
        except FileExistsError:
            return False
        return True


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    beside = path.with_name(f"{PARTIAL}{path.name}-{secrets.token_hex(4)}")
    with disk_errors(path):
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield beside
            _flush(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folder(path: Path) -> Path:
    """Return a folder, made if it is not there, that its owner alone may enter."""
    with disk_errors(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def discard(path: Path) -> None:
    """Remove a folder: at once for who looks, then piece by piece."""
    aside = path.with_name(f"{PARTIAL}{path.name}-{secrets.token_hex(4)}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def tidy(top: Path) -> None:
    """Remove below a folder what killed writers have left."""
    before = time.time() - _STALE
    for left in list(top.rglob(f"{PARTIAL}*")):
        try:
            if left.stat().st_mtime > before:
                continue
        except FileNotFoundError:
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
