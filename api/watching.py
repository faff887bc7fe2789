"""Watching: what routes, the background and `atlas deliver` do with searches and feeds.

A look-up is asked as a client would ask it, by a request to the application in this process: its
parameters are read and its answer is made in one place only. A cursor names the release.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode

from api.linked import shelf
from api.routes.sparql import limits
from kg import asof, savedqueries
from kg.errors import (
    AtlasError,
    BusyError,
    ParameterError,
    UnknownReleaseError,
    WorkspaceError,
)
from kg.identifiers import Identifiers
from kg.terms import RDFS_LABEL, is_iri
from kg.tokens import Tokens
from kg.watching import asking, files, outbox
from kg.watching.asking import MOST_ROWS, QueryAsker, comparable
from kg.watching.comparing import Observed, Row, keyed
from kg.watching.following import follow
from kg.watching.searches import Question, ReadQueries, Searches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from fastapi import FastAPI
    from starlette.types import Message

    from kg.releases import Release
    from kg.savedqueries import SavedQuery
    from kg.store import OpenRelease
    from kg.watching.history import History
    from kg.watching.outbox import Outcome
    from kg.watching.outgoing import Allowed

LOOKUPS: Final = (
    "clusters",
    "competences",
    "events",
    "offers",
    "partners",
    "requests",
    "services",
)
"""Look-ups that can be kept as a search: those that answer with a list of things."""

_OF_THE_PAGE: Final = ("cursor", "explain", "format", "lang", "limit", "whynot")
_NAMING: Final = ("technology", "region", "country", "organisation", "cluster", "programme")
_OF_THE_RANKING: Final = frozenset(["explanation", "id", "label", "score", "highlights"])
_PAGE: Final = 1000
_MOST_WAITING: Final = 8
_LOGGER: Final = logging.getLogger(__name__)


class LookupRefusedError(AtlasError):
    """What a look-up answered instead of items; the members are those of its problem."""


class Watching:
    """What is watched in one workspace; one at a time keeps up with releases."""

    def __init__(self, app: FastAPI) -> None:
        settings = app.state.settings
        self._app = app
        self._queries = savedqueries.discover(settings.base)
        self._identifiers = Identifiers(settings.base)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._tokens = Tokens(app.state.workspace)
        self.searches = Searches(app.state.workspace)
        self.read_queries = ReadQueries(app.state.workspace)

    def kept(self) -> list[Release]:
        """Return the releases up to the current one, oldest first.

        Raises:
            WorkspaceError: nothing is published yet.
        """
        found = asof.kept(self._app.state.workspace)
        if not found:
            raise WorkspaceError("Nothing is published yet; load a source first")
        return found

    def query(self, name: str, given: Mapping[str, Sequence[str]]) -> Question:
        """Return the question of a saved query with values, resolved in the current release.

        Raises:
            NotFoundError: there is no such query.
            ParameterError: a value is missing, unknown or means several things.
            WorkspaceError: nothing is published yet.
        """
        return asking.question(self.saved(name), given, self.vocabulary())

    def saved(self, name: str) -> SavedQuery:
        """Return the saved query of that name.

        Raises:
            NotFoundError: there is none; it names those that there are.
        """
        return savedqueries.find(self._queries, name)

    def vocabulary(self) -> savedqueries.Vocabulary:
        """Return what values are looked up in: the current release, today."""
        opened = shelf(self._app).archive.open()
        day = asof.created(opened.release).date()
        return savedqueries.Vocabulary(opened.store, self._identifiers, day)

    async def lookup(self, name: str, given: Mapping[str, Sequence[str]]) -> Question:
        """Return the question of a look-up with values, names resolved in the current release.

        Raises:
            ParameterError: it is none that can be kept, has no such parameter, or a value is not
                as it expects.
        """
        if name not in LOOKUPS:
            detail = f"There is no look-up {name!r} to keep; there are {', '.join(LOOKUPS)}"
            raise ParameterError(detail, parameter="lookup", allowed=list(LOOKUPS))
        operation = self._app.openapi()["paths"][f"/{name}"]["get"]
        allowed = [p["name"] for p in operation["parameters"] if p["name"] not in _OF_THE_PAGE]
        for parameter in given:
            if parameter not in allowed:
                detail = f"{name} has no parameter {parameter!r}; it takes {', '.join(allowed)}"
                raise ParameterError(detail, parameter=parameter, allowed=allowed)
        parameters = {name: tuple(sorted(set(values))) for name, values in given.items() if values}
        try:
            page = await self._page(Question("lookup", name, parameters), {"limit": "1"})
        except LookupRefusedError as error:
            raise ParameterError(error.detail, **error.members) from error
        return Question("lookup", name, parameters | _resolved(parameters, page["query"]))

    async def follow(self, question: Question, history: History, since: int) -> None:
        """Keep up with what a question answers in every release from one on.

        Raises:
            BusyError: many wait for their turn already.
            WorkspaceError: what is remembered is damaged, or the disk is full.
        """
        if history.releases()[-1:] >= [self.kept()[-1].number]:
            return
        if self._waiting >= _MOST_WAITING:
            raise BusyError("Many feeds are being made already", retry_after=10)
        self._waiting += 1
        try:
            async with self._turn, self._asker() as asker:
                await self._follow(asker, question, history, since)
        finally:
            self._waiting -= 1

    async def follow_all(self) -> bool:
        """Keep up with every search and every feed that is read; tell whether all could be asked.

        One that fails leaves the others alone.

        Raises:
            WorkspaceError: the tokens or the searches cannot be read.
        """
        files.tidy(self.searches.top)
        self.forget()
        all_ = [(s.question, self.searches.history(s), s.since) for s in self.searches.every()]
        read = [(q, self.read_queries.peek(q), 0) for q in self.read_queries.every()]
        done = True
        async with self._asker() as asker:
            for question, history, since in [*all_, *read]:
                try:
                    done &= await self._follow(asker, question, history, since)
                except FileNotFoundError:
                    continue  # deleted meanwhile
                except AtlasError as error:
                    _LOGGER.warning("%s is not followed: %s", question.name, error.detail)
        return done

    def forget(self) -> None:
        """Forget the searches of those who hold no token any more.

        Without a single token nothing is: then rather their file is missing.

        Raises:
            WorkspaceError: the tokens or the searches cannot be read.
        """
        held = [token.id for token in self._tokens.every()]
        if held:
            self.searches.forget_others(held)

    async def deliver(self, allowed: Allowed, patience: outbox.Patience) -> Outcome | None:
        """Send what is due; None if another process is doing so."""

        def work() -> Outcome | None:
            self.forget()
            with outbox.delivering(self.searches.top) as mine:
                return outbox.deliver(self.searches, allowed, patience) if mine else None

        return await asyncio.to_thread(work)

    def _asker(self) -> QueryAsker:
        archive = shelf(self._app).archive
        bounds = limits(self._app.state.settings)
        return QueryAsker(self._queries, archive, self._identifiers, bounds)

    async def _follow(
        self, asker: QueryAsker, question: Question, history: History, since: int
    ) -> bool:
        observe = asker.observe if question.kind == "query" else self._observe
        return await follow(history, question, self.kept(), since, observe)

    async def _observe(self, release: Release, question: Question) -> Observed:
        """Return what a look-up answers in a release, or why it does not."""
        found: list[Row] = []
        try:
            async for page in self._pages(release, question):
                if page["release"] != release.number:
                    raise BusyError(f"Release {release.number} cannot be looked up in yet")
                found += [_row(item) for item in page["items"]]
                if len(found) >= MOST_ROWS:
                    complete = page["next"] is None
                    return Observed(keyed(found[:MOST_ROWS]), complete)
        except LookupRefusedError as error:
            if not release.folder.exists():
                detail = f"Release {release.number} has been removed"
                raise UnknownReleaseError(detail) from None
            return Observed(failure=error.detail)
        return Observed(keyed(found))

    async def _pages(self, release: Release, question: Question) -> AsyncIterator[dict[str, Any]]:
        begin = 0
        while True:
            cursor = base64.urlsafe_b64encode(f"{release.number}.{begin}".encode()).decode()
            page = await self._page(question, {"limit": str(_PAGE), "cursor": cursor.rstrip("=")})
            yield page
            begin += len(page["items"])
            if page["next"] is None or not page["items"]:
                return

    async def _page(self, question: Question, more: Mapping[str, str]) -> dict[str, Any]:
        pairs = [(name, v) for name, values in question.parameters.items() for v in values]
        pairs += [*more.items(), ("format", "json")]
        if question.name in {"competences", "partners"}:
            pairs.append(("explain", "none"))
        status, body = await _get(self._app, f"/{question.name}", urlencode(pairs))
        said: dict[str, Any] = json.loads(body)
        if status == HTTPStatus.OK:
            return said
        detail = str(said.get("detail", said.get("title", status)))
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise BusyError(detail)
        members = {k: v for k, v in said.items() if k not in {"type", "title", "status", "detail"}}
        raise LookupRefusedError(detail, **members)


def _resolved(
    given: Mapping[str, Sequence[str]], understood: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Return what names among the values of a look-up were understood as: IRIs."""
    found = {}
    for name in _NAMING:
        if name in given and (meant := understood.get(name)):
            values = [meant] if isinstance(meant, str) else meant
            found[name] = tuple(sorted(set(values)))
    return found


def _row(item: Mapping[str, Any]) -> Row:
    kept = {k: comparable(v) for k, v in item.items() if k not in _OF_THE_RANKING}
    label = str(item.get("label") or item["id"])
    return Row(item["id"], item["id"], label, {"label": label, **kept})


async def _get(app: FastAPI, path: str, query: str) -> tuple[int, bytes]:
    """Return status and body of a GET request to the application in this process (ASGI)."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": None,
    }
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    status: int = messages[0]["status"]
    return status, b"".join(message.get("body", b"") for message in messages[1:])


def feed_path(question: Question) -> str:
    """Return the path of the feed of a saved query's question."""
    pairs = [(p, v) for p, values in sorted(question.parameters.items()) for v in values]
    return f"/queries/{question.name}/feed" + (f"?{urlencode(pairs)}" if pairs else "")


def title_of(summary: str, question: Question, opened: OpenRelease) -> str:
    """Return what the feed of a saved query's question is called."""
    told = [
        f"{name}: {', '.join(label_of(opened, v) if is_iri(v) else v for v in values)}"
        for name, values in sorted(question.parameters.items())
    ]
    return f"{summary} ({'; '.join(told)})" if told else summary


def label_of(opened: OpenRelease, iri: str) -> str:
    """Return what a thing is called, in English where it can be; its IRI if it has no name."""
    try:
        node = NamedNode(iri)
    except ValueError:
        return iri
    quads = opened.store.quads_for_pattern(node, NamedNode(RDFS_LABEL), None, None)
    found = [quad.object for quad in quads if isinstance(quad.object, Literal)]
    names = sorted((name.language not in {None, "en"}, name.value) for name in found)
    return names[0][1] if names else iri


def watching(app: FastAPI) -> Watching:
    """Return what is watched by an application, made with the first use."""
    if not hasattr(app.state, "watching"):
        app.state.watching = Watching(app)
    found: Watching = app.state.watching
    return found
