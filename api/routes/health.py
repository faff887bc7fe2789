"""`/healthz`: is a release being served, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from pydantic import BaseModel

from api.completing import completing
from kg import completion

if TYPE_CHECKING:
    from kg.store import Serving

router = APIRouter(tags=["operation"])
lifespan = completing


class Health(BaseModel):
    """The state of the server; `complete` once the release has its columns and index of texts."""

    status: str
    release: int
    quads: int
    complete: bool


@router.get("/healthz", summary="Whether the server answers, and from which release")
def healthz(request: Request) -> Health:
    """Answer 200 with the number of the current release, 503 when there is none."""
    serving: Serving = request.app.state.serving
    current = serving.current()
    quads = current.release.manifest["quads"]
    complete = not completion.due(current.release)
    return Health(status="ok", release=current.number, quads=quads, complete=complete)
