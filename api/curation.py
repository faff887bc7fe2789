"""What the routes of curators share: who may, what they send, and what it is carried out with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal

from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request  # noqa: TC002 - FastAPI reads annotations when it starts

import loaders
from api import protocol
from api.endpoints import HEADERS, refusal
from kg import imports, staging
from kg.curation import accepting
from kg.curation.effects import Curating
from kg.curation.journal import Journal
from kg.errors import AtlasError, ParameterError, UnsupportedMediaError
from kg.tokens import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from kg.imports import Import
    from kg.settings import Settings
    from kg.tokens import Role, Tokens
    from kg.workspace import Workspace

_LARGEST: Final = 4 * 1024 * 1024
_SECONDS: Final = 60.0
_MOST: Final = 1000
JSON: Final = "application/json"


class DecisionBody(BaseModel):
    """A decision, or the acceptance of the proposals for a rule's findings (`accept`)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["repair", "waive", "reject", "choose", "accept"]
    why: str = Field(default="", max_length=2000, description="The reason.")
    rule: str | None = Field(default=None, description="IRI, or the name after its #.")
    record: str | None = Field(default=None, description="The key of the record.")
    field: str | None = Field(default=None, description="The column.")
    value: str | None = Field(default=None, description="The value as the source has it.")
    new: str | None = Field(default=None, description="The value to take; empty leaves it out.")
    until: str | None = Field(default=None, description="The first day a waiver does not hold.")
    entity: str | None = Field(default=None, description="The entity, for a choice.")
    property: str | None = Field(default=None, description="The property, IRI or local name.")
    everywhere: bool = Field(default=False, description="In every record: a recipe.")
    floor: float = Field(default=accepting.FLOOR, ge=0, le=1, description="For accept.")


class DecisionsBody(BaseModel):
    """Decisions that are made together, all or none."""

    model_config = ConfigDict(extra="forbid")

    decisions: list[DecisionBody] = Field(min_length=1, max_length=_MOST)
    publish: bool = Field(default=True, description="Publish a release with them at once.")


class Refusing(APIRoute):
    """A route that refuses as endpoints with tokens do: with the challenge, and uncached."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request, errors included."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except AtlasError as error:
                return refusal(error)

        return answer


def body_schema() -> dict[str, Any]:
    """Return the schema of DecisionsBody without references, which would lead out of it."""
    schema = DecisionsBody.model_json_schema()
    schema["properties"]["decisions"]["items"] = schema.pop("$defs")["DecisionBody"]
    return schema


async def read_decisions(request: Request) -> DecisionsBody:
    """Return the decisions that a request sends.

    Raises:
        UnsupportedMediaError: it is not JSON.
        ParameterError: it is none of ours; `faults` says where.
        TooLargeError, RequestTimeoutError: it is too much, or does not come to its end.
    """
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media_type != JSON:
        raise UnsupportedMediaError("Decisions are sent as JSON", accepted=[JSON])
    content = await protocol.read_body(request.receive, _LARGEST, _SECONDS)
    try:
        return DecisionsBody.model_validate_json(content)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()]
        detail = f"These are no decisions: {'; '.join(faults)}"
        raise ParameterError(detail, faults=faults) from None


async def allowed(request: Request, roles: Sequence[Role]) -> str:
    """Return the name of the token's holder.

    Raises:
        UnauthorisedError: no token that is known.
        ForbiddenError: it has none of the roles.
    """
    tokens: Tokens = request.app.state.tokens
    found = await asyncio.to_thread(tokens.holder, request.headers.get("authorization"))
    if found.role not in roles:
        wanted = " or ".join(roles)
        detail = f"This needs a token of the role {wanted}; {found.name!r} is one for {found.role}"
        raise ForbiddenError(detail, role=wanted)
    return found.name


def settings(request: Request) -> Settings:
    """Return the settings of the application."""
    found: Settings = request.app.state.settings
    return found


def workspace(request: Request) -> Workspace:
    """Return the workspace of the application."""
    found: Workspace = request.app.state.workspace
    return found


def find(request: Request, key: str) -> Import:
    """Return the import with an id, or the current one of a source.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    return imports.find(workspace(request), key)


def journal(request: Request) -> Journal:
    """Return the journal of decisions."""
    return Journal(workspace(request), settings(request).base)


def curating(request: Request) -> Curating:
    """Return what publishes; the rules are read when they are first needed."""
    state = request.app.state
    if state.curating is None:
        sources = {name: loaders.find(name) for name in loaders.names()}
        rules = staging.read_rules(state.settings.base)
        state.curating = Curating(state.workspace, state.settings, rules, sources)
    found: Curating = state.curating
    return found


def answer(content: Mapping[str, Any], status: int = 200) -> Response:
    """Return an answer that nobody keeps."""
    return JSONResponse(dict(content), status, {**HEADERS, "Cache-Control": "no-store"})
