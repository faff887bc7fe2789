"""The journal of decisions: RDF files in the workspace that are added and never changed.

`curation/<source>/<time>-<id>.ttl` holds the decisions of one act, each a prov:Activity with who,
when and why (PROV-O, sections 3.1 and 3.3). The name begins with the time, so that the order of the
names is the order of the acts.

An act is written beside its place, flushed to disk, and linked to its name in one step that fails
if the name is taken. Whoever is killed before leaves nothing that is read; after it, the act is
there for good. No lock is needed: a decision is kept also while an import is running.
"""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from kg.curation.decisions import KINDS, Decision, check
from kg.errors import NotFoundError, ParameterError, WorkspaceError
from kg.terms import (
    DCTERMS,
    PROV,
    RDF_TYPE,
    RDFS,
    XSD,
    XSD_DATE,
    XSD_DATE_TIME,
    XSD_DECIMAL,
    XSD_STRING,
    ontology_namespace,
)
from kg.workspace import PARTIAL, disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kg.workspace import Workspace

_STALE: Final = 3600.0
_CLASSES: Final = {
    "repair": "Repair",
    "waive": "Waiver",
    "reject": "Rejection",
    "choose": "Choice",
    "link": "Linking",
    "distinguish": "Distinction",
    "undo": "Withdrawal",
}
# Local names are terms of the ontology (ontology/curation.ttl).
_TERMS: Final = {
    "source": "ofSource",
    "rule": "brokenRule",
    "file": "inFile",
    "record": "inRecord",
    "field": "inColumn",
    "subject": "aboutEntity",
    "path": "aboutProperty",
    "value": "foundValue",
    "new": "newValue",
    "confidence": "confidence",
    "until": "holdsUntil",
    "when": PROV + "endedAtTime",
    "why": RDFS + "comment",
    "id": DCTERMS + "identifier",
}
_DATATYPES: Final = {"until": XSD_DATE, "when": XSD_DATE_TIME, "confidence": XSD_DECIMAL}
_LINKS: Final = ("rule", "subject", "path")


class Journal:
    """The decisions of a workspace; `base` is the base IRI of their names."""

    def __init__(self, workspace: Workspace, base: str) -> None:
        self._folder = workspace.home / "curation"
        self._base = base
        self._namespace = ontology_namespace(base)
        self._terms = {
            name: NamedNode(term if ":" in term else self._namespace + term)
            for name, term in _TERMS.items()
        }
        self._names = {term.value: name for name, term in self._terms.items()}
        self._names[PROV + "wasAssociatedWith"] = "who"
        self._names[PROV + "wasInformedBy"] = "undoes"

    def append(self, decisions: Sequence[Decision], who: str) -> list[Decision]:
        """Keep decisions on one source as one act, all or none; return them with their ids.

        What they say of `id`, `who` and `when` is replaced.

        Raises:
            ParameterError: a decision is not complete, or they are on several sources.
            WorkspaceError: the disk is full or not writable.
        """
        act, now = secrets.token_hex(5), datetime.now(UTC)
        when = now.isoformat(timespec="microseconds")
        kept = [
            check(replace(decision, id=f"{act}-{number}", who=who, when=when))
            for number, decision in enumerate(decisions, 1)
        ]
        if len(sources := {decision.source for decision in kept}) != 1:
            raise ParameterError("One act decides on one source", parameter="source")
        triples = [triple for decision in kept for triple in self._triples(decision)]
        text = serialize(triples, format=RdfFormat.TURTLE, prefixes=self._prefixes()) or b""
        self._write(sources.pop(), f"{now:%Y%m%dT%H%M%S.%fZ}-{act}.ttl", text)
        return kept

    def every(self) -> list[Decision]:
        """Return all decisions ever made, the oldest first.

        Raises:
            WorkspaceError: a file is damaged.
        """
        files = sorted(self._folder.glob("*/[0-9]*.ttl"), key=lambda file: file.name)
        return [decision for file in files for decision in self._read(file)]

    def find(self, key: str) -> Decision:
        """Return the decision with that id.

        Raises:
            NotFoundError: there is none.
        """
        found = next((d for d in self.every() if d.id == key), None)
        if found is None:
            raise NotFoundError(f"There is no decision {key!r}; `atlas decisions` lists them")
        return found

    def _prefixes(self) -> dict[str, str]:
        return {"atlas": self._namespace, "prov": PROV, "rdfs": RDFS, "dcterms": DCTERMS,
                "xsd": XSD}  # fmt: skip

    def _iri(self, key: str) -> NamedNode:
        return NamedNode(f"{self._base}id/decision/{key}")

    def _agent(self, who: str) -> NamedNode:
        return NamedNode(f"{self._base}id/curator/{quote(who, safe='')}")

    def _triples(self, decision: Decision) -> Iterator[Triple]:
        this, agent = self._iri(decision.id), self._agent(decision.who)
        kind = NamedNode(self._namespace + _CLASSES[decision.kind])
        yield Triple(this, NamedNode(RDF_TYPE), kind)
        yield Triple(this, NamedNode(RDF_TYPE), NamedNode(PROV + "Activity"))
        yield Triple(this, NamedNode(PROV + "wasAssociatedWith"), agent)
        yield Triple(agent, NamedNode(RDF_TYPE), NamedNode(PROV + "Agent"))
        yield Triple(agent, NamedNode(RDFS + "label"), Literal(decision.who))
        if decision.undoes:
            yield Triple(this, NamedNode(PROV + "wasInformedBy"), self._iri(decision.undoes))
        for name, value in decision.entry().items():
            if name in _LINKS:
                yield Triple(this, self._terms[name], NamedNode(str(value)))
            elif name in _TERMS:
                datatype = NamedNode(_DATATYPES.get(name, XSD_STRING))
                yield Triple(this, self._terms[name], Literal(str(value), datatype=datatype))

    def _write(self, source: str, name: str, text: bytes) -> None:
        folder = self._folder / source
        beside = folder / f"{PARTIAL}{name}"
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(beside, folder / name)
            finally:
                beside.unlink(missing_ok=True)
            for directory in (folder, self._folder, self._folder.parent):
                _flush(directory)

    def _read(self, file: Path) -> list[Decision]:
        try:
            triples = list(parse(path=str(file), format=RdfFormat.TURTLE))
        except (SyntaxError, OSError) as error:
            raise WorkspaceError(f"{file} is damaged: {error}", place=str(file)) from None
        parts: dict[str, dict[str, str]] = {}
        labels: dict[str, str] = {}
        for triple in triples:
            subject, value = str(triple.subject.value), str(triple.object.value)
            if triple.predicate.value == RDFS + "label":
                labels[subject] = value
            name = self._name(triple.predicate.value, value)
            if name:
                parts.setdefault(subject, {})[name] = value
        kept = [self._decision(part, labels, file) for part in parts.values()]
        return sorted(kept, key=lambda d: int(d.id.rpartition("-")[2]))

    def _name(self, predicate: str, value: str) -> str | None:
        """Return which part of a decision a predicate states, None if none."""
        if predicate == RDF_TYPE:
            return "kind" if value.removeprefix(self._namespace) in _CLASSES.values() else None
        return self._names.get(predicate)

    def _decision(self, part: dict[str, str], labels: dict[str, str], file: Path) -> Decision:
        local = part.get("kind", "").removeprefix(self._namespace)
        kind = next((k for k in KINDS if _CLASSES[k] == local), None)
        rest = {n: v for n, v in part.items() if n not in ("kind", "who", "undoes", "confidence")}
        if kind is None or not {"id", "source", "when", "why"} <= set(rest):
            raise WorkspaceError(f"{file} is damaged: no decision", place=str(file))
        sure, undoes = part.get("confidence"), part.get("undoes")
        return Decision(
            kind=kind,
            who=labels.get(part.get("who", ""), ""),
            confidence=float(sure) if sure else None,
            undoes=undoes.rpartition("/")[2] if undoes else None,
            **rest,
        )


def _sweep(folder: Path) -> None:
    """Remove what a writer killed long ago has left beside its place."""
    for leftover in folder.glob(f"{PARTIAL}*"):
        try:
            if leftover.stat().st_mtime < time.time() - _STALE:
                leftover.unlink()
        except FileNotFoundError:
            continue


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
