from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kg.errors import SourceError
from loaders import _members

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SAMPLE = Path(_members.__file__).parent / "sample" / "cordis" / "cordis-sample.zip"


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in entries.items():
            target.writestr(name, data)
    return path


def test_files_folders_and_archives_are_taken_apart(tmp_path: Path) -> None:
    """Members are named as inside the download; their bytes are what was put there."""
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "below" / "b.csv").write_bytes(b"b")
    (tmp_path / "folder" / ".hidden").write_bytes(b"")
    (tmp_path / "c.csv").write_bytes(b"c")
    zipped = archive(tmp_path / "a.zip", {"csv/a.csv": b"a", "__MACOSX/a.csv": b"x"})
    with _members.members([zipped, tmp_path / "c.csv"]) as found:
        names = [m.name for m in found]
        contents = []
        for member in found:
            with member.open() as stream:
                contents.append(stream.read())

    assert names == ["csv/a.csv", "c.csv"]
    assert contents == [b"a", b"c"]
    with _members.members([tmp_path / "folder"]) as found:
        assert [(m.name, m.size, m.container) for m in found] == [("below/b.csv", 1, "folder")]


def test_members_of_several_downloads_have_different_names(tmp_path: Path) -> None:
    """Two archives with the same file names do not get mixed up."""
    paths = [archive(tmp_path / f"{n}.zip", {"project.csv": b"x"}) for n in "ab"]
    with _members.members(paths) as found:
        assert [m.name for m in found] == ["a.zip/project.csv", "b.zip/project.csv"]


def test_an_archive_is_known_by_its_content_too(tmp_path: Path) -> None:
    """An archive without the ending .zip is read as one."""
    path = archive(tmp_path / "download.zip", {"a.csv": b"a"}).rename(tmp_path / "download")
    with _members.members([path]) as found:
        assert [m.name for m in found] == ["a.csv"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_an_archive_cut_off_is_one_error(
    tmp_path: Path, share: float, load: Callable[..., Any]
) -> None:
    """A download that broke off is named, and what to do about it."""
    path = tmp_path / "cut.zip"
    data = SAMPLE.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceError, match=r"cut\.zip is not a complete zip archive"):
        load("cordis", path)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_an_archive_damaged_inside_is_one_error(
    tmp_path: Path, place: float, load: Callable[..., Any]
) -> None:
    """Bytes that were changed in the middle are noticed while reading."""
    path = tmp_path / "damaged.zip"
    data = bytearray(SAMPLE.read_bytes())
    at = int(len(data) * place)
    data[at : at + 64] = bytes(64)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"csv in damaged\.zip is damaged or cut off"):
        load("cordis", path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """An entry that unpacks to far more than it holds is an error."""
    path = archive(tmp_path / "bomb.zip", {"project.csv": bytes(64 * 2**20)})
    with pytest.raises(SourceError, match="zip bomb"), _members.members([path]):
        pass


def test_an_archive_may_not_unpack_to_more_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum of all entries has a limit as well."""
    monkeypatch.setattr(_members, "MAX_BYTES", 10)
    path = archive(tmp_path / "big.zip", {"a.csv": b"123456", "b.csv": b"123456"})
    with pytest.raises(SourceError, match="unpacks to 12 bytes"), _members.members([path]):
        pass


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    """There is no password to ask for."""
    path = archive(tmp_path / "secret.zip", {"project.csv": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(SourceError, match="is encrypted"), _members.members([path]):
        pass


@pytest.mark.parametrize("name", ["nothing", "folder", "empty.zip"])
def test_a_path_without_files_is_an_error(tmp_path: Path, name: str) -> None:
    """A path that is missing or holds nothing is named."""
    (tmp_path / "folder").mkdir()
    archive(tmp_path / "empty.zip", {})
    with pytest.raises(SourceError, match=name), _members.members([tmp_path / name]):
        pass
