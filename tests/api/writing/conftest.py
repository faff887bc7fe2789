"""A server over a copy of the sample that tests may write to, and tokens for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from kg.tokens import Tokens
from kg.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://w3id.org/cluster-atlas/"
UPDATES = BASE + "graph/updates"
PREFIXES = (
    f"PREFIX atlas: <{BASE}ontology#> PREFIX organisation: <{BASE}id/organisation/> "
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)


class Server(NamedTuple):
    """A server and who may do what there."""

    url: str
    home: Path
    curator: str
    operator: str

    def write(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request with the curator's token."""
        sent = {"Authorization": f"Bearer {self.curator}", **(headers or {})}
        return httpx.request(method, self.url + path, headers=sent, timeout=60, **options)

    def update(self, text: str, **parameters: str) -> httpx.Response:
        """Send an update, with the prefixes of the sample."""
        headers = {"Content-Type": "application/sparql-update"}
        content = PREFIXES + text
        return self.write("POST", "/update", content=content, headers=headers, params=parameters)

    def ask(self, pattern: str) -> bool:
        """Ask whether a pattern has a solution."""
        query = {"query": f"{PREFIXES} ASK {{ {pattern} }}", "format": "json"}
        answer = httpx.get(self.url + "/sparql", params=query, timeout=60)
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["boolean"])

    def release(self) -> int:
        """Return the number of the current release."""
        return int(httpx.get(self.url + "/healthz").json()["release"])


@pytest.fixture(scope="session")
def server(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("writing") / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    tokens = Tokens(Workspace(home))
    curator, operator = tokens.create("anna", "curator"), tokens.create("ops", "operator")
    program = Path(__file__).parents[1] / "sparql" / "server.py"
    with subprocess.Popen(
        [sys.executable, str(program), str(home)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        _wait(url)
        yield Server(url, home, curator, operator)
        process.terminate()
        process.wait(60)


def _wait(url: str) -> None:
    for _ in range(2400):
        try:
            if httpx.get(f"{url}/sparql", params={"query": "ASK {}"}).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the server does not answer")
