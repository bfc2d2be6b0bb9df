"""``nibrs verify URL``: a zip of a published site, against the manifest beside it."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.request import urlopen

from nibrs_pipeline.archive.manifest import AnyManifest, beside_paths
from nibrs_pipeline.keys import manifest_of

from nibrs_command.verification import parse_manifest, problems_of

_CHUNK = 1 << 20
#: How long a server may say nothing, in seconds.
_PATIENCE = 60
#: How often a zip is fetched again because its manifest was replaced meanwhile.
_TRIES = 3


class NotFetched(Exception):
    """A file of a site could not be fetched; names the address, the reason and the remedy."""


def is_address(text: str) -> bool:
    """Whether a text is the address of something on the web."""
    return urlsplit(text).scheme in ("http", "https")


def manifest_address(address: str) -> str:
    """The address of the manifest beside a zip; what follows a question mark belongs to the zip alone."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, manifest_of(parts.path), "", ""))


def beside_address(address: str, path: str) -> str:
    """The address of a file that was published with a zip, by the path that leads there from it."""
    parts = urlsplit(address)
    return urljoin(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), quote(path, safe="/="))


def verify_published(address: str, manifest: Callable[[], AnyManifest] | None = None) -> tuple[AnyManifest, list[str]]:
    """Fetch a zip and its manifest, and compare; if the site publishes meanwhile, both are fetched again.

    Args:
        manifest: reads the manifest; by default it is fetched from beside the zip.

    Returns:
        The manifest, and what does not agree with it.

    Raises:
        NotFetched: there is nothing at an address, or it broke off.
        UnreadableManifest: what lies beside the zip is no manifest.
    """
    if not urlsplit(address).path.endswith(".zip"):
        raise NotFetched(f"{address}: not the address of a zip; it has to end with .zip, as those of the index page do")
    read = manifest or (lambda: _fetched_manifest(manifest_address(address)))
    found = read()
    for _ in range(_TRIES):
        with tempfile.NamedTemporaryFile(prefix="nibrs-verify-", suffix=".zip") as file:
            _fetch(address, file)
            problems = problems_of(Path(file.name), found) or _problems_beside(address, found)
        # Zip and manifest are replaced one after the other.
        if not problems or (now := read()) == found:
            break
        found = now
    return found, problems


def _problems_beside(address: str, manifest: AnyManifest) -> list[str]:
    """What does not agree of the files that were published with a zip."""
    problems = []
    for path, entry in beside_paths(manifest).items():
        with tempfile.TemporaryFile() as file:
            _fetch(beside_address(address, path), file)
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
                problems.append(f"{entry.name} beside it has other content")
    return problems


def _fetched_manifest(address: str) -> AnyManifest:
    with tempfile.TemporaryFile() as file:
        _fetch(address, file)
        file.seek(0)
        return parse_manifest(file.read(), address)


def _fetch(address: str, file: IO[bytes]) -> None:
    """Write what lies at an address to a file, piece by piece."""
    try:
        with closing(urlopen(address, timeout=_PATIENCE)) as response:
            _require_file(address, response)
            shutil.copyfileobj(response, file, _CHUNK)
            expected = response.headers.get("Content-Length")
    except HTTPError as error:
        raise NotFetched(f"{address}: {error.code} {error.reason}{_remedy(error.code)}") from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise NotFetched(f"{address}: {reason}; check the address and the network, and try again") from error
    file.flush()
    if expected and file.tell() != int(expected):
        raise NotFetched(f"{address}: broke off after {file.tell():,} of {int(expected):,} bytes; try again")


def _require_file(address: str, response: Any) -> None:
    """Refuse the page to which a site redirects requests for what it does not have."""
    if urlsplit(response.url).path != urlsplit(address).path:
        raise NotFetched(f"{address}: the site leads to {response.url} instead; take the address from its index page")


def _remedy(status: int) -> str:
    if status in (403, 404):
        return "; nothing is published there; take the address from the site's index page"
    return "; try again later" if status >= 500 else ""
