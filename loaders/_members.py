"""The files a loader is given: single files, folders and zip archives, one member after the other.

1. A path is a file (one member), a folder (its files, below it too) or a `.zip` (its entries).
2. Members are named as inside the download; when there are several folders or archives, the name
   of each stands before those of its members, so that names stay unique.
3. What an archive says of itself is checked before anything is read: encrypted entries, entries
   that unpack to far more than they hold (a bomb), archives cut off before their directory.
4. What goes wrong while reading (an entry cut off or damaged) becomes a SourceError with its place.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from kg.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# The largest archives of CORDIS unpack to some gigabytes, at a ratio of up to twenty.
MAX_BYTES: Final = 32 * 2**30
MAX_RATIO: Final = 250
# Below this size no ratio is a danger.
SMALL: Final = 16 * 2**20
BUFFER: Final = 2**18


@dataclass(frozen=True)
class Member:
    """A file to read: its name inside the download, its size, the path and the archive entry."""

    name: str
    size: int
    path: Path
    archive: zipfile.ZipFile | None = None
    entry: str = ""
    container: str = ""

    @property
    def suffix(self) -> str:
        """The ending of the name, in lower case: `.csv`."""
        return "." + self.name.rpartition(".")[2].lower()

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the member for reading bytes.

        Raises:
            SourceError: it cannot be opened, or is found damaged while it is read.
        """
        try:
            if self.archive is None:
                with self.path.open("rb") as stream:
                    yield stream
            else:
                with self.archive.open(self.entry) as entry:
                    yield cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", entry), BUFFER))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise SourceError(
                f"{self.name} in {self.path.name} is damaged or cut off ({error}); "
                "expected a complete zip archive: download it again",
                file=self.name,
            ) from error
        except OSError as error:
            raise SourceError(
                f"{self.name} cannot be read: {error.strerror or error}", file=self.name
            ) from error


@contextmanager
def members(paths: Sequence[Path]) -> Iterator[list[Member]]:
    """Give the members of all paths, in the order of the paths and sorted within each.

    Raises:
        SourceError: a path is missing, an archive is damaged, encrypted or a bomb.
    """
    containers = sum(path.is_dir() or _is_zip(path) for path in paths)
    with ExitStack() as stack:
        yield [m for path in paths for m in _expand(path, stack, prefixed=containers > 1)]


def _expand(path: Path, stack: ExitStack, *, prefixed: bool) -> list[Member]:
    if not path.exists():
        raise SourceError(f"There is no file or folder {path}", file=str(path))
    prefix = f"{path.name}/" if prefixed else ""
    if path.is_dir():
        return _folder(path, prefix)
    if _is_zip(path):
        return _archive(path, prefix, stack)
    return [Member(path.name, path.stat().st_size, path)]


def _is_zip(path: Path) -> bool:
    """Tell whether a path is an archive; a workbook is a file, although it is one inside."""
    if path.suffix.lower() in {".zip", ".xlsx"}:
        return path.suffix.lower() == ".zip"
    return path.is_file() and zipfile.is_zipfile(path)


def _folder(path: Path, prefix: str) -> list[Member]:
    found = [
        Member(prefix + p.relative_to(path).as_posix(), p.stat().st_size, p, container=path.name)
        for p in sorted(path.rglob("*"))
        if p.is_file() and _wanted(p.relative_to(path).as_posix())
    ]
    if not found:
        raise SourceError(f"The folder {path} holds no file", file=str(path))
    return found


def _archive(path: Path, prefix: str, stack: ExitStack) -> list[Member]:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(
            f"{path.name} is not a complete zip archive ({error}); download it again",
            file=path.name,
        ) from error
    entries = [e for e in archive.infolist() if not e.is_dir() and _wanted(e.filename)]
    if not entries:
        raise SourceError(f"The archive {path.name} holds no file", file=path.name)
    _check_sizes(path, entries)
    entries.sort(key=lambda e: e.filename)
    return [
        Member(prefix + e.filename, e.file_size, path, archive, e.filename, path.name)
        for e in entries
    ]


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse archives that are encrypted or unpack to more than any real download.

    `ZipExtFile` never yields more than the size an entry declares, so checking that is enough.
    """
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise SourceError(
                f"{entry.filename} in {path.name} is encrypted; expected a plain zip archive",
                file=entry.filename,
            )
        if entry.file_size > SMALL and entry.file_size > MAX_RATIO * entry.compress_size:
            raise SourceError(
                f"{entry.filename} in {path.name} unpacks from {entry.compress_size} to "
                f"{entry.file_size} bytes; more than {MAX_RATIO} times is taken for a zip bomb",
                file=entry.filename,
            )
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES:
        raise SourceError(
            f"{path.name} unpacks to {total} bytes; at most {MAX_BYTES} are read", file=path.name
        )


def _wanted(name: str) -> bool:
    """Leave out what file managers put beside the data."""
    return not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
