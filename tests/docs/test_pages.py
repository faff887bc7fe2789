"""The documentation is complete, true to the code, and its links lead somewhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

import loaders
from kg import errors, savedqueries, shapes
from kg.cli import app
from kg.cli.documenting import every_command, pages
from kg.errors import AtlasError
from kg.settings import Settings
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parents[2]
REFERENCE = TOP / "docs" / "reference"
PAGES = [TOP / "README.md", TOP / "CHANGELOG.md", *sorted((TOP / "docs").rglob("*.md"))]
GENERATED = pages()

named = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))


@pytest.mark.parametrize("name", GENERATED)
def test_reference_is_up_to_date(name: str) -> None:
    """The committed page is what the code says today."""
    page = REFERENCE / name
    written = page.read_text(encoding="utf-8") if page.exists() else ""

    assert GENERATED[name] == written, "run: .venv/bin/atlas reference docs/reference"


def test_reference_has_no_other_pages() -> None:
    assert {page.name for page in REFERENCE.iterdir()} == set(GENERATED)


def test_every_setting_is_in_the_reference() -> None:
    for name in Settings.model_fields:
        assert f"| `ATLAS_{name.upper()}` |" in GENERATED["settings.md"]


def test_every_command_and_option_is_in_the_reference() -> None:
    """Each command has a heading, and each of its options and arguments a row."""
    page = GENERATED["commands.md"]
    found = every_command(app)
    assert {"load", "query", "new"} <= set(found)
    for name, callback in found.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        parameters = [p for p in inspect.signature(callback).parameters if p != "context"]

        assert section, name
        assert section.count("\n| `") == len(parameters), name


def test_every_error_is_in_the_reference() -> None:
    for name, value in inspect.getmembers(errors, inspect.isclass):
        if issubclass(value, AtlasError) and value is not AtlasError:
            assert f"| `{name}` | {value.status} | {value.title} |" in GENERATED["errors.md"]


def test_every_loader_is_in_the_reference() -> None:
    for name in loaders.names():
        assert f"\n## {name}\n" in GENERATED["loaders.md"]


def test_every_rule_is_in_the_reference() -> None:
    """With its message and hint, in both languages."""
    for rule in shapes.rules():
        for page in ("shapes.md", "shapes.de.md"):
            assert f"| `{rule.iri.rpartition('#')[2]}` |" in GENERATED[page]


def test_every_saved_query_is_in_the_reference() -> None:
    for name in savedqueries.discover(DEFAULT_BASE):
        for page in ("queries.md", "queries.de.md", "http.md"):
            assert re.search(rf"^###? .*\b{name}$", GENERATED[page], re.MULTILINE)


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def links(page: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" not in link:
            yield link


@named
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked() -> None:
    """From the README, page by page, everything can be reached."""
    reached = {TOP / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        for link in links(page):
            target = (page.parent / unquote(link.partition("#")[0])).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                reached.add(target)
                waiting.append(target)

    assert {page for page in PAGES if page not in reached} == set()


@named
def test_nothing_of_one_machine(page: Path) -> None:
    """No page names a path or a package index that only one machine knows."""
    text = page.read_text(encoding="utf-8")

    assert re.findall(r"(?<![\w.])/(?:work|tmp|root|home)/\S*", text) == []
    assert re.findall(r"index-url|/simple\b|pypi\.\w+\.\w+/", text) == []


@named
def test_a_page_has_one_title(page: Path) -> None:
    text = re.sub(r"\A<!-- [\w: ]+ -->\n\n", "", page.read_text(encoding="utf-8"))

    assert text.startswith("# ")
    assert len(re.findall(r"^# ", prose(page), re.MULTILINE)) == 1


@pytest.mark.parametrize(
    "page", [p for p in PAGES if REFERENCE not in p.parents], ids=lambda p: str(p.relative_to(TOP))
)
def test_one_sentence_a_line(page: Path) -> None:
    """A changed sentence is a changed line; tables and lists are not looked at."""
    for line in prose(page).splitlines():
        if not re.match(r"\s*([|#>*-]|\d+\.|<!--)", line):
            assert not re.search(r"[a-z`)][.?!] [A-Z`]", line), line
