"""Feeds: Atom (RFC 4287) in archived pages (RFC 5005, section 4).

1. What a release changed is cut into parts of `PART` entries. A part never changes and is an
   archive document; the feed itself has the newest parts, together not more than that.
2. Each document links the one before (`prev-archive`), each archive the one after and the feed.
3. An entry's id is made of question, release and row, so that it is the same wherever it stands.
4. A row's name may hold characters that XML 1.0 does not have (section 2.2): they are replaced.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

from kg.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.watching.comparing import Change
    from kg.watching.history import History, Step

MEDIA_TYPE: Final = "application/atom+xml"
PART: Final = 100

_ATOM: Final = "http://www.w3.org/2005/Atom"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_HISTORY: Final = "http://purl.org/syndication/history/1.0"
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "new": "New",
        "changed": "Changed",
        "gone": "Gone",
        "cut": "The answer has more rows than are watched: what is new is new among them, and"
        " nothing is reported as gone.",
        "unanswered": "Not answered in release {release}",
        "later": "What has changed is told with the next release that answers.",
        "compared": "Release {release}, compared with {before}",
    },
    "de": {
        "new": "Neu",
        "changed": "Geändert",
        "gone": "Entfallen",
        "cut": "Die Antwort hat mehr Zeilen, als beobachtet werden: Was neu ist, ist unter diesen"
        " neu, und nichts wird als entfallen gemeldet.",
        "unanswered": "In Release {release} nicht beantwortet",
        "later": "Was sich geändert hat, wird mit dem nächsten Release gemeldet, das antwortet.",
        "compared": "Release {release}, verglichen mit {before}",
    },
}

ET.register_namespace("", _ATOM)
ET.register_namespace("fh", _HISTORY)


class Place(NamedTuple):
    """An archive document: a release and which part of its entries, from 1."""

    release: int
    part: int

    def __str__(self) -> str:
        return f"{self.release}.{self.part}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that a text names."""
        match = re.fullmatch(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,8})", text)
        return cls(int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True)
class Feed:
    """What a feed says of itself: its id, title, address, and when nothing has happened yet.

    `site` is the address below which the things have pages, `base` the IRI that stands for it.
    What is said is in one of the languages `en` and `de`; ids are the same in both.
    """

    id: str
    title: str
    address: str
    begun: datetime
    site: str
    base: str
    language: str = "en"

    def say(self, word: str, **values: object) -> str:
        """Return a sentence or word in the feed's language."""
        return _WORDS[self.language][word].format(**values)


def _parts(step: Step) -> int:
    return -(-(len(step.changes) + bool(step.failure)) // PART)


def newest(history: History) -> tuple[list[tuple[Step, Place]], Place | None]:
    """Return the parts of the feed itself, newest first, and the archive before them."""
    chosen: list[tuple[Step, Place]] = []
    room = PART
    for step, place in _backwards(history):
        size = len(_entries(step, place))
        if chosen and size > room:
            return chosen, place
        chosen.append((step, place))
        room -= size
    return chosen, None


def _backwards(history: History, before: int | None = None) -> Iterator[tuple[Step, Place]]:
    for number in reversed(history.releases()):
        if before is not None and number >= before:
            continue
        step = history.step(number)
        if step is not None:
            for part in range(_parts(step), 0, -1):
                yield step, Place(number, part)


class Neighbours(NamedTuple):
    """An archive document with those before and after it."""

    step: Step
    previous: Place | None
    following: Place | None


def archived(history: History, place: Place) -> Neighbours | None:
    """Return what is at a place, with its neighbours; None if nothing is."""
    step = history.step(place.release)
    if step is None or place.part > _parts(step):
        return None
    previous: Place | None = Place(place.release, place.part - 1)
    if place.part == 1:
        previous = next((at for _, at in _backwards(history, place.release)), None)
    following: Place | None = Place(place.release, place.part + 1)
    if place.part == _parts(step):
        later = (at for at in history.steps(place.release) if at.eventful)
        following = next((Place(at.release, 1) for at in later), None)
    return Neighbours(step, previous, following)


def document(feed: Feed, history: History) -> bytes:
    """Return the feed: its newest entries, and where those before them are."""
    chosen, before = newest(history)
    last = history.last()
    root = _head(feed, updated(feed, history).isoformat(), feed.address)
    if last is not None and not last.complete:
        _add(root, "subtitle", feed.say("cut"))
    if before is not None:
        _link(root, "prev-archive", _archive(feed, before), MEDIA_TYPE)
    for step, place in chosen:
        _write(root, feed, step, place)
    return _written(root)


def updated(feed: Feed, history: History) -> datetime:
    """Return when there was last something to tell, or else when the feed began."""
    newest_step = next((step for step, _ in _backwards(history)), history.last())
    return datetime.fromisoformat(newest_step.created) if newest_step else feed.begun


def archive(feed: Feed, place: Place, at: Neighbours) -> bytes:
    """Return an archive document."""
    root = _head(feed, at.step.created, _archive(feed, place))
    ET.SubElement(root, f"{{{_HISTORY}}}archive")
    _link(root, "current", feed.address, MEDIA_TYPE)
    if at.previous is not None:
        _link(root, "prev-archive", _archive(feed, at.previous), MEDIA_TYPE)
    if at.following is not None:
        _link(root, "next-archive", _archive(feed, at.following), MEDIA_TYPE)
    _write(root, feed, at.step, place)
    return _written(root)


def _archive(feed: Feed, place: Place) -> str:
    return f"{feed.address}{'&' if '?' in feed.address else '?'}archive={place}"


def _head(feed: Feed, moment: str, itself: str) -> ET.Element:
    root = ET.Element(f"{{{_ATOM}}}feed")
    root.set(f"{{{_XML}}}lang", feed.language)
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", moment)
    author = ET.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, "name", "Cluster Atlas")
    _add(root, "generator", "Cluster Atlas")
    _link(root, "self", itself, MEDIA_TYPE)
    return root


def _entries(step: Step, place: Place) -> list[Change | None]:
    """Return the changes of a part; None stands for the failure of the step, its last entry."""
    every = [*step.changes, *([None] if step.failure else [])]
    return every[(place.part - 1) * PART : place.part * PART]


def _write(root: ET.Element, feed: Feed, step: Step, place: Place) -> None:
    for change in _entries(step, place):
        entry = ET.SubElement(root, f"{{{_ATOM}}}entry")
        if change is None:
            _write_failure(entry, feed, step)
        else:
            _write_change(entry, feed, step, change)


def _write_failure(entry: ET.Element, feed: Feed, step: Step) -> None:
    _add(entry, "id", f"{feed.id}/{step.release}/unanswered")
    _add(entry, "title", feed.say("unanswered", release=step.release))
    _add(entry, "updated", step.created)
    ET.SubElement(entry, f"{{{_ATOM}}}category", term="unanswered")
    _content(entry, f"{step.failure}\n{feed.say('later')}")


def _write_change(entry: ET.Element, feed: Feed, step: Step, change: Change) -> None:
    row = change.row
    digest = hashlib.sha256(row.key.encode(errors="replace")).hexdigest()[:24]
    _add(entry, "id", f"{feed.id}/{step.release}/{digest}")
    _add(entry, "title", f"{feed.say(change.kind)}: {row.label}")
    _add(entry, "updated", step.created)
    ET.SubElement(entry, f"{{{_ATOM}}}category", term=change.kind, label=feed.say(change.kind))
    if row.id is not None and is_iri(row.id):
        address = f"{feed.site}/{row.id.removeprefix(feed.base)}"
        _link(entry, "alternate", address if row.id.startswith(feed.base) else row.id)
        _link(entry, "related", row.id)
    compared = feed.say("compared", release=step.release, before=step.before)
    _content(entry, f"{compared}\n{_told(change)}")


def _told(change: Change) -> str:
    before = change.before
    if before is None:
        return "\n".join(f"{n}: {_text(v)}" for n, v in change.row.values.items() if v is not None)
    return "\n".join(
        f"{name}: {_text(before.get(name))} → {_text(change.row.values.get(name))}"
        for name in _names(before, change.row.values)
        if before.get(name) != change.row.values.get(name)
    )


def _names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([*after, *before]))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _content(entry: ET.Element, text: str) -> None:
    _add(entry, "content", text).set("type", "text")


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = _NO_XML.sub("\ufffd", text)
    return element


def _link(parent: ET.Element, relation: str, target: str, media_type: str | None = None) -> None:
    link = ET.SubElement(parent, f"{{{_ATOM}}}link", rel=relation, href=target)
    if media_type:
        link.set("type", media_type)


def _written(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
