"""Stacks for tests, synthesised without installing the functions' dependencies."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]

# jsii starts Node when aws_cdk is imported; the environment's own is beside its Python.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

GIVEN = """
account = "123456789012"
region = "us-east-1"

[database]
kind = "given"
secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nibrs-AbCdEf"
security_group_id = "sg-0123456789abcdef0"

[network]
kind = "given"
vpc_id = "vpc-0123456789abcdef0"
availability_zones = ["us-east-1a", "us-east-1b"]
private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]

[image]
base = "docker.io/library/debian:12.12-slim@sha256:00000000000000000000000000000000000000000000000000000000000000aa"

[alarms]
emails = ["operations@example.org"]

[public]
cloudfront = true

[schedules.downloads]
enabled = true
cron = "0 6 1 * ? *"
"""


def given_configuration(folder: Path, text: str = GIVEN) -> Path:
    """A file of a deployment to a database and network that exist."""
    path = folder / "given.toml"
    path.write_text(text)
    return path


def with_values(text: str, values: Mapping[str, str]) -> str:
    """A text with values in place of its examples."""
    for example, value in values.items():
        text = text.replace(example, value)
    return text


def synthesise(configuration: str, outdir: Path, nag: bool = True) -> dict[str, Any]:
    """The template of a configuration; cdk-nag's findings raise.

    The dependencies make no difference to the template; the sources stand for the functions' bundle, and the
    folder of the pipeline's Dockerfile for what its image is built in.
    """
    from aws_cdk import App, DefaultStackSynthesizer, Validations  # noqa: PLC0415
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415
    from nibrs_cdk.acknowledgments import rule_packs  # noqa: PLC0415
    from nibrs_cdk.configuration import read_configuration  # noqa: PLC0415
    from nibrs_cdk.estimation import image_on  # noqa: PLC0415
    from nibrs_cdk.pipeline_image import FOLDER, pipeline_image  # noqa: PLC0415
    from nibrs_cdk.stack import CONTEXT, PipelineStack  # noqa: PLC0415

    app = App(
        outdir=str(outdir),
        context=CONTEXT,
        default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    if nag:
        Validations.of(app).add_plugins(*rule_packs(app))
    read = read_configuration(configuration)
    stack = PipelineStack(
        app,
        read,
        code=lambda_.Code.from_asset(str(REPOSITORY / "lambdas")),
        image=image_on(read.image.base),
        pipeline_image=pipeline_image(FOLDER, read.image.base),
        estimation_version="test",
    )
    app.synth()
    template: dict[str, Any] = json.loads((outdir / stack.template_file).read_text())
    return template
