"""A PostgreSQL of Debian's with TLS, to be killed, silenced and started again; the embedded one has no TLS."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import trustme
from nibrs_pipeline.database.location import DatabaseLocation

from tests.conftest import missing

PASSWORD = "its-secret"
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
ssl = on
fsync = off
shared_buffers = 16MB
"""


@dataclass
class TlsPostgres:
    """The server; its certificate is for ``localhost`` alone."""

    binaries: Path
    folder: Path
    location: DatabaseLocation
    authority: trustme.CA

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def control(self, *arguments: str) -> None:
        _run(self.binaries / "pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", *arguments)

    def start(self) -> None:
        self.control("start")

    def kill(self) -> None:
        """As a machine that loses its power."""
        processes = self._processes()
        self._signal(signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)

    def silence(self) -> None:
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes():
            process.send_signal(number)

    def _processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        return [postmaster, *postmaster.children()]


@contextmanager
def tls_postgres() -> Iterator[TlsPostgres]:
    """A fresh server that wants TLS and a password."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found:
        missing("Debian's postgresql is not installed: local/setup.sh test installs it")
    folder = Path(tempfile.mkdtemp(prefix="tls-postgres-"))
    try:
        server = _made(found[-1].parent, folder)
        server.start()
        yield server
        server.wake()
        server.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def _made(binaries: Path, folder: Path) -> TlsPostgres:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o755)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    port = _free_port()
    _run(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-N", "--auth=scram-sha-256",
         "--pwfile", folder / "password", "-E", "utf8")  # fmt: skip
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS + f"port = {port}\n")
    certificate = authority.issue_cert("localhost")
    for name, content in (
        ("server.crt", certificate.cert_chain_pems[0].bytes()),
        ("server.key", certificate.private_key_pem.bytes()),
    ):
        path = folder / "data" / name
        path.write_bytes(content)
        path.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(path, "postgres", "postgres")
    location = DatabaseLocation(
        "localhost", port, "postgres", PASSWORD, "postgres", "verify-full", str(folder / "authority.pem")
    )
    return TlsPostgres(binaries, folder, location, authority)


def _free_port() -> int:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _run(*command: str | Path) -> None:
    as_server = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_server, *map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd="/")
