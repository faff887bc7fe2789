"""Tokens: who may write, and who may end queries. Kept in `tokens.json` of the workspace.

1. A token is `atlas_<name>_<secret>`; it is shown once, when it is made. The name finds the entry.
2. Of the secret only a salted scrypt hash is kept (RFC 7914; N = 2^14, r = 8, p = 1), in a file
   that its owner alone may read and that is replaced by one rename.
3. Comparison takes the same time wherever the hashes differ, and for a name that nobody has too.
4. A role says what its holder may do: `curator` writes, `operator` lists and ends queries; keeping
   searches is for every holder, and all that a `reader` may do.

A secret has 256 random bits, so that a proven one may be remembered by its plain hash: scrypt is
computed once per token and process, and guesses are not made cheaper for who only has the file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from kg.errors import AtlasError, NotFoundError, ParameterError, WorkspaceError
from kg.workspace import PARTIAL, disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from kg.workspace import Workspace

Role = Literal["curator", "operator", "reader"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOKEN: Final = re.compile(r"atlas_([a-z0-9][a-z0-9-]{0,39})_([A-Za-z0-9_-]{43})")
_COST: Final = {"n": 1 << 14, "r": 8, "p": 1, "dklen": 32}


class UnauthorisedError(AtlasError):
    """No token, or none that is known (RFC 6750, section 3.1)."""

    status = 401
    title = "Not authorised"


class ForbiddenError(AtlasError):
    """The token's role does not allow this; `role` says which does."""

    status = 403
    title = "Not allowed"


@dataclass(frozen=True)
class Token:
    """A token as it is kept; the secret is not known."""

    name: str
    role: Role
    created: str
    salt: str
    hash: str

    @property
    def id(self) -> str:
        """What is kept with its holder's things: of this token alone, and telling nobody's name."""
        return hashlib.sha256(b"holder" + bytes.fromhex(self.salt)).hexdigest()[:24]

    def entry(self) -> dict[str, str]:
        """Return what the file holds of it."""
        return {
            "name": self.name,
            "role": self.role,
            "created": self.created,
            "salt": self.salt,
            "hash": self.hash,
        }


class Tokens:
    """The tokens of a workspace; the file is read again whenever it has changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._path = workspace.home / "tokens.json"
        self._lock = threading.Lock()
        self._read: tuple[object, dict[str, Token]] = (None, {})
        self._proven: dict[bytes, str] = {}
        self._hashing = threading.Lock()

    def every(self) -> list[Token]:
        """Return all tokens, by name.

        Raises:
            WorkspaceError: the file is damaged.
        """
        return sorted(self._known().values(), key=lambda token: token.name)

    def create(self, name: str, role: Role) -> str:
        """Make a token and return it; it cannot be shown again. The caller holds the writer's lock.

        Raises:
            ParameterError: the name is taken or ill-formed.
            WorkspaceError: the file is damaged or cannot be written.
        """
        if not _NAME.fullmatch(name):
            detail = f"{name!r} is no name for a token: small letters, digits and hyphens, up to 40"
            raise ParameterError(detail, parameter="name")
        known = self._known()
        if name in known:
            raise ParameterError(f"There is a token {name!r} already", parameter="name")
        secret, salt = secrets.token_urlsafe(32), secrets.token_bytes(16)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        token = Token(name, role, created, salt.hex(), _hash(secret, salt))
        self._write([*known.values(), token])
        return f"atlas_{name}_{secret}"

    def revoke(self, name: str) -> None:
        """Forget a token. The caller holds the writer's lock.

        Raises:
            NotFoundError: there is none of that name.
        """
        known = self._known()
        if name not in known:
            raise NotFoundError(f"There is no token {name!r}", known=sorted(known))
        self._write([token for token in known.values() if token.name != name])

    def check(self, authorization: str | None, role: Role) -> Token:
        """Return the token of an Authorization field if it has the role.

        Raises:
            UnauthorisedError: there is none, or it is not known.
            ForbiddenError: it has another role.
        """
        token = self._proved(authorization or "")
        if token.role != role:
            detail = (
                f"This needs a token of the role {role}; {token.name!r} is one for {token.role}"
            )
            raise ForbiddenError(detail, role=role)
        return token

    def holder(self, authorization: str | None) -> Token:
        """Return the token of an Authorization field, whatever its role.

        Raises:
            UnauthorisedError: there is none, or it is not known.
        """
        return self._proved(authorization or "")

    def _proved(self, authorization: str) -> Token:
        scheme, _, given = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            detail = (
                "This needs a token: Authorization: Bearer <token>; `atlas token create` makes one"
            )
            raise UnauthorisedError(detail)
        match = _TOKEN.fullmatch(given.strip())
        token = self._known().get(match[1]) if match else None
        if match is None or not self._right(token, match[2]) or token is None:
            raise UnauthorisedError("The token is not known; it may have been revoked")
        return token

    def _right(self, token: Token | None, secret: str) -> bool:
        salt, wanted = (bytes.fromhex(token.salt), token.hash) if token else (b"\0" * 16, "")
        seen = hashlib.sha256(salt + secret.encode()).digest()
        found = self._proven.get(seen)
        if found is None:
            with self._hashing:  # who sends many guesses is to keep one processor busy, not all
                found = _hash(secret, salt)
        if not hmac.compare_digest(found, wanted):
            return False
        self._proven[seen] = found
        return True

    def _known(self) -> dict[str, Token]:
        with self._lock:
            state = _state(self._path)
            if state != self._read[0] or state is None:
                self._read = (state, _parse(self._path) if state else {})
                self._proven.clear()
            return self._read[1]

    def _write(self, tokens: list[Token]) -> None:
        text = json.dumps({"tokens": [token.entry() for token in tokens]}, indent=2) + "\n"
        beside = self._path.with_name(f"{PARTIAL}{self._path.name}")
        with disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(self._path)


def _hash(secret: str, salt: bytes) -> str:
    return hashlib.scrypt(secret.encode(), salt=salt, **_COST).hex()


def _state(path: Path) -> object:
    """Return what changes whenever the file does; None if there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _parse(path: Path) -> dict[str, Token]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        tokens = [Token(**entry) for entry in content["tokens"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise WorkspaceError(f"{path} is damaged: {error}", place=str(path)) from None
    return {token.name: token for token in tokens}
