"""Aggregates, scans and exports: the columns against Oxigraph and Virtuoso.

Oxigraph is asked in memory, on disk and as `oxigraph serve`; Virtuoso is Debian's
virtuoso-opensource. Every engine writes SPARQL JSON; the answers are compared as bags.

    python -m benchmarks.analytics --triples 5000000 --keep /var/tmp/bench --steps memory,report

1. The graphs are generated ones of `--triples` (`ATLAS_BENCH_TRIPLES`, `1000000,5000000`) and the
   release of the workspace in ATLAS_HOME; `--quads` (`ATLAS_BENCH_QUADS`) names an N-Quads file to
   measure on instead.
2. `--keep` names a folder for the stores and results, with a folder for each graph, so that a later
   run takes up what is there; without it everything is made anew and removed. `--steps` names the
   steps to run: the stores, one for each engine, the limits, and the report of all that was
   measured.
3. A peer's query that takes longer than `ATLAS_BENCH_LIMIT` seconds (60) is stopped and counted
   with that limit, so its ratio is an upper bound.
"""

from __future__ import annotations

import math
import os
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from benchmarks.comparison import Kept, Measurement, mean, measurement, verdict
from benchmarks.graphs import generated, given, released
from benchmarks.measure import measured, table
from benchmarks.peers import InProcess, ask, in_turn, oxigraph, oxigraph_server, virtuoso
from benchmarks.questions import QUERIES, queries
from benchmarks.routed import ENGINES, worker
from benchmarks.spilling import watched
from kg.columns.building import build_from_nquads
from kg.errors import QueryTimeoutError
from kg.sparql.engine import Engine
from kg.sparql.formats import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.graphs import Graph
    from benchmarks.peers import Peer

HEAVY: Final = 0.05
"""What a query takes Oxigraph in memory for the columns to be measured by it."""

# What the columns are to reach, as parts of another's time over the queries that are heavy for it.
TARGETS: Final = {"memory": 0.06, "disk": 0.02, "Virtuoso": 0.5}
WORST: Final = 0.5
EXISTS: Final = 0.01
EXPORT: Final = 0.2
ROUTED: Final = 1.5
GROWTH: Final = 1.3
CAP: Final = 200
_ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c < ?f) }"


@dataclass(frozen=True)
class Bench:
    """One graph: its file, and the folder with its stores and results."""

    quads: Path
    folder: Path
    kept: Kept

    @property
    def store(self) -> Path:
        """Where Oxigraph has it on disk."""
        return self.folder / "Oxigraph"

    @property
    def columns(self) -> Path:
        """Where its columns are."""
        return self.folder / "columns"


# Building -------------------------------------------------------------------------------------


def _build_store(quads: str, folder: str) -> int:
    store = ox.Store(folder)
    store.bulk_load(path=quads, format=ox.RdfFormat.N_QUADS)
    store.optimize()
    return len(store)


def _build_columns(quads: str, folder: str) -> int:
    return build_from_nquads(Path(quads), Path(folder))


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _built(bench: Bench) -> None:
    """Build what is missing and say what it took."""
    rows = []
    for name, place, work in (
        ("Oxigraph on disk", bench.store, _build_store),
        ("columns", bench.columns, _build_columns),
    ):
        if not place.exists():
            done = measured(work, str(bench.quads), str(place))
            rows.append([name, done.seconds, done.megabytes, _size(place)])
            bench.kept.keep(f"building {name}", {"seconds": done.seconds, "quads": done.result})
    if len(rows) > 1:
        rows.append(["ratio", *(rows[1][n] / rows[0][n] for n in (1, 2, 3))])
    if rows:
        table(["built", "s", "peak MB", "MB on disk"], rows)


def _growth(benches: Sequence[Bench]) -> None:
    """Print what a statement costs in the largest graph that was built, beside the smallest."""
    built = [found for bench in benches if (found := bench.kept.kept("building columns"))]
    built.sort(key=lambda found: found["quads"])
    if len(built) > 1:
        small, large = (found["seconds"] / found["quads"] for found in (built[0], built[-1]))
        print(
            f"\na statement of {built[-1]['quads']:,} costs {large / small:.2f} times one of"
            f" {built[0]['quads']:,} to build columns of (at most {GROWTH})",
            flush=True,
        )


# Asking -------------------------------------------------------------------------------------------


def _asked(bench: Bench) -> None:
    """Ask the columns."""
    with Engine.open(bench.columns) as engine:
        found = {name: measurement(*_timed(engine, text)) for name, text in queries()}
    bench.kept.keep("columns", found)


def _timed(engine: Engine, text: str, times: int = 5) -> tuple[float, bytes]:
    best, data = math.inf, b""
    for _ in range(times):
        begin = time.perf_counter()
        data = b"".join(engine.evaluate(text, JSON))
        best = min(best, time.perf_counter() - begin)
    return best, data


def _peer(name: str, opened: Callable[[Bench], Peer | None], bench: Bench) -> None:
    """Ask a peer; name it if it is missing."""
    peer = opened(bench)
    if peer is None:
        print(f"\n{name} is not installed here and left out", flush=True)
        return
    found = {name: measurement(*ask(peer, text)) for name, text in queries()}
    peer.close()
    bench.kept.keep(name, found)


_PEERS: Final[dict[str, Callable[[Bench], Peer | None]]] = {
    "memory": lambda bench: InProcess(oxigraph, str(bench.quads), None),
    "disk": lambda bench: InProcess(oxigraph, str(bench.quads), str(bench.store)),
    "serve": lambda bench: oxigraph_server(bench.store),
    "Virtuoso": lambda bench: virtuoso(bench.quads, bench.folder / "virtuoso"),
}


def _routed(bench: Bench) -> None:
    """Ask as a worker does: as the router likes, and each engine by name, in turn."""
    peers: dict[str, Peer] = {
        engine: worker(bench.store, bench.columns, engine) for engine in ENGINES
    }
    rows: list[list[Any]] = []
    for name, text in queries():
        told = in_turn(peers, text)
        auto, *others = (told[engine].seconds for engine in ENGINES)
        rows.append([name, *(each.seconds * 1e3 for each in told.values()), auto / min(others)])
    for peer in peers.values():
        peer.close()
    print()
    table(["query", *(f"{engine} ms" for engine in ENGINES), "of the better"], rows)
    worst = max(row[-1] for row in rows)
    print(f"\nthe worst is {worst:.2f} times the better engine (at most {ROUTED})", flush=True)


# The report ---------------------------------------------------------------------------------------


def _report(bench: Bench) -> None:
    """Print the tables of all that was measured."""
    mine = bench.kept.measurements("columns")
    theirs = {name: found for name in _PEERS if (found := bench.kept.measurements(name))}
    if mine is None or not theirs:
        print("the columns and a peer at least must have been asked before", flush=True)
        return
    print()
    rows = [_row(name, text, mine[name], theirs) for name, text in queries()]
    table(["query", "columns ms", *(f"{peer} ms" for peer in theirs), "answers"], rows)
    if "memory" in theirs:
        _summary(mine, theirs)


def _row(
    name: str, text: str, mine: Measurement, theirs: dict[str, dict[str, Measurement]]
) -> list[Any]:
    verdicts = {peer: verdict(text, mine, found[name]) for peer, found in theirs.items()}
    other = [f"{peer}: {said}" for peer, said in verdicts.items() if said != "equal"]
    times = (found[name].seconds * 1e3 for found in theirs.values())
    return [name, mine.seconds * 1e3, *times, "; ".join(other) or "equal"]


def _summary(mine: dict[str, Measurement], theirs: dict[str, dict[str, Measurement]]) -> None:
    """Print the geometric means over the heavy queries beside what they are to be."""

    def ratio(name: str, peer: str = "memory") -> float:
        return mine[name].seconds / theirs[peer][name].seconds

    heavy = [name for name in QUERIES if theirs["memory"][name].seconds > HEAVY]
    rows: list[list[Any]] = []
    for peer, found in theirs.items():
        answered = [name for name in heavy if peer in TARGETS or found[name].solutions is not None]
        known = mean(ratio(name, peer) for name in answered)
        rows.append([f"geometric mean of {peer}", known, TARGETS.get(peer, "")])
    worst = max(heavy, key=ratio)
    rows.append([f"worst of memory: {worst}", ratio(worst), WORST])
    forms = mean(ratio(name) for name in QUERIES if "EXISTS" in name)
    rows.append(["EXISTS forms of memory", forms, EXISTS])
    rows.append(["100,000 rows of JSON of memory", ratio("export of participations"), EXPORT])
    print(f"\n{len(heavy)} queries take Oxigraph in memory over {HEAVY * 1e3:.0f} ms\n")
    table(["measured", "ratio", "at most"], rows)


# Limits ------------------------------------------------------------------------------------------


# What does not fit into the cap: every statement as one text, compared with all others and sorted.
_WIDE: Final = {
    "distinct texts": (
        'SELECT (COUNT(*) AS ?n) { SELECT DISTINCT (CONCAT(STR(?s), " ", STR(?p), " ", STR(?o))'
        " AS ?t) { ?s ?p ?o } }"
    ),
    "sorted texts": (
        'SELECT (MIN(?t) AS ?m) { SELECT ?t { ?s ?p ?o BIND(CONCAT(STR(?s), " ", STR(?o)) AS ?t) }'
        " ORDER BY ?t OFFSET 100000 LIMIT 400000 }"
    ),
}


def _all(folder: str, memory: int) -> tuple[dict[str, Measurement], float]:
    """Return the answers in so many MiB, and how many MB were on disk for it at most."""
    with TemporaryDirectory() as spill:
        asked = dict(queries()) | _WIDE
        with (
            watched(Path(spill)) as spilled,
            Engine.open(Path(folder), memory=memory, spill=Path(spill)) as engine,
        ):
            found = {name: measurement(*_timed(engine, text, 1)) for name, text in asked.items()}
        return found, spilled.peak / 1e6


def _bounded(bench: Bench) -> None:
    """Print the peak memory with and without a cap, whether answers change, and time to cancel."""
    rows: list[list[Any]] = []
    free = measured(_all, str(bench.columns), 1024)
    capped = measured(_all, str(bench.columns), CAP)
    for memory, done in ((1024, free), (CAP, capped)):
        answers, spilled = done.result
        verdicts = {
            name: verdict(text, free.result[0][name], answers[name])
            for name, text in (dict(queries()) | _WIDE).items()
        }
        differing = [f"{name}: {said}" for name, said in verdicts.items() if said != "equal"]
        rows.append([f"{memory} MiB", done.megabytes, spilled, ", ".join(differing) or "equal"])
    print()
    table(["memory limit", "peak MB of the process", "MB spilled", "answers"], rows)
    over = _cancelled(bench.columns)
    print(f"\nan endless query with a limit of 1 s ends {over * 1e3:.0f} ms after it (at most 50)")


def _cancelled(folder: Path) -> float:
    """Return the longest of five times that an endless query goes on after its limit."""
    with Engine.open(folder) as engine:
        return max(_over(engine) for _ in range(5))


def _over(engine: Engine) -> float:
    begin = time.perf_counter()
    with suppress(QueryTimeoutError):
        b"".join(engine.evaluate(_ENDLESS, JSON, timeout=1.0))
    return time.perf_counter() - begin - 1.0


_STEPS: Final[dict[str, Callable[[Bench], None]]] = {
    "build": _built,
    "columns": _asked,
    "limits": _bounded,
    **{name: partial(_peer, name, opened) for name, opened in _PEERS.items()},
    "routed": _routed,
    "report": _report,
}


def main(arguments: Sequence[str] = ()) -> None:
    """Measure on every graph, step by step."""
    parser = ArgumentParser(prog="python -m benchmarks.analytics", description=__doc__)
    sizes = os.environ.get("ATLAS_BENCH_TRIPLES", "1000000,5000000")
    parser.add_argument("--triples", default=sizes, help="numbers, with commas between them")
    parser.add_argument("--quads", type=Path, default=os.environ.get("ATLAS_BENCH_QUADS"))
    parser.add_argument("--keep", type=Path, help="where stores and results stay")
    parser.add_argument("--steps", default=",".join(_STEPS), help=f"of {', '.join(_STEPS)}")
    asked = parser.parse_args(arguments)
    unknown = [step for step in asked.steps.split(",") if step not in _STEPS]
    if unknown:
        parser.error(f"no such step: {', '.join(unknown)}; there are {', '.join(_STEPS)}")
    graphs = [given(Path(asked.quads))] if asked.quads else generated(_numbers(asked.triples))
    graphs += [] if asked.quads else released()
    with TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        _growth([_measured(graph, folder / graph.name, asked.steps.split(",")) for graph in graphs])


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _measured(graph: Graph, folder: Path, steps: Sequence[str]) -> Bench:
    """Run the steps on one graph."""
    bench = Bench(folder / "graph.nq", folder, Kept(folder))
    print(f"\n### {graph.name}\n", flush=True)
    if not bench.quads.exists():
        graph.write(bench.quads)
    for step in steps:
        _STEPS[step](bench)
    return bench


if __name__ == "__main__":
    main(sys.argv[1:])
