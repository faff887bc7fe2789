"""Keeping profiles: the folder `profiles` of the workspace, one file for each.

1. A file is written beside its place, flushed to disk, and linked (a new one) or renamed (a changed
   one) to it: whatever happens, a profile is there as it was or as it is, once.
2. The name of a file is that of the profile; who repeats a submission with the same key comes to
   the same name, and the second link fails.
3. Changes of a profile are made one at a time, under a lock of the kernel (flock), by whatever
   process: the state that is changed is the one that is there.
4. Of tokens only the SHA-256 is kept: they have 256 random bits, which nobody guesses.

| state | means |
|---|---|
| queued | waits for a curator; if it was published before, the older text still is |
| accepted | is part of the next release |
| published | is part of a release, whose number it names |
| rejected | a curator does not publish it, and says why |
| withdrawn | taken back by who submitted it |
| expired | its last day is over |
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from kg.errors import NotFoundError, WorkspaceError
from kg.profiles.checking import Finding
from kg.profiles.facts import SOURCE, Facts
from kg.workspace import PARTIAL, disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.workspace import Workspace

State = Literal["queued", "accepted", "published", "rejected", "withdrawn", "expired"]
STATES: Final[tuple[State, ...]] = get_args(State)

_STALE: Final = 3600.0
_ID: Final = 16


@dataclass(frozen=True)
class Profile:
    """A profile as it is kept.

    `facts` is what was submitted last, `accepted` what a curator accepted last and a release has;
    `findings` are those of `facts`; `history` tells what happened when, and by whom.
    """

    id: str
    iri: str
    state: State
    created: str
    modified: str
    language: str
    token: str
    digest: str
    facts: Facts
    accepted: Facts | None = None
    release: int | None = None
    findings: tuple[Finding, ...] = ()
    history: tuple[dict[str, str], ...] = field(default=())

    @property
    def until(self) -> str | None:
        """The last day of what is accepted, else of what was submitted; None if it has none."""
        return (self.accepted or self.facts).value("validUntil")

    @property
    def violations(self) -> int:
        """How many findings speak against publishing it."""
        return sum(one.severity == "Violation" for one in self.findings)

    def told(self, what: str, who: str, why: str = "", **changes: Any) -> Profile:
        """Return the profile changed, with a line of its history."""
        now = moment()
        line = {"when": now, "what": what, "who": who, **({"why": why} if why else {})}
        return replace(self, modified=now, history=(*self.history, line), **changes)

    def told_nothing(self, **changes: Any) -> Profile:
        """Return the profile changed, which is no event of its history."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return it as its file holds it."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "facts": self.facts.to_json(),
            "accepted": self.accepted.to_json() if self.accepted else None,
            "findings": [one.to_json() for one in self.findings],
            "history": list(self.history),
        }

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Profile:
        """Return what `to_json` made."""
        accepted = value["accepted"]
        return cls(
            **{name: value[name] for name in _PLAIN},
            facts=Facts.of_json(value["facts"]),
            accepted=Facts.of_json(accepted) if accepted else None,
            findings=tuple(Finding.of_json(one) for one in value["findings"]),
            history=tuple(value["history"]),
        )


_PLAIN: Final = (
    *("id", "iri", "state", "created", "modified", "language", "token", "digest", "release"),
)


def moment() -> str:
    """Return the moment, as profiles tell it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def today() -> date:
    """Return the day, in UTC, by which offers and requests end."""
    return datetime.now(UTC).date()


def _flush(folder: Path) -> None:
    """Have the disk hold the entries of a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Shelf:
    """The profiles of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.home / SOURCE
        self._known: dict[str, tuple[object, Profile]] = {}
        self._reading = threading.Lock()
        self._changing = threading.Lock()

    def identify(self, key: str | None, digest: str) -> tuple[str, str]:
        """Return the identifier and the token of a submission.

        With a key they are a function of it and of what is submitted, so that a repeated submission
        gets the same ones; without a key they are random.
        """
        if key is None:
            name, secret = secrets.token_hex(_ID // 2), secrets.token_urlsafe(32)
        else:
            own = self._secret()
            name = hmac.digest(own, key.encode(), "sha256").hex()[:_ID]
            secret = hmac.digest(own, f"{key}\n{digest}".encode(), "sha256").hex()
        return name, f"profile_{name}_{secret}"

    def add(self, profile: Profile) -> bool:
        """Keep a new profile; return False, and change nothing, if there is one of that name."""
        place = self._place(profile.id)
        with disk_errors(place), self._written(profile) as beside:
            try:
                os.link(beside, place)
            except FileExistsError:
                return False
            _flush(self._folder)
        return True

    def find(self, identifier: str) -> Profile:
        """Return a profile.

        Raises:
            NotFoundError: there is none of that name.
        """
        place = self._place(identifier)
        found = self._read(place) if identifier.isalnum() else None
        if found is None:
            raise NotFoundError(f"There is no profile {identifier!r}")
        return found

    def has(self, identifier: str) -> bool:
        """Tell whether there is a profile of that name."""
        return self._place(identifier).exists()

    def every(self, state: State | None = None) -> list[Profile]:
        """Return the profiles, or those of a state, the oldest first."""
        places = sorted(self._folder.glob("[0-9a-f]*.json")) if self._folder.exists() else []
        found = (self._read(place) for place in places)
        wanted = [one for one in found if one is not None and state in {None, one.state}]
        return sorted(wanted, key=lambda one: (one.created, one.id))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Have profiles change in this process and thread alone."""
        with self._changing:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)

    def put(self, profile: Profile) -> None:
        """Keep a changed profile; the caller is alone in changing it."""
        place = self._place(profile.id)
        with disk_errors(place), self._written(profile) as beside:
            beside.rename(place)
            _flush(self._folder)

    def _place(self, identifier: str) -> Path:
        return self._folder / f"{identifier}.json"

    @contextmanager
    def _written(self, profile: Profile) -> Iterator[Path]:
        """Yield a file beside the place, on the disk as a whole; it is gone afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f"{PARTIAL}{profile.id}-{secrets.token_hex(4)}"
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(profile.to_json(), file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            yield beside
        finally:
            beside.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a killed process left half written."""
        for left in self._folder.glob(f"{PARTIAL}*"):
            age = datetime.now(UTC).timestamp() - left.stat().st_mtime
            if age > _STALE:
                left.unlink(missing_ok=True)

    def _read(self, place: Path) -> Profile | None:
        """Return the profile of a file, None if there is no file; a known one is not read again.

        Raises:
            WorkspaceError: the file is damaged.
        """
        try:
            stat = place.stat()
        except FileNotFoundError:
            return None
        state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._reading:
            known = self._known.get(place.stem)
        if known is not None and known[0] == state:
            return known[1]
        try:
            found = Profile.of_json(json.loads(place.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(f"{place} is damaged: {error}", place=str(place)) from None
        with self._reading:
            self._known[place.stem] = (state, found)
        return found

    def _secret(self) -> bytes:
        """Return the secret that names are made with, made on first use."""
        place = self._folder / "secret"
        with disk_errors(place):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                beside = self._folder / f"{PARTIAL}secret-{secrets.token_hex(4)}"
                descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(32))
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    os.link(beside, place)
                except FileExistsError:
                    pass
                finally:
                    beside.unlink()
            return place.read_bytes()
