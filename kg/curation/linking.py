"""Links between sources: candidates as questions, answers as decisions, accepted ones as an import.

A candidate (kg.links) is a question; a curator answers that the two things are linked or distinct.
The answers are decisions like others, on the source `links`, so they are taken back like others and
hold for later releases. What is linked is stated by an import made of the decisions alone:
owl:sameAs for two entries of one organisation, atlas:managedBy for a cluster. Nothing is linked
without a decision.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pyarrow as pa

import kg
from kg import findings, imports, links, statements
from kg.curation.decisions import Decision, digest
from kg.errors import ParameterError
from kg.identifiers import Identifiers
from kg.imports import Import
from kg.statements import IRI, REJECT_SCHEMA, SCHEMA
from kg.terms import OWL, is_iri, ontology_namespace
from kg.workspace import new_folder, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kg.links import LinkCandidate
    from kg.settings import Settings
    from kg.workspace import Workspace

SOURCE: Final = "links"

State = Literal["open", "linked", "distinct"]
_STATES: Final[dict[str, State]] = {"link": "linked", "distinguish": "distinct"}

_FINDINGS: Final = pa.schema(
    [(name, pa.int32() if name == "line" else pa.string()) for name in findings.COLUMNS]
)
_ALTERNATIVES: Final = pa.schema(
    [("file_row_number", pa.int64()), *SCHEMA, ("chosen", pa.string())]
)
_QUARANTINE: Final = pa.schema([SCHEMA.field("record")])


class Question(NamedTuple):
    """A candidate, what was decided about it, and by which decision."""

    candidate: LinkCandidate
    state: State
    decision: str | None

    def entry(self) -> dict[str, object]:
        """Return the question as JSON has it."""
        told = self.candidate._asdict() | {"evidence": dict(self.candidate.evidence)}
        return {**told, "state": self.state, "decision": self.decision}


def questions(found: Sequence[LinkCandidate], held: Iterable[Decision]) -> list[Question]:
    """Return each candidate with what was decided about it; the last decision counts.

    Args:
        found: what `kg.links.candidates` returned.
        held: the decisions on the source `links` that hold, oldest first.
    """
    decided = {(d.subject, d.value): d for d in held}
    told = []
    for candidate in found:
        made = decided.get((candidate.one, candidate.other))
        state: State = _STATES[made.kind] if made else "open"
        told.append(Question(candidate, state, made.id if made else None))
    return told


def answer(
    found: Sequence[LinkCandidate], one: str, other: str, state: State, why: str, base: str
) -> Decision:
    """Return the decision that two things are linked or distinct; who and when come later.

    Raises:
        ParameterError: the two are no candidate; or the state is no answer.
    """
    candidate = next((c for c in found if (c.one, c.other) == (one, other)), None)
    if candidate is None:
        detail = f"{one} and {other} are no candidate for a link"
        raise ParameterError(detail, parameter="other")
    kinds = {told: kind for kind, told in _STATES.items()}
    if state not in kinds:
        raise ParameterError(f"{state!r} is no answer", parameter="state", allowed=sorted(kinds))
    managed = candidate.kind == links.MANAGER
    path = ontology_namespace(base) + "managedBy" if managed else OWL + "sameAs"
    kind: Any = kinds[state]
    return Decision("", kind, SOURCE, "", "", why, subject=one, path=path, value=other)


def refresh(
    workspace: Workspace, settings: Settings, rules: str, held: Sequence[Decision]
) -> Import | None:
    """Make the import of the links that hold the current one; return it if that is a change.

    The caller holds the writer's lock.

    Raises:
        WorkspaceError: the disk is full or cannot be written.
    """
    linked = [d for d in _last(held) if d.kind == "link"]
    now = imports.current(workspace).get(SOURCE)
    if not linked:
        if now is not None:
            (workspace.imports / SOURCE / "current").unlink()
        return None
    made = _made(workspace, settings, rules, linked)
    if now is not None and now.id == made.id:
        return None
    imports.select(workspace, made)
    return made


def _last(held: Sequence[Decision]) -> list[Decision]:
    """Return the decision that counts for each pair."""
    return list({(d.subject, d.value): d for d in held}.values())


def _made(
    workspace: Workspace, settings: Settings, rules: str, linked: Sequence[Decision]
) -> Import:
    key = "\n".join([settings.base, kg.__version__, rules, digest(linked) or ""])
    name = hashlib.sha256(key.encode()).hexdigest()[:12]
    place = workspace.imports / SOURCE / name
    if place.exists():
        return Import(place)
    graph = Identifiers(settings.base).graph(SOURCE)
    rows = [
        (d.subject, d.path, d.value, IRI, None, None, graph, f"{d.id}.ttl", 1, None, d.id, d.when)
        for d in sorted(linked, key=lambda d: (str(d.subject), str(d.value)))
        if is_iri(d.value or "")
    ]
    with new_folder(place) as folder:
        statements.write(rows, folder / "statements.parquet")
        statements.write([], folder / "alternatives.parquet", _ALTERNATIVES)
        statements.write([], folder / "rejects.parquet", REJECT_SCHEMA)
        statements.write([], folder / "quarantine.parquet", _QUARANTINE)
        statements.write([], folder / "findings.parquet", _FINDINGS)
        write_manifest(folder, _manifest(name, settings, rules, linked))
    return Import(place)


def _manifest(
    name: str, settings: Settings, rules: str, linked: Sequence[Decision]
) -> dict[str, Any]:
    files = sorted(f"{d.id}.ttl" for d in linked)
    counted = {"records": 1, "published": 1, "quarantined": 0, "rejected": 0}
    return {
        "id": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": SOURCE,
        "base": settings.base,
        "version": kg.__version__,
        "rules": rules,
        "decisions": digest(linked),
        "files": [],
        "members": files,
        "statements": len(linked),
        "alternatives": 0,
        "rejects": 0,
        "records": dict.fromkeys(files, counted),
        "findings": {},
        "seconds": {},
    }
