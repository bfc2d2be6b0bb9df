"""A database with TLS that is refused, killed, silenced and started again while it is read."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from nibrs_home.schema import create_schema
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import Sink, Snapshot, snapshot
from nibrs_pipeline.database.sockets import Patience
from nibrs_pipeline.errors import DatabaseMisconfigured, DatabaseUnavailable
from nibrs_pipeline.state_year import StateYear

from tests.runs import extract, load
from tests.tls_postgres import TlsPostgres, tls_postgres
from tests.trial_data import write_trial_zips

SHORT = Patience(connect=0.5, silence=0.5)
#: Larger than all buffers between here and the server, so that a server that is gone is missed.
MUCH = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT"


@pytest.fixture(scope="module")
def server() -> Iterator[TlsPostgres]:
    with tls_postgres() as running:
        yield running


class Disturbing:
    """Does something when the first bytes arrive."""

    def __init__(self, disturb: Callable[[], None]) -> None:
        self._disturb: Callable[[], None] | None = disturb

    def write(self, data: bytes, /) -> int:
        if self._disturb:
            self._disturb()
            self._disturb = None
        return len(data)


def test_the_connection_is_encrypted_verified_and_kept_alive(server: TlsPostgres) -> None:
    connection = connect(server.location)
    try:
        [[encrypted]] = connection.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert encrypted
        option = connection._usock.getsockopt
        assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 20
        assert option(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 10
        assert option(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 4
        assert option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
    finally:
        connection.close()


def test_an_authority_that_is_not_trusted_is_refused(server: TlsPostgres, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(DatabaseMisconfigured, match=r"certificate of localhost:\d+ was refused: .*PGSSLROOTCERT"):
        connect(replace(server.location, root_certificates=str(other)))


def test_a_certificate_for_another_host_is_refused_unless_only_the_authority_counts(server: TlsPostgres) -> None:
    by_address = replace(server.location, host="127.0.0.1")
    with pytest.raises(DatabaseMisconfigured, match=r"127\.0\.0\.1:\d+ was refused: IP address mismatch.*host's name"):
        connect(by_address)
    connect(replace(by_address, tls="verify-ca")).close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"user": "nobody"}, "password authentication failed"),
        ({"database": "elsewhere"}, 'database "elsewhere" does not exist'),
    ],
)
def test_who_is_not_let_in_is_told_and_not_tried_again(server: TlsPostgres, change: dict[str, str], said: str) -> None:
    with pytest.raises(DatabaseMisconfigured, match=f"{said}.*check user, password and database") as refused:
        connect(replace(server.location, **change))  # type: ignore[arg-type]
    assert "wrong" not in str(refused.value)


def test_a_server_without_tls_is_refused(server: TlsPostgres) -> None:
    connection = connect(server.location)
    connection.run("ALTER SYSTEM SET ssl = off")
    server.control("reload")
    try:
        with pytest.raises(DatabaseMisconfigured, match=r"offers no TLS.*sslmode=disable"):
            _until_refused(server.location)
        # Said so, it is obeyed.
        connect(replace(server.location, tls="")).close()
    finally:
        connection.run("ALTER SYSTEM RESET ssl")
        server.control("reload")
        connection.close()


def _until_refused(location: DatabaseLocation) -> None:
    """A reload takes a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        connect(location).close()


@pytest.mark.parametrize("answer", [b"", b"S", b"Snonsense" * 9, b"E"], ids=["nothing", "S", "nonsense", "E"])
def test_a_server_that_breaks_off_at_the_beginning_can_be_tried_again(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            accepted, _ = listening.accept()
            with accepted:
                accepted.recv(8)
                accepted.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        location = DatabaseLocation("127.0.0.1", listening.getsockname()[1], "u", "p", "d", "verify-full")
        with pytest.raises(DatabaseUnavailable):
            connect(location, SHORT)
        thread.join()


def test_a_server_that_is_killed_can_be_tried_again(server: TlsPostgres) -> None:
    try:
        with pytest.raises(DatabaseUnavailable), snapshot(server.location, patience=SHORT) as view:
            view.copy(MUCH, Disturbing(server.kill))
        with pytest.raises(DatabaseUnavailable, match="cannot be reached: localhost"):
            connect(server.location, SHORT)
    finally:
        server.start()
    connect(server.location).close()


def test_a_server_that_falls_silent_is_noticed(server: TlsPostgres) -> None:
    started = time.monotonic()
    with (
        pytest.raises(DatabaseUnavailable, match="fallen silent"),
        snapshot(server.location, patience=SHORT) as view,
    ):
        try:
            view.copy(MUCH, Disturbing(server.silence))
        finally:
            server.wake()
    assert time.monotonic() - started < 20


def test_a_server_that_is_silent_while_it_thinks_is_waited_for(server: TlsPostgres) -> None:
    with snapshot(server.location, patience=replace(SHORT, silence=0.1)) as view:
        assert view.read("SELECT 1 FROM pg_sleep(0.5)") == [[1]]


def test_a_disk_that_fails_is_not_taken_for_the_database(server: TlsPostgres) -> None:
    def fail() -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"), snapshot(server.location) as view:
        view.copy(MUCH, Disturbing(fail))


def test_an_extraction_under_which_the_server_is_started_again_succeeds_the_next_time(
    server: TlsPostgres, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(server.location)
    create_schema(connection)
    connection.close()
    load(server.location, *write_trial_zips(tmp_path))
    expected, _ = extract(server.location, catalog, StateYear("DE", 2015), tmp_path)
    original = Snapshot.copy

    def restarting(view: Snapshot, statement: str, sink: Sink, probe: bool = True) -> int:
        if "FROM nibrs_victim " in statement:
            server.control("restart", "-m", "fast")
        return original(view, statement, sink, probe)

    with monkeypatch.context() as patched:
        patched.setattr(Snapshot, "copy", restarting)
        with pytest.raises(DatabaseUnavailable):
            extract(server.location, catalog, StateYear("DE", 2015), tmp_path)
    found, _ = extract(server.location, catalog, StateYear("DE", 2015), tmp_path)
    assert found.zip == expected.zip
