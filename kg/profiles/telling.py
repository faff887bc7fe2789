"""Telling a profile: as JSON in the language of who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kg.profiles import kinds
from kg.statements import IRI

if TYPE_CHECKING:
    from kg.profiles.checking import Finding
    from kg.profiles.facts import Facts
    from kg.profiles.keeping import Profile


def whole(profile: Profile, language: str) -> dict[str, Any]:
    """Return everything that is to be told of a profile, its texts in a language."""
    return {
        **summary(profile),
        "profile": as_submitted(profile.facts),
        "published": as_submitted(profile.accepted) if profile.accepted else None,
        "findings": findings(profile.findings, language),
        "history": [
            {name: text for name, text in line.items() if name != "digest"}
            for line in profile.history
        ],
    }


def summary(profile: Profile) -> dict[str, Any]:
    """Return what a list tells of a profile."""
    name = kinds.KINDS[profile.facts.kind].name
    return {
        "id": profile.id,
        "iri": profile.iri,
        "kind": profile.facts.kind,
        "name": profile.facts.value(name),
        "state": profile.state,
        "created": profile.created,
        "modified": profile.modified,
        "validUntil": profile.until,
        "release": profile.release,
        "violations": profile.violations,
    }


def findings(found: tuple[Finding, ...], language: str) -> list[dict[str, Any]]:
    """Return findings with their messages, hints and fixes in a language."""
    return [
        {
            "rule": one.rule,
            "severity": one.severity,
            "field": one.field,
            "value": one.value,
            "message": one.message_de if language == "de" else one.message_en,
            "hint": one.hint_de if language == "de" else one.hint_en,
            "fix": one.fix
            and {
                "value": one.fix.value,
                "confidence": one.fix.confidence,
                "reason": one.fix.reason_de if language == "de" else one.fix.reason_en,
            },
        }
        for one in found
    ]


def as_submitted(facts: Facts) -> dict[str, Any]:
    """Return facts as JSON that can be submitted again."""
    told: dict[str, Any] = {"type": facts.cls}
    for fact in facts.facts:
        if fact.language and fact.kind != IRI:
            told.setdefault(fact.field, {})[fact.language] = fact.value
        elif fact.field not in told:
            told[fact.field] = fact.value
        elif isinstance(told[fact.field], list):
            told[fact.field].append(fact.value)
        else:
            told[fact.field] = [told[fact.field], fact.value]
    return told
