"""Requests go where the operator allows, to addresses that were looked at, and no further."""

from __future__ import annotations

import http.client
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest
from pydantic import ValidationError

from kg.settings import Settings
from kg.watching import outgoing
from kg.watching.outgoing import Allowed, Origin, OutgoingError, post, public, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Receiver(BaseHTTPRequestHandler):
    """Answers with the status that the path names, and keeps what it was sent."""

    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, dict(self.headers), body))
        status = int(self.path.strip("/").partition("?")[0] or 200)
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "/200")
        if status == 503:
            self.send_header("Retry-After", "120")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Receiver.seen.clear()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def allowing(hosts: str, *, private: bool = False) -> Allowed:
    return Allowed.by(Settings(webhook_hosts=hosts, webhook_private=private))


def test_nothing_is_allowed_at_first() -> None:
    with pytest.raises(OutgoingError):
        Allowed.by(Settings()).check("https://hooks.test/")


@pytest.mark.parametrize("hosts", ["ftp://a.test", "a.test/path", "a@b.test", "a test", "*"])
def test_a_setting_that_names_no_host_is_refused(hosts: str) -> None:
    with pytest.raises(ValidationError):
        Settings(webhook_hosts=hosts)


def test_a_host_means_https_and_an_origin_itself() -> None:
    allowed = allowing("hooks.test, http://Inner.test:8080 ,, https://[2001:db8::1]")

    assert allowed.check("https://HOOKS.test/a?b=c") == Origin("https", "hooks.test", 443)
    assert allowed.check("http://inner.test:8080/") == Origin("http", "inner.test", 8080)
    assert str(allowed.check("https://[2001:db8::1]/")) == "https://[2001:db8::1]"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.test/",
        "https://hooks.test:8443/",
        "https://sub.hooks.test/",
        "https://hooks.test.evil.test/",
        "https://hooks.test@evil.test/",
        "https://anna:pass@hooks.test/",
        "https://evil.test/https://hooks.test/",
        "https://evil.test\\@hooks.test/",
        "https://hooks.test/\r\nHost: evil.test",
        "https://hooks.test/#fragment",
        "https://hooks.test:99999/",
        "https://hooks.test:x/",
        "https:///hooks.test",
        "ftp://hooks.test/",
        "//hooks.test/",
        "https://hoöks.test/",
        "https://hooks.test/" + "a" * 3000,
        "",
    ],
)
def test_other_addresses_are_not(url: str) -> None:
    with pytest.raises(OutgoingError):
        allowing("hooks.test").check(url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1"),  # noqa: S104
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Loopback, private, link-local, reserved ones, and those wrapped into IPv6."""
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_that_are_public(address: str) -> None:
    assert public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0x7f.1", "2130706433"])
def test_a_name_that_means_this_machine_is_refused(host: str) -> None:
    """The resolver reads more spellings of an address than a parser does."""
    try:
        with pytest.raises(OutgoingError):
            resolve(Origin("https", host, 443), private=False)
    except OSError:
        pass  # not an address here: as good


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may have many addresses, of which the attacker's is the last."""
    found = [(socket.AF_INET, 1, 6, "", (a, 443)) for a in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)

    with pytest.raises(OutgoingError, match=r"10\.0\.0\.1"):
        resolve(Origin("https", "hooks.test", 443), private=False)


def test_the_address_that_was_looked_at_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer of the resolver does not count."""
    with serving() as url:
        port = int(url.rpartition(":")[2])
        answers = [[(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]]
        real = socket.getaddrinfo

        def once(host: str, *args: object, **options: object) -> object:
            if host != "hooks.test":
                return real(host, *args, **options)  # type: ignore[arg-type]
            return answers.pop()

        monkeypatch.setattr(socket, "getaddrinfo", once)
        origin = f"http://hooks.test:{port}"
        reply = post(allowing(origin, private=True), f"{origin}/200", {}, b"x")

    assert reply.status == 200
    assert Receiver.seen[0][1]["Host"] == f"hooks.test:{port}"


def test_the_name_is_what_a_certificate_has_to_have(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The connection goes to an address; it is checked that who answers is the host."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += f" -subj /CN=hooks.test -addext subjectAltName=DNS:hooks.test -keyout {key}"
    subprocess.run([*command.split(), "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(context) as url:
        port = int(url.rpartition(":")[2])
        found = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        allowed = allowing(f"hooks.test:{port}, other.test:{port}", private=True)
        reply = post(allowed, f"https://hooks.test:{port}/200", {}, b"x")
        with pytest.raises(ssl.SSLCertVerificationError):
            post(allowed, f"https://other.test:{port}/200", {}, b"x")

    assert reply.status == 200
    assert len(Receiver.seen) == 1


def test_a_body_arrives_and_a_redirection_is_not_followed() -> None:
    with serving() as url:
        allowed = allowing(url, private=True)
        sent = post(allowed, f"{url}/200?a=b", {"webhook-id": "m1"}, "ä".encode())
        moved = post(allowed, f"{url}/307", {}, b"x")
        busy = post(allowed, f"{url}/503", {}, b"x")

    assert (sent.status, moved.status) == (200, 307)
    assert busy == (503, 120)
    assert [path for path, _, _ in Receiver.seen] == ["/200?a=b", "/307", "/503"]
    assert Receiver.seen[0][1]["webhook-id"] == "m1"
    assert Receiver.seen[0][2] == "ä".encode()


def test_a_private_address_needs_leave_beside_its_host() -> None:
    with serving() as url, pytest.raises(OutgoingError, match="no public address"):
        post(allowing(url), url, {}, b"x")

    assert Receiver.seen == []


def test_a_receiver_that_dribbles_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, but the answer never does."""
    monkeypatch.setattr(outgoing, "SECONDS", 0.2)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def dribble() -> None:
            connection, _ = server.accept()
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=dribble)
        thread.start()
        with pytest.raises((OSError, http.client.HTTPException)):
            post(allowing(url, private=True), url, {}, b"x")
        over.set()
        thread.join()
