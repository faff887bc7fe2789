"""The command evaluate: how well partners are ranked, against baselines, over time."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pyarrow as pa

    from kg.cli.root import Root
    from kg.store import OpenRelease


def add(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("evaluate")(evaluate)


Before = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="What was signed before this day is known; not given, the day that splits off"
        " the newest seventh.",
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="What was signed from this day on is not asked."),
]
Cases = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Cases of each task, at most; not given, all (to tune, 1,000 of a half year).",
    ),
]
Test = Annotated[
    Path | None,
    typer.Option(help="Another CORDIS download: all of the graph is known, its later ask."),
]
Explanations = Annotated[
    int, typer.Option(min=0, help="Instead, check as many random answers against the store.")
]
Tune = Annotated[
    bool,
    typer.Option("--tune", help="Instead, find the weights anew from the year before the day."),
]


def evaluate(
    context: typer.Context,
    before: Before = None,
    until: Until = None,
    cases: Cases = None,
    test: Test = None,
    explanations: Explanations = 0,
    *,
    tune: Tune = False,
) -> None:
    """Rank partners with what was known before a day, and compare with what came after.

    With --test, all of the graph is known, and what another download has later is asked. Beneath
    the table stands what was asked, and what was left out and why.

    With --tune, the weights that suit the year before the day are shown, with nDCG@10 before and
    after, and of weights found on one half year and measured on the other.

    With --explanations, every term of the scores of random answers is recomputed from the
    statements of the release; the command fails if one is not true.
    """
    from kg.matching import evaluation
    from kg.matching.cases import usual_day
    from kg.matching.landscape import Landscape

    at = root(context)
    if explanations:
        _audit(at, explanations)
        return
    known = _tables(_current(at), at)
    day = before.date() if before else usual_day(Landscape(known))
    if tune and day:
        _tuned(at, known, day, cases)
        return
    other = None
    if test is not None:
        day, other = None, _loaded(at, test)
    lines, notes = evaluation.run(known, day, until.date() if until else None, cases, other)
    shown: list[dict[str, Any]] = [
        {
            **line._asdict(),
            "metrics": {k: list(v) for k, v in line.metrics.items()},
            "difference": line.difference and list(line.difference),
        }
        for line in lines
    ]
    if day:
        notes = [f"Known is what was signed before {day}.", *notes]
    if at.as_json:
        typer.echo("\n".join(notes), err=True)
    at.show(shown, "\n".join((evaluation.table(lines), "", *notes)))


def _tuned(at: Root, known: Mapping[str, pa.Table], day: date, cases: int | None) -> None:
    from kg.matching.tuning import MOST, tune
    from kg.matching.weights import WEIGHTS

    found = tune(known, day, cases or MOST)
    shown: dict[str, Any] = {}
    lines = [f"Asked was about what was signed in the year before {day}.", ""]
    for kind, one in found.items():
        weights = {name: round(weight, 2) for name, weight in one.weights.items()}
        shown[kind] = {**one._asdict(), "weights": weights}
        lines += [
            (
                f"{kind}: nDCG@10 of {one.questions} questions with an answer among the leading:"
                f" {one.before:.4f} with the weights in use, {one.after:.4f} with those found;"
                f" {one.held_out:.4f} where those found on one half year are measured on the other"
            ),
            *(f"  {n:<14}{WEIGHTS[kind][n]:6.2f} →{w:6.2f}" for n, w in weights.items()),
        ]
    at.show(shown, "\n".join(lines))


def _audit(at: Root, answers: int) -> None:
    from kg.matching import open_matching
    from kg.matching.audit import audit

    release = _current(at)
    matching = open_matching(release.release, at.settings.base)
    found = audit(matching, release.store, at.settings.base, answers)
    shown = {**found._asdict(), "untrue": [wrong._asdict() for wrong in found.untrue]}
    terms = ", ".join(f"{name} {n}" for name, n in sorted(found.terms.items()))
    lines = [f"{found.answers} answers, {sum(found.terms.values())} terms ({terms})"]
    lines += [" ".join(map(str, wrong)) for wrong in found.untrue]
    lines.append(f"{len(found.untrue)} not true")
    at.show(shown, "\n".join(lines))
    if found.untrue:
        raise typer.Exit(1)


def _current(at: Root) -> OpenRelease:
    from kg.store import Serving

    return Serving(at.workspace).current()


def _tables(release: OpenRelease, at: Root) -> Mapping[str, pa.Table]:
    """Return the tables of a release, which are made if it was published without."""
    from kg.matching import open_matching

    return open_matching(release.release, at.settings.base).landscape.tables


def _loaded(at: Root, path: Path) -> Mapping[str, pa.Table]:
    """Return the tables of a download, loaded into a workspace that is gone afterwards."""
    from kg import publishing, staging
    from kg.database import connect
    from kg.matching import tables
    from kg.store import Serving
    from kg.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        with workspace.writing():
            staging.load(workspace, at.sources["cordis"], [path], at.settings, at.rules)
            publishing.build(workspace, at.settings, at.rules, at.sources)
        release = Serving(workspace).current()
        with connect(Path(folder) / "spill", at.settings.memory) as connection:
            return tables.extract_from_store(connection, release.store, at.settings.base)
