"""The pool ends what it must, spares what it can, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kg.errors import (
    BusyError,
    QueryCancelledError,
    QueryFailedError,
    QueryMemoryError,
    QueryRefusedError,
    QuerySyntaxError,
    QueryTimeoutError,
    WorkspaceError,
)
from kg.query.limits import Limits
from kg.query.pool import QueryPool
from kg.query.request import Acceptable, QueryRequest
from kg.query.schedule import HEAVY_NICE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    Open = Callable[..., AbstractAsyncContextManager[QueryPool]]
    Until = Callable[[Callable[[], bool]], Awaitable[None]]

pytestmark = pytest.mark.anyio

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
ENDLESS_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
GREEDY = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
SOAK = int(os.environ.get("ATLAS_SOAK", "100"))
MIB = 1024 * 1024


def children(pid: int) -> list[int]:
    """Return the processes that a process has made and that live, zombies apart."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def descriptors(pid: int) -> list[str]:
    """Return what the open descriptors of a process are, without the numbers that tell them."""
    names = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder itself was open while it was read
            names.append(str(link.readlink()))
    return sorted(name.partition(":[")[0] for name in names)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def zygote(pool: QueryPool) -> int:
    process = pool._nursery._process
    assert process is not None
    return process.pid


async def count(pool: QueryPool) -> int:
    answer = await pool.evaluate(QueryRequest(COUNT))
    assert answer.body is not None
    return int(json.loads(answer.body)["results"]["bindings"][0]["n"]["value"])


async def test_a_small_answer_is_complete_at_once(open_pool: Open) -> None:
    """Its length is known, so that the response can carry it."""
    async with open_pool() as pool:
        answer = await pool.evaluate(QueryRequest("ASK {}"))

    assert answer.body == b'{"head":{},"boolean":true}'
    assert answer.release == "1"


async def test_a_long_answer_comes_in_pieces(open_pool: Open) -> None:
    """Together they are the answer."""
    request = QueryRequest("SELECT * { ?s ?p ?o }", acceptable=Acceptable("csv", "json", "turtle"))
    async with open_pool() as pool:
        answer = await pool.evaluate(request)
        pieces = [piece async for piece in answer.pieces()]

    assert answer.body is None
    assert len(pieces) > 1
    assert b"".join(pieces).count(b"\r\n") == 4001


async def test_an_endless_query_ends_at_its_limit(open_pool: Open, until: Until) -> None:
    """Its worker is dead, and another one has taken its place."""
    async with open_pool() as pool:
        with pytest.raises(QueryTimeoutError, match="time limit"):
            await pool.evaluate(QueryRequest(ENDLESS, timeout=0.3))
        await until(lambda: len(children(zygote(pool))) == 3)

        assert pool.running() == []
        assert await count(pool) == 4000


async def test_small_queries_pass_endless_ones(open_pool: Open) -> None:
    """Four endless queries take neither all workers nor all processors."""
    async with open_pool(timeout=60.0) as pool:
        endless = [asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS))) for _ in range(4)]
        for number in range(50):
            query = f"ASK {{ <http://example.org/s{number}> ?p ?o }}"
            assert (await pool.evaluate(QueryRequest(query))).body is not None

        assert not any(task.done() for task in endless)
        for running in pool.running():
            assert pool.kill(running.id)
        for result in await asyncio.gather(*endless, return_exceptions=True):
            assert isinstance(result, QueryCancelledError)


async def test_too_much_memory_is_an_error_of_that_query_alone(open_pool: Open) -> None:
    """Others go on: one that runs at the same time, and one that comes after."""
    async with open_pool(memory=192 * MIB) as pool:
        rows = await pool.evaluate(QueryRequest(ENDLESS_ROWS))
        with pytest.raises(QueryMemoryError):
            await pool.evaluate(QueryRequest(GREEDY))
        pieces = rows.pieces()

        assert [len(await anext(pieces)) > 0 for _ in range(50)] == [True] * 50
        assert await count(pool) == 4000
        pool.close(rows)


async def test_a_query_too_deep_for_the_engine_is_refused(open_pool: Open) -> None:
    """The engine's stack is at its end; the client learns why."""
    async with open_pool() as pool:
        with pytest.raises(QueryRefusedError, match="nested too deeply"):
            await pool.evaluate(QueryRequest("ASK " + "{" * 9000 + "}" * 9000))


async def test_a_client_that_leaves_ends_its_query(open_pool: Open, until: Until) -> None:
    """Nobody waits for the answer any more."""
    left = asyncio.Event()

    async def gone() -> None:
        await left.wait()

    async with open_pool() as pool:
        task = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS), gone))
        await until(lambda: [r.stage for r in pool.running()] == ["heavy"])
        left.set()
        with pytest.raises(QueryCancelledError):
            await task
        await until(lambda: len(children(zygote(pool))) == 3)


async def test_a_cancelled_request_ends_its_query(open_pool: Open, until: Until) -> None:
    """The serving task may be cancelled for any reason."""
    async with open_pool() as pool:
        task = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS)))
        await until(lambda: len(pool.running()) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert pool.running() == []


async def test_a_worker_that_dies_in_the_middle_breaks_the_answer(
    open_pool: Open, until: Until
) -> None:
    """The pieces that are there may be read; then the failure is raised, never an end."""
    async with open_pool() as pool:
        answer = await pool.evaluate(QueryRequest(ENDLESS_ROWS))
        for pid in children(zygote(pool)):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(QueryMemoryError):
            async for _ in answer.pieces():
                pass
        await until(lambda: len(children(zygote(pool))) == 3)

        assert await count(pool) == 4000


async def test_the_time_limit_holds_while_rows_come(open_pool: Open) -> None:
    """An answer that began in time and is not complete in time is cut off with an error."""
    async with open_pool() as pool:
        answer = await pool.evaluate(QueryRequest(ENDLESS_ROWS, timeout=0.5))
        with pytest.raises(QueryTimeoutError):
            async for _ in answer.pieces():
                pass


async def test_rows_are_not_taken_faster_than_the_client_reads(
    open_pool: Open, until: Until
) -> None:
    """What waits for a client that reads nothing stays bounded."""
    async with open_pool() as pool:
        answer = await pool.evaluate(QueryRequest(ENDLESS_ROWS))
        await until(lambda: answer.run is not None and answer.run.received > MIB)
        await asyncio.sleep(0.3)
        [running] = pool.running()

        assert running.sent < 3 * MIB
        pool.close(answer)


async def test_an_export_is_not_heavy(open_pool: Open, until: Until) -> None:
    """Whoever keeps sending rows leaves the lane but is never stopped."""
    async with open_pool() as pool:
        answer = await pool.evaluate(QueryRequest(ENDLESS_ROWS))
        pieces = answer.pieces()
        while pool.running()[0].stage != "export":
            await anext(pieces)  # raises at the time limit

        pool.close(answer)
        await until(lambda: len(children(zygote(pool))) == 3)


async def test_the_queue_is_bounded(open_pool: Open, until: Until) -> None:
    """One query runs, one waits, the third is told when to come back."""
    async with open_pool(lane=1, queue=1, threshold=60.0) as pool:
        first = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS)))
        second = asyncio.create_task(pool.evaluate(QueryRequest("ASK {}")))
        await until(lambda: len(pool.running()) == 2)
        with pytest.raises(BusyError) as caught:
            await pool.evaluate(QueryRequest("ASK { ?s ?p ?o }"))

        assert caught.value.members == {"retry_after": 1}
        assert pool.kill(pool.running()[0].id)
        assert (await second).body is not None
        with pytest.raises(QueryCancelledError):
            await first


async def test_heavy_queries_are_bounded(open_pool: Open, until: Until) -> None:
    """One more than may run is turned away; the others go on."""
    async with open_pool(heavy=1) as pool:
        first = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS)))
        await until(lambda: [r.stage for r in pool.running()] == ["heavy"])
        with pytest.raises(BusyError):
            await pool.evaluate(QueryRequest(ENDLESS))

        assert not first.done()
        first.cancel()


async def test_heavy_queries_take_turns(open_pool: Open, until: Until) -> None:
    """Of more heavy queries than may run, every one gets processor time."""
    async with open_pool(slice=0.02, timeout=60.0) as pool:
        tasks = [asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS))) for _ in range(4)]
        await until(lambda: [r.stage for r in pool.running()] == ["heavy"] * 4)
        before = {running.id: running.cpu for running in pool.running()}
        await until(lambda: all(r.cpu > before[r.id] for r in pool.running()))
        for task in tasks:
            task.cancel()


async def test_a_new_release_is_asked_while_old_queries_finish(
    open_pool: Open, until: Until, other_store: Path
) -> None:
    """An answer is of one release from its first to its last byte."""
    acceptable = Acceptable("csv", "json", "turtle")
    async with open_pool() as pool:
        old = await pool.evaluate(QueryRequest("SELECT * { ?s ?p ?o }", acceptable=acceptable))
        await pool.use(other_store, "2")

        assert pool.release == "2"
        assert pool.in_use() == {"1", "2"}
        assert await count(pool) == 20
        assert b"".join([piece async for piece in old.pieces()]).count(b"\r\n") == 4001
        assert old.release == "1"
        await until(lambda: pool.in_use() == {"2"})
        assert len(children(zygote(pool))) == 3


async def test_a_release_that_cannot_be_opened_changes_nothing(
    open_pool: Open, tmp_path: Path
) -> None:
    """The release before goes on answering."""
    async with open_pool() as pool:
        with pytest.raises(WorkspaceError, match="cannot be opened"):
            await pool.use(tmp_path / "nothing", "2")

        assert pool.release == "1"
        assert await count(pool) == 4000


async def test_without_a_release_there_is_a_reason() -> None:
    """A fresh workspace has published nothing."""
    pool = QueryPool(Limits())
    with pytest.raises(WorkspaceError, match="No release"):
        await pool.evaluate(QueryRequest("ASK {}"))
    await pool.stop()


async def test_a_lost_zygote_is_replaced(open_pool: Open, until: Until) -> None:
    """Its queries fail, the next ones do not."""
    async with open_pool() as pool:
        task = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS)))
        await until(lambda: [r.stage for r in pool.running()] == ["heavy"])
        lost = zygote(pool)
        os.kill(lost, signal.SIGKILL)
        with pytest.raises((QueryMemoryError, QueryFailedError)):
            await task

        assert await count(pool) == 4000
        assert zygote(pool) != lost


async def test_an_operator_sees_and_ends_queries(open_pool: Open, until: Until) -> None:
    """The list has the text and the stage; only a query that runs can be ended."""
    async with open_pool() as pool:
        task = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS)))
        await until(lambda: len(pool.running()) == 1)
        [running] = pool.running()

        assert running.text == ENDLESS
        assert running.release == "1"
        assert pool.kill("unknown") is False
        assert pool.kill(running.id) is True
        with pytest.raises(QueryCancelledError) as caught:
            await task
        assert caught.value.members == {"query": running.id}


async def test_answers_are_kept_while_they_are_right(open_pool: Open, other_store: Path) -> None:
    """A kept answer starts nothing; another format, or a new release, is another answer."""
    request = QueryRequest(COUNT)
    async with open_pool() as pool:
        first = await pool.evaluate(request)
        second = await pool.evaluate(request)

        assert first.run is not None
        assert second.run is None
        assert second.body == first.body
        assert second.id != first.id
        table = QueryRequest(COUNT, acceptable=Acceptable("csv", "csv", "turtle"))
        assert (await pool.evaluate(table)).body == b"n\r\n4000\r\n"
        await pool.use(other_store, "2")
        assert await count(pool) == 20


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "STRUUID()", "\\u006eow()"])
async def test_answers_that_do_not_last_are_not_kept(open_pool: Open, call: str) -> None:
    """Each evaluation of these has another answer."""
    request = QueryRequest(f"SELECT ({call} AS ?x) {{}}")
    async with open_pool() as pool:
        answers = [await pool.evaluate(request) for _ in range(2)]

    assert [answer.head.lasting for answer in answers] == [False, False]
    assert all(answer.run is not None for answer in answers)


async def test_an_error_leaves_its_worker_as_it_was(open_pool: Open) -> None:
    """A query that is refused costs nobody a process."""
    async with open_pool() as pool:
        before = sorted(children(zygote(pool)))
        for _ in range(10):
            with pytest.raises(QuerySyntaxError):
                await pool.evaluate(QueryRequest("SELECT"))

        assert sorted(children(zygote(pool))) == before


async def test_kills_leave_nothing_behind(open_pool: Open, until: Until) -> None:
    """No process, no descriptor, after ATLAS_SOAK (100) of them; a few at a time."""
    async with open_pool(slice=0.02) as pool:
        before = [descriptors(pid) for pid in (os.getpid(), zygote(pool))]

        async def one() -> None:
            with pytest.raises((QueryTimeoutError, BusyError)):
                await pool.evaluate(QueryRequest(ENDLESS, timeout=0.1))

        for _ in range(SOAK // 4):
            await asyncio.gather(*(one() for _ in range(4)))
        await until(lambda: len(children(zygote(pool))) == 3)
        await until(lambda: len(pool._nursery.workers) == 3)
        await until(lambda: descriptors(os.getpid()) == before[0])
        await until(lambda: descriptors(zygote(pool)) == before[1])


async def test_hungry_queries_leave_nothing_behind(open_pool: Open, until: Until) -> None:
    """Each is told that it takes too much memory; a tenth as many, one after another."""
    async with open_pool(memory=192 * MIB) as pool:
        before = [descriptors(pid) for pid in (os.getpid(), zygote(pool))]
        for number in range(SOAK // 10):
            with pytest.raises(QueryMemoryError):
                await pool.evaluate(QueryRequest(f"{GREEDY} # {number}"))
        await until(lambda: len(children(zygote(pool))) == 3)
        await until(lambda: descriptors(os.getpid()) == before[0])
        await until(lambda: descriptors(zygote(pool)) == before[1])


async def test_stopping_leaves_no_process(store: Path) -> None:
    """Neither workers nor the zygote, even in the middle of a query."""
    pool = QueryPool(Limits(lane=2))
    await pool.use(store, "1")
    task = asyncio.create_task(pool.evaluate(QueryRequest(ENDLESS)))
    await asyncio.sleep(0.1)
    parent, workers = zygote(pool), children(zygote(pool))
    await pool.stop()
    with pytest.raises(QueryCancelledError):
        await task

    assert workers
    assert alive([parent, *workers]) == []


async def test_what_is_heavy_stands_below_the_server(open_pool: Open, until: Until) -> None:
    """Also where the server itself was given a low priority."""
    async with open_pool() as pool:
        os.setpriority(os.PRIO_PROCESS, zygote(pool), 2)
        run = asyncio.ensure_future(pool.evaluate(QueryRequest(ENDLESS)))
        await until(lambda: 2 + HEAVY_NICE in map(niceness, children(zygote(pool))))
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


def niceness(pid: int) -> int:
    with suppress(ProcessLookupError):
        return os.getpriority(os.PRIO_PROCESS, pid)
    return 0


async def test_some_workers_have_the_columns_open(sample_home: Path, until: Until) -> None:
    """A query that may be for the columns goes to one of them, and leaves as many behind."""
    pool = QueryPool(Limits(lane=4))

    def primed() -> set[int]:
        return {
            pid
            for pid in children(zygote(pool))
            if any(name.endswith("columns.duckdb") for name in _open_files(pid))
        }

    try:
        await pool.use(sample_home / "current" / "store", "1")
        await until(lambda: idle(pool) == 4)
        before = primed()
        others = set(children(zygote(pool))) - before
        text = "SELECT ?t (COUNT(*) AS ?n) { ?s a ?t } GROUP BY ?t"
        answer = await pool.evaluate(QueryRequest(text))

        assert answer.head.engine == "columns"
        assert len(before) == 2
        assert not primed() & others
        await until(lambda: idle(pool) == 4 and len(primed()) == 2)
    finally:
        await pool.stop()


def idle(pool: QueryPool) -> int:
    """Return how many workers wait for a query."""
    current = pool._lane._current
    assert current is not None
    return len(current.idle)


def _open_files(pid: int) -> list[str]:
    found = []
    for each in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(FileNotFoundError):
            found.append(str(each.readlink()))
    return found
