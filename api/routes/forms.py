"""`/ask/{name}`: where the forms of look-ups are sent; it leads to the look-up.

A browser without scripts sends every field, empty ones too, and those would be conditions.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from api import rankings
from api.linked import readable

router = APIRouter()


@readable(router, "/ask/{name}", include_in_schema=False)
def ask(request: Request, name: Literal["competences", "partners"]) -> RedirectResponse:
    """Lead to the look-up with the fields that were filled in."""
    root = str(request.scope.get("root_path", "")).rstrip("/")
    target = rankings.address(name, request.query_params.multi_items(), root)
    return RedirectResponse(target, 303)
