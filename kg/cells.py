"""Cells of tables that people open in a spreadsheet, the same wherever CSV is written."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula (OWASP, CSV Injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell(value: object) -> object:
    """Return a value as a cell of CSV: nothing for None, truth as `true` or `false`.

    These are the canonical forms of xsd:boolean (XML Schema, part 2, section 3.2.2.2); texts are
    guarded, numbers are as they are.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return guarded(value) if isinstance(value, str) else value
