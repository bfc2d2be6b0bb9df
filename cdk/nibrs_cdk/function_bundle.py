"""The functions' code and locked dependencies as one folder, made without Docker."""

import hashlib
import shutil
import subprocess
from pathlib import Path

#: What the functions run on.
PYTHON, PLATFORM = "3.12", "aarch64-manylinux_2_28"


#: The file in the bundle with the certificates against which the database's is checked.
ROOT_CERTIFICATES = "database-root-certificates.pem"


def build_bundle(repository: Path, root_certificates: Path | None = None) -> Path:
    """Fill a folder with what a function needs, for the functions' processor; returns the folder.

    The dependencies are installed again only if the lock file changed.

    Args:
        root_certificates: certificates that the database's is checked against, PEM; none in a template that is
            only looked at, before `make deploy` has fetched them.
    """
    _require_explorer(repository)
    lock = hashlib.sha256((repository / "uv.lock").read_bytes()).hexdigest()[:12]
    folder = repository / ".tools" / f"function-bundle-{lock}"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        _install_dependencies(repository, partial)
        partial.rename(folder)
    for source in (repository / "lambdas" / "nibrs_pipeline", repository / "code_tables"):
        target = folder / source.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ROOT_CERTIFICATES).unlink(missing_ok=True)
    if root_certificates:
        shutil.copyfile(root_certificates, folder / ROOT_CERTIFICATES)
    _make_readable(folder)
    return folder


def _make_readable(folder: Path) -> None:
    """Let everybody read what is there: Lambda runs as somebody else, and files keep the rights of who deploys."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        readable = mode | (0o555 if path.is_dir() else 0o444)
        if readable != mode:
            path.chmod(readable)


def export_requirements(repository: Path, target: Path, *options: str) -> None:
    """Write what the lock file names, with a hash of each wheel, as pip reads it.

    Args:
        options: of ``uv export``, such as an extra.
    """
    subprocess.run(
        [_uv(repository), "export", "--quiet", "--locked", "--no-default-groups", "--no-emit-project", "--no-header",
         "--output-file", str(target), *options],
        cwd=repository, check=True,
    )  # fmt: skip


def _require_explorer(repository: Path) -> None:
    """Refuse to deploy a Publish that could not write the explorer."""
    bundle = repository / "lambdas" / "nibrs_pipeline" / "publish" / "explorer.bundle.js"
    if not bundle.is_file():
        raise FileNotFoundError(f"{bundle} has not been built; `make explorer` builds it, and says what it needs")


def _install_dependencies(repository: Path, target: Path) -> None:
    requirements = repository / ".tools" / "requirements.txt"
    export_requirements(repository, requirements, "--no-hashes")
    subprocess.run(
        [_uv(repository), "pip", "install", "--quiet", "--target", str(target), "--python-version", PYTHON,
         "--python-platform", PLATFORM, "--only-binary", ":all:", "--requirement", str(requirements)],
        cwd=repository, check=True,
    )  # fmt: skip


def _uv(repository: Path) -> str:
    return str(repository / ".tools" / "bin" / "uv")
