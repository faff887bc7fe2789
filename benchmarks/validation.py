"""Validation beside pySHACL on a tenth of a CORDIS import, and its growth with the data.

Both get the same graph: the statements of every tenth project, with the ontology's subclass axioms.
The pySHACL figures are its own `validate` and, apart, rdflib's parse of the graph; ours are
preparing and validating, and placing every finding in its cell. `SLICE=5` measures every fifth.

For the growth the whole import is validated, and as many seeded copies of it as `COPIES` says (10;
0 leaves the growth out): in each copy the entities, the records and all longer texts are others,
so that terms grow with the statements. What does not fit into `MEMORY` (8GB) spills to disk.
`HOME_OF=folder` takes the CORDIS import of a workspace instead of loading one.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import imports as importing
from benchmarks.measure import measured, table

Finding = tuple[str, str, str, str]
_LONG = 30


def slice_of(home: Path, parquet: Path, triples: Path, part: int) -> int:
    """Write the statements of every `part`-th project as Parquet and as N-Triples."""
    import duckdb  # noqa: PLC0415 - in the measured process

    from kg import imports, nquads, staging  # noqa: PLC0415
    from kg.statements import SCHEMA  # noqa: PLC0415
    from kg.workspace import Workspace  # noqa: PLC0415

    one = imports.current(Workspace(home))["cordis"]
    chosen = f"try_cast(split_part(record, '/', 2) AS BIGINT) % {part} = 0"
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE part AS SELECT * FROM {one.chosen()} WHERE {chosen}")
    rules = staging.read_rules(str(one.manifest["base"]))
    axioms = [s for s in rules.ontology.subclass_statements("urn:ontology") if s]
    marks = ", ".join("?" * len(SCHEMA))
    connection.executemany(f"INSERT INTO part VALUES ({marks})", axioms)
    connection.execute(f"COPY part TO '{parquet}' (FORMAT parquet)")
    nquads.write(connection, "(SELECT DISTINCT * REPLACE ('urn:g' AS graph) FROM part)", triples)
    return int(connection.execute("SELECT count(*) FROM part").fetchall()[0][0])


def whole(home: Path, parquet: Path) -> int:
    """Write the statements of the whole import as Parquet."""
    import duckdb  # noqa: PLC0415 - in the measured process

    from kg import imports  # noqa: PLC0415
    from kg.workspace import Workspace  # noqa: PLC0415

    one = imports.current(Workspace(home))["cordis"]
    connection = duckdb.connect()
    connection.execute(f"COPY {one.chosen()} TO '{parquet}' (FORMAT parquet)")
    found = connection.execute(f"SELECT count(*) FROM '{parquet}'").fetchall()
    return int(found[0][0])


def copied(parquet: Path, folder: Path, number: int) -> None:
    """Write a copy of the statements in which entities, records and longer texts are others."""
    import duckdb  # noqa: PLC0415 - in the measured process

    from kg.terms import DEFAULT_BASE  # noqa: PLC0415

    mark = f"{random.Random(number).getrandbits(32):08x}"  # noqa: S311 - no secret
    other = "CASE WHEN starts_with({0}, '{1}id/') THEN {0} || '{2}' ELSE {0} END"
    named = {name: other.format(name, DEFAULT_BASE, mark) for name in ("subject", "object")}
    text = f"CASE WHEN kind = 2 AND length(object) > {_LONG} THEN object || ' {mark}'"
    duckdb.execute(f"""
        COPY (SELECT * REPLACE ({named["subject"]} AS subject,
            {text} ELSE {named["object"]} END AS object, record || '{mark}' AS record)
            FROM '{parquet}') TO '{folder / f"{number}.parquet"}' (FORMAT parquet)
    """)


def grown(files: str, spill: Path, memory: str) -> tuple[int, int, float, float, float]:
    """Validate and place; return statements, findings, and seconds: also those of processors."""
    import time  # noqa: PLC0415 - in the measured process

    import duckdb  # noqa: PLC0415

    from kg import findings, staging  # noqa: PLC0415
    from kg.shacl import validate  # noqa: PLC0415
    from kg.terms import DEFAULT_BASE  # noqa: PLC0415

    settings = {"memory_limit": memory, "temp_directory": str(spill)}
    connection = duckdb.connect(config=settings)
    connection.execute("SET enable_progress_bar = false")
    shapes = staging.read_rules(DEFAULT_BASE).shapes
    connection.execute(f"CREATE VIEW statement AS SELECT * FROM read_parquet('{files}')")
    begin, working = time.perf_counter(), time.process_time()
    validation = validate(connection, shapes)
    validated, worked = time.perf_counter(), time.process_time()
    findings.place(connection, validation)
    placed = time.perf_counter()
    count = connection.execute("SELECT count(*) FROM statement").fetchall()[0][0]
    return count, validation.count, validated - begin, worked - working, placed - validated


def ours(parquet: Path) -> tuple[Counter[Finding], float, float]:
    """Validate and place with our engine; return the findings and the seconds of both parts."""
    import time  # noqa: PLC0415 - in the measured process

    import duckdb  # noqa: PLC0415

    from kg import findings, staging  # noqa: PLC0415
    from kg.shacl import validate  # noqa: PLC0415
    from kg.terms import DEFAULT_BASE  # noqa: PLC0415

    connection = duckdb.connect()
    shapes = staging.read_rules(DEFAULT_BASE).shapes
    begin = time.perf_counter()
    connection.execute(f"CREATE VIEW statement AS SELECT * FROM read_parquet('{parquet}')")
    validation = validate(connection, shapes)
    validated = time.perf_counter()
    findings.place(connection, validation)
    placed = time.perf_counter()
    rows = connection.execute(
        f"SELECT shape, component, focus, coalesce(value, '') FROM {validation.table}"
    ).fetchall()
    return Counter(rows), validated - begin, placed - validated


def theirs(triples: Path) -> tuple[Counter[Finding], float, float]:
    """Validate with pySHACL; return the findings, the seconds of parsing and of validating."""
    import time  # noqa: PLC0415 - in the measured process

    import pyshacl  # noqa: PLC0415
    import rdflib  # noqa: PLC0415

    from kg import shapes  # noqa: PLC0415

    begin = time.perf_counter()
    # Lexical forms as they are written: "05" is not "5" to sh:in and sh:pattern.
    rdflib.NORMALIZE_LITERALS = False
    dataset = rdflib.Dataset()
    dataset.parse(triples, format="nquads")
    data = dataset.graph(rdflib.URIRef("urn:g"))
    parsed = time.perf_counter()
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes.read(), meta_shacl=False)
    validated = time.perf_counter()
    return _findings(report), parsed - begin, validated - parsed


def _findings(report: Any) -> Counter[Finding]:
    import rdflib  # noqa: PLC0415 - in the measured process

    sh = rdflib.SH
    names = (sh.sourceShape, sh.sourceConstraintComponent, sh.focusNode, sh.value)
    results = report.objects(predicate=sh.result)
    return Counter(
        tuple("" if (found := report.value(node, name)) is None else str(found) for name in names)
        for node in results
    )


def beside_pyshacl(home: Path, folder: Path) -> None:
    """Measure both on a part of the import and print the table."""
    part = int(os.environ.get("SLICE", "10"))
    parquet, triples = folder / "slice.parquet", folder / "slice.nq"
    rows = measured(slice_of, home, parquet, triples, part).result
    mine, peer = measured(ours, parquet), measured(theirs, triples)
    found, validating, placing = mine.result
    others, parsing, peer_validating = peer.result
    table(
        ["engine", "prepare s", "validate s", "place s", "peak MB", "findings"],
        [
            ["ours", "in validate", validating, placing, mine.megabytes, found.total()],
            ["pySHACL", parsing, peer_validating, "-", peer.megabytes, others.total()],
        ],
    )
    more, less = (found - others).total(), (others - found).total()
    print(
        f"\n{rows:,} statements. Ours takes 1/{peer_validating / validating:.0f} of pySHACL's time"
        f" (1/{(parsing + peer_validating) / validating:.0f} with its parse)."
        f" Findings only ours: {more}; only pySHACL's: {less}."
    )
    for finding, count in [*(found - others).items(), *(others - found).items()][:5]:
        print(f"  differs ({count}): {finding}")


def growth(home: Path, folder: Path, copies: int) -> None:
    """Measure the whole import and copies of it, and print the table."""
    one, spill, many = folder / "whole.parquet", folder / "spill", folder / "copies"
    many.mkdir()
    measured(whole, home, one)
    for number in range(copies):
        measured(copied, one, many, number)
    rows, costs = [], []
    for files in (str(one), str(many / "*.parquet")):
        run = measured(grown, files, spill, os.environ.get("MEMORY", "8GB"))
        statements, findings, validating, working, placing = run.result
        costs.append(validating / statements * 1e6)
        per = (costs[-1], working / statements * 1e6)
        rows.append([f"{statements:,}", findings, validating, placing, *per, run.megabytes])
    names = ("statements", "findings", "validate s", "place s")
    table([*names, "µs per statement", "of processors", "peak MB"], rows)
    print(f"\nA statement costs {costs[1] / costs[0]:.2f} times as much among {copies} copies.")


def main() -> None:
    """Measure and print the tables."""
    copies = int(os.environ.get("COPIES", "10"))
    with TemporaryDirectory(prefix="atlas-bench-") as name:
        folder = Path(name)
        home = Path(os.environ.get("HOME_OF", folder / "home"))
        if "HOME_OF" not in os.environ:
            for source, paths in importing.inputs():
                measured(importing.load, home, source, paths)
        if os.environ.get("SLICE") != "0":
            beside_pyshacl(home, folder)
        if copies:
            growth(home, folder, copies)
