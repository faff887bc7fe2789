"""The commands that the documentation shows are run, and their output is what it shows.

1. In a block that begins with ```` ```console ````, lines after `$ ` are commands, the others their
   output; `...` stands for anything. Without output shown, none is compared.
2. A command succeeds, unless the block begins with ```` ```console fails ````.
3. A page's commands run one after the other in a folder of their own, whose `atlas-home` has the
   sample, unless the page says `<!-- workspace: empty -->`.
4. `<!-- file: NAME -->` before a block makes its text a file of that folder; with
   `<!-- checkout -->` the folder has a copy of the repository's files.
5. `atlas serve` and `make demo` start a server on a free port, which takes the place of
   127.0.0.1:8000 from there on. Other targets of `make` only have to exist.

With ATLAS_TEST_HOME, pages are run over another workspace than the sample's: knowledge-atlas,
clean-production and crisis-capacities hold over the whole of CORDIS too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
OTHER_HOME = "ATLAS_TEST_HOME"
DOCUMENTED = "http://127.0.0.1:8000"
SERVERS = {"make demo": ["demo"], "atlas serve": ["serve"]}
CHECKOUT = ("kg", "loaders", "shapes", "queries", "tests/loaders", "tests/shapes", "tests/queries")

_BLOCK = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n+)?^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Command(NamedTuple):
    """A command with the output that is shown, or a file to write when `file` is set."""

    line: int
    text: str
    shown: str
    fails: bool = False
    file: str | None = None


def commands(page: Path) -> list[Command]:
    """Return what a page has to run, and the files to write before, in its order."""
    text = page.read_text(encoding="utf-8")
    found: list[Command] = []
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("text")) + 1
        if block["file"]:
            found.append(Command(line, "", block["text"], file=block["file"]))
        elif block["info"].split()[:1] == ["console"]:
            found += _in_block(line, block["text"], fails="fails" in block["info"])
    return found


def _in_block(first: int, text: str, *, fails: bool) -> Iterator[Command]:
    starts = [m.start() for m in re.finditer(r"^\$ ", text, re.MULTILINE)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        command = re.match(r"\$ ((?:.*\\\n)*.*)\n", text[start:end])
        assert command is not None
        shown = text[start:end][command.end() :]
        yield Command(first + text.count("\n", 0, start), command[1], shown, fails)


def as_shown(shown: str, printed: str) -> bool:
    """Tell whether what was printed is what the page shows, blanks at line ends aside."""
    expected, actual = (
        "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        for text in (shown, printed)
    )
    pattern = re.escape(expected).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


@dataclass
class Session:
    """The folder in which a page's commands run, and the server that it started."""

    folder: Path
    log: IO[str]
    url: str = DOCUMENTED
    servers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What the commands see: the project's programs first, and no setting from outside."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ATLAS_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        return {**kept, "PATH": path, "COLUMNS": "100"}

    def run(self, command: str) -> tuple[int, str]:
        """Return exit status and output, both streams together, the server's address as shown."""
        done = subprocess.run(
            ["bash", "-c", command.replace(DOCUMENTED, self.url)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stdout.replace(self.url, DOCUMENTED)

    def serve(self, arguments: list[str]) -> tuple[int, str]:
        """Start a server; return what it printed by the time it answers.

        Like `make`, it starts the program by its place; that place is shown as `.venv/bin`.
        """
        command = [sys.executable, "-m", "kg.cli", *arguments, "--port", "0"]
        server = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, "PATH": os.defpath},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.servers.append(server)
        while server.poll() is None:
            printed = Path(self.log.name).read_text(encoding="utf-8")
            if (url := re.search(r"http://127\.0\.0\.1:\d+", printed)) and _answers(url[0]):
                self.url = url[0]
                shown = printed.replace(f"{Path(sys.executable).parent}/", ".venv/bin/")
                return 0, shown.replace(self.url, DOCUMENTED)
            time.sleep(0.1)
        return server.returncode, Path(self.log.name).read_text(encoding="utf-8")

    def perform(self, command: Command) -> tuple[int, str]:
        """Do what a command says; return exit status and output."""
        if command.file:
            file = self.folder / command.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(command.shown, encoding="utf-8")
            return 0, command.shown
        if arguments := SERVERS.get(command.text):
            return self.serve(arguments)
        if target := re.fullmatch(r"make ([a-z]+)", command.text):
            makefile = (TOP / "Makefile").read_text(encoding="utf-8")
            return int(f"\n{target[1]}:" not in makefile), command.shown
        return self.run(command.text)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Yield a session in an empty folder; its server ends with it."""
    folder = tmp_path / "here"
    folder.mkdir()
    with (tmp_path / "server.log").open("w", encoding="utf-8") as log:
        session = Session(folder, log)
        yield session
        for server in session.servers:
            server.terminate()
            server.wait(timeout=120)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if commands(page)],
    ids=lambda page: str(page.relative_to(TOP)),
)
def test_commands_do_what_is_shown(
    page: Path, session: Session, request: pytest.FixtureRequest
) -> None:
    text = page.read_text(encoding="utf-8")
    if "<!-- workspace: empty -->" not in text:
        home = os.environ.get(OTHER_HOME) or request.getfixturevalue("sample_home")
        place = session.folder / "atlas-home"
        shutil.copytree(home, place, symlinks=True, copy_function=os.link)
    if "<!-- checkout -->" in text:
        copy_checkout(session.folder)
    for command in commands(page):
        status, printed = session.perform(command)
        place = f"{page.relative_to(TOP)}, line {command.line}: $ {command.text}\n{printed}"
        assert (status != 0) == command.fails, place
        assert not command.shown or as_shown(command.shown, printed), place


def copy_checkout(folder: Path) -> None:
    """Copy what commands in a checkout read."""
    ignored = shutil.ignore_patterns("__pycache__", "sample")
    for part in CHECKOUT:
        shutil.copytree(TOP / part, folder / part, ignore=ignored)
    shutil.copy(TOP / "pyproject.toml", folder)


def test_blocks_are_read(tmp_path: Path) -> None:
    """The reading of pages itself: files, continued commands, output, failures."""
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- file: a.txt -->\n```text\nA\n```\n\n"
        "```console\n$ cat a.txt \\\n    b.txt\nA\nB\n$ true\n```\n"
        "```console fails\n$ false\n```\n```sh\nnot run\n```\n",
        encoding="utf-8",
    )

    assert commands(page) == [
        Command(3, "", "A\n", file="a.txt"),
        Command(7, "cat a.txt \\\n    b.txt", "A\nB\n"),
        Command(11, "true", ""),
        Command(14, "false", "", fails=True),
    ]


def test_ellipsis_stands_for_anything() -> None:
    assert as_shown("a ... c\n...\nz\n", "a b c\nd\ne  \nz\n")
    assert not as_shown("a\n", "a\nb\n")
