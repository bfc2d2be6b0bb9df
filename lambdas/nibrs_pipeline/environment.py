"""The functions' environment, parsed once and typed."""

import os
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from pydantic import ConfigDict, Field

from nibrs_pipeline.method_choices import MethodChoices


class Environment(MethodChoices):
    """Variables of a function's environment; the database's are read by ``database.location``."""

    model_config = ConfigDict(frozen=True)

    data_bucket: str = Field(description="bucket of runs and downloads")
    max_concurrency: int = Field(default=40, ge=1, description="state-years extracted at once")
    tolerated_failure_percentage: float = Field(
        default=0.0, ge=0, le=100, description="share of state-years that may fail without failing the run"
    )
    estimation_version: str = Field(default="unknown", description="identifies the code of the estimation")
    state_machine_arn: str = Field(default="", description="the state machine, for Report age")
    distribution_id: str = Field(default="", description="the CloudFront distribution of the downloads, for Publish")
    failure_topic_arn: str = Field(default="", description="SNS topic that is told of failed runs")

    @property
    def temporary_folder(self) -> Path:
        """Where a function may write files."""
        return Path(gettempdir())


@cache
def environment() -> Environment:
    """This process's environment."""
    return Environment.model_validate({name.lower(): value for name, value in os.environ.items()})
