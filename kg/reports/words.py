"""The words of reports in English and German."""

from __future__ import annotations

from typing import Final

HEADINGS: Final = {
    "en": {
        "rules": ["severity", "rule", "findings", "records", "for example"],
        "cells": ["file", "line", "column", "value", "proposed", "message", "hint"],
        "sources": ["source", "import", "violations", "warnings", "infos", "set aside"],
        "rules sheet": "Rules",
        "findings sheet": "Findings",
        "none": "Nothing was found.",
        "cut": "Only the first {limit} are shown; --limit 0 shows all {total}.",
        "proposed": "Proposed: {fix} ({confidence:.0%} sure). {reason}",
    },
    "de": {
        "rules": ["Schwere", "Regel", "Befunde", "Datensätze", "zum Beispiel"],
        "cells": ["Datei", "Zeile", "Spalte", "Wert", "Vorschlag", "Meldung", "Hinweis"],
        "sources": ["Quelle", "Import", "Verletzungen", "Warnungen", "Hinweise", "ausgesondert"],
        "rules sheet": "Regeln",
        "findings sheet": "Befunde",
        "none": "Es wurde nichts gefunden.",
        "cut": "Nur die ersten {limit} sind gezeigt; --limit 0 zeigt alle {total}.",
        "proposed": "Vorschlag: {fix} ({confidence:.0%} sicher). {reason}",
    },
}

SEVERITIES: Final[dict[str, dict[str, str]]] = {
    "en": {},
    "de": {"Violation": "Verletzung", "Warning": "Warnung", "Info": "Hinweis"},
}

COLUMNS: Final = {
    "en": {},
    "de": {
        "rule": "Regel",
        "severity": "Schwere",
        "component": "Bedingung",
        "subject": "Ding",
        "path": "Eigenschaft",
        "value": "Wert",
        "file": "Datei",
        "line": "Zeile",
        "field": "Spalte",
        "record": "Datensatz",
        "message": "Meldung",
        "hint": "Hinweis",
        "source": "Quelle",
        "stated": "in der Quelle",
        "fix": "Vorschlag",
        "fix_confidence": "Sicherheit",
        "fix_property": "Eigenschaft des Vorschlags",
        "fix_also": "außerdem",
        "fix_reason": "Begründung",
    },
}
"""The headings of a sheet for people; files for programs keep the names of the columns."""
