"""A process that is killed while profiles are submitted loses none that it has answered for."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from kg.profiles.keeping import Shelf
from kg.workspace import PARTIAL, Workspace

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import json, sys
from dataclasses import replace
from pathlib import Path
from kg.profiles.facts import Fact, Facts
from kg.profiles.keeping import Profile, Shelf
from kg.workspace import Workspace

shelf = Shelf(Workspace(Path(sys.argv[1])))
facts = Facts("cluster", "Cluster", (Fact("title", "x" * 5000),))
for number in range(10_000):
    name, token = shelf.identify(f"key-number-{number}", "digest")
    profile = Profile(name, f"urn:{name}", "queued", "", "", "en", "", "digest", facts)
    assert shelf.add(profile)
    print(name, flush=True)
    with shelf.changing():
        shelf.put(profile.told("edited", "submitter"))
"""


def test_what_was_answered_for_is_there_whole_and_once(tmp_path: Path) -> None:
    """Killed between two answers, early and later; who repeats a submission comes to the same."""
    answered: set[str] = set()
    for lines in (40, 25):
        home = tmp_path / f"home-{lines}"
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            answered = {process.stdout.readline().strip() for _ in range(lines)}
            process.kill()

        shelf = Shelf(Workspace(home))
        kept = {one.id for one in shelf.every()}
        assert answered <= kept
        # As many as it came to, which is not for this process to know: each once, none else.
        named = (shelf.identify(f"key-number-{n}", "digest")[0] for n in range(len(kept)))
        assert kept == set(named)
        for place in (home / "profiles").glob("[0-9a-f]*.json"):
            assert json.loads(place.read_text())["id"] == place.stem
        left = list((home / "profiles").glob(f"{PARTIAL}*"))
        assert len(left) <= 1
        repeated, _ = shelf.identify("key-number-3", "digest")
        assert repeated in kept
