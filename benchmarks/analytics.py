"""Aggregates, scans and exports: the columns against Oxigraph and Virtuoso.

Oxigraph is asked in memory, on disk and as `oxigraph serve`; Virtuoso is Debian's
virtuoso-opensource. `ATLAS_BENCH_TRIPLES` sets the size (1,000,000 by default),
`ATLAS_BENCH_QUADS` names an N-Quads file to measure on instead. Every engine writes SPARQL JSON;
the answers are compared as bags. A peer's query that takes longer than `ATLAS_BENCH_LIMIT` seconds
(60) is stopped and counted with that limit, so its ratio is an upper bound.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from benchmarks.generate import write
from benchmarks.measure import measured, table
from benchmarks.peers import InProcess, ask, oxigraph_server, virtuoso
from kg.columns.building import build_from_nquads
from kg.errors import QueryTimeoutError
from kg.sparql.engine import Engine
from kg.sparql.formats import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.peers import Peer

HEAVY: Final = 0.05
_PREFIXES: Final = """
PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX country: <http://publications.europa.eu/resource/authority/country/>
PREFIX esv: <http://data.europa.eu/8mn/euroscivoc/>
PREFIX id: <https://w3id.org/cluster-atlas/id/>
"""
QUERIES: Final = {
    "count": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "per property": "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n)",
    "funding per country and programme": """
        SELECT ?country ?programme (SUM(?amount) AS ?sum) (COUNT(*) AS ?n) {
          ?part atlas:organisation ?org ; atlas:project ?project ; atlas:ecContribution ?amount .
          ?org atlas:country ?country . ?project atlas:programme ?programme }
        GROUP BY ?country ?programme""",
    "net funding per region, one odd value": """
        SELECT ?region (SUM(?amount) AS ?sum) (AVG(?amount) AS ?mean) {
          ?part atlas:organisation/atlas:region ?region ; atlas:netEcContribution ?amount }
        GROUP BY ?region""",
    "top organisations": """
        SELECT ?org ?name (SUM(?amount) AS ?sum) {
          ?part atlas:organisation ?org ; atlas:ecContribution ?amount . ?org rdfs:label ?name }
        GROUP BY ?org ?name ORDER BY DESC(?sum) ?org LIMIT 20""",
    "largest grants": """
        SELECT ?project ?grant { ?project atlas:ecMaxContribution ?grant }
        ORDER BY DESC(?grant) ?project LIMIT 20""",
    "cooperation matrix": """
        SELECT ?a ?b (COUNT(DISTINCT ?project) AS ?n) {
          ?project atlas:programme ?programme .
          ?x atlas:project ?project ; atlas:organisation/atlas:country ?a .
          ?y atlas:project ?project ; atlas:organisation/atlas:country ?b .
          FILTER(STR(?a) < STR(?b)) }
        GROUP BY ?a ?b ORDER BY DESC(?n) ?a ?b LIMIT 50""",
    "EXISTS": """
        SELECT (COUNT(*) AS ?n) { ?org atlas:isSme true
          FILTER EXISTS { ?part atlas:organisation ?org ; atlas:role atlas:CoordinatorRole } }""",
    "NOT EXISTS": """
        SELECT (COUNT(*) AS ?n) { ?org a atlas:Organisation
          FILTER NOT EXISTS { ?part atlas:organisation ?org ;
            atlas:role atlas:CoordinatorRole } }""",
    "NOT EXISTS with a filter": """
        SELECT (COUNT(*) AS ?n) { ?project a atlas:Project ; atlas:startDate ?start
          FILTER NOT EXISTS { ?part atlas:project ?project ; atlas:ecContribution ?amount
            FILTER(?amount > 1000000) } }""",
    "MINUS": """
        SELECT (COUNT(*) AS ?n) { ?org a atlas:Organisation
          MINUS { ?part atlas:organisation ?org ; atlas:role atlas:CoordinatorRole } }""",
    "OPTIONAL": """
        SELECT (COUNT(?short) AS ?n) (COUNT(*) AS ?m) {
          ?org atlas:legalName ?name OPTIONAL { ?org atlas:shortName ?short } }""",
    "regular expression on names": """
        SELECT ?org ?name { ?org atlas:legalName ?name
          FILTER(REGEX(?name, "quantum.*gmbh", "i")) }""",
    "word in objectives": """
        SELECT (COUNT(*) AS ?n) { ?project atlas:objective ?text
          FILTER(CONTAINS(LCASE(STR(?text)), "battery")) }""",
    "projects per year": """
        SELECT ?year (COUNT(*) AS ?n) (SUM(?grant) AS ?sum) {
          ?project atlas:startDate ?start ; atlas:ecMaxContribution ?grant
          BIND(YEAR(?start) AS ?year) } GROUP BY ?year ORDER BY ?year""",
    "running in a period": """
        SELECT (COUNT(*) AS ?n) { ?project atlas:startDate ?start ; atlas:endDate ?end
          FILTER(?start <= "2024-06-30"^^xsd:date && ?end >= "2024-01-01"^^xsd:date) }""",
    "narrower technologies, funding": """
        SELECT ?top (SUM(?grant) AS ?sum) (COUNT(DISTINCT ?project) AS ?n) {
          ?project atlas:field/skos:broader* ?top ; atlas:ecMaxContribution ?grant }
        GROUP BY ?top ORDER BY DESC(?sum) LIMIT 30""",
    "partners of one": """
        SELECT ?other (COUNT(*) AS ?n) {
          ?x atlas:organisation <https://w3id.org/cluster-atlas/id/organisation/900000003> ;
             atlas:project ?project . ?y atlas:project ?project ; atlas:organisation ?other
          FILTER(?other != <https://w3id.org/cluster-atlas/id/organisation/900000003>) }
        GROUP BY ?other ORDER BY DESC(?n) ?other LIMIT 20""",
    "export of participations": """
        SELECT ?part ?project ?org ?role ?amount ?ended {
          ?part atlas:project ?project ; atlas:organisation ?org ; atlas:role ?role ;
                atlas:ecContribution ?amount ; atlas:endOfParticipation ?ended } LIMIT 100000""",
    "export of names": """
        SELECT ?org ?name ?country ?city { ?org atlas:legalName ?name ; atlas:country ?country ;
          atlas:city ?city }""",
    "distinct places": """
        SELECT DISTINCT ?city ?region { ?org atlas:city ?city ; atlas:region ?region }""",
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "one organisation": """
        SELECT ?p ?o { <https://w3id.org/cluster-atlas/id/organisation/900000007> ?p ?o }""",
    "one project's partners": """
        SELECT ?org ?name { ?org rdfs:label ?name . ?part atlas:organisation ?org ;
          atlas:project <https://w3id.org/cluster-atlas/id/project/101000005> }""",
}


def queries() -> Iterator[tuple[str, str]]:
    """Yield the queries by name, with their prefixes."""
    prefixes = _PREFIXES + "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
    for name, body in QUERIES.items():
        yield name, prefixes + body


# Building -------------------------------------------------------------------------------------


def _build_store(quads: str, folder: str) -> None:
    store = ox.Store(folder)
    store.bulk_load(path=quads, format=ox.RdfFormat.N_QUADS)
    store.optimize()


def _build_columns(quads: str, folder: str) -> None:
    build_from_nquads(Path(quads), Path(folder))


# Comparison ---------------------------------------------------------------------------------------


def bag(data: bytes) -> Counter[frozenset[tuple[str, str]]]:
    """Return a JSON answer's solutions; numbers to twelve digits."""
    rows = json.loads(data)["results"]["bindings"]
    return Counter(frozenset((name, _term(term)) for name, term in row.items()) for row in rows)


def _term(term: dict[str, str]) -> str:
    datatype = term.get("datatype", "")
    value = term["value"]
    if datatype.endswith(("decimal", "integer", "double")):
        with suppress(ValueError):  # ill-typed
            value = f"{float(value):.12g}"
    if datatype.endswith("boolean"):
        value = {"0": "false", "1": "true"}.get(value, value)
    kind = term["type"].removeprefix("typed-")
    return f"{kind} {value} {datatype} {term.get('xml:lang', '')}"


def _same(text: str, mine: bytes, theirs: bytes | None) -> str:
    if theirs is None:
        return "not compared"
    one, two = bag(mine), bag(theirs)
    if one == two:
        return "equal"
    sliced = "LIMIT" in text and one.total() == two.total()
    return "other rows under LIMIT" if sliced and "ORDER BY" not in text else "DIFFERENT"


def _timed(engine: Engine, text: str, times: int = 5) -> tuple[float, bytes]:
    best, data = math.inf, b""
    for _ in range(times):
        begin = time.perf_counter()
        data = b"".join(engine.evaluate(text, JSON))
        best = min(best, time.perf_counter() - begin)
    return best, data


def _mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _built(quads: Path, folder: Path) -> None:
    rows = []
    for name, work in (("Oxigraph on disk", _build_store), ("columns", _build_columns)):
        place = folder / name.split()[0]
        done = measured(work, str(quads), str(place))
        rows.append([name, done.seconds, done.megabytes, _size(place)])
    rows.append(["ratio", *(rows[1][n] / rows[0][n] for n in (1, 2, 3))])
    table(["built", "s", "peak MB", "MB on disk"], rows)


def _peers(quads: Path, folder: Path) -> Iterator[tuple[str, Peer]]:
    """Yield the engines that there are, by name; name those that are missing."""
    yield "memory", InProcess(quads, None)
    yield "disk", InProcess(quads, folder / "Oxigraph")
    for name, server in (
        ("oxigraph serve", oxigraph_server(folder / "Oxigraph")),
        ("Virtuoso", virtuoso(quads, folder / "virtuoso")),
    ):
        if server is None:
            print(f"\n{name} is not installed here and left out", flush=True)
        else:
            yield name, server


def _compared(quads: Path, folder: Path) -> None:
    """Ask every engine every query, one engine after the other, and print the tables."""
    with Engine.open(folder / "columns") as engine:
        mine = {name: _timed(engine, text) for name, text in queries()}
    _bounded(folder, mine)
    theirs: dict[str, dict[str, float]] = {}
    verdicts: dict[str, dict[str, str]] = {}
    for peer, opened in _peers(quads, folder):
        theirs[peer], verdicts[peer] = {}, {}
        for name, text in queries():
            told = ask(opened, text)
            theirs[peer][name] = told.seconds
            verdicts[peer][name] = _same(text, mine[name][1], told.data)
        opened.close()
    print()
    rows = [_row(name, mine[name][0], theirs, verdicts) for name in QUERIES]
    table(["query", "columns ms", *(f"{peer} ms" for peer in theirs), "answers"], rows)
    _summary({name: seconds for name, (seconds, _) in mine.items()}, theirs)


def _row(
    name: str,
    seconds: float,
    theirs: dict[str, dict[str, float]],
    verdicts: dict[str, dict[str, str]],
) -> list[Any]:
    other = [f"{peer}: {said[name]}" for peer, said in verdicts.items() if said[name] != "equal"]
    times = (each[name] * 1e3 for each in theirs.values())
    return [name, seconds * 1e3, *times, "; ".join(other) or "equal"]


# What the columns are to reach, as parts of another's time over the queries that are heavy for it.
TARGETS: Final = {"memory": 0.06, "disk": 0.02, "Virtuoso": 0.5}
WORST: Final = 0.5
EXISTS: Final = 0.01
EXPORT: Final = 0.2


def _summary(mine: dict[str, float], theirs: dict[str, dict[str, float]]) -> None:
    """Print the geometric means over the heavy queries beside what they are to be."""
    memory = theirs["memory"]
    heavy = [name for name in QUERIES if memory[name] > HEAVY]
    rows: list[list[Any]] = []
    for peer, seconds in theirs.items():
        ratios = [mine[name] / seconds[name] for name in heavy]
        rows.append([f"geometric mean of {peer}", _mean(ratios), TARGETS.get(peer, "")])
    rows.append(["worst of memory", max(mine[n] / memory[n] for n in heavy), WORST])
    exists = [mine[name] / memory[name] for name in QUERIES if "EXISTS" in name]
    rows.append(["EXISTS forms of memory", _mean(exists), EXISTS])
    export = "export of participations"
    rows.append(["100,000 rows of JSON of memory", mine[export] / memory[export], EXPORT])
    print(f"\n{len(heavy)} queries take Oxigraph in memory over {HEAVY * 1e3:.0f} ms\n")
    table(["measured", "ratio", "at most"], rows)


# Limits ------------------------------------------------------------------------------------------

CAP: Final = 200
_ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c < ?f) }"


def _asked(folder: str, memory: int) -> dict[str, bytes]:
    with Engine.open(Path(folder), memory=memory) as engine:
        return {name: b"".join(engine.evaluate(text, JSON)) for name, text in queries()}


def _bounded(folder: Path, mine: dict[str, tuple[float, bytes]]) -> None:
    """Print the peak memory with and without a cap, whether answers change, and time to cancel."""
    rows: list[list[Any]] = []
    for memory in (CAP, 1024):
        done = measured(_asked, str(folder / "columns"), memory)
        differing = [
            name
            for name, text in queries()
            if _same(text, mine[name][1], done.result[name]) == "DIFFERENT"
        ]
        rows.append([f"{memory} MiB", done.megabytes, ", ".join(differing) or "equal"])
    print()
    table(["memory limit", "peak MB of the process", "answers"], rows)
    over = _cancelled(folder / "columns")
    print(f"\nan endless query with a limit of 1 s ends {over * 1e3:.0f} ms after it (at most 50)")


def _cancelled(folder: Path) -> float:
    with Engine.open(folder) as engine:
        begin = time.perf_counter()
        with suppress(QueryTimeoutError):
            b"".join(engine.evaluate(_ENDLESS, JSON, timeout=1.0))
        return time.perf_counter() - begin - 1.0


def main() -> None:
    """Generate or take a graph, build both stores, compare every query."""
    given = os.environ.get("ATLAS_BENCH_QUADS")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        quads = Path(given) if given else folder / "graph.nq"
        if not given:
            size = int(os.environ.get("ATLAS_BENCH_TRIPLES", "1000000"))
            print(f"{write(size, quads):,} quads generated\n")
        _built(quads, folder)
        _compared(quads, folder)


if __name__ == "__main__":
    main()
