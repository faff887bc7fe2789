"""Links between sources: candidates as questions, answers as decisions, accepted ones as an import.

A candidate (kg.links) is a question; a curator answers that the two things are linked or distinct.
The answers are decisions like others, on the source `links`, so they are taken back like others and
hold for later releases. What is linked is stated by an import made of the decisions alone:
owl:sameAs for two entries of one organisation, atlas:managedBy for a cluster. Nothing is linked
without a decision.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import kg
from kg import composition, imports, links
from kg.curation.decisions import Decision, digest
from kg.errors import ParameterError
from kg.identifiers import Identifiers
from kg.imports import Import
from kg.statements import IRI
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
        composition.write(folder, rows)
        members = dict.fromkeys(sorted(f"{d.id}.ttl" for d in linked), 1)
        more = {"decisions": digest(linked), "statements": len(linked)}
        told = composition.manifest(name, SOURCE, settings, rules, members, **more)
        write_manifest(folder, told)
    return Import(place)
