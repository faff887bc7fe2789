"""The desk: everything that is done with profiles, by those who submit them and by curators.

Nothing is lost when the process ends at any moment: a profile is kept before it is answered for,
and what was accepted is marked so before a release is made of it, so that the next release has it
if this one does not come about.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pyoxigraph import NamedNode, Quad

from kg import jsonld
from kg.errors import AtlasError, ParameterError
from kg.fixes import read_lists
from kg.identifiers import Identifiers
from kg.profiles import issuing, kinds, schema
from kg.profiles.checking import Checker
from kg.profiles.keeping import Profile, Shelf, hashed, moment, today
from kg.profiles.limits import QueueFullError, Rate
from kg.profiles.publication import STANDING, Publication
from kg.profiles.reading import Reader
from kg.terms import XSD_DATE
from kg.tokens import UnauthorisedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyoxigraph import Store

    from kg.profiles.checking import Finding
    from kg.profiles.facts import Facts
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace

_KEY: Final = re.compile(r"[!-~]{8,255}")


class ConflictError(AtlasError):
    """A profile's state does not allow it; `state` says which it has."""

    status = 409
    title = "Not in this state"


class NotAcceptableProfileError(AtlasError):
    """A profile that breaks rules cannot be published; `findings` says which."""

    status = 422
    title = "Rules are broken"


class Answer(NamedTuple):
    """What a submission led to; `fresh` is False where it was repeated."""

    profile: Profile
    token: str
    fresh: bool


class Desk:
    """The profiles of a workspace, with all that can be done with them."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        rules: Callable[[], Rules],
        sources: Mapping[str, Source],
        store: Callable[[], Store],
    ) -> None:
        self.shelf = Shelf(workspace)
        self._workspace = workspace
        self._settings = settings
        self._read_rules = rules
        self._store = store
        self._rate = Rate(settings.profile_rate)
        self._making = threading.Lock()
        self._publication = Publication(
            self.shelf, workspace, settings, sources, lambda: self.rules
        )

    @cached_property
    def rules(self) -> Rules:
        """The ontology and the shapes, read when they are first needed."""
        return self._read_rules()

    @cached_property
    def _checker(self) -> Checker:
        lists = read_lists(self._workspace, self._settings.base)
        return Checker(self.rules, self._settings.base, lists, self._store)

    @cached_property
    def _reader(self) -> Reader:
        base, ontology = self._settings.base, self.rules.ontology
        quads = (Quad(t.subject, NamedNode(t.predicate), t.object) for t in ontology.triples())
        lists = read_lists(self._workspace, base)
        return Reader(base, schema.datatypes(ontology), jsonld.context(quads, base), lists)

    def schema(self, language: str) -> dict[str, Any]:
        """Return the JSON Schema of profiles, its texts in a language."""
        rules = self.rules
        return schema.schema(rules.ontology, rules.shapes, self._settings.base, language)

    def close(self) -> None:
        """Let go of the memory that checks take."""
        if "_checker" in self.__dict__:
            self._checker.close()

    # Those who submit

    def submit(
        self, body: bytes, media_type: str, language: str, key: str | None, address: str
    ) -> Answer:
        """Check a profile and put it into the queue; with the same key again, only once.

        Raises:
            NotAProfileError: it is none; `faults` says where.
            ParameterError: the key is not formed as one.
            ConflictError: the key was used for something else.
            TooManyError, QueueFullError: a limit is reached.
        """
        self._rate.take(address)
        if key is not None and not _KEY.fullmatch(key):
            detail = "An Idempotency-Key has 8 to 255 visible ASCII characters"
            raise ParameterError(detail, parameter="Idempotency-Key")
        facts = self._read(body, media_type)
        digest = hashlib.sha256(body).hexdigest()
        name, token = self.shelf.identify(key, digest)
        if (before := self._repeated(key, name, digest)) is not None:
            return Answer(before, token, fresh=False)
        self._check_queue()
        now = moment()
        iri = Identifiers(self._settings.base).entity(facts.kind, f"profile-{name}")
        profile = Profile(
            *(name, iri, "queued", now, now, language, hashed(token), digest, facts),
            history=({"when": now, "what": "submitted", "who": "submitter", "digest": digest},),
        )
        profile = self._checked(profile)
        if self.shelf.add(profile):
            return Answer(profile, token, fresh=True)
        return Answer(self._same(name, digest), token, fresh=False)

    def rehearse(self, body: bytes, media_type: str) -> tuple[Finding, ...]:
        """Check a profile without keeping it.

        Raises:
            NotAProfileError: it is none; `faults` says where.
        """
        facts, now = self._read(body, media_type), moment()
        iri = Identifiers(self._settings.base).entity(facts.kind, "profile")
        name = hashlib.sha256(body + str(threading.get_ident()).encode()).hexdigest()[:16]
        profile = Profile(name, f"{iri}-{name}", "queued", now, now, "en", "", "", facts)
        return self._checked(profile).findings

    def edit(self, name: str, token: str | None, body: bytes, media_type: str) -> Profile:
        """Put a changed text into the queue; what is published stays until that is accepted.

        Raises:
            NotFoundError, UnauthorisedError: no such profile, or not the token of it.
            NotAProfileError: it is none, or one of another kind.
            ConflictError: it was withdrawn, or is about to be published.
        """
        profile = self.of_token(name, token)
        facts = self._read(body, media_type)
        if facts.kind != profile.facts.kind:
            detail = f"The profile is one of the kind {profile.facts.kind} and stays so"
            raise ConflictError(detail, state=profile.state)
        digest = hashlib.sha256(body).hexdigest()
        findings = self._checked(_with(profile, facts)).findings
        with self.shelf.changing():
            now = self.shelf.find(name)
            if now.state in {"withdrawn", "accepted"}:
                raise ConflictError(f"The profile is {now.state}", state=now.state)
            changed = now.told(
                "edited", "submitter", facts=facts, findings=findings, digest=digest, state="queued"
            )
            self.shelf.put(changed)
        return changed

    def withdraw(self, name: str, who: str) -> Profile:
        """Take a profile back; if it is published, a release without it is made.

        Raises:
            NotFoundError: there is no such profile.
            WorkspaceError: another process is writing; it goes with the next release.
        """
        with self.shelf.changing():
            before = self.shelf.find(name)
            if before.state != "withdrawn":
                self.shelf.put(
                    before.told("withdrawn", who, state="withdrawn", accepted=None, release=None)
                )
        if before.accepted is not None:
            self._publication.publish()
        return self.shelf.find(name)

    def renew(self, name: str, token: str | None, until: str) -> Profile:
        """Set another last day of an offer or a request; if it is published, publish that.

        Raises:
            NotFoundError, UnauthorisedError: no such profile, or not the token of it.
            ParameterError: the day is none, or is over.
            ConflictError: it does not end by itself, or was withdrawn or rejected.
        """
        self.of_token(name, token)
        if _day(until) < today():
            raise ParameterError(f"{until} is over", parameter="validUntil")
        with self.shelf.changing():
            now = self.shelf.find(name)
            self._check_renewable(now)
            facts = now.facts.replaced("validUntil", until, XSD_DATE)
            accepted = now.accepted and now.accepted.replaced("validUntil", until, XSD_DATE)
            state = "queued" if now.state == "expired" else now.state
            self.shelf.put(
                now.told("renewed", "submitter", facts=facts, accepted=accepted, state=state)
            )
        if accepted is not None:
            self._publication.publish()
        return self.shelf.find(name)

    def of_token(self, name: str, token: str | None) -> Profile:
        """Return the profile that a token was given for.

        Raises:
            NotFoundError: there is no such profile.
            UnauthorisedError: it is not the token.
        """
        profile = self.shelf.find(name)
        if not hmac.compare_digest(hashed(token or ""), profile.token):
            raise UnauthorisedError("This needs the token that the submission was answered with")
        return profile

    # Curators

    def accept(self, names: Sequence[str], who: str) -> int:
        """Publish profiles of the queue with one release; return its number.

        Raises:
            NotFoundError: there is no such profile.
            ConflictError: one is not in the queue.
            NotAcceptableProfileError: one breaks rules as things are now.
            WorkspaceError: another process is writing; they are published with the next release.
        """
        found = [self._checked(self.shelf.find(name)) for name in names]
        with self.shelf.changing():
            for one in found:
                self._check_acceptable(one)
            for one in found:
                if one.state != "published":
                    self.shelf.put(one.told("accepted", who, state="accepted", accepted=one.facts))
        return self._publication.publish()

    def reject(self, name: str, who: str, why: str) -> Profile:
        """Refuse what is in the queue; what was published before stays.

        Raises:
            NotFoundError: there is no such profile.
            ConflictError: it is not in the queue.
        """
        with self.shelf.changing():
            now = self.shelf.find(name)
            if now.state != "queued":
                raise ConflictError(f"The profile is {now.state}, not queued", state=now.state)
            state = "published" if now.accepted else "rejected"
            changed = now.told("rejected", who, why, state=state, facts=now.accepted or now.facts)
            self.shelf.put(changed)
        return changed

    def expire(self) -> list[Profile]:
        """End the offers and requests whose last day is over, and publish without them."""
        return self._publication.expire()

    # How it is done

    def _read(self, body: bytes, media_type: str) -> Facts:
        with self._making:
            reader = self._reader
        return reader.read(body, media_type)

    def _checked(self, profile: Profile) -> Profile:
        """Return the profile with the findings of today."""
        with self._making:
            checker = self._checker
        found = checker.check(issuing.stated(self._settings.base, profile, profile.facts))
        return profile.told_nothing(findings=tuple(found))

    def _repeated(self, key: str | None, name: str, digest: str) -> Profile | None:
        if key is None or not self.shelf.has(name):
            return None
        return self._same(name, digest)

    def _same(self, name: str, digest: str) -> Profile:
        before = self.shelf.find(name)
        if before.history[0].get("digest", before.digest) != digest:
            detail = "This Idempotency-Key came with another profile before"
            raise ConflictError(detail, state=before.state)
        return before

    def _check_queue(self) -> None:
        most = self._settings.profile_queue
        if len(self.shelf.every("queued")) >= most:
            detail = f"{most} profiles wait for a curator already; try again later"
            raise QueueFullError(detail, retry_after=3600)

    def _check_acceptable(self, one: Profile) -> None:
        """Check, alone in changing profiles, that one can be accepted as it was checked."""
        now = self.shelf.find(one.id)
        if now.state not in STANDING or now.facts != one.facts:
            raise ConflictError(f"The profile is {now.state}, not queued", state=now.state)
        if one.violations:
            self.shelf.put(one)
            detail = f"The profile {one.id} breaks {one.violations} rules; nothing is published"
            findings = [f.to_json() for f in one.findings]
            raise NotAcceptableProfileError(detail, profile=one.id, findings=findings)

    def _check_renewable(self, one: Profile) -> None:
        if kinds.KINDS[one.facts.kind].lasting:
            raise ConflictError("Only offers and requests end by themselves", state=one.state)
        if one.state in {"withdrawn", "rejected"}:
            raise ConflictError(f"The profile is {one.state}", state=one.state)


def _with(profile: Profile, facts: Facts) -> Profile:
    return profile.told_nothing(facts=facts)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        detail = f"{text!r} is no day; expected one such as 2027-01-31"
        raise ParameterError(detail, parameter="validUntil") from None
