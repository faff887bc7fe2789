"""Settings: one frozen object, made in the composition root and passed on.

Each setting is read from the environment variable `ATLAS_<NAME>`; `atlas settings` lists them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from kg.terms import DEFAULT_BASE

_ENDPOINT = r"https?://[^\s,<>\"{}|^`\\@#\x00-\x20\x7f-\U0010ffff]+"
"""The IRI of an endpoint: ASCII, without a user and a fragment."""

_HOSTS = (
    r"^(?:\s*(?:(?:https?://)?(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)?\s*(?:,|$))*$"
)


class Settings(BaseSettings):
    """The operator's choices, every one with a default."""

    model_config = SettingsConfigDict(env_prefix="ATLAS_", frozen=True, extra="forbid")

    home: Path = Field(
        default=Path("atlas-home"), description="The workspace: imports, releases and tokens."
    )
    base: Annotated[str, Field(pattern=r"^https?://[^\s<>\"{}|^`\\]+/$")] = Field(
        default=DEFAULT_BASE, description="The base IRI of entities, graphs and the ontology."
    )
    host: str = Field(default="127.0.0.1", description="The address that `atlas serve` binds.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="The port that `atlas serve` binds; 0 takes a free one."
    )
    keep_releases: Annotated[int, Field(ge=1)] = Field(
        default=5, description="How many releases retention keeps, the current one included."
    )
    keep_imports: Annotated[int, Field(ge=1)] = Field(
        default=5, description="How many imports of each source retention keeps to go back to."
    )
    keep_small_releases: Annotated[int, Field(ge=0)] = Field(
        default=100,
        description="How many releases of small changes retention keeps beside the others.",
    )
    query_timeout: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="Seconds a query from outside may take unless it asks for less."
    )
    query_timeout_max: Annotated[float, Field(gt=0)] = Field(
        default=120.0, description="The most seconds that `timeout=` may ask for."
    )
    query_memory: Annotated[int, Field(ge=64)] = Field(
        default=1024, description="MiB of memory that one query may take."
    )
    query_workers: Annotated[int, Field(ge=1)] = Field(
        default=8, description="Query processes kept ready for small queries."
    )
    tellers: Annotated[int, Field(ge=0)] = Field(
        default=1,
        description="Processes that help to answer small queries when many are asked.",
    )
    query_queue: Annotated[int, Field(ge=1)] = Field(
        default=64, description="Queries that may wait before the answer is 503."
    )
    lookup_processes: Annotated[int, Field(ge=0)] = Field(
        default=2,
        description="Processes for look-ups that rank, started when more than one comes at a time.",
    )
    service: Annotated[str, Field(pattern=rf"^({_ENDPOINT}(\s*,\s*{_ENDPOINT})*)?$")] = Field(
        default="",
        description="The endpoints that SERVICE may ask, separated by commas; none by default.",
    )
    update_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=64 * 1024 * 1024, description="The largest request body that may be written."
    )
    cache_bytes: Annotated[int, Field(ge=0)] = Field(
        default=64 * 1024 * 1024, description="Bytes of finished answers kept for the release."
    )
    request_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=1024 * 1024, description="The largest request body that a query may have."
    )
    memory: Annotated[int, Field(ge=256)] = Field(
        default=1024, description="MiB of memory that importing and validating may take."
    )
    webhook_hosts: Annotated[str, Field(pattern=_HOSTS)] = Field(
        default="",
        description="Where webhooks may go, separated by commas: hosts (https) or origins.",
    )
    webhook_private: bool = Field(
        default=False, description="Whether webhooks may go to addresses that are not public."
    )
    webhook_days: Annotated[float, Field(gt=0)] = Field(
        default=5.0, description="Days after which a delivery that never succeeded is given up."
    )
    profile_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=64 * 1024, description="The largest profile that may be submitted."
    )
    profile_queue: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="Profiles that may wait for a curator before none is taken."
    )
    profile_rate: Annotated[int, Field(ge=0)] = Field(
        default=30, description="Profiles a minute that one address may submit; 0 sets no limit."
    )
