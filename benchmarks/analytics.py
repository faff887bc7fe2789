"""Aggregates, scans and exports: the columns against Oxigraph in memory and on disk.

`ATLAS_BENCH_TRIPLES` sets the size (1,000,000 by default), `ATLAS_BENCH_QUADS` names an N-Quads
file to measure on instead. Every engine writes SPARQL JSON; the answers are compared as bags. A
peer's query that takes longer than `ATLAS_BENCH_LIMIT` seconds (60) is stopped and counted with
that limit, so its ratio is an upper bound.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from benchmarks.generate import write
from benchmarks.measure import measured, table
from kg.columns.building import build_from_nquads
from kg.sparql.engine import Engine
from kg.sparql.formats import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

LIMIT: Final = float(os.environ.get("ATLAS_BENCH_LIMIT", "60"))
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


# The peers, each in a process of its own ----------------------------------------------------------


def _serve(pipe: Connection, quads: str, store: str | None) -> None:
    """Answer queries from the other end: how long, and the JSON."""
    opened = ox.Store.read_only(store) if store else ox.Store()
    if store is None:
        opened.bulk_load(path=quads, format=ox.RdfFormat.N_QUADS)
    pipe.send("ready")
    while True:
        text = pipe.recv()
        begin = time.perf_counter()
        results = opened.query(text, use_default_graph_as_union=True)
        data = results.serialize(format=ox.QueryResultsFormat.JSON)
        pipe.send((time.perf_counter() - begin, data))


class Peer:
    """Oxigraph in a process that can be stopped."""

    def __init__(self, quads: Path, store: Path | None) -> None:
        self._arguments = (str(quads), str(store) if store else None)
        self._start()

    def _start(self) -> None:
        self._pipe, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(there, *self._arguments), daemon=True)
        self._process.start()
        self._pipe.recv()

    def ask(self, text: str) -> tuple[float, bytes | None]:
        """Return seconds and answer of a query; the limit and None when it takes longer."""
        best, data = LIMIT, None
        for _ in range(3):
            self._pipe.send(text)
            if not self._pipe.poll(LIMIT):
                self._process.kill()
                self._start()
                return LIMIT, None
            seconds, data = self._pipe.recv()
            best = min(best, seconds)
            if seconds > LIMIT / 10:
                break
        return best, data

    def close(self) -> None:
        """Stop the process."""
        self._process.kill()


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
        value = f"{float(value):.12g}"
    return f"{term['type']} {value} {datatype} {term.get('xml:lang', '')}"


def _same(text: str, mine: bytes, theirs: bytes | None) -> str:
    if theirs is None:
        return "not compared"
    one, two = bag(mine), bag(theirs)
    if one == two:
        return "equal"
    sliced = "LIMIT" in text and one.total() == two.total()
    return "other rows under LIMIT" if sliced and "ORDER BY" not in text else "DIFFERENT"


def _timed(engine: Engine, text: str) -> tuple[float, bytes]:
    best, data = math.inf, b""
    for _ in range(5):
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


def _compared(quads: Path, folder: Path) -> None:
    memory, disk = Peer(quads, None), Peer(quads, folder / "Oxigraph")
    rows: list[list[Any]] = []
    with Engine.open(folder / "columns") as engine:
        for name, text in queries():
            mine, data = _timed(engine, text)
            in_memory, answer = memory.ask(text)
            on_disk, _ = disk.ask(text)
            verdict = _same(text, data, answer)
            rows.append(
                [
                    name,
                    mine * 1000.0,
                    in_memory * 1000.0,
                    on_disk * 1000.0,
                    mine / in_memory,
                    mine / on_disk,
                    verdict,
                ]
            )
    memory.close()
    disk.close()
    print()
    table(["query", "columns ms", "memory ms", "disk ms", "/memory", "/disk", "answers"], rows)
    _summary(rows)


def _summary(rows: list[list[Any]]) -> None:
    heavy = [row for row in rows if row[2] > HEAVY * 1e3]
    exists = [row[4] for row in rows if "EXISTS" in row[0]]
    print(
        f"\n{len(heavy)} queries over {HEAVY * 1e3:.0f} ms in memory: geometric mean"
        f" {_mean([row[4] for row in heavy]):.3f} of memory,"
        f" {_mean([row[5] for row in heavy]):.3f} of disk,"
        f" worst {max((row[4] for row in heavy), default=math.nan):.3f} of memory;"
        f" EXISTS {_mean(exists):.4f} of memory"
    )


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
