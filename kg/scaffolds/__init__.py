"""Scaffolds: the files with which a loader, a shape or a saved query begins.

The templates lie beside this module; `$name` is the name given, `$title` the same in words,
`$camel` in CamelCase. A scaffold is complete: the thing and a case folder with which it passes the
tests, so that whoever goes on from it changes one thing at a time.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import IdentifierError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scaffold(NamedTuple):
    """What belongs to a piece: how its names look, and the template of each file."""

    name: re.Pattern[str]
    expected: str
    files: Mapping[str, str]


_WORDS = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

SCAFFOLDS: Final[Mapping[str, Scaffold]] = {
    "loader": Scaffold(
        re.compile(r"[a-z][a-z0-9_]*"),
        "small letters, digits and underscores, beginning with a letter",
        {
            "loaders/$name.py": "loader.py.txt",
            "tests/loaders/cases/$name/first/input/$name.csv": "loader-input.csv.txt",
            "tests/loaders/cases/$name/first/expected.ttl": "loader-expected.ttl.txt",
            "tests/loaders/cases/$name/first/rejects.csv": "loader-rejects.csv.txt",
            "tests/loaders/cases/$name/first/places.csv": "loader-places.csv.txt",
        },
    ),
    "shape": Scaffold(
        _WORDS,
        "small letters, digits and hyphens, beginning with a letter",
        {
            "shapes/$name.ttl": "shape.ttl.txt",
            "tests/shapes/cases/$name/right/data.ttl": "shape-right.ttl.txt",
            "tests/shapes/cases/$name/right/expected.csv": "shape-right.csv.txt",
            "tests/shapes/cases/$name/wrong/data.ttl": "shape-wrong.ttl.txt",
            "tests/shapes/cases/$name/wrong/expected.csv": "shape-wrong.csv.txt",
        },
    ),
    "query": Scaffold(
        _WORDS,
        "small letters, digits and hyphens, beginning with a letter",
        {
            "queries/$name.rq": "query.rq.txt",
            "tests/queries/cases/$name/first/data.trig": "query-data.trig.txt",
            "tests/queries/cases/$name/first/parameters.json": "query-parameters.json.txt",
            "tests/queries/cases/$name/first/expected.csv": "query-expected.csv.txt",
        },
    ),
}

_FOLDER: Final = Path(__file__).parent
_TOP: Final = ("pyproject.toml", "loaders", "shapes", "queries", "tests")


def begin(piece: str, name: str, top: Path) -> list[Path]:
    """Write the files of a new loader, shape or query; return their paths below `top`.

    Either all files are new or nothing is written.

    Raises:
        NotFoundError: `top` is no checkout of the repository.
        IdentifierError: the name cannot be one, or one of the files exists.
    """
    scaffold = SCAFFOLDS[piece]
    _expect_checkout(top)
    _expect_name(piece, name, scaffold)
    words = {
        "name": name,
        "title": re.sub("[-_]", " ", name).capitalize(),
        "camel": "".join(word.capitalize() for word in re.split("[-_]", name)),
    }
    texts = {
        Path(Template(path).substitute(words)): Template(_template(file)).substitute(words)
        for path, file in scaffold.files.items()
    }
    _expect_new(texts, top, name)
    for path, text in texts.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, encoding="utf-8")
    return list(texts)


def _template(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


def _expect_checkout(top: Path) -> None:
    if missing := [name for name in _TOP if not (top / name).exists()]:
        detail = "This folder is no checkout of Cluster Atlas: run the command in its top folder"
        raise NotFoundError(detail, folder=str(top), missing=missing)


def _expect_name(piece: str, name: str, scaffold: Scaffold) -> None:
    if scaffold.name.fullmatch(name) and not keyword.iskeyword(name):
        return
    detail = f"{name!r} cannot name a {piece}: expected {scaffold.expected}"
    raise IdentifierError(detail, name=name, expected=scaffold.expected)


def _expect_new(paths: Mapping[Path, str], top: Path, name: str) -> None:
    if existing := [str(path) for path in paths if (top / path).exists()]:
        detail = f"{name!r} is taken: nothing was written; choose another name"
        raise IdentifierError(detail, name=name, existing=existing)
