"""The journal keeps every decision: whatever its text, whoever writes too, whenever killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.curation.decisions import Decision, holding
from kg.curation.journal import Journal
from kg.errors import NotFoundError
from kg.terms import DEFAULT_BASE, PROV
from kg.workspace import PARTIAL, Workspace

if TYPE_CHECKING:
    from pathlib import Path

REJECT = Decision("", "reject", "cordis", "", "", "double", record="organization.csv/1")
# What XML 1.0 and so RDF in general cannot hold is no text of a cell either.
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
DECIDES = """
import sys
from pathlib import Path
from kg.curation.decisions import Decision
from kg.curation.journal import Journal
from kg.terms import DEFAULT_BASE
from kg.workspace import Workspace

journal = Journal(Workspace(Path(sys.argv[1])), DEFAULT_BASE)
while True:
    made = [
        Decision("", "reject", "cordis", "", "", "double", record=f"r{n}") for n in range(20)
    ]
    for kept in journal.append(made, "anna"):
        sys.stdout.write(kept.id + "\\n")
    sys.stdout.flush()
"""


def journal(home: Path) -> Journal:
    return Journal(Workspace(home), DEFAULT_BASE)


def test_a_killed_writer_loses_no_decision(tmp_path: Path) -> None:
    """What it has told of is there; an act is there as a whole or not at all; the rest is tidy."""
    moments = random.Random(1)  # noqa: S311 - any moments will do
    told: list[str] = []
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", DECIDES, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(moments.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        printed = first + process.stdout.read()
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        told += [line.strip() for line in printed.splitlines(keepends=True) if line[-1] == "\n"]
        kept = [decision.id for decision in journal(tmp_path).every()]
        acts = Counter(key.partition("-")[0] for key in kept)

        assert len(kept) == len(set(kept))
        assert set(told) <= set(kept)
        assert set(acts.values()) == {20}


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """No lock is taken, and none is needed."""
    kept: list[Decision] = []
    threads = [
        threading.Thread(target=lambda: kept.extend(journal(tmp_path).append([REJECT] * 3, "anna")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(d.id for d in journal(tmp_path).every()) == sorted(d.id for d in kept)
    assert len(kept) == 48


def test_what_a_killed_writer_left_goes_after_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "curation" / "cordis"
    folder.mkdir(parents=True)
    old, new = folder / f"{PARTIAL}old", folder / f"{PARTIAL}new"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    journal(tmp_path).append([REJECT], "anna")

    assert sorted(path.name for path in folder.glob(f"{PARTIAL}*")) == [new.name]
    assert len(journal(tmp_path).every()) == 1


@given(TEXTS, TEXTS, TEXTS, st.one_of(st.none(), TEXTS), TEXTS)
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    record: str, field: str, value: str, new: str | None, who: str,
) -> None:  # fmt: skip
    """Line ends, quotes, other scripts: as they are in the cell."""
    home = tmp_path_factory.mktemp("journal")
    made = Decision("", "repair", "cordis", "", "", "x", record=record, field=field,
                    value=value, new=new or "")  # fmt: skip
    kept = journal(home).append([made], who)

    assert journal(home).every() == kept
    assert replace(kept[0], id="", when="", who="") == made


def test_a_decision_is_prov(tmp_path: Path) -> None:
    """Who, when and why are where PROV-O and RDFS have them."""
    [kept] = journal(tmp_path).append([REJECT], "anna")
    [file] = tmp_path.rglob("*.ttl")
    triples = {
        (t.predicate.value, t.object.value)
        for t in pyoxigraph.parse(path=str(file), format=pyoxigraph.RdfFormat.TURTLE)
        if t.subject.value.endswith(kept.id)
    }

    assert (PROV + "wasAssociatedWith", f"{DEFAULT_BASE}id/curator/anna") in triples
    assert (PROV + "endedAtTime", kept.when) in triples
    assert ("http://www.w3.org/2000/01/rdf-schema#comment", "double") in triples
    with pytest.raises(NotFoundError):
        journal(tmp_path).find("none")
    assert journal(tmp_path).find(kept.id) == kept


def test_what_holds(tmp_path: Path) -> None:
    """Of one source, not taken back, and a waiver until the day before it ends."""
    rule = DEFAULT_BASE + "shapes#X"
    waiver = Decision("", "waive", "cordis", "", "", "x", rule=rule, record="1", until="2027-01-02")
    kept = [journal(tmp_path).append([d], "a")[0] for d in (REJECT, waiver)]
    undo = Decision("", "undo", "cordis", "", "", "x", undoes=kept[0].id)
    journal(tmp_path).append([undo], "b")
    every = journal(tmp_path).every()

    assert holding(every, "cordis", date(2027, 1, 1)) == [kept[1]]
    assert holding(every, "cordis", date(2027, 1, 2)) == []
    assert holding(every, "nuts", date(2027, 1, 1)) == []
