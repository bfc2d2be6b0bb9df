"""The socket to PostgreSQL: TLS, keep-alive, and noticing a server that has fallen silent."""

import io
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from nibrs_pipeline.errors import BadRequest, DatabaseMisconfigured, DatabaseUnavailable

#: How the server's certificate is verified; "" means no TLS.
Tls = Literal["", "verify-ca", "verify-full"]
#: libpq's modes that leave it open whether there is TLS; they count as if nothing were said.
_OPEN_MODES = ("", "allow", "prefer")
#: ``require`` promises less in libpq; encryption is worth nothing if anybody may be at the other end.
_ASKED_MODES = {"disable": "", "require": "verify-full"}
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_BUFFER = 1 << 20


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for a connection, for a silent server, for its network.

    Keep-alive probes a silent server's machine after ``idle`` seconds, ``probes`` times, one every
    ``interval``. If the machine answers but the server says nothing for ``silence`` seconds, another
    connection asks whether the server still accepts any.
    """

    connect: float = 10
    silence: float = 60
    idle: int = 20
    interval: int = 10
    probes: int = 4

    @property
    def network(self) -> int:
        """Seconds after which a machine that answers nothing is given up."""
        return self.idle + self.interval * self.probes


PATIENCE = Patience()


def wanted_tls(host: str, mode: str) -> Tls:
    """What an sslmode asks for; without one, full verification except on this machine.

    Raises:
        BadRequest: there is no such mode.
    """
    if host.startswith("/"):
        return ""  # A socket in the file system; libpq ignores the mode there too.
    if mode in _OPEN_MODES:
        return "" if host in ("localhost", "127.0.0.1", "::1") else "verify-full"
    asked = _ASKED_MODES.get(mode, mode)
    if asked not in get_args(Tls):
        raise BadRequest(
            f"sslmode: {mode!r} was given; allowed are disable, allow, prefer, require, verify-ca, verify-full"
        )
    return asked  # type: ignore[return-value]  # mypy does not narrow by `in`


def tls_context(tls: Tls, root_certificates: str) -> ssl.SSLContext:
    """Verifies the server's certificate, and its name unless only its authority is to be verified.

    Raises:
        BadRequest: the file of certificates cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=root_certificates or None)
    except (OSError, ssl.SSLError) as error:
        raise BadRequest(
            f"PGSSLROOTCERT: {root_certificates!r} was given; it has to be a file of certificates in PEM "
            f"format: {error}"
        ) from error
    context.check_hostname = tls == "verify-full"
    return context


def open_socket(host: str, port: int, context: ssl.SSLContext | None, patience: Patience) -> socket.socket:
    """Connect, and agree on TLS if there is a context. Errors of the network come as ``OSError``.

    Raises:
        DatabaseMisconfigured: the server has no TLS, or its certificate is not trusted or not for this host.
    """
    made = _connected(host, port, patience.connect)
    if context is None:
        return made
    try:
        made.sendall(_SSL_REQUEST)
        answer = made.recv(1)
        if answer == b"S":
            return context.wrap_socket(made, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        made.close()
        raise DatabaseMisconfigured(
            f"the certificate of {host}:{port} was refused: {error.verify_message}; check the host's name, and that "
            f"PGSSLROOTCERT names the certificates of the authority that signed it"
        ) from error
    except OSError:
        made.close()
        raise
    made.close()
    if answer == b"N":
        raise DatabaseMisconfigured(
            f"{host}:{port} offers no TLS; turn it on there, or say sslmode=disable (PGSSLMODE) if the network is safe"
        )
    raise DatabaseUnavailable(f"{host}:{port} closed the connection before it began; try again")


def keep_alive(connected: socket.socket, patience: Patience) -> None:
    """Let the kernel notice a machine or network that is gone, within ``patience.network`` seconds."""
    if connected.family == socket.AF_UNIX:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Not every system has all of them; Linux, where the functions run, does.
    for name, value in (
        ("TCP_KEEPIDLE", patience.idle),
        ("TCP_KEEPINTVL", patience.interval),
        ("TCP_KEEPCNT", patience.probes),
        ("TCP_USER_TIMEOUT", 1000 * patience.network),
    ):
        if option := getattr(socket, name, None):
            connected.setsockopt(socket.IPPROTO_TCP, option, value)


def answers(host: str, port: int, patience: Patience) -> bool:
    """Whether a server takes another connection; it says one letter to whoever asks for TLS."""
    try:
        with _connected(host, port, patience.connect) as asked:
            asked.sendall(_SSL_REQUEST)
            return len(asked.recv(1)) == 1
    except OSError:
        return False


def buffered(connected: socket.socket, silence: float, is_alive: Callable[[], bool]) -> io.BufferedRWPair:
    """Reads and writes by the buffer; a read waits as long as the server is alive."""
    connected.settimeout(silence)
    raw = _Patient(connected, is_alive)
    return io.BufferedRWPair(raw, raw, _BUFFER)


class _Patient(io.RawIOBase):
    """A socket that finds out why it is silent, instead of waiting for ever or giving up."""

    def __init__(self, connected: socket.socket, is_alive: Callable[[], bool]) -> None:
        self._socket = connected
        self._is_alive = is_alive

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while True:
            try:
                return self._socket.recv_into(buffer)
            except TimeoutError as error:
                if not self._is_alive():
                    raise TimeoutError("the server has fallen silent and takes no other connection") from error

    def write(self, data: Any, /) -> int:
        return self._socket.send(data)


def _connected(host: str, port: int, timeout: float) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout)
        made.connect(f"{host}/.s.PGSQL.{port}")
    except OSError:
        made.close()
        raise
    return made
