"""Issuing: the accepted profiles as an import, like those that loaders make.

What is accepted was checked before, so nothing of it is set aside; the findings that remain are
warnings and hints. The import is named by its content: the same profiles are the same import.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import kg
from kg import composition
from kg.imports import Import
from kg.profiles import facts, kinds
from kg.workspace import new_folder, write_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.profiles.keeping import Profile
    from kg.settings import Settings
    from kg.statements import Statement
    from kg.workspace import Workspace


def stated(base: str, profile: Profile, what: facts.Facts) -> list[Statement]:
    """Return the statements of what a profile says."""
    name = kinds.KINDS[what.kind].name
    label = [fact for fact in what.facts if fact.field == name]
    return list(facts.statements(base, profile.id, profile.iri, label, what, profile.created))


def made(
    workspace: Workspace, settings: Settings, rules: str, accepted: Sequence[Profile]
) -> Import:
    """Write the import of some profiles unless it is there, and return it; nothing selects it yet.

    Raises:
        WorkspaceError: the disk is full or cannot be written.
    """
    ordered = sorted(accepted, key=lambda one: one.id)
    content = [(one.id, one.accepted.to_json()) for one in ordered if one.accepted]
    key = {"base": settings.base, "version": kg.__version__, "rules": rules, "content": content}
    text = json.dumps(key, sort_keys=True, ensure_ascii=False)
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    place = workspace.imports / facts.SOURCE / name
    if place.exists():
        return Import(place)
    rows = [
        row for one in ordered if one.accepted for row in stated(settings.base, one, one.accepted)
    ]
    with new_folder(place) as folder:
        composition.write(folder, rows, (row for one in ordered for row in _findings(one)))
        write_manifest(folder, _manifest(name, settings, rules, ordered, len(rows)))
    return Import(place)


def _findings(profile: Profile) -> list[tuple[Any, ...]]:
    """Return the findings of a profile as rows of a table of findings."""
    if profile.facts != profile.accepted:  # these are of another text
        return []
    return [
        (
            *(one.rule, one.component, one.severity, profile.iri, one.path),
            *(one.value, one.kind, one.datatype, None),
            *(one.message_en, one.message_de, one.hint_en, one.hint_de),
            *(f"{profile.id}.json", 1, one.field, profile.id, one.value),
        )
        for one in profile.findings
    ]


def _manifest(
    name: str, settings: Settings, rules: str, accepted: Sequence[Profile], count: int
) -> dict[str, Any]:
    found = composition.counted(one.severity for profile in accepted for one in profile.findings)
    members = dict.fromkeys((f"{one.id}.json" for one in accepted), 1)
    more = {"loader": "", "context": {}, "statements": count, "findings": found}
    return composition.manifest(name, facts.SOURCE, settings, rules, members, **more)
