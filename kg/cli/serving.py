"""Commands that serve: serve, demo."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.cli.root import Root, root

if TYPE_CHECKING:
    from kg.source import Source


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)
    app.command("demo")(demo)


HostOption = Annotated[str | None, typer.Option(help="The address to bind; else ATLAS_HOST.")]
PortOption = Annotated[
    int | None, typer.Option(help="The port; 0 for a free one; else ATLAS_PORT.")
]


def serve(
    context: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    *,
    scratch: Annotated[
        bool,
        typer.Option("--scratch", help="Serve an empty store in memory, to be filled."),
    ] = False,
) -> None:
    """Serve the current release; a later release is taken up while serving."""
    at = root(context)
    if scratch:
        _serve_scratch(at, host, port)
        return
    _serve(
        at, host, port, lambda url: at.show({"url": url}, f"Serving {at.settings.home} on {url}")
    )


def _serve(at: Root, host: str | None, port: int | None, announce: Any) -> None:
    import uvicorn

    from api.app import create_app
    from api.server import configure
    from kg.store import Serving

    at.workspace.tidy()
    Serving(at.workspace).current()
    bound = _bind(host or at.settings.host, at.settings.port if port is None else port)
    # From here on a request waits for the server instead of being refused.
    bound.listen()
    announce("http://{}:{}".format(*bound.getsockname()[:2]))
    config = configure(
        create_app(at.settings, at.workspace),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
    )
    uvicorn.Server(config).run(sockets=[bound])


def _serve_scratch(at: Root, host: str | None, port: int | None) -> None:
    import uvicorn

    from api.scratch import create_scratch_app
    from kg.errors import WorkspaceError

    host = host or at.settings.host
    if host not in {"127.0.0.1", "localhost"}:
        detail = f"Scratch mode is for this machine alone: --host 127.0.0.1, not {host}"
        raise WorkspaceError(detail, host=host)
    bound = _bind("127.0.0.1", at.settings.port if port is None else port)
    bound.listen()
    url = "http://{}:{}".format(*bound.getsockname()[:2])
    at.show({"url": url}, f"Serving an empty store in memory on {url}; it is gone with the server")
    config = uvicorn.Config(
        create_scratch_app(at.settings),
        http="httptools",
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
    )
    uvicorn.Server(config).run(sockets=[bound])


def _bind(host: str, port: int) -> socket.socket:
    from kg.errors import WorkspaceError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        detail = f"{host}:{port} cannot be bound: {error.strerror}; try --port 0 for a free one"
        raise WorkspaceError(detail, host=host, port=port) from None
    return bound


def demo(
    context: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    *,
    serving: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve it afterwards.")
    ] = True,
) -> None:
    """Load the shipped sample, validate it, publish it and serve it."""
    at = root(context)
    _load_sample(at)
    if serving:
        _serve(at, host, port, lambda url: at.show({"url": url}, _things_to_try(url)))


def _load_sample(at: Root) -> None:
    import loaders
    from kg import publishing, staging

    with at.progress() as progress, at.workspace.writing():
        for source, path in loaders.samples():
            done, _ = staging.load(at.workspace, source, [path], at.settings, at.rules, progress)
            _told(at, source, done.manifest)
        release, _ = publishing.build(at.workspace, at.settings, at.rules, at.sources, progress)
    quads = release.manifest["quads"]
    at.show(
        {"release": release.number, "quads": quads},
        f"Published release {release.number}: {quads:,} quads",
    )


def _told(at: Root, source: Source, manifest: dict[str, Any]) -> None:
    sums = {k: sum(c[k] for c in manifest["records"].values()) for k in ("records", "published")}
    found = ", ".join(f"{n} {s}" for s, n in manifest["findings"].items()) or "none"
    counts = f"{sums['records']:,} records, {sums['published']:,} published"
    text = f"{source.name}: {counts}; findings: {found}"
    at.show({"source": source.name, **sums, "findings": manifest["findings"]}, text)


def _program() -> str:
    """Return what to type for `atlas`: its place when it is not on the PATH."""
    place = Path(sys.executable).with_name("atlas")
    if shutil.which("atlas") or not place.exists():
        return "atlas"
    return str(place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place)


def _things_to_try(url: str) -> str:
    atlas = _program()
    return f"""
Cluster Atlas serves the sample on {url} (Ctrl-C ends it). Four things to try:

  analysts      curl {url}/sparql --data-urlencode 'query=SELECT * {{?s ?p ?o}} LIMIT 5'
  matchmakers   curl '{url}/queries/organisations-by-technology?technology=photonics&region=DE'
  curators      {atlas} report cordis --lang de
  harvesters    {atlas} dump --format ttl --graph landscape | head

The interface with every parameter: {url}/docs
"""
