"""Evaluation over time: what was signed before a day is known, what was signed after is asked.

Two tasks, whose answers are organisations that took part in a project before the day:

a. A call's topic, a project's text and one of its participants → the other participants.
b. An organisation → those with whom it took part in a later project and never before.

Rankings use nothing signed on the day or later, text statistics included. Each is compared with
baselines, for all, for the long tail (without the 20 organisations with most projects) and for
SMEs (candidates and answers are SMEs only). A case without an answer in a slice is not in it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.matching import activity, cooperation, partners, text
from kg.matching.cases import Asked, described, later_in, later_of, told, undescribed
from kg.matching.index import Matching
from kg.matching.landscape import Landscape
from kg.matching.metrics import DEPTH, METRICS, Interval, gini, interval, measured
from kg.matching.text import Search
from kg.matching.words import lexicon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from kg.matching.cases import Case
    from kg.matching.conditions import Mask
    from kg.matching.sparse import Numbers, Vector

SLICES: Final = ("all", "long tail", "SMEs")
POPULAR: Final = 20
_SEED: Final = 1


class Line(NamedTuple):
    """One line of the table: a task, a slice, a ranking, and its metrics.

    `difference` is by how much the product's nDCG@10 is larger, case by case (paired).
    """

    task: str
    slice: str
    ranking: str
    cases: int
    metrics: Mapping[str, Interval]
    exposure: float
    difference: Interval | None = None


@dataclass(frozen=True)
class Past:
    """What is known before the day: the columns, the index of its texts, and what baselines use."""

    matching: Matching
    documents: Search

    @property
    def landscape(self) -> Landscape:
        """The columns of what is known."""
        return self.matching.landscape


def past(tables: Mapping[str, pa.Table], day: date | None, folder: Path) -> Past:
    """Return what is known before a day; its text indexes are written into a folder."""
    known = _without_later(tables, Landscape(tables, before=day))
    known |= text.project_postings(known["project"])
    landscape = Landscape(known, before=day)
    words = lexicon(known["label"]["text"].to_pylist())
    text.write(known, words, folder / "index")
    text.write_documents(known, folder / "documents")
    labels, organisations, projects, entries = (
        Search.open(folder / "index" / name) for name in text.INDEXES
    )
    matching = Matching(landscape, labels, organisations, projects, entries, words)
    return Past(matching, Search.open(folder / "documents"))


def _without_later(tables: Mapping[str, pa.Table], landscape: Landscape) -> dict[str, pa.Table]:
    """Return the tables without the texts and participants of later projects."""
    table = tables["project"]
    none = pa.nulls(table.num_rows, pa.string())
    for name in ("label", "title", "objective", "keywords"):
        kept = pc.if_else(pa.array(landscape.known), table[name], none)
        table = table.set_column(table.column_names.index(name), name, kept)
    pairs = tables["participation"]
    known = landscape.known[pairs["project"].to_numpy()]
    return {**tables, "project": table, "participation": pairs.filter(pa.array(known))}


def rankings(known: Past) -> Mapping[str, Callable[[Case], Vector]]:
    """Return the product's ranking and the baselines, each a score of all candidates for a case."""
    landscape = known.landscape
    popularity = landscape.experience.astype(np.float64)
    choice = np.random.default_rng(_SEED)

    def atlas(case: Case) -> Vector:
        iri = landscape.column("organisation", "iri")[case.seed]
        sought = partners.Search(iri, case.text, case.topic, past="include")
        return partners.scores(known.matching, sought)

    def documents(case: Case) -> Vector:
        return _bm25(known, case)

    def adamic_adar(case: Case) -> Vector:
        return cooperation.adamic_adar(landscape, case.seed)

    def technologies(case: Case) -> Vector:
        return activity.technologies_term(landscape, case.seed, 1.0).values

    return {
        "atlas": atlas,
        "popularity": lambda _: popularity,
        "BM25": documents,
        "Adamic-Adar": adamic_adar,
        "shared technology": technologies,
        "random": lambda _: choice.random(len(popularity)),
    }


def _bm25(known: Past, case: Case) -> Vector:
    """Return BM25 of each organisation's name and project texts for the text of the case.

    Without a text, the case is described by the titles of the organisation's own projects.
    """
    asked = case.text
    if not asked:
        titles = known.landscape.column("project", "title")
        own = known.landscape.projects.row(case.seed)
        asked = ". ".join(filter(None, (titles[n] for n in own.tolist())))
    scores = np.zeros(known.landscape.size("organisation"))
    hits = known.documents.text(asked, 2000)
    for row, score in zip(*hits, strict=True):
        scores[row] = score
    return scores


def slices(landscape: Landscape) -> Mapping[str, Mask]:
    """Return the candidates of each slice: organisations that took part before the day."""
    candidates = landscape.experience > 0
    tail = candidates.copy()
    tail[np.argsort(-landscape.experience, kind="stable")[:POPULAR]] = False
    return dict(zip(SLICES, (candidates, tail, candidates & landscape.sme), strict=True))


def evaluate(known: Past, task: str, cases: Sequence[Case]) -> list[Line]:
    """Return the table of one task: every ranking on every slice."""
    masks = slices(known.landscape)
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    shown = {
        (s, r): np.zeros(known.landscape.size("organisation"), np.int64)
        for s in masks
        for r in rankings(known)
    }
    for name, ranking in rankings(known).items():
        for case in cases:
            scores = ranking(case)
            for part, mask in masks.items():
                relevant = frozenset(n for n in case.relevant if mask[n])
                top = ordered(scores, mask, case)
                values = measured(top, relevant) if relevant else {}
                found.setdefault((part, name), []).append(values)
                if relevant:
                    shown[part, name][top[:10]] += 1
    return _lines(task, masks, found, shown)


def ordered(scores: Vector, mask: Mask, case: Case) -> Numbers:
    """Return the first candidates by score; the known organisation and those barred are none."""
    allowed = mask.copy()
    allowed[case.seed] = False
    if case.barred is not None:
        allowed[case.barred] = False
    left = np.where(allowed, scores, -np.inf)
    top = np.argpartition(-left, min(DEPTH, len(left) - 1))[:DEPTH]
    return top[np.lexsort((top, -left[top]))].astype(np.int32)


def _lines(
    task: str,
    masks: Mapping[str, Mask],
    found: Mapping[tuple[str, str], list[dict[str, float]]],
    shown: Mapping[tuple[str, str], np.ndarray[tuple[int], np.dtype[np.int64]]],
) -> list[Line]:
    lines = []
    for (part, name), values in found.items():
        kept = [v for v in values if v]
        metrics = {m: interval(np.array([v[m] for v in kept])) for m in METRICS}
        exposure = gini(shown[part, name][masks[part]])
        gains = [
            ours["nDCG@10"] - theirs["nDCG@10"]
            for ours, theirs in zip(found[part, "atlas"], values, strict=True)
            if theirs
        ]
        difference = None if name == "atlas" else interval(np.array(gains))
        lines.append(Line(task, part, name, len(kept), metrics, exposure, difference))
    return sorted(lines, key=lambda line: (SLICES.index(line.slice), line.ranking != "atlas"))


class Outcome(NamedTuple):
    """The lines of the table, and sentences that say what was asked, what was not, and why."""

    lines: list[Line]
    notes: list[str]


def run(
    tables: Mapping[str, pa.Table],
    day: date | None,
    until: date | None = None,
    most: int | None = None,
    test: Mapping[str, pa.Table] | None = None,
) -> Outcome:
    """Return the tables of both tasks.

    Args:
        tables: those of a release (`kg.matching.tables`).
        day: what was signed before it is known; not given, all of the release is.
        until: what was signed on it or later is not asked; None asks everything after `day`.
        most: the number of cases of each task, chosen by a fixed seed; None asks all.
        test: the tables of another download, whose later projects are asked about instead.
    """
    lines: list[Line] = []
    counts: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        known = past(tables, day, Path(folder))
        if test is not None:
            asked = later_of(known.landscape, test)
        else:
            asked = later_in(tables, day, until) if day else Asked(())
        for task, cases in (("a", described), ("b", undescribed)):
            every = list(cases(known.landscape, asked.later))
            order = np.random.default_rng(_SEED).permutation(len(every))[:most]
            chosen = len(order) < len(every)
            counts[task] = f"{len(order)} of {len(every)}" if chosen else str(len(every))
            if len(order):
                lines += evaluate(known, task, [every[n] for n in sorted(order.tolist())])
        notes = told(known.landscape, asked, counts)
    return Outcome(lines, notes)


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table.

    `better by` is the product's gain in nDCG@10; the interval of the difference is that of the
    paired cases, and `apart` says that even the intervals of both means do not meet.
    """
    columns = ["task", "slice", "ranking", "cases", *METRICS, "exposure"]
    columns += ["better by", "paired difference", "intervals"]
    rows = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    ours = {(x.task, x.slice): x for x in lines if x.ranking == "atlas"}
    for line in lines:
        cells = [_cell(line.metrics[m]) for m in METRICS]
        gain = _gain(ours[line.task, line.slice], line)
        named = f"| {line.task} | {line.slice} | {line.ranking} | {line.cases} | "
        rows.append(f"{named}{' | '.join(cells)} | {line.exposure:.3f} | {' | '.join(gain)} |")
    return "\n".join(rows)


def _cell(value: Interval) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _gain(ours: Line, other: Line) -> tuple[str, str, str]:
    """Return the gain, the paired difference, and how the intervals of both means lie."""
    if other.difference is None:
        return "", "", ""
    mine, theirs = ours.metrics["nDCG@10"], other.metrics["nDCG@10"]
    percent = f"{100 * (mine.mean / theirs.mean - 1):+.0f} %" if theirs.mean else "∞"
    paired = f"{other.difference.mean:+.3f} [{other.difference.low:+.3f}, "
    paired += f"{other.difference.high:+.3f}]"
    if mine.low > theirs.high:
        return percent, paired, "apart"
    return percent, paired, "difference certain" if other.difference.low > 0 else "not certain"
