"""The CDK app: writes the CloudFormation template into cdk.out/ (``make synth``)."""

from pathlib import Path

from aws_cdk import App
from aws_cdk import aws_lambda as lambda_
from nibrs_cdk.function_bundle import build_bundle
from nibrs_cdk.stack import DownloadsStack

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> None:
    """Synthesise the stack."""
    app = App(outdir=str(REPOSITORY / "cdk.out"))
    DownloadsStack(app, "NibrsPipeline", code=lambda_.Code.from_asset(str(build_bundle(REPOSITORY))))
    app.synth()


if __name__ == "__main__":
    main()
