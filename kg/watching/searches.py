"""Searches: questions that somebody keeps, in the workspace.

```
watching/searches/<id>/search.json             what is asked, whose it is, where its webhook goes
watching/searches/<id>/steps-<question>/       what is remembered of it (kg.watching.history)
watching/searches/<id>/deliveries/             what goes to its webhook (kg.watching.outbox)
watching/queries/<question>/                   the same of a saved query that nobody keeps
```

A search belongs to a token, and of its holder nothing else is kept. With the token its searches go.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from kg.errors import NotFoundError, ParameterError, WorkspaceError
from kg.watching import files
from kg.watching.history import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from kg.workspace import Workspace

MOST_SEARCHES: Final = 100
"""Searches that one holder may keep."""

MOST_QUERIES: Final = 200
"""Saved queries, each with its parameters, whose feeds somebody reads without keeping a search."""

LONGEST_TITLE: Final = 200

_LOGGER: Final = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-f]{16}")
_FEED = re.compile(r"([0-9a-f]{16})-([0-9a-f]{32})")


@dataclass(frozen=True)
class Question:
    """What is asked of each release: a saved query or a look-up, with its parameters."""

    kind: Literal["query", "lookup"]
    name: str
    parameters: Mapping[str, tuple[str, ...]]

    @property
    def key(self) -> str:
        """The name of the question: the same for the same parameters in any order."""
        said = [self.kind, self.name, sorted((k, list(v)) for k, v in self.parameters.items())]
        text = json.dumps(said, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Question:
        """Read what JSON keeps of a question."""
        parameters = {name: tuple(values) for name, values in entry["parameters"].items()}
        return cls(entry["kind"], entry["name"], parameters)


@dataclass(frozen=True)
class Webhook:
    """Where changes are sent: the address, the secret of the signature, the release before."""

    url: str
    secret: str
    since: int


@dataclass(frozen=True)
class Search:
    """A search; `owner` is the id of a token, `feed` the secret part of the feed's address.

    What is told begins after the release `since`.
    """

    id: str
    owner: str
    title: str
    question: Question
    since: int
    created: str
    feed: str
    webhook: Webhook | None = None

    @property
    def feed_name(self) -> str:
        """What finds the feed for who has no token: feed readers cannot send any."""
        return f"{self.id}-{self.feed}"

    def content(self) -> bytes:
        """Return what its file holds."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False).encode()


class Searches:
    """The searches of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.top = workspace.home / "watching"
        self._folder = self.top / "searches"

    def every(self) -> list[Search]:
        """Return all searches, by id, but for those whose file is damaged: the log names them."""
        found = []
        for name in sorted(p.name for p in self._folder.glob("*") if _ID.fullmatch(p.name)):
            try:
                search = self._read(name)
            except WorkspaceError as error:
                _LOGGER.error("a search is left out: %s", error.detail)  # noqa: TRY400
                continue
            found += [search] if search else []
        return found

    def of(self, owner: str) -> list[Search]:
        """Return the searches of a holder, the oldest first."""
        mine = (search for search in self.every() if search.owner == owner)
        return sorted(mine, key=lambda search: (search.created, search.id))

    def find(self, name: str, owner: str) -> Search:
        """Return a holder's search.

        Raises:
            NotFoundError: there is none; it does not tell whether somebody else has it.
            WorkspaceError: its file is damaged.
        """
        search = self._read(name) if _ID.fullmatch(name) else None
        if search is None or search.owner != owner:
            raise NotFoundError(f"There is no search {name!r}")
        return search

    def with_feed(self, name: str) -> Search:
        """Return the search whose feed has that name.

        Raises:
            NotFoundError: there is none.
        """
        match = _FEED.fullmatch(name)
        search = self._read(match[1]) if match else None
        if match is None or search is None or not hmac.compare_digest(search.feed, match[2]):
            raise NotFoundError("There is no such feed")
        return search

    def create(
        self,
        owner: str,
        title: str,
        question: Question,
        since: int,
        now: str,
        webhook: Webhook | None = None,
    ) -> Search:
        """Keep a new search and return it.

        Raises:
            ParameterError: the holder has as many as may be.
            WorkspaceError: the disk is full or not writable.
        """
        if len(self.of(owner)) >= MOST_SEARCHES:
            detail = f"{MOST_SEARCHES} searches are kept already; delete one first"
            raise ParameterError(detail, limit=MOST_SEARCHES)
        name, feed = secrets.token_hex(8), secrets.token_hex(16)
        search = Search(name, owner, title, question, since, now, feed, webhook)
        self.save(search)
        return search

    def save(self, search: Search) -> None:
        """Write a search, new or in the place of what it was.

        Raises:
            WorkspaceError: the disk is full or not writable.
        """
        folder = files.folder(self._folder / search.id)
        files.replace(folder / "search.json", search.content())
        for other in folder.glob("steps-*"):
            if other.name != f"steps-{search.question.key}":
                files.discard(other)

    def delete(self, search: Search) -> None:
        """Forget a search and all that is remembered of it."""
        files.discard(self._folder / search.id)

    def forget_others(self, owners: Iterable[str]) -> None:
        """Forget the searches of everybody who no longer holds a token."""
        held = set(owners)
        for search in self.every():
            if search.owner not in held:
                self.delete(search)

    def history(self, search: Search) -> History:
        """Return what is remembered of a search."""
        return History(self._folder / search.id / f"steps-{search.question.key}")

    def deliveries(self, search: Search) -> Path:
        """Return the folder of what goes to a search's webhook."""
        return self._folder / search.id / "deliveries"

    def _read(self, name: str) -> Search | None:
        path = self._folder / name / "search.json"
        try:
            said = json.loads(path.read_bytes())
            hook = said.pop("webhook")
            question = Question.read(said.pop("question"))
            return Search(**said, question=question, webhook=Webhook(**hook) if hook else None)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(f"{path} is damaged: {error}", place=str(path)) from None


class ReadQueries:
    """The saved queries whose feeds are read without a search: bounded, the longest unread go."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.home / "watching" / "queries"

    def history(self, question: Question) -> History:
        """Return what is remembered of a question, and take note that it is read."""
        folder = self._folder / question.key
        if (folder / "question.json").exists():
            folder.touch()
        else:
            files.folder(folder)
            said = json.dumps(asdict(question), ensure_ascii=False)
            files.replace(folder / "question.json", said.encode())
            self._make_room()
        return self.peek(question)

    def every(self) -> list[Question]:
        """Return the questions whose feeds are read."""
        found = []
        for path in sorted(self._folder.glob("*/question.json")):
            try:
                found.append(Question.read(json.loads(path.read_bytes())))
            except (FileNotFoundError, ValueError, KeyError):
                files.discard(path.parent)
        return found

    def peek(self, question: Question) -> History:
        """Return what is remembered of a question that nobody has asked for now."""
        return History(self._folder / question.key / "steps")

    def _make_room(self) -> None:
        read: list[tuple[float, Path]] = []
        for path in self._folder.glob("[0-9a-f]*"):
            try:
                read.append((path.stat().st_mtime, path))
            except FileNotFoundError:
                continue
        for _, path in sorted(read, reverse=True)[MOST_QUERIES:]:
            files.discard(path)
