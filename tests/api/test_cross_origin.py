"""Pages of other sites may read what is answered, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/clusters", 200),
        ("/healthz", 200),
        ("/openapi.json", 200),
        ("/clusters?limit=none", 422),
        ("/clusters/none-such", 404),
        ("/nothing/here", 404),
        ("/id/cluster/none-such", 404),
        ("/sparql?query=nonsense", 400),
        ("/operations/queries", 401),
        ("/dumps", 200),
    ],
)
def test_every_answer_may_be_read(
    ask: Callable[..., httpx.Response], path: str, status: int
) -> None:
    """Errors too: a page that cannot read one can only tell that something went wrong."""
    answer = ask(path, {"Origin": "https://elsewhere.example"})

    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
