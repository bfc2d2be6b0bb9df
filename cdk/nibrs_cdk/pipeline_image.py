"""The pipeline's image: the folder that it is built in, laid out without Docker, and the image of that folder."""

import shutil
from pathlib import Path

from aws_cdk import aws_ecs as ecs
from aws_cdk.aws_ecr_assets import Platform

from nibrs_cdk.function_bundle import ROOT_CERTIFICATES, export_requirements

FOLDER = Path(__file__).resolve().parents[2] / "containers" / "pipeline"

#: Where the image holds the certificates that the database's is checked against.
ROOT_CERTIFICATES_PATH = f"/opt/nibrs/{ROOT_CERTIFICATES}"

_SOURCES = ("lambdas", "local", "code_tables")
#: Of the explorer there is what it is bundled into.
_NOT_CODE = ("__pycache__", "*.yaml", "*.sh", "Dockerfile", "node_modules", "explorer")


def lay_out(repository: Path, target: Path, root_certificates: Path | None = None) -> Path:
    """Fill a folder with what the image is built from; returns the folder.

    Args:
        root_certificates: certificates that the database's is checked against, PEM; none in a template that is
            only looked at, before `make deploy` has fetched them.
    """
    shutil.rmtree(target, ignore_errors=True)
    sources = target / "sources"
    for name in _SOURCES:
        shutil.copytree(repository / name, sources / name, ignore=shutil.ignore_patterns(*_NOT_CODE))
    if root_certificates:
        shutil.copyfile(root_certificates, sources / ROOT_CERTIFICATES)
    shutil.copyfile(FOLDER / "Dockerfile", target / "Dockerfile")
    export_requirements(repository, target / "requirements.txt", "--extra", "loading")
    return target


def pipeline_image(folder: Path, base: str) -> ecs.ContainerImage:
    """The image of a folder that was laid out, built on a base image when it is deployed."""
    return ecs.ContainerImage.from_asset(str(folder), platform=Platform.LINUX_ARM64, build_args={"BASE": base})
