"""Imports of our own making: what updates, profiles and links state, kept as any import is.

Their statements were judged before they came here: nothing is set aside or rejected, and no value
is chosen among others. The tables that every import has are there, empty.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

import kg
from kg import findings, statements
from kg.statements import REJECT_SCHEMA, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from kg.settings import Settings

_INTEGERS: Final = {"line": pa.int32(), "value_kind": pa.uint8(), "round": pa.int32()}
_FINDINGS: Final = pa.schema([(n, _INTEGERS.get(n, pa.string())) for n in findings.COLUMNS])
_QUARANTINE: Final = pa.schema(
    [(n, _INTEGERS.get(n, pa.string())) for n in ("record", "file", "line", "rule", "round")]
)
_ALTERNATIVES: Final = pa.schema(
    [("file_row_number", pa.int64()), *SCHEMA, ("chosen", pa.string())]
)


def write(
    folder: Path, rows: Iterable[tuple[object, ...]], found: Iterable[tuple[object, ...]] = ()
) -> None:
    """Write the tables of an import: its statements, and the findings that it was accepted with."""
    statements.write(rows, folder / "statements.parquet")
    statements.write([], folder / "alternatives.parquet", _ALTERNATIVES)
    statements.write([], folder / "rejects.parquet", REJECT_SCHEMA)
    statements.write([], folder / "quarantine.parquet", _QUARANTINE)
    statements.write(found, folder / "findings.parquet", _FINDINGS)


def now() -> str:
    """Return the moment, as manifests tell it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def manifest(
    name: str,
    source: str,
    settings: Settings,
    rules: str,
    members: Mapping[str, int],
    **more: Any,
) -> dict[str, Any]:
    """Return what is known of an import.

    Args:
        name: the id of the import.
        source: the source that it is one of.
        settings: have the base IRI.
        rules: the digest of the rules that its statements were judged by.
        members: how many records come from each file that the statements name.
        more: what this source has besides, or otherwise: the number of `statements` and so on.
    """
    return {
        "id": name,
        "created": now(),
        "source": source,
        "base": settings.base,
        "version": kg.__version__,
        "rules": rules,
        "files": [],
        "members": list(members),
        "alternatives": 0,
        "rejects": 0,
        "records": {
            file: {"records": count, "published": count, "quarantined": 0, "rejected": 0}
            for file, count in members.items()
        },
        "findings": {},
        "seconds": {},
        **more,
    }


def counted(severities: Iterable[str]) -> dict[str, int]:
    """Return how many findings there are of each severity, the gravest first."""
    found = Counter(severities)
    return {name: found[name] for name in ("Warning", "Info") if found[name]}
