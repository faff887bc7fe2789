"""Feeds against the rules of RFC 4287 and RFC 5005, and their pages against what is remembered."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from kg.terms import DEFAULT_BASE
from kg.watching import atom
from kg.watching.atom import PART, Feed, Place
from kg.watching.comparing import Observed, Row
from kg.watching.history import History, following

if TYPE_CHECKING:
    from pathlib import Path

A = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"
FEED = Feed(
    f"{DEFAULT_BASE}searches/1/2",
    "A & B <c>",
    "http://atlas.test/feeds/x?a=b",
    datetime(2026, 1, 1, tzinfo=UTC),
    "http://atlas.test",
    DEFAULT_BASE,
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_FEED_CHILDREN = {"id", "title", "updated", "author", "generator", "link", "subtitle", "entry"}
_ENTRY_CHILDREN = {"id", "title", "updated", "category", "link", "content"}


def only(element: ET.Element, name: str) -> str:
    """Return the text of the one child of that name."""
    found = element.findall(A + name)
    assert len(found) == 1, name
    assert found[0].text
    return found[0].text


def check_common(element: ET.Element) -> None:
    """Check what feeds and entries have in common (RFC 4287, sections 4.1.1, 4.1.2, 4.2.6)."""
    assert _IRI.fullmatch(only(element, "id"))
    assert _MOMENT.fullmatch(only(element, "updated"))
    only(element, "title")
    for link in element.findall(A + "link"):
        assert link.get("href")
    alternates = [(x.get("type"), x.get("hreflang")) for x in links(element, "alternate")]
    assert len(alternates) == len(set(alternates))


def links(element: ET.Element, relation: str) -> list[ET.Element]:
    return [x for x in element.findall(A + "link") if x.get("rel") == relation]


def target(element: ET.Element, relation: str) -> str | None:
    found = links(element, relation)
    assert len(found) <= 1
    return found[0].get("href") if found else None


def checked(document: bytes) -> ET.Element:
    """Return a feed that keeps the rules."""
    assert document.startswith(b"<?xml")
    root = ET.fromstring(document)  # noqa: S314 - we have just written it
    assert root.tag == A + "feed"
    check_common(root)
    # A feed needs an author unless every entry has one; and it should have a self link (4.1.1).
    assert root.findtext(f"{A}author/{A}name")
    assert target(root, "self")
    assert {child.tag.removeprefix(A) for child in root} - {FH + "archive"} <= _FEED_CHILDREN
    entries = root.findall(A + "entry")
    for entry in entries:
        check_common(entry)
        assert {child.tag.removeprefix(A) for child in entry} <= _ENTRY_CHILDREN
        # An entry without an alternate link needs content (4.1.2); text has no children (4.1.3.3).
        (content,) = entry.findall(A + "content")
        assert content.get("type") == "text"
        assert len(content) == 0
        assert [c.get("term") for c in entry.findall(A + "category")]
    ids = [only(entry, "id") for entry in entries]
    assert len(ids) == len(set(ids))
    return root


def remembered(folder: Path, answers: list[Observed]) -> History:
    history = History(folder)
    for number, answer in enumerate(answers, 1):
        moment = f"2026-01-{number:02}T00:00:00+00:00"
        history.append(following(history.last(), number, moment, answer))
    return history


def observed(keys: range, complete: bool = True) -> Observed:  # noqa: FBT001, FBT002 - a short test
    base = f"{DEFAULT_BASE}id/thing/"
    rows = {f"{base}{n}": Row(f"{base}{n}", f"{base}{n}", f"T{n}", {"n": n}) for n in keys}
    return Observed(rows, complete)


def test_a_feed_without_news_is_a_feed(tmp_path: Path) -> None:
    root = checked(atom.document(FEED, History(tmp_path)))

    assert only(root, "title") == "A & B <c>"
    assert only(root, "updated") == "2026-01-01T00:00:00+00:00"
    assert root.findall(A + "entry") == []


def test_entries_tell_what_happened(tmp_path: Path) -> None:
    """The newest release first; a thing of ours is linked where this server has it."""
    key = f"{DEFAULT_BASE}id/thing/1"
    changed = Observed({key: Row(key, key, "T1", {"n": 5})})
    history = remembered(tmp_path, [observed(range(2)), observed(range(1, 3)), changed])
    root = checked(atom.document(FEED, history))
    entries = root.findall(A + "entry")

    assert [only(e, "title") for e in entries] == [
        *("Changed: T1", "Gone: T2"),
        *("New: T2", "Gone: T0"),
    ]
    assert only(root, "updated") == "2026-01-03T00:00:00+00:00"
    assert target(entries[0], "alternate") == "http://atlas.test/id/thing/1"
    assert target(entries[0], "related") == key
    assert only(entries[0], "content") == "Release 3, compared with 2\nn: 1 → 5"
    assert only(entries[0], "id").startswith(f"{FEED.id}/3/")


def test_archives_lead_through_everything_once(tmp_path: Path) -> None:
    """Following prev-archive from the feed gives each entry once (RFC 5005, section 4.2)."""
    sizes = [0, 30, 30, 250, 251, 300]
    history = remembered(tmp_path, [observed(range(size)) for size in sizes])
    document = checked(atom.document(FEED, history))
    seen = [only(e, "id") for e in document.findall(A + "entry")]
    assert len(seen) <= PART
    later = None
    while (before := target(document, "prev-archive")) is not None:
        place = Place.read(before.rpartition("archive=")[2])
        assert place is not None
        found = atom.archived(history, place)
        assert found is not None
        document = checked(atom.archive(FEED, place, found))
        seen += [only(e, "id") for e in document.findall(A + "entry")]

        assert document.find(FH + "archive") is not None
        assert target(document, "current") == FEED.address
        assert target(document, "self") == before
        if later is not None:
            assert target(document, "next-archive") == later
        later = before

    assert len(seen) == len(set(seen)) == max(sizes)


def test_an_archive_stays_as_it_is(tmp_path: Path) -> None:
    """But for the link to the one after it, which a later release may add."""
    history = remembered(tmp_path, [observed(range(0)), observed(range(150))])
    place = Place(2, 1)
    before = atom.archived(history, place)
    assert before is not None
    written = atom.archive(FEED, place, before)
    history.append(following(history.last(), 3, "2026-01-03T00:00:00+00:00", observed(range(160))))
    after = atom.archived(history, place)
    assert after is not None

    assert atom.archive(FEED, place, after) == written
    assert atom.archived(history, Place(2, 3)) is None
    assert atom.archived(history, Place(9, 1)) is None


def test_a_cut_answer_says_so(tmp_path: Path) -> None:
    cut = [observed(range(3), complete=False), observed(range(1, 4), complete=False)]
    root = checked(atom.document(FEED, remembered(tmp_path, cut)))

    assert "more rows than are watched" in only(root, "subtitle")
    assert [only(e, "title") for e in root.findall(A + "entry")] == ["New: T3"]


def test_a_release_without_an_answer_says_why(tmp_path: Path) -> None:
    answers = [observed(range(1)), Observed(failure="The time limit"), observed(range(2))]
    root = checked(atom.document(FEED, remembered(tmp_path, answers)))
    titles = [only(e, "title") for e in root.findall(A + "entry")]

    assert titles == ["New: T1", "Not answered in release 2"]


@pytest.mark.parametrize(
    "text", ["\x00\x0b\x1f", "\ufffe", "]]>&<\"'", "a\u2028b\U0001f600", "\r\n"]
)
def test_any_text_is_well_formed(tmp_path: Path, text: str) -> None:
    """XML 1.0 has no way to write most control characters (section 2.2)."""
    rows = {"k": Row("k", None, f"x{text}", {"n": text})}
    root = checked(atom.document(FEED, remembered(tmp_path, [Observed(), Observed(rows)])))

    assert len(root.findall(A + "entry")) == 1


@pytest.mark.parametrize("text", ["", "1", "1.0", "0.1", "-1.1", "1.1.1", "a.b", "\uff11.1"])
def test_a_place_is_two_numbers(text: str) -> None:
    assert Place.read(text) is None
    assert Place.read("12.3") == Place(12, 3)


def test_a_feed_speaks_german(tmp_path: Path) -> None:
    """Titles and sentences are German; ids are those of the English feed."""
    history = History(tmp_path)
    rows = {"x": Row("x", None, "x", {"n": 1})}
    for number, seen in enumerate([Observed(), Observed(rows), Observed(failure="too slow")], 1):
        moment = f"2026-01-{number:02}T00:00:00+00:00"
        history.append(following(history.last(), number, moment, seen))
    english = ET.fromstring(atom.document(FEED, history))  # noqa: S314 - our own
    german = ET.fromstring(atom.document(replace(FEED, language="de"), history))  # noqa: S314

    titles = [entry.findtext(A + "title") for entry in german.findall(A + "entry")]
    assert titles == ["In Release 3 nicht beantwortet", "Neu: x"]
    assert german.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    ids = [[e.findtext(A + "id") for e in f.findall(A + "entry")] for f in (english, german)]
    assert ids[0] == ids[1]
