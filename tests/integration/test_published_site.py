"""``nibrs verify URL`` against a web server of the test's own: sound, replaced meanwhile, broken off, gone."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nibrs_command.cli import main
from nibrs_command.published_site import manifest_address
from nibrs_pipeline.archive.manifest import FileEntry, StateYearManifest
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import estimates, manifest

ZIP, MANIFEST = "/downloads/2016/AZ-2016.zip", "/downloads/2016/AZ-2016.manifest.json"


class Site:
    """What a server has: contents by path, and answers that go wrong."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        self.address = ""

    def publish(self, text: str) -> StateYearManifest:
        """Put a zip with this text and its manifest."""
        made, packed = zipped(text)
        self.files = {ZIP: packed, MANIFEST: made.to_json()}
        return made


def zipped(text: str) -> tuple[StateYearManifest, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("README.md", text)
    packed = buffer.getvalue()
    made = manifest(*StateYear("AZ", 2016))
    of_zip = made.zip.model_copy(update={"bytes": len(packed), "sha256": hashlib.sha256(packed).hexdigest()})
    return made.model_copy(update={"zip": of_zip}), packed


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            made.asked.append(path)
            if path in made.answers:
                made.answers[path](self)
            elif path in made.files:
                content = made.files[path]
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            else:
                # As S3 answers CloudFront, which may not list.
                self.send_error(403)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        main(["verify", *arguments])
    captured = capsys.readouterr()
    code = end.value.code
    return (code if isinstance(code, int) else 0), captured.out + captured.err


def test_what_is_published_is_as_its_manifest_says(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    made = site.publish("sound")
    status, said = verify(capsys, site.address + ZIP)
    assert (status, site.asked) == (0, [MANIFEST, ZIP])
    assert f"AZ-2016.zip: as its manifest says, {made.zip.bytes:,} bytes, SHA-256 {made.zip.sha256}" in said


def test_what_follows_a_question_mark_belongs_to_the_zip_alone(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.publish("sound")
    assert verify(capsys, f"{site.address}{ZIP}?versionId=3")[0] == 0
    assert manifest_address("https://x.org/downloads/2016/AZ-2016.zip?a=b#c") == f"https://x.org{MANIFEST}"


def test_an_old_zip_beside_a_new_manifest_is_found(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.publish("new")
    site.files[ZIP] = zipped("older")[1]
    status, said = verify(capsys, site.address + ZIP)
    assert status == 1
    assert "AZ-2016.zip: SHA-256 of the zip is not" in said
    assert "the zip has 1" in said


def test_a_zip_that_is_replaced_while_it_is_verified_is_verified_again(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.publish("before")

    def replaced(handler: BaseHTTPRequestHandler) -> None:
        del site.answers[MANIFEST]
        earlier = site.files[MANIFEST]
        made = site.publish("afterwards")
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(earlier)
        assert made.to_json() != earlier

    site.answers[MANIFEST] = replaced
    assert verify(capsys, site.address + ZIP)[0] == 0
    assert site.asked == [MANIFEST, ZIP, MANIFEST, ZIP]


def test_what_broke_off_is_named(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.publish("whole")

    def broken(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"PK")

    site.answers[ZIP] = broken
    status, said = verify(capsys, site.address + ZIP)
    assert (status, "AZ-2016.zip: broke off after 2 of 1,000 bytes; try again" in said.replace("\n", " ")) == (1, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda handler: handler.send_error(404), "404 Not Found; nothing is published there"),
        (lambda handler: handler.send_error(503), "503 Service Unavailable; try again later"),
        (
            lambda handler: (
                handler.send_response(302), handler.send_header("Location", "/downloads/index.html"),
                handler.end_headers(),
            ),
            "/downloads/index.html instead; take the address from its index page",
        ),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "check the address and the network"),
    ],
    ids=["not there", "away", "led to the index", "no web server"],
)  # fmt: skip
def test_what_cannot_be_fetched_is_named_with_what_helps(
    site: Site, capsys: pytest.CaptureFixture[str], answer: Callable[[BaseHTTPRequestHandler], None], said: str
) -> None:
    site.files["/downloads/index.html"] = b"<html>"
    site.answers[MANIFEST] = answer
    status, printed = verify(capsys, site.address + ZIP)
    assert status == 1
    assert said in " ".join(printed.split())
    assert "Traceback" not in printed


def test_a_page_in_place_of_a_manifest_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.files[MANIFEST] = b"<html>"
    status, said = verify(capsys, site.address + ZIP)
    assert (status, "AZ-2016.manifest.json: not a manifest" in said.replace("\n", "")) == (2, True)


def test_an_address_of_something_else_and_a_server_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verify(capsys, "https://downloads.example.org/downloads/index.html")
    assert (status, "has to end with .zip" in said) == (1, True)
    status, said = verify(capsys, f"http://127.0.0.1:9{ZIP}")
    assert (status, "Connection refused; check the address and the network" in " ".join(said.split())) == (1, True)


def test_a_manifest_of_this_machine_is_taken_if_it_is_given(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    site.publish("sound")
    kept = tmp_path / "kept.json"
    kept.write_bytes(site.files.pop(MANIFEST))
    assert verify(capsys, site.address + ZIP, "--manifest", str(kept))[0] == 0


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verify(capsys, "none.zip")
    assert (status, "none.zip: there is no such file" in said) == (2, True)


def test_what_lies_beside_a_zip_of_estimates_is_verified_too(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, packed = zipped("estimates")
    script = b"nibrsExplorer({});"
    made = estimates(2016)
    made = made.model_copy(
        update={
            "zip": made.zip.model_copy(update={"bytes": len(packed), "sha256": hashlib.sha256(packed).hexdigest()}),
            "beside": (FileEntry(name="explorer/year.js", bytes=18, sha256=hashlib.sha256(script).hexdigest()),),
        }
    )
    folder = "/estimates/2016"
    zip_, beside = f"{folder}/nibrs-estimates-2016.zip", f"{folder}/explorer/year.js"
    site.files = {zip_: packed, zip_.replace(".zip", ".manifest.json"): made.to_json(), beside: script}
    for path, content in site.files.items():
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_bytes(content)
    assert verify(capsys, site.address + zip_)[0] == verify(capsys, str(tmp_path / zip_[1:]))[0] == 0
    site.files[beside] = b"nibrsExplorer([]);"
    (tmp_path / beside[1:]).write_bytes(b"nibrsExplorer([]);")
    for address in (site.address + zip_, str(tmp_path / zip_[1:])):
        status, told = verify(capsys, address)
        assert (status, "explorer/year.js beside it has other content" in told) == (1, True)
    # Whoever has fetched the zip alone lacks nothing.
    (tmp_path / beside[1:]).unlink()
    assert verify(capsys, str(tmp_path / zip_[1:]))[0] == 0


def test_a_state_years_files_of_the_parquet_set_are_verified_too(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = site.publish("sound")
    name, rows = "nibrs_offense/data_year=2016/state=AZ/nibrs_offense.parquet", b"PAR1"
    entry = FileEntry(name=name, bytes=4, sha256=hashlib.sha256(rows).hexdigest())
    site.files[MANIFEST] = made.model_copy(update={"parquet": (entry,)}).to_json()
    beside = f"/parquet/{name}"
    site.files[beside] = rows
    for path, content in site.files.items():
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_bytes(content)
    local = tmp_path / ZIP[1:]
    assert verify(capsys, site.address + ZIP)[0] == verify(capsys, str(local))[0] == 0
    assert set(site.asked) == {MANIFEST, ZIP, beside}
    site.files[beside] = b"PAR2"
    (tmp_path / beside[1:]).write_bytes(b"PAR2")
    for address in (site.address + ZIP, str(local)):
        status, told = verify(capsys, address)
        assert (status, f"{name} beside it has other content" in told) == (1, True)
    del site.files[beside]
    status, told = verify(capsys, site.address + ZIP)
    assert (status, "nothing is published there" in told) == (1, True)
