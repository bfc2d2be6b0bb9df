"""The CDK app: writes the CloudFormation template into cdk.out/ (``make synth CONFIG=development``)."""

import sys
from pathlib import Path

from aws_cdk import App, FileSystem, Validations
from aws_cdk import aws_lambda as lambda_
from nibrs_cdk.acknowledgments import rule_packs
from nibrs_cdk.configuration import BadConfiguration, read_configuration
from nibrs_cdk.estimation import FOLDER, image_on
from nibrs_cdk.function_bundle import build_bundle
from nibrs_cdk.pipeline_image import lay_out, pipeline_image
from nibrs_cdk.root_certificates import root_certificates
from nibrs_cdk.stack import CONTEXT, PipelineStack

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> None:
    """Synthesise the stack of the configuration that the context names; cdk-nag's findings are errors."""
    app = App(outdir=str(REPOSITORY / "cdk.out"), context=CONTEXT)
    Validations.of(app).add_plugins(*rule_packs(app))
    try:
        configuration = read_configuration(app.node.try_get_context("config") or "development")
    except BadConfiguration as error:
        sys.exit(f"Nothing was synthesised.\n{error}")
    certificates, base = root_certificates(configuration), configuration.image.base
    laid_out = lay_out(REPOSITORY, REPOSITORY / ".tools" / "pipeline-image", certificates)
    PipelineStack(
        app,
        configuration,
        code=lambda_.Code.from_asset(str(build_bundle(REPOSITORY, certificates))),
        image=image_on(base),
        pipeline_image=pipeline_image(laid_out, base),
        estimation_version=FileSystem.fingerprint(str(FOLDER / "nibrsest"), exclude=["tests", "man"])[:12],
    )
    app.synth()


if __name__ == "__main__":
    main()
