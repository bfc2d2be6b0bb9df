"""``nibrs verify``."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
from nibrs_pipeline.keys import manifest_of

from nibrs_command.published_site import is_address, verify_published
from nibrs_command.terminal import FAILED, console, errors
from nibrs_command.verification import problems_beside, problems_of, read_manifest


@click.command(name="verify")
@click.argument("file", metavar="FILE_OR_ADDRESS")
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The manifest (default: the one beside the zip).",
)
def verify_command(file: str, manifest: Path | None) -> None:
    """Check a zip, local or on a published site, against its manifest, and what was published with it.

    That is a year's files beside the zip of estimates, and a state-year's files of the Parquet set.

    \b
    Examples:
      nibrs verify AZ-2016.zip
      nibrs verify https://downloads.example.org/downloads/2016/AZ-2016.zip
    """
    name = Path(urlsplit(file).path if is_address(file) else file).name
    if is_address(file):
        found, problems = verify_published(file, (lambda: read_manifest(manifest)) if manifest else None)
    else:
        if not Path(file).is_file():
            raise click.BadParameter(f"{file}: there is no such file", param_hint="FILE_OR_ADDRESS")
        found = read_manifest(manifest or Path(manifest_of(file)))
        problems = problems_of(Path(file), found) + problems_beside(Path(file), found)
    for problem in problems:
        errors.print(f"{name}: {problem}", soft_wrap=True, markup=False)
    if problems:
        sys.exit(FAILED)
    kind = ", simulated data" if found.simulated else ""
    console.print(
        f"{name}: as its manifest says, {found.zip.bytes:,} bytes, SHA-256 {found.zip.sha256}{kind}", soft_wrap=True
    )
