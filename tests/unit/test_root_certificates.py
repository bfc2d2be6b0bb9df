"""Amazon RDS's certificates: fetched before a deployment, checked, and packaged with the functions."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from nibrs_cdk import function_bundle
from nibrs_cdk.configuration import read_configuration
from nibrs_cdk.root_certificates import CertificatesNotFetched, fetch, root_certificates

REPOSITORY = Path(__file__).parents[2]
DEVELOPMENT = REPOSITORY / "cdk" / "config" / "development.toml"


@pytest.fixture
def pem() -> bytes:
    return b"".join(trustme.CA().cert_pem.bytes() for _ in range(3))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_certificates_are_fetched_and_counted(tmp_path: Path, site: tuple[Path, str], pem: bytes) -> None:
    folder, address = site
    (folder / "global-bundle.pem").write_bytes(pem)
    said = fetch(f"{address}/global-bundle.pem", tmp_path / "new" / "kept.pem")
    assert said.startswith("3 certificates, SHA-256 ")
    assert (tmp_path / "new" / "kept.pem").read_bytes() == pem


@pytest.mark.parametrize("kind", ["page", "empty", "cut", "not ASCII", "damaged", "missing"])
def test_what_is_not_certificates_replaces_nothing(
    tmp_path: Path, site: tuple[Path, str], pem: bytes, kind: str
) -> None:
    folder, address = site
    contents = {
        "page": b"<html>Sign in to the network</html>", "empty": b"", "cut": pem[:-60], "not ASCII": pem + "é".encode(),
        "damaged": pem[:100] + b"!!" + pem[102:],
    }  # fmt: skip
    if kind in contents:
        (folder / "x.pem").write_bytes(contents[kind])
    kept = tmp_path / "kept.pem"
    kept.write_bytes(pem)
    with pytest.raises(CertificatesNotFetched, match=rf"{address}/x\.pem: .*root_certificates = "):
        fetch(f"{address}/x.pem", kept)
    assert kept.read_bytes() == pem
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["kept.pem"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x.pem", "truststore", "ftp//x"])
def test_an_address_that_does_not_answer_is_named_with_the_remedy(tmp_path: Path, address: str) -> None:
    with pytest.raises(CertificatesNotFetched, match="root_certificates"):
        fetch(address, tmp_path / "kept.pem")


def test_a_deployment_without_certificates_ends_before_anything_is_changed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nibrs_cdk.root_certificates", "development"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "cdk"), "RDS_CERTIFICATES_URL": "http://127.0.0.1:1/x.pem"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing was deployed.\nThe certificates of Amazon RDS could not be fetched from")
    assert "Traceback" not in done.stderr
    assert "root_certificates" in (REPOSITORY / "local" / "setup.sh").read_text()


def test_the_configuration_s_own_file_goes_before_what_was_fetched(tmp_path: Path, pem: bytes) -> None:
    fetched, own = tmp_path / "fetched.pem", tmp_path / "own.pem"
    own.write_bytes(pem)
    trial = read_configuration("development")
    assert root_certificates(trial, fetched) is None
    fetched.write_bytes(pem)
    assert root_certificates(trial, fetched) == fetched
    path = tmp_path / "mine.toml"
    path.write_text(DEVELOPMENT.read_text().replace("[database]", f'[database]\nroot_certificates = "{own}"'))
    assert root_certificates(read_configuration(str(path)), fetched) == own


def test_the_certificates_are_in_the_functions_bundle_which_everybody_can_read(
    tmp_path: Path, pem: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv.lock").write_text("")
    (tmp_path / ".tools").mkdir()
    (tmp_path / "fetched.pem").write_bytes(pem)
    for name in ("lambdas/nibrs_pipeline", "code_tables"):
        (tmp_path / name).mkdir(parents=True)
    explorer = tmp_path / "lambdas/nibrs_pipeline/publish/explorer.bundle.js"
    explorer.parent.mkdir()
    explorer.write_text("")
    # As where one deploys with a umask of 077.
    explorer.chmod(0o600)
    explorer.parent.chmod(0o700)
    monkeypatch.setattr(function_bundle, "_install_dependencies", lambda _, target: target.mkdir())
    bundle = function_bundle.build_bundle(tmp_path, tmp_path / "fetched.pem")
    assert (bundle / "database-root-certificates.pem").read_bytes() == pem
    kept_from_others = [path for path in (bundle, *bundle.rglob("*")) if path.stat().st_mode & 0o044 != 0o044]
    assert kept_from_others == []
