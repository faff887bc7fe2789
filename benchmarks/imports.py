"""A full CORDIS download from zip to release, beside what others need for the same work.

Peers, in the same run: pyoxigraph's bulk load of the same quads, rdflib's parse of the same file,
and pySHACL on a tenth of the data with the findings compared one by one.

The download is `../shared/data/cordis/cordis-HORIZONprojects-csv.zip`, or what CORDIS_ZIP names;
the vocabularies are beside it. Without it the shipped sample is measured, and the table says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import Measured, measured, table

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def inputs() -> list[tuple[str, list[Path]]]:
    """Return the sources to load with their files: the full download, or the sample."""
    cordis = Path(os.environ.get("CORDIS_ZIP", SHARED / "cordis/cordis-HORIZONprojects-csv.zip"))
    if not cordis.exists():
        import loaders  # noqa: PLC0415 - only where there is nothing better

        print(f"{cordis} is absent: measuring the shipped sample instead")
        return [(source.name, [path]) for source, path in loaders.samples()]
    names = SHARED / "vocabularies"
    return [
        ("euroscivoc", [names / "EuroSciVoc.ttl"]),
        ("nuts", [names / "nuts2024_and_sr.csv", names / "nuts_from_cordis.csv"]),
        ("cordis", [cordis]),
    ]


def load(home: Path, name: str, paths: list[Path]) -> dict[str, Any]:
    """Import one source and return its manifest."""
    import loaders  # noqa: PLC0415 - in the measured process
    from kg import staging  # noqa: PLC0415
    from kg.settings import Settings  # noqa: PLC0415
    from kg.workspace import Workspace  # noqa: PLC0415

    settings, workspace = Settings(home=home), Workspace(home)
    with workspace.writing():
        rules = staging.read_rules(settings.base)
        done, _ = staging.load(workspace, loaders.find(name), paths, settings, rules)
    return done.manifest


def build(home: Path) -> dict[str, Any]:
    """Publish a release and return its manifest."""
    import loaders  # noqa: PLC0415 - in the measured process
    from kg import publishing, staging  # noqa: PLC0415
    from kg.settings import Settings  # noqa: PLC0415
    from kg.workspace import Workspace  # noqa: PLC0415

    settings, workspace = Settings(home=home), Workspace(home)
    sources = {name: loaders.find(name) for name in loaders.names()}
    with workspace.writing():
        rules = staging.read_rules(settings.base)
        release, _ = publishing.build(workspace, settings, rules, sources)
    return release.manifest


def dump(home: Path, lines: Path) -> None:
    """Write the current release as N-Quads."""
    from kg import dumps  # noqa: PLC0415 - in the measured process
    from kg.workspace import Workspace  # noqa: PLC0415

    with lines.open("wb") as stream:
        dumps.dump(dumps.choose(Workspace(home), None), stream, "nq")


def bulk_load(lines: Path, store: Path) -> int:
    """Load N-Quads into a fresh Oxigraph store with nothing around it."""
    import pyoxigraph  # noqa: PLC0415 - in the measured process

    fresh = pyoxigraph.Store(store)
    fresh.bulk_load(path=lines, format=pyoxigraph.RdfFormat.N_QUADS)
    fresh.optimize()
    return len(fresh)


def rdflib_parse(lines: Path) -> int:
    """Parse N-Quads with rdflib into its memory store."""
    import rdflib  # noqa: PLC0415 - in the measured process

    dataset = rdflib.Dataset()
    dataset.parse(lines, format="nquads")
    return len(dataset)


def main() -> None:
    """Measure and print the tables."""
    with TemporaryDirectory(prefix="atlas-bench-") as name:
        home, lines = Path(name) / "home", Path(name) / "release.nq"
        loads = {source: measured(load, home, source, paths) for source, paths in inputs()}
        built = measured(build, home)
        dump(home, lines)
        oxigraph = measured(bulk_load, lines, Path(name) / "peer")
        rdflib = measured(rdflib_parse, lines)
        _print_whole(loads, built, oxigraph, rdflib)


def _print_whole(
    loads: dict[str, Measured], built: Measured, oxigraph: Measured, rdflib: Measured
) -> None:
    stages = [
        [f"{source}: {stage}", seconds, ""]
        for source, one in loads.items()
        for stage, seconds in one.result["seconds"].items()
    ]
    stages += [[f"release: {stage}", s, ""] for stage, s in built.result["seconds"].items()]
    whole = sum(one.seconds for one in loads.values()) + built.seconds
    peak = max(one.megabytes for one in [*loads.values(), built])
    rows = [
        *stages,
        *[[f"load {source}, whole", one.seconds, one.megabytes] for source, one in loads.items()],
        ["build, whole", built.seconds, built.megabytes],
        ["load and build, whole", whole, peak],
        ["peer: pyoxigraph bulk_load", oxigraph.seconds, oxigraph.megabytes],
        ["peer: rdflib parse", rdflib.seconds, rdflib.megabytes],
    ]
    table(["stage", "seconds", "peak MB"], rows)
    print(
        f"\n{built.result['quads']:,} quads. The whole takes {whole / oxigraph.seconds:.2f} times"
        f" the bulk load of its quads and {whole / rdflib.seconds:.3f} times rdflib's parse."
    )
