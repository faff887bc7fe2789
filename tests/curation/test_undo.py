"""Undoing imports and decisions restores the graph exactly; what nothing needs is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg import imports, releases
from kg.curation.effects import Curating
from kg.errors import ParameterError

if TYPE_CHECKING:
    from conftest import Desk

FILE = "organisations.csv"
SHAPES = "https://w3id.org/cluster-atlas/shapes#"
REGIONS = "code,label,level,country\nDE1,Baden-Württemberg,1,DE\nDE14,Tübingen,2,DE\n"


def curating(desk: Desk) -> Curating:
    return Curating(desk.workspace, desk.settings, desk.rules, desk.sources)


def undo(desk: Desk) -> bytes:
    with desk.workspace.writing():
        curating(desk).undo_import(desk.current())
    return desk.build()


def test_three_imports_are_undone_to_the_same_quads(desk: Desk) -> None:
    """Back through each state, with decisions in between, to none: byte by byte, sorted."""
    desk.load_regions(REGIONS)
    states = [desk.build()]
    for change in ("Alpha", "Gamma", "Ulm"):
        desk.load(desk.table.replace(change, f"{change} II"))
        states.append(desk.build())
    assert len(set(states)) == 4

    made = desk.decide("reject", record=f"{FILE}/a")
    assert desk.build() not in states
    desk.decide("undo", undoes=made.id)
    assert desk.build() == states[3]
    assert [undo(desk) for _ in range(3)] == states[2::-1]


def test_what_was_decided_since_counts_for_the_import_gone_back_to(desk: Desk) -> None:
    """Undoing an import does not undo decisions, and the other way round; their order is free."""
    desk.load()
    first = desk.build()
    desk.load(desk.table.replace("Alpha", "Omega"))
    desk.build()
    made = desk.decide("reject", record=f"{FILE}/a")
    desk.build()
    with_decision = undo(desk)
    assert b"Alpha" not in with_decision
    desk.decide("undo", undoes=made.id)

    assert desk.build() == first


def test_only_the_current_import_is_undone(desk: Desk) -> None:
    old = desk.load()
    desk.load(desk.table.replace("Alpha", "Omega"))
    with desk.workspace.writing(), pytest.raises(ParameterError, match="not the current"):
        curating(desk).undo_import(old)


def test_the_only_import_of_all_is_not_undone(desk: Desk) -> None:
    desk.load()
    with desk.workspace.writing(), pytest.raises(ParameterError, match="only import"):
        curating(desk).undo_import(desk.current())


def test_a_download_that_comes_again_is_the_newest(desk: Desk) -> None:
    first = desk.load()
    second = desk.load(desk.table.replace("Alpha", "Omega"))
    desk.load()

    assert imports.history(desk.workspace, "landscape") == [second.id, first.id]


def test_the_link_alone_says_what_counts(desk: Desk) -> None:
    """A history that a killed writer left ahead of the link or behind it is put right."""
    first, second = desk.load(), desk.load(desk.table.replace("Alpha", "Omega"))
    place = desk.workspace.imports / "landscape" / "history.json"
    place.write_text(f'{{"imports": ["{first.id}"]}}')
    assert imports.history(desk.workspace, "landscape") == [first.id, second.id]
    place.write_text(f'{{"imports": ["{first.id}", "{second.id}", "{first.id[::-1]}"]}}')
    assert imports.history(desk.workspace, "landscape") == [first.id, second.id]
    place.write_text('{"imp')

    assert set(imports.history(desk.workspace, "landscape")) == {first.id, second.id}


def test_imports_that_nothing_needs_are_removed(desk: Desk) -> None:
    """Kept are the newest of the history and what kept releases were made of."""
    made = [desk.load(desk.table.replace("Alpha", f"Alpha {n}")) for n in range(4)]
    desk.build()
    published = releases.current(desk.workspace)
    assert published is not None
    last = desk.load(desk.table.replace("Alpha", "Omega"))
    with desk.workspace.writing():
        imports.prune(desk.workspace, 1)
    left = {one.id for one in imports.every(desk.workspace)}

    assert left == {made[-1].id, last.id}
    assert imports.history(desk.workspace, "landscape") == [made[-1].id, last.id]


def test_an_expired_waiver_is_put_right_by_the_next_publication(desk: Desk) -> None:
    """Nobody has to decide anything for it: the day is enough."""
    desk.load()
    before = desk.build()
    made = desk.decide("waive", rule=SHAPES + "OrganisationSme", record=f"{FILE}/b", field="sme",
                       value="yes", until="2999-01-01")  # fmt: skip
    assert desk.build() != before
    [file] = [f for f in desk.home.rglob("*.ttl") if made.id in f.read_text()]
    file.write_text(file.read_text().replace("2999", "2019"))

    assert desk.build() == before
