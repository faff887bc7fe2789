"""Temporary stores, and a pool over them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.query.limits import Limits
from kg.query.pool import QueryPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

EXAMPLE = "http://example.org/"


class Opening(Protocol):
    """Opens a pool on the session's store; keywords are limits."""

    def __call__(self, **limits: float) -> AbstractAsyncContextManager[QueryPool]:
        """Return the context of a pool."""


def fill(path: Path, count: int, word: str = "value") -> Path:
    """Write a store with `count` subjects, two statements each, and return its path."""
    store = Store(str(path))
    graph = NamedNode(EXAMPLE + "graph")
    store.bulk_extend(
        quad
        for number in range(count)
        for subject in [NamedNode(f"{EXAMPLE}s{number}")]
        for quad in (
            Quad(subject, NamedNode(EXAMPLE + "p"), Literal(f"{word} {number}"), graph),
            Quad(subject, NamedNode(EXAMPLE + "q"), NamedNode(f"{EXAMPLE}o{number % 7}"), graph),
        )
    )
    store.flush()
    return path


@pytest.fixture
def anyio_backend() -> str:
    """The pool is made for asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 2,000 subjects in one graph."""
    return fill(tmp_path_factory.mktemp("stores") / "first", 2000)


@pytest.fixture(scope="session")
def other_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 10 subjects, for the release after."""
    return fill(tmp_path_factory.mktemp("stores") / "second", 10, "other")


@pytest.fixture
def open_pool(store: Path) -> Opening:
    """Return a function that opens a pool on release `1`."""

    @asynccontextmanager
    async def opening(**limits: float) -> AsyncIterator[QueryPool]:
        pool = QueryPool(Limits(**({"lane": 3, "timeout": 20.0} | limits)))  # type: ignore[arg-type]
        try:
            await pool.use(store, "1")
            yield pool
        finally:
            await pool.stop()

    return opening


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], AsyncIterator[None]]:
    """Return a function that waits until a condition holds, and fails if it never does."""

    async def waiting(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.01)

    return waiting  # type: ignore[return-value]
