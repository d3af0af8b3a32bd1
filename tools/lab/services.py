"""Small servers on loopback that greet like old and new services, for a scanner to look at."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

Talk = Callable[[socket.socket], None]
_PATIENCE_SECONDS = 6
SECURITY_HEADERS = (
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "Content-Security-Policy: default-src 'self'\r\nX-Frame-Options: DENY\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n"
)


def banner(greeting: bytes, answer: bytes = b"") -> Talk:
    """Greets at once, then gives the same answer to whatever is said."""

    def talk(peer: socket.socket) -> None:
        peer.sendall(greeting)
        while answer and peer.recv(1024):
            peer.sendall(answer)
        peer.recv(1024)

    return talk


def web(server: str, *, headers: str = "", title: str = "Donghai") -> Talk:
    """A web server that names its product and version."""
    body = f"<html><head><title>{title}</title></head><body>{title}</body></html>".encode()
    head = (
        f"HTTP/1.1 200 OK\r\nServer: {server}\r\nContent-Type: text/html\r\n{headers}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()

    def talk(peer: socket.socket) -> None:
        if peer.recv(4096).startswith((b"GET ", b"HEAD ", b"POST ", b"OPTIONS ")):
            peer.sendall(head + body)
        else:
            peer.sendall(
                f"HTTP/1.1 400 Bad Request\r\nServer: {server}\r\n"
                "Connection: close\r\nContent-Length: 0\r\n\r\n".encode()
            )

    return talk


def mysql(version: str) -> Talk:
    """MySQL's protocol 10 greeting."""
    payload = (
        b"\x0a"
        + version.encode()
        + b"\0"
        + b"\x2a\0\0\0"
        + b"abcdefgh\0"
        + b"\xff\xf7\x21\x02\0\x0f\x80\x15"
        + b"\0" * 10
        + b"ijklmnopqrst\0"
    )
    return banner(len(payload).to_bytes(3, "little") + b"\0" + payload)


def silent(peer: socket.socket) -> None:
    """Accepts and says nothing: the port is open, the service stays a guess."""
    while peer.recv(1024):
        pass


def remote_desktop(peer: socket.socket) -> None:
    """Confirms a connection the way Microsoft's terminal services do (X.224)."""
    while said := peer.recv(1024):
        if said.startswith(b"\x03\0"):
            peer.sendall(b"\x03\0\0\x13\x0e\xd0\0\0\x124\0\x02\x1f\x08\0\x02\0\0\0")


@dataclass(frozen=True)
class Service:
    """One port of one host; ``tls`` names the oldest protocol offered (TLSv1, TLSv1_2)."""

    port: int
    talk: Talk
    tls: str = ""
    name: str = ""


class Laboratory:
    """Listens for every service until it is closed."""

    def __init__(self) -> None:
        self._listeners: list[socket.socket] = []
        self._scratch = tempfile.TemporaryDirectory()

    def __enter__(self) -> Laboratory:
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            # Wakes the thread that waits in accept; closing alone would leave the port taken.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._scratch.cleanup()

    def open(self, address: str, service: Service) -> None:
        """Starts one listener in a thread of its own; it ends with the laboratory."""
        listener = socket.create_server((address, service.port))
        self._listeners.append(listener)
        context = self._context(service) if service.tls else None
        threading.Thread(target=_serve, args=(listener, service.talk, context), daemon=True).start()

    def _context(self, service: Service) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if service.tls == "TLSv1":
            context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion[service.tls]
        path = Path(self._scratch.name) / f"{service.name}.pem"
        path.write_bytes(_certificate(service.name))
        context.load_cert_chain(path)
        return context


def _serve(listener: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(peer, talk, context), daemon=True).start()


def _answer(peer: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), contextlib.closing(peer):
        peer.settimeout(_PATIENCE_SECONDS)
        if context is None:
            talk(peer)
            return
        with context.wrap_socket(peer, server_side=True) as wrapped:
            talk(wrapped)


def _certificate(name: str) -> bytes:
    """A self-made certificate and its key, valid through the time of the story."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Donghai Home Appliances"),
        ]
    )
    begin = datetime.datetime(2025, 9, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=396))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
